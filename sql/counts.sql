--
-- count(*) and EXISTS without a column: the planner makes an index-only scan of them, of any index that can be
-- scanned without conditions. Only rows that the snapshot sees may count.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, a text, b text) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT id, last_name, first_name FROM people(3000);
CREATE INDEX t_names ON t USING namedex (a, b);
CREATE INDEX t_part ON t USING namedex (b) WHERE id <= 1000;
-- What the index-only scan and the sequential scan count, and which index it was.
CREATE FUNCTION counts(query text DEFAULT 'SELECT count(*) FROM t') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    index text := 'no index';
    by_heap text;
    by_index text;
BEGIN
    PERFORM use_scan('seq');
    EXECUTE query INTO by_heap;
    PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true), set_config('enable_indexonlyscan', 'on', true);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        index := coalesce(substring(line FROM 'Index Only Scan using (\S+)'), index);
    END LOOP;
    EXECUTE query INTO by_index;
    RETURN index || ': ' || CASE WHEN by_index = by_heap THEN by_index ELSE by_index || ', but the table has ' || by_heap END;
END $$;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000'), counts('SELECT EXISTS (SELECT FROM t)');
VACUUM t;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000');
-- pending rows, deleted ones, and both undone
INSERT INTO t SELECT id + 3000, last_name, first_name FROM people(100) AS p;
DELETE FROM t WHERE id % 10 = 0;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000');
BEGIN;
DELETE FROM t WHERE id % 10 = 1;
INSERT INTO t SELECT id + 4000, last_name, first_name FROM people(10) AS p;
UPDATE t SET a = a || ' x' WHERE id % 10 = 2;
UPDATE t SET id = id WHERE id % 10 = 3;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000');
SAVEPOINT s;
DELETE FROM t;
SELECT counts(), counts('SELECT EXISTS (SELECT FROM t)');
ROLLBACK TO s;
SELECT counts();
ROLLBACK;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000');
-- tombstones, and line pointers that are used again
VACUUM (INDEX_CLEANUP ON) t;
SELECT counts();
INSERT INTO t SELECT id + 5000, last_name, first_name FROM people(200) AS p;
SELECT counts();
DELETE FROM t WHERE id > 5000 AND id % 2 = 0;
VACUUM (INDEX_CLEANUP ON) t;
SELECT counts(), counts('SELECT count(*) FROM t WHERE id <= 1000');
-- dead rows that VACUUM leaves in the index
DELETE FROM t WHERE id % 7 = 0;
VACUUM (INDEX_CLEANUP OFF) t;
SELECT counts();
-- one scan after the other, scans left early, cursors
SELECT counts('SELECT sum(n) FROM (VALUES (1), (2), (3)) AS v(k), LATERAL (SELECT count(*) + k * 0 AS n FROM t) AS c'), counts('SELECT count(*) FROM (SELECT FROM t LIMIT 7) AS l'), counts('SELECT count(*) FROM (VALUES (1), (2), (3)) AS v(k), LATERAL (SELECT FROM t OFFSET k LIMIT k) AS l');
BEGIN;
SET LOCAL enable_seqscan = off;
DECLARE c CURSOR FOR SELECT 1 FROM t;
FETCH 2 FROM c;
DELETE FROM t;
MOVE ALL IN c;
SELECT counts();
ROLLBACK;
SELECT counts();
DELETE FROM t;
SELECT counts(), counts('SELECT EXISTS (SELECT FROM t)');
VACUUM (INDEX_CLEANUP ON) t;
SELECT counts(), counts('SELECT EXISTS (SELECT FROM t)');
INSERT INTO t VALUES (1, NULL, NULL);
SELECT counts();

DROP SCHEMA suite CASCADE;
