--
-- Parallel scans, plain and index-only: the leader and its workers give each row once, whoever opens the index and
-- wherever a row is: in one of several segments, or pending.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, last_name text, first_name text, note text) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT id, last_name, first_name FROM people(150000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name, id);
INSERT INTO t SELECT id + 200000, last_name || ' two', first_name FROM people(20000);
VACUUM t;
ALTER INDEX t_names SET (pending_list_limit = 1048576);
INSERT INTO t SELECT id + 300000, last_name || ' pending', first_name FROM people(5000);
SELECT segments, pending FROM namedex_stats('t_names');
CREATE TABLE s (pattern text);
INSERT INTO s VALUES ('%son%'), ('smith%'), ('none'), (NULL), ('%kow% two'), ('%pending');
VACUUM ANALYZE s;

-- How many rows the query has, that a parallel scan gives the same ones as a sequential scan, and
-- that it ran in parallel.
CREATE FUNCTION in_parallel(scan text, query text, leader boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
    expected text;
    got text;
BEGIN
    SET LOCAL max_parallel_workers_per_gather = 0;
    PERFORM use_scan('seq');
    EXECUTE query INTO expected;
    SET LOCAL max_parallel_workers_per_gather = 2;
    SET LOCAL parallel_setup_cost = 0;
    SET LOCAL parallel_tuple_cost = 0;
    SET LOCAL min_parallel_index_scan_size = 0;
    PERFORM set_config('parallel_leader_participation', leader::text, true), set_config('enable_seqscan', 'off', true),
        set_config('enable_indexscan', 'on', true), set_config('enable_indexonlyscan', (scan = 'Index Only Scan')::text, true);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    EXECUTE query INTO got;
    RETURN CASE
        WHEN plan !~ ('Parallel ' || scan || ' using t_names') OR plan !~ 'Workers Launched: [12]' THEN 'no parallel scan: ' || plan
        WHEN got IS DISTINCT FROM expected THEN format('%s by the index, %s by the table', got, expected)
        ELSE got END;
END $$;
SELECT in_parallel('Index Only Scan', 'SELECT count(*) FROM t');
SELECT in_parallel('Index Only Scan', 'SELECT count(*) FROM t', false);
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(hashtext(last_name || coalesce(first_name, '') || id)) FROM t WHERE last_name ILIKE '%son%'$$);
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(hashtext(first_name)) FROM t WHERE last_name ILIKE '%ann smi%'$$, false);
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(id) FROM t WHERE last_name LIKE '%p%'$$);
SELECT in_parallel('Index Scan', $$SELECT count(*) || ' ' || sum(id) || ' ' || count(note) FROM t WHERE last_name ILIKE '%a%'$$);
SELECT in_parallel('Index Scan', $$SELECT count(*) || ' ' || sum(id) || ' ' || count(note) FROM t WHERE last_name ILIKE '%n%' AND first_name ILIKE '%luc'$$);
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(id) FROM t WHERE last_name ILIKE ANY ('{}')$$);
-- again for each row of another table: Gather begins anew
SET enable_material = off; SET enable_memoize = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT in_parallel('Index Only Scan', $$SELECT string_agg(pattern || ': ' || n, ', ' ORDER BY pattern) FROM s LEFT JOIN (SELECT count(*) || ' ' || sum(id) AS n FROM t WHERE last_name LIKE '%son') AS x ON true$$);
-- rows deleted, changed, and not committed
BEGIN;
DELETE FROM t WHERE id % 3 = 0;
UPDATE t SET last_name = 'undone' WHERE id % 100 = 1;
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(id) FROM t WHERE last_name ILIKE '%n%'$$);
ROLLBACK;
DELETE FROM t WHERE id % 5 = 0;
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(id) FROM t WHERE last_name ILIKE '%n%'$$);
VACUUM (INDEX_CLEANUP ON) t;
SELECT in_parallel('Index Only Scan', $$SELECT count(*) || ' ' || sum(id) FROM t WHERE last_name ILIKE '%n%'$$);
SELECT in_parallel('Index Scan', $$SELECT count(*) || ' ' || sum(id) || ' ' || count(note) FROM t WHERE last_name ILIKE '%n%'$$);
-- an error in whichever process meets it, and a query that ends early
SELECT * FROM raised($$SELECT in_parallel('Index Only Scan', 'SELECT sum(1 / (id - 7777)) FROM t WHERE last_name ILIKE ''%n%'' OR id = 7777')$$);
SELECT in_parallel('Index Only Scan', $$SELECT count(*) FROM (SELECT id FROM t WHERE last_name ILIKE '%n%' LIMIT 10) AS x$$);
SELECT namedex_check('t_names', true);
\set ECHO none
DROP SCHEMA suite CASCADE;
