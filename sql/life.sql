--
-- The index through the life of its table: rewrites, REINDEX, TRUNCATE, VACUUM, transactions.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t AS SELECT * FROM people(400);
CREATE INDEX t_names ON t USING namedex (last_name, first_name);
INSERT INTO t SELECT id + 400, last_name, first_name, born FROM people(100) AS p;

-- rewrites
ALTER TABLE t ADD COLUMN stamp timestamptz DEFAULT clock_timestamp();
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
ALTER TABLE t ALTER COLUMN id TYPE bigint;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
ALTER TABLE t ALTER COLUMN last_name TYPE varchar(60);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), pg_get_indexdef('t_names'::regclass);
ALTER TABLE t ALTER COLUMN last_name TYPE text COLLATE "C" USING upper(last_name);
SELECT agree($$SELECT id FROM t WHERE last_name LIKE '%SON%'$$), agree($$SELECT id FROM t WHERE last_name LIKE '%son%'$$);
ALTER TABLE t DROP COLUMN stamp;
VACUUM FULL t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
ALTER TABLE t ADD PRIMARY KEY (id);
CLUSTER t USING t_pkey;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
SELECT raised('ALTER TABLE t ALTER COLUMN first_name TYPE float8 USING 1');
ALTER TABLE t RENAME COLUMN last_name TO surname;
SELECT agree($$SELECT id FROM t WHERE surname ILIKE '%son%'$$);
ALTER TABLE t RENAME COLUMN surname TO last_name;

-- REINDEX, with and without a lock
REINDEX INDEX t_names;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
REINDEX INDEX CONCURRENTLY t_names;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
DROP INDEX CONCURRENTLY t_names;
CREATE INDEX CONCURRENTLY t_names ON t USING namedex (last_name, first_name);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
SELECT count(*) FROM pg_index WHERE NOT indisvalid;

-- deletes, VACUUM in its kinds, reuse of the line pointers
DELETE FROM t WHERE id % 3 = 0;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
VACUUM (INDEX_CLEANUP OFF) t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
VACUUM (INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
INSERT INTO t SELECT id + 1000, 'Reused ' || id, first_name, born FROM people(150) AS p;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM t WHERE last_name ILIKE 'reused%'$$), namedex_check('t_names', true);
VACUUM (FREEZE, INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
SELECT rows - dead + pending AS live, pending FROM namedex_stats('t_names');
SELECT count(*) AS live FROM t;
-- heap-only updates leave the index alone
UPDATE t SET born = born + 1;
UPDATE t SET born = born + 1 WHERE id % 2 = 0;
SELECT agree($$SELECT id, born FROM t WHERE last_name ILIKE '%son%'$$);
VACUUM (INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id, born FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);
DELETE FROM t;
VACUUM (INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%'$$), namedex_check('t_names', true);
INSERT INTO t SELECT * FROM people(100);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);

-- TRUNCATE, and one taken back
TRUNCATE t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%'$$), namedex_check('t_names', true);
INSERT INTO t SELECT * FROM people(200);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
BEGIN;
TRUNCATE t;
INSERT INTO t SELECT * FROM people(20);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
ROLLBACK;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), namedex_check('t_names', true);

-- rows of transactions that did not commit
BEGIN;
INSERT INTO t SELECT id + 5000, 'Aborted son', first_name, born FROM people(300) AS p;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
ROLLBACK;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
BEGIN;
INSERT INTO t VALUES (6001, 'kept son');
SAVEPOINT a;
INSERT INTO t VALUES (6002, 'dropped son');
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%d son'$$);
ROLLBACK TO a;
INSERT INTO t VALUES (6003, 'second son');
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%d son'$$);
RELEASE a;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%t son'$$);
COMMIT;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '% son'$$);
-- an error in a subtransaction, in the middle of a scan
DO $$
DECLARE
    r record;
    n int := 0;
BEGIN
    PERFORM use_scan('plain');
    FOR r IN SELECT id FROM t WHERE last_name ILIKE '%son%' LOOP
        n := n + 1;
        BEGIN
            PERFORM count(*) FROM t WHERE last_name ILIKE '%son%';
            PERFORM 1 / (n % 2);
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
    RAISE NOTICE 'rows: %', n;
END $$;
SELECT count(*) FROM t WHERE last_name ILIKE '%son%';

-- made, filled and used in one transaction, and undone
BEGIN;
CREATE TABLE same (id int, a text);
INSERT INTO same SELECT id, last_name FROM people(100);
CREATE INDEX same_a ON same USING namedex (a) WITH (pending_list_limit = 64);
INSERT INTO same SELECT id + 100, last_name FROM people(3000) AS p;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$);
SAVEPOINT s;
CREATE INDEX same_again ON same USING namedex (a);
UPDATE same SET a = a || ' x' WHERE id % 2 = 0;
ROLLBACK TO s;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_a', true);
COMMIT;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_a', true);
BEGIN;
DROP INDEX same_a;
ROLLBACK;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$);
BEGIN;
REINDEX INDEX same_a;
INSERT INTO same VALUES (9001, 'late son');
ROLLBACK;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_a', true);

-- a copy made while a broken HOT chain is about
BEGIN;
UPDATE same SET a = 'changed son' WHERE id = 1;
CREATE INDEX same_second ON same USING namedex (a);
COMMIT;
DROP INDEX same_a;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_second', true);

-- another tablespace is another file
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE namedex_other LOCATION '';
ALTER INDEX same_second SET TABLESPACE namedex_other;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_second', true);
INSERT INTO same VALUES (9002, 'moved son');
ALTER INDEX same_second SET TABLESPACE pg_default;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_second', true);
DROP TABLESPACE namedex_other;

-- the statistics collector and the extension's dependencies
SELECT raised('DROP EXTENSION namedex');

DROP SCHEMA suite CASCADE;
