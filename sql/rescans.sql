--
-- Scans that start again with another pattern: nested loops, LATERAL, prepared statements.
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
CREATE TABLE patterns (n int, p text, f text);
INSERT INTO patterns VALUES (1, '%son%', '%n%'), (2, 'smi%', 'a%'), (3, NULL, '%'), (4, '%', NULL), (5, '', ''), (6, '%-%', 'JOHN'), (7, '%zz%', '%ann'), (8, 'smith', '%'), (9, '%o''b%', 'mary%'), (10, '%son%', '%n%');

CREATE FUNCTION counts() RETURNS TABLE (n int, by_last bigint, by_both bigint, first_id int) LANGUAGE sql AS $$
    SELECT p.n, (SELECT count(*) FROM t WHERE last_name ILIKE p.p),
           (SELECT count(*) FROM t WHERE last_name ILIKE p.p AND first_name ILIKE p.f),
           (SELECT min(id) FROM t WHERE last_name ILIKE p.p)
    FROM patterns AS p ORDER BY p.n
$$;
SELECT use_scan('seq') \g /dev/null
CREATE TABLE expected AS SELECT * FROM counts();
SELECT * FROM expected ORDER BY n;
BEGIN; SELECT use_scan('plain') \g /dev/null
(TABLE expected EXCEPT SELECT * FROM counts()) UNION ALL (SELECT * FROM counts() EXCEPT TABLE expected);
COMMIT;
BEGIN; SELECT use_scan('bitmap') \g /dev/null
(TABLE expected EXCEPT SELECT * FROM counts()) UNION ALL (SELECT * FROM counts() EXCEPT TABLE expected);
COMMIT;

-- joins: the index inside, each pattern a restart
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off;
SELECT * FROM plan('SELECT p.n, t.id FROM patterns AS p JOIN t ON t.last_name ILIKE p.p') WHERE plan LIKE '%t_names%' OR plan LIKE '%Index Cond%';
SELECT agree('SELECT p.n, t.id FROM patterns AS p JOIN t ON t.last_name ILIKE p.p', true), agree('SELECT p.n, t.id FROM patterns AS p JOIN t ON t.last_name LIKE p.p AND t.first_name ILIKE p.f', true),
       agree('SELECT p.n, t.id FROM patterns AS p LEFT JOIN t ON t.last_name ILIKE p.p', true);
SELECT agree($$SELECT a.id, b.id FROM t AS a JOIN t AS b ON b.last_name = a.last_name WHERE a.id <= 30$$, true),
       agree($$SELECT a.id, b.id FROM t AS a JOIN t AS b ON b.last_name ^@ a.last_name AND b.first_name = a.first_name WHERE a.id <= 30$$, true);
-- a semi-join and an anti-join stop after the first row
SELECT agree($$SELECT n FROM patterns AS p WHERE EXISTS (SELECT FROM t WHERE last_name ILIKE p.p)$$, true), agree($$SELECT n FROM patterns AS p WHERE NOT EXISTS (SELECT FROM t WHERE last_name ILIKE p.p)$$, true);
-- LATERAL with LIMIT: the scan is left in the middle
BEGIN; SELECT use_scan('plain') \g /dev/null
SELECT p.n, count(x.id), bool_and(x.last_name ILIKE p.p) FROM patterns AS p LEFT JOIN LATERAL (SELECT * FROM t WHERE t.last_name ILIKE p.p LIMIT 3) AS x ON true GROUP BY p.n ORDER BY p.n;
COMMIT;
-- through Memoize
RESET enable_memoize; RESET enable_material;
SELECT agree('SELECT p.n, t.id FROM patterns AS p JOIN t ON t.last_name ILIKE p.p', true);

-- prepared statements: the generic plan knows no pattern
SET enable_seqscan = off;
PREPARE find(text) AS SELECT count(*) FROM t WHERE last_name ILIKE $1;
SET plan_cache_mode = force_generic_plan;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) EXECUTE find('%son%');
RESET enable_bitmapscan;
EXECUTE find('%son%'); EXECUTE find('smi%'); EXECUTE find('%'); EXECUTE find('');
SET plan_cache_mode = force_custom_plan;
EXECUTE find('%son%'); EXECUTE find('smi%'); EXECUTE find('%'); EXECUTE find('');
RESET plan_cache_mode;
-- a pattern put together from a parameter
PREPARE contains(text) AS SELECT count(*) FROM t WHERE last_name ILIKE '%' || $1 || '%';
SET plan_cache_mode = force_generic_plan;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) EXECUTE contains('son');
EXECUTE contains('son'); EXECUTE contains('SMITH'); EXECUTE contains(''); EXECUTE contains(NULL);
EXECUTE contains('\');
EXECUTE contains('son');
-- a pattern that raises, and the next one that does not
EXECUTE find('S\');
EXECUTE find('smi%');

DROP SCHEMA suite CASCADE;
