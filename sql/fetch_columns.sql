--
-- Which columns the fetch functions fill and how they are declared: namedex_load_only's rows, namedex_fetch's column
-- definition list, names exactly as stored, dropped and generated columns, and the kinds of relations and types.
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
\pset null null

-- ---- namedex_load_only: the key and the named columns, the others NULL, in FROM and in the SELECT list
SELECT * FROM namedex_load_only(NULL::patients, ARRAY[3, 1], '{born,last_name}');
SELECT namedex_load_only(NULL::patients, ARRAY[3, 1], '{born,last_name}');
SELECT (namedex_load_only(NULL::patients, ARRAY[3, 1], '{born,last_name}')).born;
SELECT id, last_name FROM namedex_load_only(NULL::patients, ARRAY[3, 1], '{born,last_name}') WHERE born IS NOT NULL ORDER BY id;
-- the key column alone; the key column when another one is the key; the primary key is not filled then
SELECT * FROM namedex_load_only(NULL::patients, ARRAY[3], '{}');
SELECT * FROM namedex_load_only(NULL::patients, ARRAY['M3'], '{}', 'mrn');
SELECT * FROM namedex_load_only(NULL::patients, ARRAY['M3'], '{id}', 'mrn');
-- a composite key is filled whole
SELECT * FROM namedex_load_only(NULL::visit_diagnoses, ARRAY[ROW(3, 'own', 'c5')], '{}');
-- a column named twice is filled once; any order; every column
SELECT * FROM namedex_load_only(NULL::hospitals, ARRAY[2], '{name,name,id,name}');
SELECT same($$SELECT * FROM namedex_load_only(NULL::patients, ARRAY(SELECT generate_series(200, 1, -1)), ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'patients'::regclass AND attnum > 0 ORDER BY attname))$$, $$SELECT * FROM patients ORDER BY id DESC$$);
-- in the SELECT list of a query over many rows, with its keys
SELECT h.id, (namedex_load_only(h, ARRAY[h.id, 1], '{name}')).name FROM hospitals AS h ORDER BY h.id LIMIT 5;
SELECT h.id, p.name FROM hospitals AS h, LATERAL namedex_load_only(NULL::hospitals, ARRAY[h.id, 1], '{name}') AS p ORDER BY h.id LIMIT 5;
-- rows as values: compared, inserted, aggregated, returned
CREATE TABLE kept (LIKE hospitals);
ALTER TABLE kept ALTER name DROP NOT NULL;
INSERT INTO kept SELECT * FROM namedex_load_only(NULL::hospitals, '{4,2}', '{country}') RETURNING *;
SELECT array_agg(h) FROM namedex_load_only(NULL::hospitals, '{4,2}', '{country}') AS h;
SELECT json_agg(h) FROM namedex_load_only(NULL::hospitals, '{4,2}', '{country}') AS h;
SELECT pg_typeof(h) FROM namedex_load_only(NULL::hospitals, '{4}', '{country}') AS h;

