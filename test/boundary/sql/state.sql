--
-- After a caught error the server's state is as the unwinding code knew it.
--
\set SHOW_CONTEXT never
SELECT boundary_state_after_success();
SELECT boundary_state_after_error();
SELECT boundary_state_after_error() FROM generate_series(1, 3);
SELECT boundary_unlock_after_error() FROM generate_series(1, 3);

-- pins are given back to the resource owner they were taken under: no warning
CREATE TABLE pinned AS SELECT 1 AS a;
SELECT boundary_unpin_after_error('pinned', 'SELECT 1');
SELECT boundary_unpin_after_error('pinned', 'SELECT 1/0');
SELECT * FROM boundary_try('SELECT boundary_unpin_after_error(''pinned'', ''SELECT 1/0'')');
SELECT boundary_unpin_after_error('pinned',
    'SELECT boundary_unpin_after_error(''pinned'', ''SELECT * FROM boundary_try(''''SELECT 1/0'''')'')');
SELECT boundary_unpin_after_error('pinned', 'SELECT boundary_server_error()');
SELECT boundary_witnesses();

-- a failed function in a cursor, a prepared statement and below a savepoint
BEGIN;
DECLARE c CURSOR FOR SELECT CASE WHEN i < 3 THEN 'row' ELSE boundary_server_error() END FROM generate_series(1, 5) AS i;
FETCH 2 FROM c;
FETCH 2 FROM c;
ROLLBACK;
PREPARE p AS SELECT boundary_nested($1, $2);
EXECUTE p(3, 'core');
EXECUTE p(3, 'none');
BEGIN;
SAVEPOINT s;
SELECT boundary_server_error();
ROLLBACK TO s;
SELECT boundary_nested(3, 'none');
COMMIT;
SELECT boundary_witnesses();
