--
-- Keys of the fetch functions: one result per element in the array's order, types and coercion, composite keys, and
-- which columns may serve as a key.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set fetch :srcdir '/sql/include/fetch.sql'
\set ECHO none
\i :helpers
\i :fetch
\set ECHO all
\pset format unaligned
\pset footer off

-- ---- order, duplicates, NULL and missing elements, by each function
SELECT * FROM namedex_fetch('patients', ARRAY[3, 1, NULL, 2, 3, 999, 1], '{id,last_name}') AS t (id bigint, last_name varchar(80));
SELECT (p).id, (p).last_name, (p).first_name FROM namedex_load_only(NULL::patients, ARRAY[3, 1, NULL, 2, 3, 999, 1], '{last_name}') AS p;
SELECT * FROM namedex_fetch_json('patients', ARRAY[3, 1, NULL, 2, 3, 999, 1], 'id,last_name');
SELECT * FROM namedex_related('hospitals', ARRAY[3, 1, NULL, 2, 1, 999], 'providers', 'id');
-- many keys, so that no plan for few of them is all that is seen
SELECT same($$SELECT * FROM namedex_fetch('patients', ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 3000) AS i), '{id,born}') AS t (id bigint, born date)$$,
    $$SELECT p.id, p.born FROM (SELECT i, i * 37 % 250 AS id FROM generate_series(1, 3000) AS i) AS k JOIN patients AS p ON p.id = k.id ORDER BY i$$);
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 3000) AS i), 'id,born')$$,
    $$SELECT row_to_json(r) FROM (SELECT p.id, p.born FROM (SELECT i, i * 37 % 250 AS id FROM generate_series(1, 3000) AS i) AS k JOIN patients AS p ON p.id = k.id ORDER BY i) AS r$$);
SELECT same($$SELECT (p).id, (p).born, (p).mrn FROM namedex_load_only(NULL::patients, ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 3000) AS i), '{born}') AS p$$,
    $$SELECT p.id, p.born, NULL::varchar FROM (SELECT i, i * 37 % 250 AS id FROM generate_series(1, 3000) AS i) AS k JOIN patients AS p ON p.id = k.id ORDER BY i$$);
-- the same by every function for arrays whose bounds are not 1
SELECT * FROM namedex_fetch('hospitals', '[5:7]={3,1,2}'::int[], '{name}') AS t (name text);
SELECT * FROM namedex_fetch_json('hospitals', '[-1:1]={3,1,2}'::int[], 'name');
SELECT * FROM namedex_related('hospitals', '[0:1]={4,2}'::int[], 'providers', 'id');
-- none at all
SELECT count(*) FROM namedex_fetch('patients', '{}'::int[], '{id}') AS t (id bigint);
SELECT count(*) FROM namedex_fetch('patients', NULL::int[], '{id}') AS t (id bigint);
SELECT count(*) FROM namedex_fetch('patients', ARRAY[NULL, NULL]::int[], '{id}') AS t (id bigint);
SELECT count(*) FROM namedex_fetch('patients', NULL, '{id}') AS t (id bigint);
SELECT count(*) FROM namedex_load_only(NULL::patients, NULL::bigint[], '{id}');
SELECT count(*) FROM namedex_load_only(NULL::patients, '{}'::bigint[], '{id}');
SELECT count(*) FROM namedex_fetch_json('patients', NULL::bigint[], 'id');
SELECT count(*) FROM namedex_fetch_json('patients', '{}', 'id');
SELECT count(*) FROM namedex_related('patients', NULL::bigint[], 'visits');
SELECT count(*) FROM namedex_related('patients', '{}'::bigint[], 'visits');
-- and the row type argument says a type, not a row
SELECT (p).id, (p).name FROM hospitals AS h, namedex_load_only(h, ARRAY[2], '{name}') AS p ORDER BY h.id;
INSERT INTO cases (expected, statement) VALUES
    ('2202E', $$SELECT * FROM namedex_fetch('patients', ARRAY[[1,2],[3,4]], '{id}') AS t (id bigint)$$),
    ('2202E', $$SELECT namedex_load_only(NULL::patients, ARRAY[[1,2],[3,4]], '{id}')$$),
    ('2202E', $$SELECT namedex_fetch_json('patients', ARRAY[[1,2],[3,4]], 'id')$$),
    ('2202E', $$SELECT namedex_related('patients', ARRAY[[1,2],[3,4]], 'visits')$$),
    ('2202E', $$SELECT namedex_fetch_json('patients', '{{1}}', 'id')$$),
    ('2202E', $$SELECT namedex_fetch_json('patients', '{{NULL}}', 'id')$$),
    ('2202E', $$SELECT * FROM namedex_fetch('patients', '{1}', '{{id}}') AS t (id bigint)$$),
    ('2202E', $$SELECT namedex_load_only(NULL::patients, '{1}', '{{id,born}}')$$),
    -- NULL arguments
    ('22004', $$SELECT * FROM namedex_fetch(NULL, '{1}', '{id}') AS t (id bigint)$$),
    ('22004', $$SELECT * FROM namedex_fetch('patients', '{1}', NULL) AS t (id bigint)$$),
    ('22004', $$SELECT * FROM namedex_fetch('patients', '{1}', '{NULL}') AS t (id bigint)$$),
    ('22004', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id,NULL}') AS t (id bigint, x text)$$),
    ('22004', $$SELECT namedex_load_only(NULL::patients, '{1}', NULL)$$),
    ('22004', $$SELECT namedex_load_only(NULL::patients, '{1}', '{NULL}')$$),
    ('22004', $$SELECT namedex_fetch_json(NULL, '{1}', 'id')$$),
    ('22004', $$SELECT namedex_fetch_json('patients', '{1}', NULL)$$),
    ('22004', $$SELECT namedex_related(NULL, '{1}', 'visits')$$),
    ('22004', $$SELECT namedex_related('patients', '{1}', NULL)$$),
    ('22004', $$SELECT namedex_related('patients', '{1}', 'visits', NULL)$$),
    -- arguments are looked at without a key too
    ('22004', $$SELECT namedex_fetch_json(NULL, NULL::int[], 'id')$$),
    ('42703', $$SELECT namedex_fetch_json('patients', '{1}', 'id', 'nope')$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id}', 'nope') AS t (id bigint)$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{1}', '{id}', 'nope')$$),
    ('42703', $$SELECT namedex_related('patients', '{1}', 'visits', '*', 'nope')$$);