-- ---- namedex_fetch: by position, with names of the caller's choice
SELECT * FROM namedex_fetch('patients', ARRAY[3, 1], '{born,id,last_name}') AS t (b date, "ID" bigint, x varchar(80));
SELECT t.x FROM namedex_fetch('patients', ARRAY[3, 1], '{born,id,last_name}') AS t (b date, "ID" bigint, x varchar(80)) WHERE b IS NOT NULL ORDER BY 1;
SELECT * FROM namedex_fetch('patients', ARRAY[3, 1], '{last_name}') AS t (last_name varchar);
SELECT * FROM namedex_fetch('patients', ARRAY[3, 1], '{last_name}') AS (last_name varchar);
SELECT * FROM ROWS FROM (namedex_fetch('patients', ARRAY[3, 1], '{last_name}') AS (last_name varchar), generate_series(1, 3)) WITH ORDINALITY;
SELECT h.id, t.name FROM hospitals AS h, LATERAL namedex_fetch('hospitals', ARRAY[h.id, 1], '{name}') AS t (name text) ORDER BY h.id, t.name;
SELECT h.id, t.name FROM hospitals AS h LEFT JOIN LATERAL namedex_fetch('hospitals', ARRAY[nullif(h.id, 2)], '{name}') AS t (name text) ON true ORDER BY h.id;
-- the same column twice
SELECT * FROM namedex_fetch('hospitals', ARRAY[2], '{name,name,id,id}') AS t (a text, b text, id int, c int);
SELECT same($$SELECT * FROM namedex_fetch('patients', ARRAY(SELECT generate_series(200, 1, -1)), '{notes,photo,info,mrn,id}') AS t (notes text, photo bytea, info jsonb, mrn varchar(20), id bigint)$$, $$SELECT notes, photo, info, mrn, id FROM patients ORDER BY id DESC$$);
CREATE TABLE typed (id int PRIMARY KEY, v varchar(10), c char(3), n numeric(8,2), t timestamp(3), b bit(4), i interval day to second(2), a varchar(10)[]);
INSERT INTO typed VALUES (1, 'v', 'c', 1.5, '2024-01-01', '1010', '1 day 0.25', '{x,y}');
SELECT * FROM namedex_fetch('typed', '{1}', '{v,c,n,t,b,i,a}') AS t (v varchar(10), c char(3), n numeric(8,2), t timestamp(3), b bit(4), i interval day to second(2), a varchar(10)[]);
SELECT * FROM namedex_fetch('typed', '{1}', '{v,n,t,a}') AS t (v varchar, n numeric, t timestamp, a varchar[]);
INSERT INTO cases (expected, statement) VALUES
    -- count
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id,mrn}') AS t (id bigint)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id}') AS t (id bigint, mrn varchar)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{}') AS t (id bigint)$$),
    -- types: equal, not castable; also without any row
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id}') AS t (id int)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{}', '{id}') AS t (id int)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', NULL, '{id}') AS t (id int)$$),
    ('42804', $$SELECT * FROM namedex_fetch('hospitals', '{1}', '{id}') AS t (id bigint)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{mrn}') AS t (mrn text)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{notes}') AS t (notes varchar)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{info}') AS t (info json)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id,born}') AS t (id bigint, born text)$$),
    ('42804', $$SELECT * FROM namedex_fetch('typed', '{1}', '{a}') AS t (a text[])$$),
    -- length and precision, if the list says any
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{mrn}') AS t (mrn varchar(10))$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{last_name}') AS t (last_name varchar(81))$$),
    ('42804', $$SELECT * FROM namedex_fetch('typed', '{1}', '{n}') AS t (n numeric(9,2))$$),
    ('42804', $$SELECT * FROM namedex_fetch('typed', '{1}', '{c}') AS t (c char(4))$$),
    ('42804', $$SELECT * FROM namedex_fetch('typed', '{1}', '{t}') AS t (t timestamp(6))$$),
    ('42804', $$SELECT * FROM namedex_fetch('visits', '{1}', '{id}') AS t (id varchar(5))$$),
    -- a name of the list that is another requested column's: most likely swapped
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{notes,first_name}') AS t (first_name text, notes text)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{notes,first_name}') AS t (first_name text, x text)$$),
    ('42804', $$SELECT * FROM namedex_fetch('patients', '{1}', '{notes,first_name}') AS t (x text, notes text)$$),
    ('42804', $$SELECT * FROM namedex_fetch('visits', '{1}', '{provider_id,referrer_id}') AS t (referrer_id int, provider_id int)$$),
    -- which is about requested columns: another column's name is a free one
    ('ok', $$SELECT * FROM namedex_fetch('patients', '{1}', '{notes}') AS t (first_name text)$$),
    ('ok', $$SELECT * FROM namedex_fetch('visits', '{1}', '{provider_id}') AS t (referrer_id int)$$),
    ('ok', $$SELECT * FROM namedex_fetch('visits', '{1}', '{provider_id,referrer_id}') AS t ("Referrer_id" int, "PROVIDER_ID" int)$$),
    ('ok', $$SELECT * FROM namedex_fetch('visits', '{1}', '{provider_id,provider_id}') AS t (provider_id int, x int)$$),
    -- without a list: in a SELECT list, or elsewhere
    ('0A000 hint', $$SELECT namedex_fetch('patients', '{1}', '{id}')$$),
    ('0A000', $$SELECT (namedex_fetch('patients', ARRAY[1], '{id,mrn}')) IS NULL$$),
    ('42601', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id}')$$),
    -- columns that are none
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{nope}') AS t (nope text)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{ID}') AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{""}') AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', ARRAY['"id"']::name[]) AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{*}') AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', ARRAY['id, mrn']::name[]) AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', ARRAY['patients.id']::name[]) AS t (id bigint)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{ctid}') AS t (c tid)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{tableoid}') AS t (c oid)$$),
    ('42703', $$SELECT * FROM namedex_fetch('patients', '{1}', '{xmin}') AS t (c xid)$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{1}', '{nope}')$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{1}', '{id,ctid}')$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{1}', '{Born}')$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{}', '{nope}')$$),
    ('42703', $$SELECT namedex_load_only(NULL::patients, '{1}', '{""}')$$),
    ('42703', $$SELECT namedex_fetch_json('patients', '{1}', 'ctid')$$),
    ('42703', $$SELECT namedex_fetch_json('patients', '{1}', 'nope')$$);
