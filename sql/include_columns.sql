--
-- INCLUDE columns: values of any type come out of the index as they are in the table, from segments and from pending rows,
-- through merges and VACUUM.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off
CREATE FUNCTION by_index(query text) RETURNS text LANGUAGE sql AS $$ SELECT by_index(query, 't_') $$;

CREATE TYPE mood AS ENUM ('calm', 'well', 'ill');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN code AS varchar(20);
CREATE TABLE t (last_name text, id bigint, first_name text, b boolean, c "char", i2 smallint, i4 int, r real, f float, o oid, d date, ts timestamptz, iv interval, u uuid, n name, ch char(8), co code,
    num numeric, by bytea, js jsonb, arr int[], texts text[], m mood, p pair, pt point, box box, net inet, rng int4range, bits varbit, vec tsvector, same text, mostly int)
    WITH (autovacuum_enabled = off);
CREATE FUNCTION patients(first int, how_many int) RETURNS SETOF t LANGUAGE sql AS $$
    SELECT last_name, id + first, CASE WHEN id % 3 > 0 THEN first_name END, id % 2 = 0, (65 + id % 20)::"char", (id % 65536 - 32768)::smallint, id * id * 7, id / 7.0, exp(id % 300), id, born, born + id * interval '1.000001 s',
        id * interval '1 day 1 s', md5(id::text)::uuid, left(last_name, 63), left(first_name, 8), 'code ' || id, id * 1.00001 * CASE WHEN id % 9 = 0 THEN 1e50 ELSE 1 END, decode(md5(id::text), 'hex'), jsonb_build_object('id', id, 'name', last_name),
        ARRAY[id, NULL, -id], ARRAY[last_name, first_name, ''], (ARRAY['calm', 'well', 'ill']::mood[])[1 + id % 3], ROW(id, last_name)::pair, point(id, -id), box(point(id, 0), point(0, id)),
        ('10.0.0.0'::inet + id), int4range(id, id + 10), (id % 1000)::bit(20)::varbit, to_tsvector('simple', coalesce(last_name, '')), 'the same', CASE WHEN id % 100 = 0 THEN id END
    FROM people(how_many) AS x