SELECT * FROM tried();

-- ---- coercion of elements. Implicit casts to the key's type
SELECT * FROM namedex_fetch_json('patients', ARRAY[2, 1]::int2[], 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY[2, 1]::int4[], 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY[2, 1]::int8[], 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY['M2', 'M1']::varchar[], 'mrn', 'mrn');
SELECT * FROM namedex_fetch_json('patients', ARRAY['M2', 'M1']::text[], 'mrn', 'mrn');
SELECT * FROM namedex_fetch_json('patients', ARRAY['M2', 'M1']::bpchar[], 'mrn', 'mrn');
-- `text[]`, and literals of no type, are read by the key type's input function
SELECT * FROM namedex_fetch_json('patients', '{2,NULL,1," 3 "}', 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY['2', '1'], 'id');
SELECT * FROM namedex_related('patients', ARRAY['2', '1'], 'hospital', 'id');
SELECT pg_typeof(key) FROM namedex_related('patients', ARRAY['2'], 'hospital', 'id');
SELECT pg_typeof(key) FROM namedex_related('patients', ARRAY[2], 'hospital', 'id');
CREATE DOMAIN numbers AS int[];
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE DOMAIN words AS text;
SELECT * FROM namedex_fetch_json('patients', '{2,1}'::numbers, 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY[2, 1]::small[], 'id');
SELECT * FROM namedex_fetch_json('patients', ARRAY['2', '1']::words[], 'id');
-- a key that is a domain, char(n), varchar(n), numeric, uuid, date, timestamptz, float, enum, boolean, bytea, name, ...
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE kinds (n int, a_domain small UNIQUE, a_char char(5) UNIQUE, a_varchar varchar(3) UNIQUE, a_numeric numeric(6,2) UNIQUE, a_uuid uuid UNIQUE, a_date date UNIQUE, a_time timestamptz UNIQUE, a_float float8 UNIQUE, a_colour colour UNIQUE,
    a_bool boolean UNIQUE, a_bytea bytea UNIQUE, a_name name UNIQUE, a_inet inet UNIQUE, a_oid oid UNIQUE, a_range int4range UNIQUE, an_array int[] UNIQUE, a_jsonb jsonb UNIQUE, an_interval interval UNIQUE, a_real real UNIQUE, folded text COLLATE "C" UNIQUE);
