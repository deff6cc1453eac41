--
-- The comparison: one list of conditions, answered by a sequential scan and by every way through
-- the index. test/exactness/run loads this into each database it makes.
--
-- exact.cases holds the conditions; flags say what may be expected of a case:
--   N  the planner may decide it without a scan (a NULL argument; from 17 on, two constants that one
--      column should equal)
--   T  several conditions, one with a trailing escape: the order in which they are tested is the
--      planner's choice, so either side may raise 22025; if neither does, the rows are equal
--   E  contains a trailing escape: rows may be rechecked
--   B  a disjunction: bitmap scans only
-- op, col and pat repeat a case of a single operator and pattern, so that it can also be run as a
-- parameter of a nested loop.
--
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS exact CASCADE;
CREATE SCHEMA exact;
CREATE UNLOGGED TABLE exact.cases (
    no int PRIMARY KEY,
    flags text NOT NULL,
    clause text NOT NULL,
    op text,
    col text,
    pat text
);
ALTER TABLE exact.cases SET (autovacuum_enabled = off);

CREATE FUNCTION exact.use(mode text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('enable_seqscan', CASE WHEN mode = 'seq' THEN 'on' ELSE 'off' END, true),
            set_config('enable_indexscan', CASE WHEN mode IN ('plain', 'only') THEN 'on' ELSE 'off' END, true),
            set_config('enable_indexonlyscan', CASE WHEN mode = 'only' THEN 'on' ELSE 'off' END, true),
            set_config('enable_bitmapscan', CASE WHEN mode = 'bitmap' THEN 'on' ELSE 'off' END, true),
            set_config('enable_material', 'off', true),
            set_config('enable_memoize', 'off', true),
            set_config('max_parallel_workers_per_gather', '0', true),
            set_config('jit', 'off', true);
END $$;

-- The answer as text, or the error as text: both are compared as such.
CREATE FUNCTION exact.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE query INTO answer;
    RETURN coalesce(answer, '{}');
EXCEPTION WHEN OTHERS THEN
    RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM;
END $$;

-- The ids by a cursor that is read in portions, with the rest in one go.
CREATE FUNCTION exact.answer_by_cursor(query text, portion int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c refcursor;
    id int;
    ids int[] := '{}';
BEGIN
    OPEN c NO SCROLL FOR EXECUTE query;
    FOR i IN 1 .. portion LOOP
        FETCH c INTO id;
        EXIT WHEN NOT FOUND;
        ids := ids || id;
    END LOOP;
    LOOP
        FETCH c INTO id;
        EXIT WHEN NOT FOUND;
        ids := ids || id;
    END LOOP;
    CLOSE c;
    RETURN (SELECT coalesce(array_agg(u ORDER BY u), '{}') FROM unnest(ids) AS u);
EXCEPTION WHEN OTHERS THEN
    RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM;
END $$;

-- NULL if the plan of the query is the one the mode stands for, else what is wrong with it.
CREATE FUNCTION exact.plan_fault(mode text, idx text, query text, flags text, execute boolean)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE
        'EXPLAIN (COSTS OFF' || CASE WHEN execute THEN ', ANALYZE, TIMING OFF, SUMMARY OFF' ELSE '' END
        || ') ' || query
    LOOP
        plan := plan || line || E'\n';
    END LOOP;
    IF flags LIKE '%N%' AND plan LIKE '%One-Time Filter: false%' THEN
        RETURN NULL;
    END IF;
    IF plan !~ (CASE mode
                    WHEN 'plain' THEN 'Index Scan using '
                    WHEN 'only' THEN 'Index Only Scan using '
                    ELSE 'Bitmap Index Scan on '
                END || idx || '[ \n]') THEN
        RETURN 'index not used:' || E'\n' || plan;
    END IF;
    -- An array on a column after the first may be left to a filter: the planner tries both and takes
    -- the cheaper.
    IF flags NOT LIKE '%B%' AND plan ~ '\n +Filter: (?!.* ANY \()' THEN
        RETURN 'a condition is not answered by the index:' || E'\n' || plan;
    END IF;
    IF flags NOT LIKE '%E%' AND plan LIKE '%Rows Removed by Index Recheck%' THEN
        RETURN 'rows removed by recheck:' || E'\n' || plan;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    -- Errors of the query itself are compared elsewhere.
    RETURN CASE WHEN execute THEN NULL ELSE 'EXPLAIN: ' || SQLSTATE || ' ' || SQLERRM END;
END $$;

-- An index built over broken HOT chains is used when every transaction of the time has ended.
CREATE PROCEDURE exact.settle(idx text) LANGUAGE plpgsql AS $$
BEGIN
    WHILE EXISTS (SELECT FROM pg_index
                  WHERE indexrelid = idx::regclass AND indcheckxmin
                    AND xmin::text::bigint >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint % 4294967296) LOOP
        COMMIT;
        PERFORM pg_sleep(0.02);
    END LOOP;
END $$;

CREATE FUNCTION exact.report(label text, mode text, clause text, expected text, got text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    missing int[];
    extra int[];
BEGIN
    IF left(expected, 5) = 'ERROR' OR left(got, 5) = 'ERROR' OR got !~ '^\{[0-9,]*\}$' THEN
        RAISE WARNING 'MISMATCH % % WHERE %: expected %, got %', label, mode, left(clause, 600),
            left(expected, 300), left(got, 1000);
        RETURN;
    END IF;
    missing := (SELECT array_agg(u) FROM (SELECT unnest(expected::int[]) EXCEPT ALL SELECT unnest(got::int[])) AS s(u));
    extra := (SELECT array_agg(u) FROM (SELECT unnest(got::int[]) EXCEPT ALL SELECT unnest(expected::int[])) AS s(u));
    RAISE WARNING 'MISMATCH % % WHERE %: % rows, % missing % extra %', label, mode, left(clause, 600),
        cardinality(expected::int[]), 'ids', coalesce(missing[1:8]::text, '{}'), coalesce(extra[1:8]::text, '{}');
END $$;

-- Compares every case. tab is searched through idx; truth, the same rows, is read sequentially (the
-- same table, except where a test shows that a difference is found). condition restricts both sides.
CREATE FUNCTION exact.compare(label text, tab text, truth text, idx text, condition text DEFAULT NULL,
    OUT pairs bigint, OUT matched bigint, OUT raised bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
    expected text[] := '{}';
    c record;
    r record;
    got text;
    mode text;
    query text;
    tail text := coalesce(' AND ' || condition, '');
    n int;
    want int[];
    have int[];
    fault text;
    returnable boolean := pg_index_column_has_property(idx::regclass, 1, 'returnable');
    keys text;
BEGIN
    pairs := 0;
    matched := 0;
    raised := 0;
    wrong := 0;

    PERFORM exact.use('seq');
    FOR c IN SELECT * FROM exact.cases ORDER BY no LOOP
        got := exact.answer(format('SELECT array_agg(id ORDER BY id) FROM %s WHERE (%s)%s', truth, c.clause, tail));
        expected[c.no] := got;
        pairs := pairs + 1;
        IF got LIKE 'ERROR%' THEN
            raised := raised + 1;
            IF got NOT LIKE 'ERROR 22025%' THEN
                RAISE WARNING 'MISMATCH % bad case: % : %', label, left(c.clause, 600), got;
                wrong := wrong + 1;
            END IF;
        ELSIF got <> '{}' THEN
            matched := matched + 1;
        END IF;
    END LOOP;

    FOREACH mode IN ARRAY '{plain,bitmap}'::text[] LOOP
        PERFORM exact.use(mode);
        FOR c IN SELECT * FROM exact.cases WHERE NOT (mode = 'plain' AND flags LIKE '%B%') ORDER BY no LOOP
            query := format('SELECT array_agg(id ORDER BY id) FROM %s WHERE (%s)%s', tab, c.clause, tail);
            got := exact.answer(query);
            IF got IS DISTINCT FROM expected[c.no]
               AND NOT (c.flags LIKE '%T%' AND (got LIKE 'ERROR 22025%' OR expected[c.no] LIKE 'ERROR 22025%')) THEN
                wrong := wrong + 1;
                IF wrong <= 12 THEN
                    PERFORM exact.report(label, mode, c.clause, expected[c.no], got);
                END IF;
            END IF;
            IF c.no % 16 = 0 OR (c.no < 4 AND mode = 'plain') THEN
                fault := exact.plan_fault(mode, idx, query, c.flags, c.no % 32 = 0);
                IF fault IS NOT NULL THEN
                    wrong := wrong + 1;
                    RAISE WARNING 'MISMATCH % % WHERE %: %', label, mode, left(c.clause, 600), fault;
                END IF;
            END IF;
            -- The rest reads the index another way; what the sequential scan refuses is left out,
            -- as a scan that stops early may end before the row that is refused.
            CONTINUE WHEN left(expected[c.no], 5) = 'ERROR' OR c.flags LIKE '%T%';
            IF c.no % 4 = 1 THEN
                n := 1 + c.no % 23;
                want := expected[c.no]::int[];
                got := exact.answer(format('SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM %s WHERE (%s)%s LIMIT %s) AS s',
                                           tab, c.clause, tail, n));
                IF left(got, 5) <> 'ERROR' THEN
                    have := got::int[];
                    IF cardinality(have) = least(n, cardinality(want)) AND have <@ want
                       AND cardinality(have) = (SELECT count(DISTINCT u) FROM unnest(have) AS u) THEN
                        got := NULL;
                    END IF;
                END IF;
                IF got IS NOT NULL THEN
                    wrong := wrong + 1;
                    IF wrong <= 12 THEN
                        PERFORM exact.report(label, mode || ' limit ' || n, c.clause, expected[c.no], got);
                    END IF;
                END IF;
            ELSIF c.no % 8 = 2 THEN
                got := exact.answer_by_cursor(format('SELECT id FROM %s WHERE (%s)%s', tab, c.clause, tail), 1 + c.no % 11);
                IF got IS DISTINCT FROM expected[c.no] THEN
                    wrong := wrong + 1;
                    IF wrong <= 12 THEN
                        PERFORM exact.report(label, mode || ' cursor', c.clause, expected[c.no], got);
                    END IF;
                END IF;
            ELSIF c.no % 8 = 3 THEN
                got := exact.answer(format('SELECT count(*) FROM %s WHERE (%s)%s', tab, c.clause, tail));
                IF got IS DISTINCT FROM cardinality(expected[c.no]::int[])::text THEN
                    wrong := wrong + 1;
                    IF wrong <= 12 THEN
                        PERFORM exact.report(label, mode || ' count', c.clause, expected[c.no], got);
                    END IF;
                END IF;
            END IF;
        END LOOP;

        -- Rescans: the patterns as parameters of a nested loop, each operator and column in one query.
        FOR r IN SELECT col, op FROM exact.cases WHERE op IS NOT NULL GROUP BY col, op ORDER BY col, op LOOP
            query := format('SELECT p.no, p.clause, (SELECT array_agg(t.id ORDER BY t.id)::text FROM %s AS t WHERE t.%s %s p.pat%s) AS ids
                             FROM exact.cases AS p
                             WHERE p.col = %L AND p.op = %L AND p.flags !~ ''[ETB]'' ORDER BY p.no OFFSET 0',
                            tab, r.col, r.op, tail, r.col, r.op);
            FOR c IN EXECUTE query LOOP
                IF coalesce(c.ids, '{}') IS DISTINCT FROM expected[c.no] THEN
                    wrong := wrong + 1;
                    IF wrong <= 12 THEN
                        PERFORM exact.report(label, mode || ' rescan', c.clause, expected[c.no], coalesce(c.ids, '{}'));
                    END IF;
                END IF;
            END LOOP;
            fault := exact.plan_fault(mode, idx, query, 'B', false);
            IF fault IS NOT NULL THEN
                wrong := wrong + 1;
                RAISE WARNING 'MISMATCH % % rescan: %', label, mode, fault;
            END IF;
        END LOOP;
    END LOOP;

    -- No column is needed: the planner may then take any index for an index-only scan.
    query := format('SELECT count(*) FROM %s WHERE %s', tab, coalesce(condition, 'true'));
    PERFORM exact.use('seq');
    got := exact.answer(query);
    PERFORM exact.use('only');
    IF exact.answer(query) IS DISTINCT FROM got THEN
        wrong := wrong + 1;
        RAISE WARNING 'MISMATCH % count(*) of all rows: expected %, got %', label, got, exact.answer(query);
    END IF;

    -- Values rebuilt by the index, where it offers that.
    IF returnable THEN
        keys := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY a.attnum)
                 FROM pg_attribute AS a
                 WHERE attrelid = tab::regclass
                   AND attnum = ANY ((SELECT indkey FROM pg_index WHERE indexrelid = idx::regclass)::int2[]));
        FOR c IN SELECT * FROM exact.cases WHERE no % 3 = 0 AND flags NOT LIKE '%B%' ORDER BY no LOOP
            CONTINUE WHEN left(expected[c.no], 5) = 'ERROR' OR c.flags LIKE '%T%';
            PERFORM exact.use('seq');
            query := format('SELECT array_agg(k ORDER BY k COLLATE "C") FROM (SELECT ROW(%s)::text AS k FROM %s WHERE (%s)%s) AS s',
                            keys, tab, c.clause, tail);
            expected[c.no] := exact.answer(query);
            PERFORM exact.use('only');
            got := exact.answer(query);
            IF got IS DISTINCT FROM expected[c.no] THEN
                wrong := wrong + 1;
                IF wrong <= 12 THEN
                    PERFORM exact.report(label, 'index-only', c.clause, expected[c.no], got);
                END IF;
            END IF;
            IF c.no % 16 = 0 AND condition IS NULL THEN
                fault := exact.plan_fault('only', idx, query, c.flags, false);
                IF fault IS NOT NULL THEN
                    wrong := wrong + 1;
                    RAISE WARNING 'MISMATCH % index-only WHERE %: %', label, left(c.clause, 600), fault;
                END IF;
            END IF;
        END LOOP;
    END IF;
END $$;
