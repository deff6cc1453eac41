--
-- Unlogged, temporary and partitioned tables.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE UNLOGGED TABLE u AS SELECT * FROM people(300);
CREATE INDEX u_names ON u USING namedex (last_name, first_name);
INSERT INTO u SELECT id + 300, last_name, first_name, born FROM people(100) AS p;
SELECT agree($$SELECT id FROM u WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM u WHERE first_name IS NULL$$);
DELETE FROM u WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP ON) u;
INSERT INTO u SELECT id + 400, last_name, first_name, born FROM people(100) AS p;
SELECT agree($$SELECT id FROM u WHERE last_name ILIKE '%son%'$$);
SELECT namedex_check('u_names', true);
ALTER TABLE u SET LOGGED;
SELECT agree($$SELECT id FROM u WHERE last_name ILIKE '%son%'$$), namedex_check('u_names', true);
INSERT INTO u SELECT id + 600, last_name, first_name, born FROM people(50) AS p;
ALTER TABLE u SET UNLOGGED;
SELECT agree($$SELECT id FROM u WHERE last_name ILIKE '%son%'$$), namedex_check('u_names', true);
CREATE UNLOGGED TABLE u_empty (a text);
CREATE INDEX u_empty_a ON u_empty USING namedex (a);
INSERT INTO u_empty VALUES ('Ann');
SELECT agree($$SELECT a FROM u_empty WHERE a ILIKE 'ann'$$), namedex_check('u_empty_a', true);

CREATE TEMPORARY TABLE tmp AS SELECT * FROM people(300);
CREATE INDEX tmp_names ON tmp USING namedex (last_name, first_name) WITH (pending_list_limit = 64);
INSERT INTO tmp SELECT id + 300, last_name, first_name, born FROM people(5000) AS p;
SELECT agree($$SELECT id FROM tmp WHERE last_name ILIKE '%son%'$$);
DELETE FROM tmp WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP ON) tmp;
SELECT agree($$SELECT id FROM tmp WHERE last_name ILIKE '%son%'$$), namedex_check('tmp_names', true);
-- a table that is emptied at commit
CREATE TEMPORARY TABLE brief (a text) ON COMMIT DELETE ROWS;
CREATE INDEX brief_a ON brief USING namedex (a);
BEGIN;
INSERT INTO brief SELECT last_name FROM people(100);
SELECT agree($$SELECT a FROM brief WHERE a ILIKE '%son%'$$);
COMMIT;
SELECT agree($$SELECT a FROM brief WHERE a ILIKE '%son%'$$);
INSERT INTO brief VALUES ('gone');
BEGIN;
INSERT INTO brief SELECT last_name FROM people(50);
SELECT agree($$SELECT a FROM brief WHERE a ILIKE '%o%'$$), namedex_check('brief_a', true);
COMMIT;

-- partitions
CREATE TABLE p (id int, last_name text, first_name text, born date) PARTITION BY RANGE (born);
CREATE TABLE p_old PARTITION OF p FOR VALUES FROM ('1925-01-01') TO ('1928-01-01');
CREATE TABLE p_new PARTITION OF p FOR VALUES FROM ('1928-01-01') TO ('1930-01-01') PARTITION BY HASH (id);
CREATE TABLE p_new_0 PARTITION OF p_new FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE p_new_1 PARTITION OF p_new FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX p_names ON p USING namedex (last_name, first_name);
CREATE TABLE p_rest PARTITION OF p DEFAULT;
INSERT INTO p SELECT * FROM people(800);
SELECT * FROM plan($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$);
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM p WHERE last_name ILIKE '%son%' AND born >= '1928-01-01'$$, true), agree($$SELECT id FROM p WHERE first_name IS NULL$$);
UPDATE p SET born = born + 400 WHERE id % 4 = 0;
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$);
-- a table with a fitting index is attached
CREATE TABLE p_other (id int, last_name text, first_name text, born date);
INSERT INTO p_other SELECT id, last_name, first_name, '2000-01-01' FROM people(100) AS x;
CREATE INDEX p_other_names ON p_other USING namedex (last_name, first_name);
ALTER TABLE p DETACH PARTITION p_rest;
ALTER TABLE p ATTACH PARTITION p_other FOR VALUES FROM ('2000-01-01') TO ('2001-01-01');
SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'p_names'::regclass ORDER BY inhrelid::regclass::text COLLATE "C";
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM p_rest WHERE last_name ILIKE '%son%'$$);
SELECT indexrelid::regclass, namedex_check(indexrelid, true) FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid AND c.relkind = 'i' JOIN pg_am AS a ON a.oid = relam
WHERE amname = 'namedex' AND indrelid::regclass::text LIKE 'p%' ORDER BY indexrelid::regclass::text COLLATE "C";
REINDEX INDEX p_names;
-- a partitioned index put together piece by piece
CREATE INDEX p_first ON ONLY p USING namedex (first_name);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_first'::regclass;
CREATE INDEX p_old_first ON p_old USING namedex (first_name);
CREATE INDEX p_new_first ON p_new USING namedex (first_name);
CREATE INDEX p_other_first ON p_other USING namedex (first_name);
ALTER INDEX p_first ATTACH PARTITION p_old_first;
ALTER INDEX p_first ATTACH PARTITION p_new_first;
SELECT raised('ALTER INDEX p_first ATTACH PARTITION p_other_names');
ALTER INDEX p_first ATTACH PARTITION p_other_first;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'p_first'::regclass;
SELECT agree($$SELECT id FROM p WHERE first_name ILIKE 'mary%'$$);
-- and a partition taken off while others read
ALTER TABLE p DETACH PARTITION p_other CONCURRENTLY;
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM p_other WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM p_other WHERE first_name ILIKE 'mary%'$$);
TRUNCATE p_old;
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$);
SELECT agree($$SELECT id FROM p WHERE last_name ILIKE '%son%'$$);

-- inheritance
CREATE TABLE parent (a text);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT last_name FROM people(50);
INSERT INTO child SELECT upper(last_name) FROM people(50);
CREATE INDEX parent_a ON parent USING namedex (a);
CREATE INDEX child_a ON child USING namedex (a);
SELECT agree($$SELECT a FROM parent WHERE a ILIKE '%son%'$$);

DROP SCHEMA suite CASCADE;