INSERT INTO kinds VALUES (1, 1, 'ab', 'abc', 1.50, '00000000-0000-0000-0000-000000000001', '2024-02-29', '2024-02-29 12:00Z', 'NaN', 'red', true, '\x00ff', 'n1', '10.0.0.1', 1, '[1,5)', '{1,2}', '{"a": 1}', '1 day', 0.1, 'a'),
    (2, 2, 'abcde', 'x', -1, '00000000-0000-0000-0000-000000000002', 'infinity', '-infinity', 'Infinity', 'green', false, '', 'n2', '::1', 4000000000, 'empty', '{}', '[]', '-1 mon', 2, 'A'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE FUNCTION by_key(key_column name, keys text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT array_agg(t.n) FROM namedex_fetch(''kinds'', %s, ''{n}'', %L) AS t (n int)', keys, key_column) INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT key_column, keys, by_key(key_column, keys) FROM (VALUES
    (1, 'a_domain', '''{2,1,0}''::int[]'), (2, 'a_domain', '''{2,1}''::text[]'), (3, 'a_domain', '''{2,1}''::small[]'), (4, 'a_domain', '''{2,1}''::int8[]'), (5, 'a_domain', '''{2,x}''::text[]'),
    (6, 'a_char', '''{ab,abcde,"ab   "}''::text[]'), (7, 'a_char', '''{ab,abcde}''::bpchar[]'), (8, 'a_char', '''{ab,abcdef}''::text[]'),
    (9, 'a_varchar', '''{abc,x,"x "}''::text[]'), (10, 'a_varchar', '''{abc,abcd}''::text[]'),
    (11, 'a_numeric', '''{1.5,-1,1.505}''::numeric[]'), (12, 'a_numeric', '''{-1,1}''::int[]'), (13, 'a_numeric', '''{1.50,-1.0}''::text[]'), (14, 'a_numeric', '''{1.5}''::float8[]'),
    (15, 'a_uuid', '''{00000000-0000-0000-0000-000000000002,00000000000000000000000000000001}''::uuid[]'), (16, 'a_uuid', '''{00000000000000000000000000000001}''::text[]'), (17, 'a_uuid', '''{x}''::text[]'),
    (18, 'a_date', '''{infinity,2024-02-29}''::date[]'), (19, 'a_date', '''{29-feb-2024}''::text[]'), (20, 'a_date', '''{2023-02-29}''::text[]'), (21, 'a_date', '''{x}''::text[]'), (22, 'a_date', '''{2024-02-29}''::timestamp[]'),
    (23, 'a_time', '''{-infinity,2024-02-29 12:00Z}''::text[]'), (24, 'a_time', '''{2024-02-29}''::date[]'), (25, 'a_time', '''{-infinity}''::timestamp[]'),
    (26, 'a_float', '''{NaN,Infinity}''::float8[]'), (27, 'a_float', '''{NaN,inf}''::text[]'), (28, 'a_float', '''{1}''::int[]'), (29, 'a_float', '''{NaN}''::numeric[]'), (30, 'a_float', '''{NaN}''::real[]'),
    (31, 'a_colour', '''{green,red}''::colour[]'), (32, 'a_colour', '''{green,red}''::text[]'), (33, 'a_colour', '''{blue}''::text[]'),
    (34, 'a_bool', '''{f,t}''::boolean[]'), (35, 'a_bool', '''{off,yes}''::text[]'), (36, 'a_bool', '''{1}''::int[]'),
    (37, 'a_bytea', 'ARRAY[''\x''::bytea, ''\x00ff'']'), (38, 'a_bytea', 'ARRAY[''\x00FF'']'), (39, 'a_bytea', 'ARRAY[''\x0'']'),
    (40, 'a_name', '''{n2,n1}''::name[]'), (41, 'a_name', '''{n2,n1}''::text[]'),
    (42, 'a_inet', '''{::1,10.0.0.1}''::inet[]'), (43, 'a_inet', '''{10.0.0.1/32}''::cidr[]'), (44, 'a_inet', '''{::1,10.0.0.1}''::text[]'),
    (45, 'a_oid', '''{4000000000,1}''::oid[]'), (46, 'a_oid', '''{1}''::int[]'), (47, 'a_oid', '''{4000000000}''::text[]'),
    (48, 'a_range', '''{empty,"[1,4]"}''::int4range[]'), (49, 'a_range', '''{"[1,4]"}''::text[]'),
    (50, 'an_array', '''{1,2}''::int[]'), (51, 'an_array', 'ARRAY[''{1,2}'']'),
    (52, 'a_jsonb', 'ARRAY[''[ ]''::jsonb, ''{"a":1}'']'), (53, 'a_jsonb', 'ARRAY[''{"a":1}'']'), (54, 'a_jsonb', 'ARRAY[''{"a":1}''::json]'), (55, 'a_jsonb', 'ARRAY[''{a'']'),
    (56, 'an_interval', '''{24:00:00,1 day}''::interval[]'), (57, 'an_interval', '''{24:00:00}''::text[]'), (58, 'an_interval', '''{24:00:00}''::time[]'),
    (59, 'a_real', '''{2,0.1}''::real[]'), (60, 'a_real', '''{0.1}''::text[]'), (61, 'a_real', '''{0.1}''::float8[]'), (62, 'a_real', '''{2}''::int[]'),
    (63, 'folded', '''{A,a,b}''::text[]'), (64, 'folded', '''{A,a,b}''::name[]'), (65, 'folded', '''{A,a,b}''::bpchar[]')) AS k (i, key_column, keys) ORDER BY i;
INSERT INTO cases (expected, statement) VALUES
    -- nothing but an implicit cast: not one by assignment, by text, or from a wider number
    ('42804', $$SELECT namedex_fetch_json('hospitals', ARRAY[1]::bigint[], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('hospitals', ARRAY[1]::numeric[], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[1.0], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[true], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[now()], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY['{}']::json[], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY['\x31']::bytea[], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[1], 'id', 'mrn')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[ROW(1)], 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('patients', ARRAY[NULL::countries], 'id')$$),
    ('42804', $$SELECT namedex_load_only(NULL::patients, ARRAY[1.0], '{id}')$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', ARRAY[1.0], '{id}') AS t (id bigint)$$),
    ('42804', $$SELECT namedex_related('patients', ARRAY[1.0], 'visits')$$),
    -- an array of a type that does not fit is wrong without any element
    ('42804', $$SELECT namedex_fetch_json('patients', '{}'::boolean[], 'id')$$),
    -- the input function's own codes
    ('22P02', $$SELECT namedex_fetch_json('patients', '{x}', 'id')$$),
    ('22P02', $$SELECT namedex_fetch_json('patients', '{1,""}', 'id')$$),
    ('22P02', $$SELECT namedex_load_only(NULL::patients, '{1 or 1=1}', '{id}')$$),
    ('22P02', $$SELECT * FROM namedex_fetch('patients', '{0x}', '{id}') AS t (id bigint)$$),
    ('22P02', $$SELECT namedex_related('patients', '{x}', 'visits')$$),
    ('22003', $$SELECT namedex_fetch_json('patients', '{9223372036854775808}', 'id')$$),
    ('22003', $$SELECT namedex_fetch_json('hospitals', '{3000000000}', 'id')$$),
    -- not even an array
    ('42883', $$SELECT namedex_fetch_json('patients', 1, 'id')$$);
SELECT * FROM tried();

-- ---- composite keys: an array of a composite type, or of records, with the key's columns in order
CREATE TYPE diagnosis_key AS (system text, code text);
CREATE TYPE diagnosis_words AS (x varchar, y name);
CREATE TYPE too_few AS (system text);
CREATE TYPE too_many AS (system text, code text, title text);
CREATE TYPE with_numbers AS (system text, code int);
SELECT * FROM namedex_fetch('diagnoses', ARRAY[('own', 'c2'), NULL, ('icd', 'c1'), ('own', NULL), ('own', 'c2'), ('x', 'y')]::diagnosis_key[], '{title}') AS t (title text);
SELECT * FROM namedex_fetch('diagnoses', ARRAY[ROW('own', 'c2'), ROW('icd', 'c1')], '{title}') AS t (title text);
SELECT * FROM namedex_fetch('diagnoses', ARRAY[ROW('own'::text, 'c2'::varchar), ROW('icd'::name, 'c1'::text), NULL, ROW(NULL, NULL)], '{title}') AS t (title text);
SELECT (d).* FROM namedex_load_only(NULL::diagnoses, ARRAY[ROW('own', 'c2'), ROW('icd', 'c1')], '{}') AS d;
SELECT * FROM namedex_fetch_json('diagnoses', ARRAY[('own', 'c2')]::diagnosis_words[], 'title');
SELECT * FROM namedex_fetch_json('diagnoses', '{"(own,c2)","(icd,c1)"}'::diagnosis_key[], 'title');
SELECT * FROM namedex_related('diagnoses', ARRAY[('own', 'c2'), ('icd', 'c3')]::diagnosis_key[], 'visit_diagnoses', 'visit_id,note') LIMIT 3;
SELECT pg_typeof(key), count(*) FROM namedex_related('diagnoses', ARRAY[('own', 'c2'), ('icd', 'c3')]::diagnosis_key[], 'visit_diagnoses', 'visit_id,note') GROUP BY 1;
-- many of them
SELECT same($$SELECT * FROM namedex_fetch_json('visit_diagnoses', (SELECT array_agg(ROW(visit_id, system, code) ORDER BY note, visit_id) FROM visit_diagnoses), '*')$$,
    $$SELECT row_to_json(v) FROM visit_diagnoses AS v ORDER BY note, visit_id$$);
-- fields are coerced one by one: int4 → int8, text by the input function
SELECT * FROM namedex_fetch_json('friends', ARRAY[ROW(1, 15), ROW(2, 18), ROW(1::bigint, 17::smallint)], '*');
SELECT * FROM namedex_fetch_json('friends', ARRAY[ROW('1'::text, '15'::text)], '*');
-- the key's columns are in the constraint's order, which is not the table's
CREATE TABLE turned (a int, b text, c int, PRIMARY KEY (c, a)) PARTITION BY HASH (a);
CREATE TABLE turned_0 PARTITION OF turned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE turned_1 PARTITION OF turned FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO turned VALUES (1, 'one', 10), (2, 'two', 10), (10, 'ten', 1);
SELECT * FROM namedex_fetch('turned', ARRAY[ROW(10, 2), ROW(1, 10), ROW(10, 1), ROW(2, 10)], '{b,c}') AS t (b text, c int);
-- a key of one column that is itself composite is none
CREATE TABLE of_pairs (p diagnosis_key PRIMARY KEY, v int);
SELECT code($$SELECT * FROM namedex_fetch('of_pairs', ARRAY[('c', 'd'), ('a', 'b')]::diagnosis_key[], '{v}') AS t (v int)$$);
INSERT INTO cases (expected, statement) VALUES
    ('42804', $$SELECT namedex_fetch_json('diagnoses', '{1}', '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY['(own,c2)'], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[1], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own')], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own', 'c2'), ROW('own')], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own', 'c2', 'x')], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own', 1)], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', '{}'::too_few[], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own')]::too_few[], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own', 'c2', 'x')]::too_many[], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('diagnoses', ARRAY[ROW('own', 2)]::with_numbers[], '*')$$),
    ('42804', $$SELECT namedex_fetch_json('friends', ARRAY[ROW(1, 15.0)], '*')$$),
    ('22P02', $$SELECT namedex_fetch_json('friends', ARRAY[ROW('1', 'x')], '*')$$),
    ('42804', $$SELECT namedex_load_only(NULL::diagnoses, ARRAY[ROW('own')], '{}')$$),
    ('42804', $$SELECT namedex_related('diagnoses', ARRAY[ROW('own')], 'visit_diagnoses')$$);
SELECT * FROM tried();

-- ---- key_column: another unique column
SELECT * FROM namedex_fetch('patients', '{M3,M1,NULL,nope,M3}', '{id,mrn}', 'mrn') AS t (id bigint, mrn varchar(20));
SELECT (p).id, (p).mrn, (p).born FROM namedex_load_only(NULL::patients, '{M3,M1}', '{born}', 'mrn') AS p;
SELECT * FROM namedex_fetch_json('patients', '{M3,M1}', 'id,born', 'mrn');
SELECT * FROM namedex_related('patients', '{M3,M1}', 'visits', 'id', 'mrn');
-- of a primary key of one column too
SELECT * FROM namedex_fetch('patients', '{3,1}', '{born}', 'id') AS t (born date);
CREATE TABLE unique_in_ways (id int PRIMARY KEY, plain int, not_unique int, partly int, deferred int UNIQUE DEFERRABLE, expressed int, first_of_two int, second_of_two int, covering int, inverted int, excluded int, checked_alone int,
    same_nulls int, EXCLUDE USING btree (excluded WITH =));
INSERT INTO unique_in_ways SELECT i, i, i, i, i, i, i, i, i, i, i, i, i FROM generate_series(1, 5) AS i;
CREATE UNIQUE INDEX ON unique_in_ways (plain);
CREATE INDEX ON unique_in_ways (not_unique);
CREATE UNIQUE INDEX ON unique_in_ways (partly) WHERE partly > 0;
CREATE UNIQUE INDEX ON unique_in_ways ((expressed + 0));
CREATE UNIQUE INDEX ON unique_in_ways (first_of_two, second_of_two);
CREATE UNIQUE INDEX ON unique_in_ways (covering) INCLUDE (id);
CREATE UNIQUE INDEX ON unique_in_ways (inverted DESC NULLS LAST);
CREATE UNIQUE INDEX ON unique_in_ways (same_nulls) NULLS NOT DISTINCT;
INSERT INTO cases (expected, statement) SELECT e, format('SELECT namedex_fetch_json(''unique_in_ways'', ''{1}'', ''id'', %L)', c) FROM (VALUES
    ('ok', 'plain'), ('42P10', 'not_unique'), ('42P10', 'partly'), ('42P10', 'deferred'), ('42P10', 'expressed'), ('42P10', 'first_of_two'), ('42P10', 'second_of_two'), ('ok', 'covering'), ('ok', 'inverted'), ('42P10', 'excluded'),
    ('42P10', 'checked_alone'), ('ok', 'same_nulls'), ('ok', 'id'), ('42703', ''), ('42703', 'ID'), ('42703', 'ctid'), ('42703', 'tableoid'), ('42703', '"id"'), ('42703', 'id '), ('42703', 'id, plain')) AS c (e, c);
INSERT INTO cases (expected, statement) VALUES
    ('42P10', $$SELECT * FROM namedex_fetch('unique_in_ways', '{1}', '{id}', 'partly') AS t (id int)$$),
    ('42P10', $$SELECT namedex_load_only(NULL::unique_in_ways, '{1}', '{id}', 'deferred')$$),
    ('42P10', $$SELECT namedex_related('patients', '{1}', 'visits', '*', 'last_name')$$),
    ('42P10', $$SELECT namedex_fetch_json('diagnoses', '{own}', '*', 'system')$$);
SELECT * FROM tried();
-- an index that is not valid makes nothing unique
CREATE TABLE twice (id int, n int);
INSERT INTO twice VALUES (1, 1), (2, 1);
\set VERBOSITY sqlstate
CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n);
\set VERBOSITY default
SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice_n'::regclass;
SELECT code($$SELECT namedex_fetch_json('twice', '{1}', 'id', 'n')$$);
-- several rows with no key are no rows for a NULL element
INSERT INTO unique_in_ways (id, same_nulls) VALUES (11, 11), (12, 12);
SELECT count(*) FROM namedex_fetch_json('unique_in_ways', ARRAY[NULL, NULL]::int[], 'id', 'plain');

-- ---- no primary key, or a deferrable one: key_column has to be named
CREATE TABLE keyless (id int, u int UNIQUE);
CREATE TABLE later_checked (id int PRIMARY KEY DEFERRABLE, u int UNIQUE);
INSERT INTO keyless VALUES (1, 10);
INSERT INTO later_checked VALUES (1, 10);
SELECT * FROM namedex_fetch_json('keyless', '{10}', 'id', 'u');
SELECT * FROM namedex_fetch_json('later_checked', '{10}', 'id', 'u');
INSERT INTO cases (expected, statement) VALUES
    ('42P10 hint', $$SELECT namedex_fetch_json('keyless', '{1}', 'id')$$),
    ('42P10 hint', $$SELECT * FROM namedex_fetch('keyless', '{1}', '{id}') AS t (id int)$$),
    ('42P10 hint', $$SELECT namedex_load_only(NULL::keyless, '{1}', '{id}')$$),
    ('42P10', $$SELECT namedex_fetch_json('later_checked', '{1}', 'id')$$),
    ('42P10', $$SELECT namedex_fetch_json('later_checked', '{1}', 'id', 'id')$$),
    ('42P10 hint', $$SELECT namedex_related('keyless', '{1}', 'x')$$);
SELECT * FROM tried();

DROP SCHEMA suite CASCADE;