SELECT * FROM tried();
-- the error names the column
SELECT bool_or(line ~ 'born') AS named FROM raised($$SELECT * FROM namedex_fetch('patients', '{1}', '{id,born}') AS t (id bigint, born text)$$) AS line;
SELECT bool_or(line ~ 'first_name') AS named FROM raised($$SELECT * FROM namedex_fetch('patients', '{1}', '{notes,first_name}') AS t (first_name text, x text)$$) AS line;
SELECT bool_or(line ~ 'no_such_column') AS named FROM raised($$SELECT * FROM namedex_fetch('patients', '{1}', '{no_such_column}') AS t (first_name text)$$) AS line;

-- ---- the row type of namedex_load_only is that of a relation
CREATE TYPE lone AS (id int, name text);
CREATE DOMAIN of_hospitals AS hospitals;
INSERT INTO cases (expected, statement) VALUES
    ('42804', $$SELECT namedex_load_only(1, '{1}', '{id}')$$),
    ('42804', $$SELECT namedex_load_only('x'::text, '{1}', '{id}')$$),
    ('42804', $$SELECT namedex_load_only(NULL::int[], '{1}', '{id}')$$),
    ('42804', $$SELECT namedex_load_only(NULL::hospitals[], '{1}', '{id}')$$),
    ('42809', $$SELECT namedex_load_only(NULL::lone, '{1}', '{id}')$$),
    ('42804', $$SELECT namedex_load_only(ROW(1, 2), '{1}', '{id}')$$),
    ('42804', $$SELECT namedex_load_only(NULL, '{1}', '{id}')$$);
SELECT * FROM tried();

-- ---- relations that are none of tables, views, materialized views, foreign and partitioned tables
CREATE SEQUENCE numbers;
INSERT INTO cases (expected, statement) VALUES
    ('42809', $$SELECT namedex_fetch_json('patients_pkey', '{1}', 'id')$$),
    ('42809', $$SELECT * FROM namedex_fetch('patients_pkey', '{1}', '{id}') AS t (id bigint)$$),
    ('42809', $$SELECT namedex_related('patients_pkey', '{1}', 'visits')$$),
    ('42809', $$SELECT namedex_fetch_json('numbers', '{1}', 'last_value')$$),
    ('42809', $$SELECT namedex_fetch_json('numbers', '{1}', 'last_value', 'last_value')$$),
    ('42809', $$SELECT namedex_fetch_json((SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'patients'::regclass), '{1}', 'chunk_id', 'chunk_id')$$),
    ('42809', $$SELECT namedex_fetch_json('lone', '{1}', 'id', 'id')$$),
    ('42P01', $$SELECT namedex_fetch_json('nope', '{1}', 'id')$$),
    ('42P01', $$SELECT namedex_fetch_json(4000000000::regclass, '{1}', 'id')$$),
    ('42P01', $$SELECT namedex_fetch_json(0::regclass, '{1}', 'id')$$),
    ('42P01', $$SELECT * FROM namedex_fetch(4000000000::regclass, '{1}', '{id}') AS t (id int)$$),
    ('42P01', $$SELECT namedex_related(4000000000::regclass, '{1}', 'visits')$$);
SELECT * FROM tried();
-- a dropped table's OID
CREATE TABLE dropped (id int PRIMARY KEY);
SELECT 'dropped'::regclass::oid AS oid \gset
DROP TABLE dropped;
SELECT code(format($$SELECT namedex_fetch_json(%s::regclass, '{1}', 'id')$$, :oid));
-- system catalogs are tables as any
SELECT * FROM namedex_fetch_json('pg_catalog.pg_am', '{2,403}', 'amname');

-- ---- dropped, added and generated columns, and defaults of rows that were there before
CREATE TABLE changed (gone1 int, id int PRIMARY KEY, gone2 text, a int, doubled int GENERATED ALWAYS AS (a * 2) STORED, n int GENERATED ALWAYS AS IDENTITY);
INSERT INTO changed (id, a) VALUES (1, 10), (2, 20);
ALTER TABLE changed DROP gone1, DROP gone2;
ALTER TABLE changed ADD late int DEFAULT 7;
SELECT * FROM namedex_load_only(NULL::changed, '{2,1}', '{doubled,late}');
SELECT * FROM namedex_load_only(NULL::changed, '{2,1}', '{id,a,doubled,n,late}');
SELECT * FROM namedex_fetch('changed', '{2,1}', '{late,doubled,n,id}') AS t (late int, doubled int, n int, id int);
SELECT * FROM namedex_fetch_json('changed', '{2,1}', '*');
SELECT code($$SELECT namedex_load_only(NULL::changed, '{2,1}', '{gone1}')$$), code($$SELECT namedex_load_only(NULL::changed, '{2,1}', '{........pg.dropped.1........}')$$), code($$SELECT namedex_fetch_json('changed', '{2,1}', '"........pg.dropped.1........"')$$);

