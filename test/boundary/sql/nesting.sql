--
-- Enter within Call within Enter, C++ exceptions and server errors through both.
--
\set SHOW_CONTEXT never
SELECT boundary_nested(0, 'none'), boundary_nested(50, 'none');
SELECT boundary_witnesses();
SELECT boundary_nested(50, 'core');
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_witnesses();
SELECT boundary_nested(50, 'server');
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_witnesses();
SELECT failure, t.*
FROM unnest(ARRAY['core', 'server']) AS failure,
     boundary_try(format('SELECT boundary_nested(20, %L)', failure)) AS t;
SELECT boundary_witnesses();

-- through SQL: C++ calls SQL calls C++
SELECT boundary_run_sql('SELECT boundary_nested(3, ''none'') FROM generate_series(1, 4)');
SELECT boundary_run_sql('SELECT boundary_nested(3, ''core'')');
SELECT boundary_run_sql('SELECT boundary_run_sql(''SELECT boundary_server_error()'')');
SELECT boundary_witnesses();

-- an error caught by PL/pgSQL within, after which the outer C++ frames go on
SELECT boundary_run_sql('SELECT * FROM boundary_try(''SELECT boundary_server_error()'')');
SELECT boundary_run_sql('SELECT * FROM boundary_try(''SELECT boundary_nested(5, ''''core'''')'')');
SELECT * FROM boundary_try('SELECT boundary_run_sql(''SELECT * FROM boundary_try(''''SELECT boundary_throw_other(''''''''int'''''''')'''')'')');
SELECT boundary_witnesses();

-- many in a row, with work that is rolled back and work that stays
CREATE TABLE done (round int, outcome text);
DO $$
BEGIN
    FOR round IN 1 .. 300 LOOP
        BEGIN
            INSERT INTO done VALUES (round, 'must not stay');
            PERFORM CASE round % 3 WHEN 0 THEN boundary_nested(2, 'core')
                                   WHEN 1 THEN boundary_server_error()
                                   ELSE boundary_throw_other('pointer') END;
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO done VALUES (round, SQLSTATE);
        END;
    END LOOP;
END
$$;
SELECT outcome, count(*) FROM done GROUP BY outcome ORDER BY outcome;
SELECT boundary_witnesses();

-- a C++ exception through Call puts everything back
SELECT boundary_exception_through_call();
