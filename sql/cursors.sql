--
-- Cursors: read in portions, closed early, held beyond the transaction, scrolled.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t AS SELECT * FROM people(300);
CREATE INDEX t_name ON t USING namedex (last_name);
INSERT INTO t SELECT id + 300, last_name, first_name, born FROM people(100) AS p;
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;

-- the index gives rows in the table's order: one segment, then what was inserted after it
BEGIN;
DECLARE c CURSOR FOR SELECT id, last_name FROM t WHERE last_name ILIKE '%smith%';
FETCH 3 FROM c;
FETCH 2 FROM c;
MOVE 40 IN c;
FETCH 1 FROM c;
FETCH ALL FROM c \g /dev/null
FETCH 1 FROM c;
-- not backwards: the method cannot
FETCH BACKWARD 1 FROM c;
ROLLBACK;

-- a scrollable cursor keeps its rows beside the scan
EXPLAIN (COSTS OFF) DECLARE s SCROLL CURSOR FOR SELECT id FROM t WHERE last_name ILIKE '%smith%';
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT id FROM t WHERE last_name ILIKE '%smith%';
FETCH 4 FROM s;
FETCH BACKWARD 2 FROM s;
FETCH FIRST FROM s;
FETCH LAST FROM s;
FETCH PRIOR FROM s;
FETCH ABSOLUTE 5 FROM s;
COMMIT;

-- what changes after a cursor was opened is not seen through it
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t WHERE last_name ILIKE 'smith';
FETCH 1 FROM c;
INSERT INTO t VALUES (5000, 'Smith');
DELETE FROM t WHERE last_name = 'SMITH';
UPDATE t SET last_name = 'Smythe' WHERE last_name = 'Smith';
MOVE ALL IN c;
CLOSE c;
SELECT count(*) FROM t WHERE last_name ILIKE 'smith';
SELECT count(*) FROM t WHERE last_name ILIKE 'smythe';
ROLLBACK;
SELECT count(*) FROM t WHERE last_name ILIKE 'smith';

-- held
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM t WHERE last_name ILIKE 'smith';
FETCH 1 FROM h;
COMMIT;
DELETE FROM t WHERE last_name ILIKE 'smith' AND id < 100;
MOVE ALL IN h;
CLOSE h;

-- two at once, one of them left open at an error
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM t WHERE last_name ILIKE '%son%';
DECLARE b CURSOR FOR SELECT id FROM t WHERE last_name ILIKE '%smith%';
FETCH 1 FROM a; FETCH 1 FROM b; FETCH 1 FROM a; FETCH 1 FROM b;
SAVEPOINT s;
DECLARE d CURSOR FOR SELECT id FROM t WHERE last_name ILIKE '%ann%';
FETCH 1 FROM d;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH 1 FROM a;
COMMIT;
-- UPDATE and DELETE of the row a cursor is at
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t WHERE last_name ILIKE '%zzyzx%' FOR UPDATE;
FETCH 1 FROM c;
DELETE FROM t WHERE CURRENT OF c;
FETCH 1 FROM c;
UPDATE t SET last_name = 'Found' WHERE CURRENT OF c;
COMMIT;
SELECT id, last_name FROM t WHERE last_name ILIKE 'found';
-- TID lists and row locks
SELECT count(*) FROM (SELECT 1 FROM t WHERE last_name ILIKE '%son%' FOR UPDATE) AS s;
-- WHERE on the table that is being changed
RESET enable_bitmapscan;
UPDATE t SET last_name = last_name || ' son' WHERE last_name ILIKE '%son%';
RESET enable_seqscan;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '% son'$$), agree($$SELECT id FROM t WHERE last_name ILIKE '% son son'$$);

DROP SCHEMA suite CASCADE;
