--
-- Index-only scans: every key column of every kind comes out of the index as it is in the table, and only rows that
-- the snapshot sees.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off
CREATE FUNCTION by_index(query text) RETURNS text LANGUAGE sql AS $$ SELECT by_index(query, 't_all') $$;

CREATE DOMAIN surname AS varchar(60);
CREATE TABLE t (id int, last_name text, first_name surname, n name, c char(12), i2 smallint, i4 int, i8 bigint, d date, ts timestamp, tz timestamptz, u uuid, note text)
    WITH (autovacuum_enabled = off, fillfactor = 70);
INSERT INTO t SELECT id, last_name, first_name, left(last_name, 20), left(first_name, 10), id % 7 - 3, -id, id * 10000000000, born, born + interval '1 s' * id, born + interval '0.000001 s' * id,
    CASE WHEN id % 5 > 0 THEN md5(id::text)::uuid END, 'not in the index' FROM people(3000);
INSERT INTO t VALUES
    (4001, repeat('long ', 3000), 'x', repeat('n', 63), repeat('c', 12), 32767, 2147483647, 9223372036854775807, 'infinity', 'infinity', '-infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
    (4002, repeat('W', 5000), '', '', '', -32768, -2147483648, -9223372036854775808, '-infinity', '-infinity', 'infinity', '00000000-0000-0000-0000-000000000000'),
    (4003, repeat('x', 126), repeat('y', 60), 'Ångström', 'ÅÖ', 0, 0, 0, '2000-01-01', '2000-01-01', '2000-01-01', NULL),
    (4004, repeat('x', 127), E'\t \n''', E'a\\b', ' a ', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4005, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE INDEX t_all ON t USING namedex (last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u);
-- with its rows in the heap, and without
SELECT by_index('SELECT last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u FROM t');
VACUUM t;
SELECT by_index('SELECT last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u FROM t');
SELECT name, by_index(format('SELECT %I FROM t', name)) FROM unnest('{last_name,first_name,n,c,i2,i4,i8,d,ts,tz,u}'::text[]) AS name;
-- conditions of all kinds, and none on what is read
SELECT by_index($$SELECT last_name, u FROM t WHERE last_name ILIKE '%son%'$$);
SELECT by_index($$SELECT u, c FROM t WHERE last_name ILIKE '%ann smi%'$$);
SELECT by_index($$SELECT first_name FROM t WHERE last_name LIKE 'Smi%' AND first_name ILIKE '%ann%'$$);
SELECT by_index($$SELECT last_name, first_name FROM t WHERE last_name ILIKE ANY ('{%kow%,smith,%-3%,NULL}')$$);
SELECT by_index($$SELECT last_name, i4 FROM t WHERE first_name IS NULL AND last_name IS NOT NULL$$);
SELECT by_index($$SELECT last_name, d FROM t WHERE u IS NULL AND i2 = 2$$);
SELECT by_index($$SELECT last_name FROM t WHERE last_name = 'SMITH' OR i8 = 0$$);
SELECT by_index($$SELECT i4 FROM t WHERE n LIKE 'Mac%' AND c LIKE '%Ann %'$$);
SELECT by_index($$SELECT n FROM t WHERE length(last_name) > 1000$$), by_index($$SELECT last_name FROM t WHERE length(last_name) > 1000$$);
SELECT by_index($$SELECT i2 FROM t WHERE last_name ILIKE '%son%' AND first_name || c LIKE '%Ann%'$$);
SELECT by_index($$SELECT last_name FROM t WHERE last_name ILIKE ANY ('{}')$$);
-- what stands above the scan reads its columns, some or none
SELECT by_index($$SELECT count(*) FROM t$$), by_index($$SELECT count(*) FROM t WHERE last_name ILIKE '%son%'$$);
SELECT by_index($$SELECT count(first_name), min(last_name), max(i8), array_agg(n ORDER BY n) FROM t WHERE last_name ILIKE '%son%'$$);
SELECT by_index($$SELECT first_name, count(*) FROM t GROUP BY first_name$$), by_index($$SELECT i2, count(DISTINCT last_name) FILTER (WHERE d > '1930-01-01') FROM t GROUP BY i2 HAVING max(first_name) > 'B'$$);
SELECT by_index($$SELECT first_name, i2, count(*) FROM t GROUP BY GROUPING SETS ((first_name, i2), (first_name), ())$$);
SELECT by_index($$SELECT DISTINCT first_name, c FROM t$$), by_index($$SELECT i4 FROM t WHERE last_name ILIKE 'k%' ORDER BY last_name, i4 LIMIT 7$$);
SELECT by_index($$SELECT i4, rank() OVER (PARTITION BY first_name ORDER BY d) FROM t$$), by_index($$SELECT last_name, generate_series(1, i2) FROM t$$);
SELECT by_index($$SELECT upper(last_name) || i4, (SELECT max(i2) FROM t AS s WHERE s.last_name = t.last_name) FROM t WHERE i2 = 1$$);
SELECT by_index($$SELECT count(*) FROM t WHERE i2 > 0 GROUP BY first_name$$), by_index($$SELECT count(*) FROM t GROUP BY i2 HAVING max(first_name) > 'M' AND min(d) > '1925-01-02'$$);
SELECT by_index($$SELECT a.i2, b.first_name FROM t AS a JOIN t AS b ON a.i4 = b.i4 WHERE a.last_name ILIKE '%son%'$$);
SELECT by_index($$SELECT b.i4 FROM t AS a JOIN t AS b ON b.last_name LIKE a.first_name || '%' WHERE a.i4 > -30$$);
SELECT by_index($$SELECT s.i4, u.p FROM t AS s LEFT JOIN unnest('{An,Jean,nobody}'::text[]) AS u (p) ON s.first_name LIKE u.p || '%' WHERE s.i2 = 1$$);
SELECT by_index($$SELECT u.p, s.last_name, s.i4 FROM unnest('{smith%,%kow%,NULL,zz%}'::text[]) AS u (p) JOIN t AS s ON s.last_name ILIKE u.p$$);
SELECT by_index($$SELECT u.p, s.c FROM unnest('{smith%,%kow%,none}'::text[]) AS u (p) LEFT JOIN t AS s ON s.last_name ILIKE u.p AND length(s.first_name) > 3$$);
SELECT by_index($$SELECT last_name FROM t WHERE i2 = 1 UNION ALL SELECT first_name FROM t WHERE i2 = 2$$), by_index($$SELECT EXISTS (SELECT FROM t WHERE last_name ILIKE '%zyz%')$$);
SELECT by_index($$SELECT s.last_name, x.* FROM t AS s, LATERAL (SELECT count(*), max(c) FROM t AS r WHERE r.i4 = s.i4 AND r.first_name LIKE left(s.first_name, 2) || '%') AS x WHERE s.i2 = 3$$);
-- a query inside of a query that runs: each has a plan of its own
CREATE FUNCTION firsts(pattern text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE r record; all_of_them text := '';
BEGIN
    FOR r IN SELECT first_name, i2 FROM t WHERE last_name ILIKE pattern LOOP
        all_of_them := all_of_them || coalesce(r.first_name, '-') || r.i2;
    END LOOP;
    RETURN all_of_them;
END $$;
SELECT by_index($$SELECT last_name, firsts(last_name) FROM t WHERE i2 = 2 AND last_name LIKE '%-%'$$);
-- the same plan for any pattern
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_bitmapscan = off;
PREPARE p(text) AS SELECT count(*), sum(hashtext(first_name)) FROM t WHERE last_name ILIKE $1;
EXPLAIN (COSTS OFF) EXECUTE p('%son%');
EXECUTE p('%son%'); EXECUTE p('%son'); EXECUTE p(NULL);
SELECT count(*), sum(hashtext(first_name)) FROM t WHERE last_name || '' ILIKE '%son%';
RESET plan_cache_mode;
-- a pattern whose error depends on the data
SELECT * FROM raised($$SELECT first_name FROM t WHERE last_name LIKE 'Smith\'$$);
SELECT * FROM raised($$SELECT first_name FROM t WHERE last_name LIKE 'none\'$$);
-- the searched column is read only where a pattern asks for a recheck, in one scan now and then
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT first_name FROM unnest('{Smith%,none}'::text[]) AS u (p) JOIN t ON last_name LIKE u.p;
SELECT * FROM raised($$SELECT first_name FROM unnest(ARRAY['Smith%', 'Smith\']) AS u (p) JOIN t ON last_name LIKE u.p$$);
RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_hashjoin; RESET enable_mergejoin;
-- cursors: back and forth, and kept
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT last_name, i4 FROM t WHERE last_name ILIKE 'kowal%';
FETCH 2 c; MOVE LAST c; FETCH BACKWARD 2 c; FETCH ABSOLUTE 2 c;
DECLARE h CURSOR WITH HOLD FOR SELECT i2, u FROM t WHERE last_name ILIKE 'kowal%' AND i4 > -100;
COMMIT;
FETCH 2 h;
CLOSE h;
RESET enable_seqscan; RESET enable_bitmapscan;

-- pending rows, deleted ones, heap-only updates, and all that undone
INSERT INTO t SELECT id + 5000, last_name || ' new', first_name, left(last_name, 20), 'c', 1, id, id, born, born, born, md5(id::text)::uuid FROM people(200);
INSERT INTO t (id, last_name, first_name) VALUES (6001, repeat('Pending Long ', 900), 'p');
DELETE FROM t WHERE id % 10 = 0;
UPDATE t SET note = 'changed' WHERE id % 10 = 1;
UPDATE t SET last_name = last_name || 'son' WHERE id % 50 = 2;
SELECT by_index('SELECT last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u FROM t'), by_index($$SELECT first_name, u FROM t WHERE last_name ILIKE '%n%'$$), by_index('SELECT count(*) FROM t');
BEGIN;
DELETE FROM t WHERE id % 10 = 3;
INSERT INTO t SELECT id + 7000, last_name || ' newer', first_name FROM people(50);
SAVEPOINT s;
DELETE FROM t;
SELECT by_index('SELECT last_name FROM t');
ROLLBACK TO s;
SELECT by_index('SELECT last_name, first_name, u FROM t'), by_index($$SELECT first_name FROM t WHERE last_name ILIKE '%newer'$$);
ROLLBACK;
SELECT by_index('SELECT last_name, first_name, u FROM t');
-- EXPLAIN counts every row that was looked up in the table, visible or not
CREATE FUNCTION heap_fetches(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        RETURN QUERY SELECT trim(line) WHERE line ~ 'Heap Fetches';
    END LOOP;
END $$;
SELECT heap_fetches($$SELECT count(*) FROM t WHERE last_name LIKE '% new'$$), (SELECT count(*) FROM t WHERE last_name LIKE '% new') AS visible;
-- tombstones, and places that are used again
VACUUM (INDEX_CLEANUP ON) t;
SELECT by_index('SELECT last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u FROM t'), by_index($$SELECT first_name, u FROM t WHERE last_name ILIKE '%n%'$$), by_index('SELECT count(*) FROM t');
INSERT INTO t SELECT id + 8000, 'Again ' || coalesce(last_name, ''), first_name FROM people(400);
SELECT by_index('SELECT last_name, first_name, u FROM t'), by_index('SELECT count(*) FROM t');
DELETE FROM t WHERE id > 8000 AND id % 2 = 0;
VACUUM (INDEX_CLEANUP ON) t;
SELECT by_index('SELECT last_name, first_name, u FROM t'), by_index('SELECT count(*) FROM t');
SELECT namedex_compact('t_all');
SELECT by_index('SELECT last_name, first_name, n, c, i2, i4, i8, d, ts, tz, u FROM t'), by_index('SELECT count(*) FROM t');

-- long chains of pending rows, which are not kept
CREATE TABLE l (last_name text, first_name text, id int);
CREATE INDEX l_names ON l USING namedex (last_name, first_name) WITH (pending_list_limit = 1048576);
INSERT INTO l SELECT last_name || repeat(' filler', 100), first_name, id FROM people(14000);
SELECT pending > 10000 AS pending, segments FROM namedex_stats('l_names');
SELECT by_index($$SELECT last_name, first_name FROM l WHERE last_name ILIKE '%kowalski-%'$$, 'l_names'), by_index($$SELECT count(*) FROM l WHERE last_name ILIKE '%kowal%'$$, 'l_names');

-- expressions, partial indexes, partitions, temporary tables
CREATE INDEX t_lower ON t USING namedex (lower(last_name), last_name, i4, (first_name || '-' || i2)) WHERE i2 > 0;
SELECT by_index($$SELECT i4, lower(last_name) FROM t WHERE lower(last_name) LIKE '%son%' AND i2 > 0$$, 't_lower'), by_index($$SELECT count(*) FROM t WHERE i2 > 0$$, 't_lower');
CREATE TABLE parts (last_name text, y int) PARTITION BY RANGE (y);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (1950);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (1950) TO (3000);
CREATE INDEX parts_names ON parts USING namedex (last_name, y);
INSERT INTO parts SELECT last_name, extract(year FROM born) FROM people(1000);
SELECT by_index($$SELECT last_name, y FROM parts WHERE last_name ILIKE '%son%'$$, 'part_1_last_name_y_idx'), by_index('SELECT count(*) FROM parts', 'part_2_last_name_y_idx'), by_index('SELECT y FROM parts WHERE y = 1930', 'part_1_last_name_y_idx');
-- many scans in one plan: of the same index, by nodes that read different columns; of many indexes, begun one FETCH after the other
SELECT by_index($$SELECT count(*), NULL, NULL FROM t WHERE i2 = 1 UNION ALL SELECT count(first_name), min(u::text), NULL FROM t WHERE i2 = 2 UNION ALL SELECT i4, c, last_name FROM t WHERE i2 = 3 UNION ALL SELECT count(*), max(n), min(d)::text FROM t WHERE i2 = -1$$);
SELECT by_index($$SELECT u.p, x.*, y.* FROM unnest('{smi%,kow%,none,smi%}'::text[]) AS u (p), LATERAL (SELECT count(*), max(first_name) FROM t WHERE last_name ILIKE u.p) AS x, LATERAL (SELECT min(c), count(d) FROM t WHERE last_name ILIKE u.p || '-%') AS y$$);
CREATE TABLE many (last_name text, first_name text, k int) PARTITION BY LIST (k);
DO $$ BEGIN FOR k IN 0..39 LOOP EXECUTE format('CREATE TABLE many_%s PARTITION OF many FOR VALUES IN (%s)', k, k); END LOOP; END $$;
CREATE INDEX ON many USING namedex (last_name, first_name, k);
INSERT INTO many SELECT last_name, first_name, id % 40 FROM people(2000);
SELECT by_index($$SELECT last_name, k FROM many WHERE first_name ILIKE '%an%'$$, 'many_7_last_name_first_name_k_idx'), by_index($$SELECT k, count(*), max(first_name) FROM many WHERE last_name ILIKE '%n%' GROUP BY k$$, 'many_7_last_name_first_name_k_idx'), by_index($$SELECT a.k, b.first_name FROM many AS a JOIN many AS b ON a.last_name = b.first_name || 'son' WHERE a.k < 3$$, 'many_2_last_name_first_name_k_idx');
CREATE FUNCTION fetched(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE c refcursor; d refcursor; line text; other text; got text[]; others text[];
BEGIN
    SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
    OPEN c FOR EXECUTE query;
    OPEN d FOR EXECUTE query;
    LOOP
        FETCH c INTO line;
        EXIT WHEN NOT FOUND;
        FETCH d INTO other;
        got := got || line;
        others := others || other;
    END LOOP;
    CLOSE c; CLOSE d;
    SET LOCAL enable_seqscan = on; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_indexscan = off;
    RETURN cardinality(got) || CASE WHEN got = others AND ARRAY(SELECT unnest(got) AS g ORDER BY g) = ARRAY(SELECT q FROM many_values(query) AS q ORDER BY q) THEN ' rows' ELSE ' rows, but others' END;
END $$;
CREATE FUNCTION many_values(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE query; END $$;
SELECT fetched($$SELECT last_name || ' ' || k FROM many WHERE first_name ILIKE '%an%'$$);
CREATE TEMPORARY TABLE tmp (last_name text, id int);
CREATE INDEX tmp_names ON tmp USING namedex (last_name, id);
INSERT INTO tmp SELECT last_name, id FROM people(1000);
SELECT by_index($$SELECT id, last_name FROM tmp WHERE last_name ILIKE '%son%'$$, 'tmp_names');

-- a subplan that 50 partitions share, three deep: there are more ways to its scans than are noted
CREATE TABLE shared (a text, k int) PARTITION BY LIST (k);
DO $$ BEGIN FOR i IN 0..49 LOOP EXECUTE format('CREATE TABLE shared_%s PARTITION OF shared FOR VALUES IN (%s)', i, i); END LOOP; END $$;
CREATE INDEX shared_names ON shared USING namedex (a, k);
INSERT INTO shared SELECT 'Smith' || i, i % 50 FROM generate_series(1, 500) i;
VACUUM shared;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*), (SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name = 'ExecutorState') < 20000000 AS bounded
FROM shared WHERE a LIKE 'Smith%' AND a NOT IN (SELECT a FROM shared WHERE a LIKE 'Smith1%' AND a NOT IN
    (SELECT a FROM shared WHERE a LIKE 'Smith11%' AND a NOT IN (SELECT a FROM shared WHERE a LIKE 'Smith111%')));
RESET enable_seqscan;
RESET enable_bitmapscan;

-- a serializable transaction
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT by_index($$SELECT last_name, i4 FROM t WHERE last_name ILIKE '%son%'$$);
COMMIT;
\set ECHO none
DROP SCHEMA suite CASCADE;
