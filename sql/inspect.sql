--
-- What the index says of its contents, and what the server counts.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t AS SELECT * FROM people(1000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name);
SELECT segments, rows, dead, pending, words > 0 AS words, bytes = pg_relation_size('t_names') AS bytes, lexicon_bytes > 0 AS lexicon, posting_bytes > 0 AS postings, forward_bytes > 0 AS forward, include_bytes,
       lexicon_bytes + posting_bytes + forward_bytes <= bytes AS within
FROM namedex_stats('t_names');
-- distinct words are counted once for each column
CREATE TABLE w (a text);
INSERT INTO w SELECT CASE n % 3 WHEN 0 THEN 'ann smith' WHEN 1 THEN 'smith-jones' ELSE 'ann' END FROM generate_series(1, 90) AS n;
CREATE INDEX w_a ON w USING namedex (a);
SELECT rows, words FROM namedex_stats('w_a');
INSERT INTO t SELECT id + 1000, last_name, first_name, born FROM people(50) AS p;
SELECT segments, rows, dead, pending FROM namedex_stats('t_names');
DELETE FROM t WHERE id <= 100 OR id > 1040;
VACUUM (INDEX_CLEANUP ON) t;
SELECT rows - dead + pending AS live, pending FROM namedex_stats('t_names');
SELECT reltuples FROM pg_class WHERE relname = 't_names';
SELECT namedex_check('t_names'), namedex_check('t_names', true);
-- an empty index
CREATE TABLE none_yet (a text);
CREATE INDEX none_yet_a ON none_yet USING namedex (a);
SELECT segments, rows, dead, pending, words, lexicon_bytes, posting_bytes, forward_bytes, include_bytes FROM namedex_stats('none_yet_a');

-- pg_stat_user_indexes counts the scans
SELECT pg_stat_force_next_flush();
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;
SELECT count(*) FROM t WHERE last_name ILIKE '%son%';
SET enable_bitmapscan = on; SET enable_indexscan = off;
SELECT count(*) FROM t WHERE last_name ILIKE '%son%';
RESET enable_seqscan; RESET enable_indexscan;
SELECT pg_stat_force_next_flush();
SELECT idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes WHERE indexrelname = 't_names';
SELECT pg_get_userbyid(relowner) = current_user, relpages > 0 FROM pg_class WHERE relname = 't_names';
-- ANALYZE goes with it
ANALYZE t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$);
-- the planner uses it of its own accord where it pays
INSERT INTO t SELECT id + 10000, last_name || ' ' || id, first_name, born FROM people(20000) AS p;
VACUUM ANALYZE t;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE last_name ILIKE '%kowalski 12%';
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%kowalski 12%'$$), agree($$SELECT id FROM t WHERE last_name ILIKE '%77%'$$);
SELECT namedex_check('t_names', true);

DROP SCHEMA suite CASCADE;
