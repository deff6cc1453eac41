--
-- A backend keeps segments open between scans. What it keeps must never stand for another segment, also where
-- file name and segment id are used again, and several scans of one index must not meet in one segment.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
SET enable_seqscan = off;

-- TRUNCATE of a table made in the same transaction empties and refills the same file, with ids from 1 on.
BEGIN;
CREATE TABLE again (name text);
INSERT INTO again SELECT 'Anna ' || i FROM generate_series(1, 3000) i;
CREATE INDEX again_name ON again USING namedex (name) WITH (pending_list_limit = 64);
SELECT pg_relation_filenode('again_name') AS file_before \gset
SELECT count(*) FROM again WHERE name LIKE 'Anna%';
TRUNCATE again;
SELECT pg_relation_filenode('again_name') = :file_before AS same_file;
INSERT INTO again SELECT 'Berta ' || i FROM generate_series(1, 5000) i;
SELECT segments > 0 AS has_segments FROM namedex_stats('again_name');
SELECT count(*) FROM again WHERE name LIKE 'Anna%';
SELECT count(*) FROM again WHERE name LIKE 'Berta%';
COMMIT;
SELECT namedex_check('again_name', true);

-- The same for a temporary table whose rows go at each commit.
CREATE TEMP TABLE passing (name text) ON COMMIT DELETE ROWS;
CREATE INDEX passing_name ON passing USING namedex (name) WITH (pending_list_limit = 64);
BEGIN;
INSERT INTO passing SELECT 'Anna ' || i FROM generate_series(1, 5000) i;
SELECT count(*) FROM passing WHERE name LIKE 'Anna%';
COMMIT;
BEGIN;
INSERT INTO passing SELECT 'Berta ' || i FROM generate_series(1, 5000) i;
SELECT count(*) FROM passing WHERE name LIKE 'Anna%';
SELECT count(*) FROM passing WHERE name LIKE 'Berta%';
COMMIT;

-- Two scans of one index at a time, one of them begun while the other stands in the middle.
CREATE TABLE pair (name text);
INSERT INTO pair SELECT 'Name' || i % 100 || ' ' || i FROM generate_series(1, 20000) i;
CREATE INDEX pair_name ON pair USING namedex (name);
BEGIN;
SET LOCAL enable_bitmapscan = off;
DECLARE first_scan CURSOR FOR SELECT name FROM pair WHERE name LIKE 'Name7 %';
FETCH 2 FROM first_scan;
SELECT count(*) FROM pair WHERE name LIKE 'Name8 %';
FETCH 2 FROM first_scan;
MOVE FORWARD ALL FROM first_scan;
-- A scan that is cut short by an error leaves nothing behind that a later one could trip over.
SAVEPOINT s;
SELECT count(1 / (length(name) - 9)) FROM pair WHERE name LIKE 'Name9 %';
ROLLBACK TO s;
SELECT count(*) FROM pair WHERE name LIKE 'Name9 %';
COMMIT;
SELECT count(*) FROM pair a JOIN pair b ON b.name LIKE a.name WHERE a.name LIKE 'Name5 1__5';

-- What is kept gives way when the index is built anew.
SELECT count(*) FROM pair WHERE name LIKE 'Name5 %';
UPDATE pair SET name = 'Other ' || name WHERE name LIKE 'Name5 %';
REINDEX INDEX pair_name;
SELECT count(*) FROM pair WHERE name LIKE 'Name5 %';
SELECT count(*) FROM pair WHERE name LIKE 'Other%';
DROP TABLE again, pair;

-- What a query holds is bounded however many segments it reads: a scan that has come to its end has given its
-- segments back, though the executor keeps the scan itself until the query ends. Here each of 20 partitions
-- reads the texts of all its words, about 1.3 MB with what else is open of it.
CREATE TABLE parts (id int, a text, b text) PARTITION BY RANGE (id);
SELECT format('CREATE TABLE parts_%s PARTITION OF parts FOR VALUES FROM (%s) TO (%s)',
              i, i * 7000, (i + 1) * 7000) FROM generate_series(0, 19) i \gexec
INSERT INTO parts SELECT i, md5(i::text) || ' ' || md5((-i)::text), md5((i * 7)::text) || ' ' || md5((i * -7)::text)
  FROM generate_series(0, 139999) i;
CREATE INDEX parts_ab ON parts USING namedex (a, b);
ANALYZE parts;
CREATE FUNCTION held_bytes() RETURNS bigint LANGUAGE sql AS
  $$SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'namedex%'$$;
BEGIN;
SET LOCAL enable_bitmapscan = off;
DECLARE streamed CURSOR FOR SELECT id FROM parts WHERE a LIKE '%1% %2%' AND b LIKE '%2% %1%';
MOVE FORWARD ALL FROM streamed;
SELECT held_bytes() BETWEEN 4 << 20 AND 14 << 20 AS bounded;
COMMIT;
BEGIN;
SET LOCAL enable_indexscan = off;
DECLARE collected CURSOR FOR SELECT id FROM parts WHERE a LIKE '%1% %2%' AND b LIKE '%2% %1%';
MOVE FORWARD ALL FROM collected;
SELECT held_bytes() BETWEEN 4 << 20 AND 14 << 20 AS bounded;
COMMIT;
-- Nor does a scan keep the rows that it has handed on: 42 kB in each partition.
\c -
SET search_path = suite, public;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
BEGIN;
DECLARE all_rows CURSOR FOR SELECT id FROM parts WHERE a LIKE '%_%';
MOVE FORWARD ALL FROM all_rows;
SELECT sum(used_bytes) BETWEEN 1 AND 400000 AS bounded FROM pg_backend_memory_contexts WHERE name LIKE 'namedex sc%';
COMMIT;
DROP FUNCTION held_bytes;
DROP TABLE parts;