$$;
CREATE INDEX t_names ON t USING namedex (last_name) INCLUDE (id, first_name, b, c, i2, i4, r, f, o, d, ts, iv, u, n, ch, co, num, by, js, arr, texts, m, p, pt, box, net, rng, bits, vec, same);
CREATE INDEX t_mostly ON t USING namedex (last_name, first_name) INCLUDE (mostly, id);
SELECT pg_get_indexdef('t_mostly'::regclass);
\set all 'last_name, id, first_name, b, c, i2, i4, r, f, o, d, ts, iv, u, n, ch, co, num, by, js, arr, texts, m, p, pt, box, net, rng, bits, vec, same'
\set everything 'SELECT ' :all ' FROM t'
INSERT INTO t SELECT * FROM patients(0, 2000);
SELECT pending, include_bytes FROM namedex_stats('t_names');
SELECT by_index(:'everything'), by_index('SELECT mostly, id FROM t', 't_mostly');
VACUUM t;
SELECT pending, include_bytes > 0 AS include_bytes FROM namedex_stats('t_names');
SELECT by_index(:'everything'), by_index('SELECT mostly, id FROM t', 't_mostly');
SELECT name, by_index(format($$SELECT %s FROM t WHERE last_name ILIKE '%%son%%'$$, name)) FROM unnest(string_to_array(:'all', ', ')) WITH ORDINALITY AS x (name, o) ORDER BY o;
SELECT by_index($$SELECT id, i4, arr FROM t WHERE last_name LIKE 'Smi%' AND first_name LIKE 'A%'$$), by_index($$SELECT sum(i4), max(num), count(js -> 'id') FROM t WHERE last_name ILIKE '%ann%' GROUP BY m$$);
SELECT by_index($$SELECT id, mostly FROM t WHERE first_name ILIKE '%ann%' AND mostly IS NOT NULL$$, 't_mostly');
-- values of all sizes; NULL and empty ones
INSERT INTO t (last_name, id, first_name, by, co) SELECT 'Large ' || n, n, repeat(md5(n::text), n), decode(repeat(md5(n::text), n / 10), 'hex'), CASE WHEN n % 3 = 0 THEN '' END FROM generate_series(1, 2000, 37) AS n;
INSERT INTO t (last_name, first_name) SELECT 'Largest', string_agg(md5(n::text), '') FROM generate_series(1, 32768) AS n;
INSERT INTO t (last_name, first_name) VALUES ('Compressed', repeat('x', 1048576));
SELECT * FROM raised($$INSERT INTO t (last_name, js) VALUES ('Too large', jsonb_build_array(repeat('x', 1048576)))$$);
SELECT by_index(:'everything');
VACUUM t;
SELECT by_index(:'everything'), by_index($$SELECT length(first_name), by FROM t WHERE last_name LIKE 'L%'$$);
-- heap-only updates of what is in no index, and updates of what is only included
CREATE TABLE h (last_name text, shown int, other int) WITH (autovacuum_enabled = off, fillfactor = 50);
CREATE INDEX h_names ON h USING namedex (last_name) INCLUDE (shown);
INSERT INTO h SELECT last_name, id, id FROM people(500);
VACUUM h;
UPDATE h SET other = 0 WHERE shown % 2 = 0;
SELECT pending FROM namedex_stats('h_names');
UPDATE h SET shown = -shown WHERE shown % 5 = 0;
SELECT pending FROM namedex_stats('h_names');
SELECT by_index('SELECT last_name, shown FROM h', 'h_names');
VACUUM (INDEX_CLEANUP ON) h;
SELECT by_index('SELECT last_name, shown FROM h', 'h_names'), namedex_check('h_names', true);
-- many segments, dead rows, merges
ALTER INDEX t_names SET (pending_list_limit = 64);
INSERT INTO t SELECT * FROM patients(10000, 300);
VACUUM t;
DELETE FROM t WHERE id % 7 = 0;
INSERT INTO t SELECT * FROM patients(20000, 200);
VACUUM (INDEX_CLEANUP ON) t;
UPDATE t SET mostly = -id, same = 'not the same' WHERE id % 11 = 0;
SELECT by_index(:'everything'), by_index('SELECT mostly, id FROM t', 't_mostly');
SELECT namedex_check('t_names', true), namedex_check('t_mostly', true);
SELECT namedex_compact('t_names'), namedex_compact('t_mostly');
SELECT by_index(:'everything'), by_index('SELECT mostly, id FROM t', 't_mostly');
SELECT namedex_check('t_names', true), namedex_check('t_mostly', true);
REINDEX INDEX t_names;
SELECT by_index(:'everything'), namedex_check('t_names', true);
-- a build in little memory, in runs
SET maintenance_work_mem = '1MB';
REINDEX INDEX t_names;
RESET maintenance_work_mem;
SELECT by_index(:'everything'), namedex_check('t_names', true);
-- another type rewrites the index
ALTER TABLE t ALTER i4 TYPE bigint, ALTER same TYPE varchar(5) USING left(same, 5);
SELECT by_index(:'everything'), namedex_check('t_names', true);
-- what is included answers no condition, has no operator class, and may be of a type that has none
SELECT * FROM raised('CREATE INDEX ON t USING namedex (last_name) INCLUDE (id bigint_ops)');
SELECT * FROM raised('CREATE INDEX ON t USING namedex (last_name) INCLUDE (lower(first_name))');
SELECT * FROM plan($$SELECT * FROM t WHERE last_name = 'Smith' AND id = 7$$);
-- temporary and unlogged tables, partitions
CREATE TEMPORARY TABLE tmp AS SELECT last_name, id, js FROM t;
CREATE INDEX tmp_names ON tmp USING namedex (last_name) INCLUDE (id, js);
SELECT by_index('SELECT id, js FROM tmp', 'tmp_names');
CREATE UNLOGGED TABLE ul AS SELECT last_name, id, js FROM t;
CREATE INDEX ul_names ON ul USING namedex (last_name) INCLUDE (id, js);
INSERT INTO ul SELECT * FROM tmp;
VACUUM ul;
SELECT by_index('SELECT id, js FROM ul', 'ul_names');
CREATE TABLE parts (id int, born date, last_name text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (500);
CREATE TABLE part_2 (last_name text, dropped int, id int, born date);
ALTER TABLE part_2 DROP dropped;
ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES FROM (500) TO (10000);
CREATE INDEX parts_names ON parts USING namedex (last_name) INCLUDE (born, id);
INSERT INTO parts SELECT id, born, last_name FROM people(1000);
SELECT by_index($$SELECT id, born FROM parts WHERE last_name ILIKE '%son%'$$, 'part_2_last_name_born_id_idx');
\set ECHO none
DROP SCHEMA suite CASCADE;
