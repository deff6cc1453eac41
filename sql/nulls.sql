--
-- NULLs are indexed: IS NULL, IS NOT NULL and missing arguments on any key column.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, a text, b text, c int);
INSERT INTO t SELECT n, CASE WHEN n % 3 = 0 THEN NULL ELSE 'Ann ' || n % 4 END, CASE WHEN n % 4 = 0 THEN NULL WHEN n % 5 = 0 THEN '' ELSE 'Smith' END, CASE WHEN n % 5 <> 0 THEN n % 3 END
FROM generate_series(1, 240) AS n;
CREATE INDEX t_abc ON t USING namedex (a, b, c);
SELECT * FROM plan('SELECT id FROM t WHERE a IS NULL AND b IS NOT NULL');
SELECT condition, agree('SELECT id FROM t WHERE ' || condition)
FROM unnest(ARRAY['a IS NULL', 'a IS NOT NULL', 'b IS NULL', 'c IS NULL', 'c IS NOT NULL', 'a IS NULL AND b IS NULL AND c IS NULL', 'a IS NULL AND a IS NOT NULL', 'a IS NOT NULL AND b IS NULL',
                  'a ILIKE ''%ann%'' AND b IS NULL', 'a IS NULL AND b = ''''', 'b = ''''', 'b ILIKE ''''', 'b LIKE ''%''', 'a LIKE ''%'' AND c = 1', 'a IS NULL AND c = 1 AND b LIKE ''%t%''']) WITH ORDINALITY AS u(condition, n) ORDER BY n;
SELECT agree('SELECT id FROM t WHERE a IS NULL OR b IS NULL', modes => '{bitmap}');
INSERT INTO t VALUES (1001, NULL, NULL, NULL), (1002, NULL, 'x', 1), (1003, 'y', NULL, NULL);
SELECT condition, agree('SELECT id FROM t WHERE ' || condition) FROM unnest(ARRAY['a IS NULL', 'b IS NULL AND c IS NULL', 'a IS NOT NULL']) AS condition;
DELETE FROM t WHERE a IS NULL AND id % 2 = 0;
VACUUM (INDEX_CLEANUP ON) t;
SELECT condition, agree('SELECT id FROM t WHERE ' || condition) FROM unnest(ARRAY['a IS NULL', 'b IS NULL AND c IS NULL', 'a IS NOT NULL']) AS condition;

-- a NULL argument finds nothing, known early or late
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
PREPARE by_pattern(text) AS SELECT count(*) FROM t WHERE a ILIKE $1;
EXECUTE by_pattern(NULL);
EXECUTE by_pattern('%ann%');
EXECUTE by_pattern(NULL);
PREPARE by_both(text, int) AS SELECT count(*) FROM t WHERE a ILIKE $1 AND c = $2;
EXECUTE by_both('%', NULL);
EXECUTE by_both(NULL, 1);
EXECUTE by_both('%', 1);
SET enable_bitmapscan = off;
EXECUTE by_pattern(NULL);
EXECUTE by_both('%', NULL);
EXECUTE by_both('%', 1);
RESET enable_bitmapscan;
RESET enable_seqscan;
RESET plan_cache_mode;
SELECT count(*) FROM t WHERE a ILIKE '%' AND c = 1;

-- nothing but NULLs
CREATE TABLE nulls (a text, b int);
INSERT INTO nulls SELECT NULL, NULL FROM generate_series(1, 100);
CREATE INDEX nulls_ab ON nulls USING namedex (a, b);
SELECT agree('SELECT 1 FROM nulls WHERE a IS NULL'), agree('SELECT 1 FROM nulls WHERE b IS NOT NULL'), agree($$SELECT 1 FROM nulls WHERE a LIKE '%'$$);
SELECT namedex_check('nulls_ab', true), namedex_check('t_abc', true);

DROP SCHEMA suite CASCADE;