-- ---- names are taken exactly as stored
CREATE SCHEMA "Odd Schema";
CREATE TABLE "x; drop table y" ("ID" int PRIMARY KEY, "a""b" text, "select" text, "größe" int, "Größe" int, "with space" int, "a,b" int, "(" int, "$1" int, "--" int, "/*" int, "\" int, "'" int, "*" int, "😀" text, ":" int, "!" int, " " int, "1" int, "from""x""" int);
CREATE TABLE y (id int PRIMARY KEY);
INSERT INTO "x; drop table y" VALUES (1, 'quoted', 'reserved', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 'smile', 12, 13, 14, 15, 16);
CREATE TABLE "Odd Schema"."select" ("order" int PRIMARY KEY, "group" int REFERENCES "x; drop table y");
INSERT INTO "Odd Schema"."select" VALUES (1, 1), (2, NULL);
SELECT * FROM namedex_fetch('"x; drop table y"', '{1}', ARRAY['a"b', 'select', 'größe', 'Größe', 'with space', 'a,b', '(', '$1', '--', '/*', '\', '''', '*', '😀', ':', '!', ' ', '1', 'from"x"']::name[])
    AS t (a text, b text, c int, d int, e int, f int, g int, h int, i int, j int, k int, l int, m int, n text, o int, p int, q int, r int, s int);
SELECT same($$SELECT * FROM namedex_load_only(NULL::"x; drop table y", '{1}', ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = '"x; drop table y"'::regclass AND attnum > 0))$$, 'SELECT * FROM "x; drop table y"');
SELECT same($$SELECT * FROM namedex_fetch_json('"x; drop table y"', '{1}', '*')$$, 'SELECT row_to_json(x) FROM "x; drop table y" AS x');
SELECT * FROM namedex_fetch_json('"x; drop table y"', '{1}', 'ID,"a""b",select,größe,Größe,"with space","a,b","(","$1","--","/*","\","''","*",😀,":","!"," ","1","from""x""","ID 2":ID,$2:"$1"', 'ID');
SELECT * FROM namedex_fetch_json('"Odd Schema"."select"', '{1,2}', 'order,"x; drop table y"("a""b"),group:group(ID)');
SELECT * FROM namedex_fetch_json('"x; drop table y"', '{1}', 'select(order,group),"a select":select');
SELECT * FROM namedex_related('"x; drop table y"', '{1}', 'select', 'order,"group"');
SELECT count(*) FROM y;
INSERT INTO cases (expected, statement) VALUES
    ('42703', $$SELECT * FROM namedex_fetch('"x; drop table y"', '{1}', '{id}') AS t (id int)$$),
    ('42703', $$SELECT * FROM namedex_fetch('"x; drop table y"', '{1}', '{SELECT}') AS t (id text)$$),
    ('42703', $$SELECT * FROM namedex_fetch('"x; drop table y"', '{1}', '{größE}') AS t (id int)$$),
    ('42703 at 1', $$SELECT namedex_fetch_json('"x; drop table y"', '{1}', 'id')$$),
    ('42703 at 4', $$SELECT namedex_fetch_json('"x; drop table y"', '{1}', 'ID,GRÖSSE')$$),
    ('42703', $$SELECT namedex_fetch_json('"x; drop table y"', '{1}', 'ID', 'id')$$);
SELECT * FROM tried();
-- the longest name there is
CREATE TABLE lengthy (id int PRIMARY KEY, a23456789012345678901234567890123456789012345678901234567890123 int);
INSERT INTO lengthy VALUES (1, 2);
SELECT * FROM namedex_fetch_json('lengthy', '{1}', 'a23456789012345678901234567890123456789012345678901234567890123');
-- many columns, wider than the parser's first arrays
DO $$ BEGIN EXECUTE (SELECT format('CREATE TABLE wide (id int PRIMARY KEY, %s)', string_agg(format('c%s int DEFAULT %1$s', i), ', ')) FROM generate_series(1, 1500) AS i); END $$;
INSERT INTO wide (id) VALUES (1);
SELECT same($$SELECT * FROM namedex_fetch_json('wide', '{1}', '*')$$, 'SELECT row_to_json(w) FROM wide AS w');
SELECT same($$SELECT * FROM namedex_load_only(NULL::wide, '{1}', '{c1500,c7}')$$, format('SELECT 1, %s', (SELECT string_agg(CASE WHEN i IN (7, 1500) THEN i::text ELSE 'NULL' END, ',' ORDER BY i) FROM generate_series(1, 1500) AS i)));

DROP SCHEMA suite CASCADE;
DROP SCHEMA "Odd Schema" CASCADE;
