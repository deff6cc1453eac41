--
-- The select list of namedex_fetch_json and namedex_related: its syntax, what is refused and where, depth, `*`, and
-- values, which are those of to_json for every type.
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

-- ---- columns, aliases and `*`, byte for byte as row_to_json
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(200, 1, -1)), '*')$$, 'SELECT row_to_json(p) FROM patients AS p ORDER BY id DESC');
SELECT same($$SELECT * FROM namedex_fetch_json('patients', '{2,1}', 'id,last_name')$$, 'SELECT row_to_json(r) FROM (SELECT id, last_name FROM patients WHERE id < 3 ORDER BY id DESC) AS r');
-- in the list's order, not the table's
SELECT * FROM namedex_fetch_json('patients', '{2}', 'born,id');
SELECT * FROM namedex_fetch_json('patients', '{2}', 'name:last_name,"Full ""Name""":first_name,id2:id,id');
SELECT * FROM namedex_fetch_json('hospitals', '{4}', '*,again:name');
SELECT * FROM namedex_fetch_json('hospitals', '{4}', 'again:name,*');
-- white space is nothing
SELECT * FROM namedex_fetch_json('patients', '{2}', E' \t\n\r id , alias\n:\t"last_name" , hospital \t( id , \n name ) ');
SELECT * FROM namedex_fetch_json('visits', '{6}', E'a : providers ! visits_provider ( id )');
-- names of keys are escaped as to_json does
SELECT namedex_fetch_json::text = format('{%s:"North"}', to_json(E'a\\b\tc\n"d"\u0001/é😀'::text)) AS same FROM namedex_fetch_json('hospitals', '{1}', E'"a\\b\tc\n""d""\u0001/é😀":name');
-- the result is json, and can be taken apart
SELECT pg_typeof(j), j ->> 'name' AS name FROM namedex_fetch_json('hospitals', '{1}', '*') AS j;
SELECT namedex_fetch_json('hospitals', '{2,1}', 'name');
-- related has '*' as its list's default
SELECT same($$SELECT key, record FROM namedex_related('hospitals', ARRAY[2, 1, 3, 2], 'patients')$$, $$SELECT k, row_to_json(p) FROM unnest(ARRAY[2, 1, 3, 2]) WITH ORDINALITY AS u (k, n) JOIN patients AS p ON hospital_id = k ORDER BY n, p.id$$);

-- ---- relationships nested in lists
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 300) AS i), 'id,hospital(id,name),visits(id,starts_at,provider(name))')$$, $$
    SELECT row_to_json(r) FROM (SELECT p.id, (SELECT row_to_json(h) FROM (SELECT id, name FROM hospitals WHERE id = p.hospital_id) AS h) AS hospital,
        many(ARRAY(SELECT row_to_json(v) FROM (SELECT id, starts_at, (SELECT row_to_json(d) FROM (SELECT name FROM providers WHERE id = provider_id) AS d) AS provider FROM visits WHERE patient_id = p.id ORDER BY id) AS v)) AS visits
        FROM (SELECT i, i * 37 % 250 AS id FROM generate_series(1, 300) AS i) AS k JOIN patients AS p ON p.id = k.id ORDER BY i) AS r$$);
-- to-one without a row is null, to-many without rows []
SELECT * FROM namedex_fetch_json('patients', '{5,6,199}', 'id,hospital(name),visits(id)');
-- lists that show relationships only, and the same relationship twice by aliases
SELECT * FROM namedex_fetch_json('hospitals', '{4,3}', 'providers(id)');
SELECT * FROM namedex_fetch_json('hospitals', '{4}', 'a:providers(id),b:providers(name),c:country');
SELECT * FROM namedex_fetch_json('visits', '{6}', 'provider(id),referrer(id),more:provider(hospital(name)),*');

-- ---- depth: eight relationships below one another, not nine
SELECT * FROM namedex_fetch_json('providers', '{20}', 'id,chief(id,chief(id,chief(id,chief(id,chief(id)))))');
SELECT same($$SELECT * FROM namedex_fetch_json('providers', '{20,1,7}', 'id,chief(providers(chief(providers(chief(providers(chief(providers(id))))))))')$$, $$
    SELECT (SELECT row_to_json(r) FROM (SELECT a.id,
      (SELECT row_to_json(x1) FROM (SELECT many(ARRAY(SELECT row_to_json(x2) FROM (SELECT
      (SELECT row_to_json(x3) FROM (SELECT many(ARRAY(SELECT row_to_json(x4) FROM (SELECT
      (SELECT row_to_json(x5) FROM (SELECT many(ARRAY(SELECT row_to_json(x6) FROM (SELECT
      (SELECT row_to_json(x7) FROM (SELECT many(ARRAY(SELECT row_to_json(x8) FROM (SELECT id FROM providers WHERE chief_id = p7.id ORDER BY id) AS x8)) AS providers FROM providers AS p7 WHERE p7.id = p6.chief_id) AS x7) AS chief
        FROM providers AS p6 WHERE p6.chief_id = p5.id ORDER BY p6.id) AS x6)) AS providers FROM providers AS p5 WHERE p5.id = p4.chief_id) AS x5) AS chief
        FROM providers AS p4 WHERE p4.chief_id = p3.id ORDER BY p4.id) AS x4)) AS providers FROM providers AS p3 WHERE p3.id = p2.chief_id) AS x3) AS chief
        FROM providers AS p2 WHERE p2.chief_id = p1.id ORDER BY p2.id) AS x2)) AS providers FROM providers AS p1 WHERE p1.id = a.chief_id) AS x1) AS chief) AS r)
    FROM unnest(ARRAY[20, 1, 7]) WITH ORDINALITY AS k (id, n) JOIN providers AS a ON a.id = k.id ORDER BY n$$);
-- side by side they are as many as one likes
SELECT length(j::text) FROM namedex_fetch_json('providers', '{2}', (SELECT string_agg(format('a%s:chief(id),b%1$s:providers(id)', i), ',' ORDER BY i) FROM generate_series(1, 30) AS i)) AS j;
CREATE FUNCTION nested(depth int, innermost text DEFAULT 'id') RETURNS text LANGUAGE sql AS $$ SELECT repeat('chief(', depth) || innermost || repeat(')', depth) $$;
SELECT length(j::text) FROM namedex_fetch_json('providers', '{20}', nested(8)) AS j;
INSERT INTO cases (expected, statement) VALUES
    ('ok', $$SELECT namedex_fetch_json('providers', '{20}', nested(8))$$),
    ('42601 at 49', $$SELECT namedex_fetch_json('providers', '{20}', nested(9))$$),
    ('42601 at 52', $$SELECT namedex_fetch_json('providers', '{20}', 'id,' || nested(9))$$),
    ('42601 at 49', $$SELECT namedex_fetch_json('providers', '{20}', nested(100000))$$),
    ('42601 at 49', $$SELECT namedex_fetch_json('providers', '{20}', repeat('chief(', 1000000))$$);
SELECT * FROM tried();

-- ---- what is no list, and where
INSERT INTO cases (expected, statement) SELECT e, format('SELECT namedex_fetch_json(''patients'', ''{1}'', %L)', l) FROM (VALUES
    ('42601 at 1', ''), ('42601 at 4', '   '), ('42601 at 1', ','), ('42601 at 4', 'id,'), ('42601 at 4', 'id,,born'), ('42601 at 1', ',id'), ('42601 at 4', 'id born'), ('42601 at 3', 'id)'), ('42601 at 3', 'id;'),
    ('42601 at 10', 'hospital()'), ('42601 at 11', 'hospital( )'), ('42601 at 10', 'hospital('), ('42601 at 12', 'hospital(id'), ('42601 at 13', 'hospital(id,)'), ('42601 at 13', 'hospital(id))'), ('42601 at 13', 'hospital(id)id'),
    ('42601 at 1', '(id)'), ('42601 at 1', ':id'), ('42601 at 4', 'id:'), ('42601 at 3', 'a:*'), ('42601 at 4', 'a:b:id'), ('42601 at 1', '"'), ('42601 at 1', '"id'), ('42601 at 4', 'id,"id'), ('42703 at 1', '"id"""'), ('42601 at 5', '"id"x'),
    ('42601 at 2', '**'), ('42601 at 2', '*id'), ('42601 at 2', '*(id)'), ('42601 at 2', '1+1'), ('42601 at 1', '!x'), ('42601 at 10', 'hospital!(id)'), ('42601 at 3', 'a!'), ('42601 at 3', 'id.x'), ('42601 at 3', 'id='), ('42601 at 1', '''id'''), ('42601 at 3', 'id--'), ('42601 at 3', 'id/**/'),
    ('42601 at 3', E'id\\'), ('42601 at 1', '""'), ('42601 at 1', '"":id'), ('42601 at 9', 'hospital[id]'), ('42601 at 3', E'id\u0001'), ('42601 at 3', 'é:'), ('42601 at 4', '日本:'), ('42601 at 6', '日本,😀 x'), ('42601 at 6', '日本,😀	;'),
    ('42601 at 3', 'id@'), ('42601 at 1', '?'), ('42601 at 1', '-id'), ('42601 at 1', '{id}')) AS l (e, l);
-- PostgREST's other syntax
INSERT INTO cases (expected, statement) SELECT e, format('SELECT namedex_fetch_json(''patients'', ''{1}'', %L)', l) FROM (VALUES
    ('0A000 at 9', 'hospital!inner(id)'), ('0A000 at 9', 'hospital!left(id)'), ('0A000 at 12', 'id,hospital!inner(id)'), ('0A000 at 3', 'id::text'), ('0A000 at 6', 'id,id::text'), ('0A000 at 5', 'info->list'), ('0A000 at 5', 'info->>n'), ('0A000 at 7', 'x:info->n'),
    ('0A000 at 1', 'count()'), ('0A000 at 4', 'id,count()'), ('0A000 at 3', 'id.sum()'), ('0A000 at 5', 'n:id.max()'), ('0A000 at 3', 'id.avg()'), ('0A000 at 1', '...hospital(id)'), ('0A000 at 4', 'id,...hospital(id)'), ('0A000 at 13', 'hospital(id,...patients(id))')) AS l (e, l);
SELECT * FROM tried();

-- unknown columns and relationships, and names twice in one object; none of this needs a row
INSERT INTO cases (expected, statement) SELECT e, format('SELECT namedex_fetch_json(''patients'', ''{}'', %L)', l) FROM (VALUES
    ('42703 at 1', 'nope'), ('42703 at 4', 'id,nope'), ('42703 at 3', 'a:nope'), ('42703 at 1', 'ID'), ('42703 at 10', 'hospital(nope)'), ('42703 at 13', 'hospital(id,patients)'), ('42703 at 1', 'hospital'), ('42703 at 1', 'visits'), ('42703 at 1', 'ctid'), ('42703 at 4', 'id,tableoid'),
    ('42704 at 1', 'nope(id)'), ('42704 at 4', 'id,nope(id)'), ('42704 at 1', 'id(id)'), ('42704 at 1', 'Hospital(id)'), ('42704 at 1', 'hospital!nope(id)'), ('42704 at 1', 'tag(id)'), ('42704 at 1', 'patient(id)'), ('42704 at 1', 'pg_class(id)'), ('42704 at 10', 'hospital(visits(id))'), ('42704 at 3', 'a:nope(id)'), ('42704 at 1', '"suite.hospitals"(id)'),
    ('42701 at 4', 'id,id'), ('42701 at 7', 'id,id:born'), ('42701 at 3', '*,id'), ('42701 at 4', 'id,*'), ('42701 at 3', '*,*'), ('42701 at 14', 'hospital(id),hospital(id)'), ('42701 at 23', 'hospital(id),hospital:id'), ('42701 at 13', 'hospital(id,id)'), ('42701 at 11', 'born,born:hospital(id)'), ('42701 at 9', '*,notes:hospital(id)'),
    ('ok', 'id,hospital(id)'), ('ok', 'id,Id:id,ID:id,"iD":id'), ('ok', '*,hospital(*)')) AS l (e, l);
INSERT INTO cases (expected, statement) VALUES ('42703 at 7', $$SELECT namedex_fetch_json('patients', '{}', '日本:id,nope')$$);
-- of namedex_related
INSERT INTO cases (expected, statement) VALUES
    ('42601 at 4', $$SELECT namedex_related('patients', '{1}', 'visits', 'id,')$$),
    ('42601 at 1', $$SELECT namedex_related('patients', '{1}', 'visits', '')$$),
    ('42703 at 1', $$SELECT namedex_related('patients', '{1}', 'visits', 'nope')$$),
    ('42704', $$SELECT namedex_related('patients', '{1}', 'nope')$$),
    ('42704', $$SELECT namedex_related('patients', '{1}', 'Visits')$$),
    ('42704', $$SELECT namedex_related('patients', '{1}', 'visits!nope')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', '')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', 'visits(id)')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', 'visits,hospital')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', 'a:visits')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', '*')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', 'visits; drop table visits')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', '"visits')$$),
    ('0A000', $$SELECT namedex_related('patients', '{1}', 'visits!inner')$$),
    ('42601', $$SELECT namedex_related('patients', '{1}', '...visits')$$),
    ('ok', $$SELECT namedex_related('patients', '{1}', ' "visits" ')$$),
    -- seven and eight below the one that is named
    ('ok', $$SELECT namedex_related('providers', '{20}', 'chief', nested(7))$$),
    ('42601', $$SELECT namedex_related('providers', '{20}', 'chief', nested(9))$$);
SELECT * FROM tried();

-- ---- values: those of to_json, for every type there is
CREATE TYPE mood AS ENUM ('sad', 'o"k', 'ünhappy');
CREATE TYPE inner_type AS (x int, "Y y" text);
CREATE TYPE outer_type AS (a inner_type, b inner_type[], c numeric);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN checked_json AS jsonb;
CREATE DOMAIN of_pair AS inner_type;
CREATE DOMAIN list AS int[];
CREATE TABLE every_type (id int PRIMARY KEY, b boolean, i2 smallint, i4 int, i8 bigint, n numeric, n2 numeric(10,3), f4 real, f8 float8, m money, t text, v varchar(100), c char(5), one "char", nm name, ba bytea, ts timestamp, tz timestamptz, d date, tm time, ttz timetz, iv interval,
    e mood, u uuid, js json, jb jsonb, ip inet, ci cidr, mac macaddr, bits bit(5), vb varbit, p point, bx box, pg polygon, r4 int4range, rn numrange, rt tstzrange, mr int4multirange, tv tsvector, tq tsquery, ox oid, rc regclass, ty regtype, xm xml, ls pg_lsn, td tid,
    ai int[], at text[], aj jsonb[], an numeric[], aa int[], ae mood[], ac inner_type[], abool boolean[], ats timestamptz[], ct inner_type, co outer_type, dp positive, dj checked_json, dl list, dc of_pair, jp jsonpath);
SET TimeZone = 'UTC';
INSERT INTO every_type (id, b, i2, i4, i8, n, n2, f4, f8, m, t, v, c, one, nm, ba, ts, tz, d, tm, ttz, iv, e, u, js, jb, ip, ci, mac, bits, vb, p, bx, pg, r4, rn, rt, mr, tv, tq, ox, rc, ty, ls, td, ai, at, aj, an, aa, ae, ac, abool, ats, ct, co, dp, dj, dl, dc, jp) VALUES
    (1, true, -32768, 2147483647, 9223372036854775807, 12345678901234567890.123456789012345678901234567890, 1.5, 0.1, 1e300, 12.5, 'plain', 'v', 'c', 'x', 'name', '\x00ff10', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.7Z', '2024-02-29', '23:59:59.999', '12:00+02', '1 year 2 mons -3 days 04:05:06.7', 'sad', '00000000-0000-0000-0000-00000000000a',
        E' { "a" :  [1, 2.0, 1e5 ]\n, "a": null, "b": "\\u00e9" } ', '{"b": 1, "a": [1, {"x": null}]}', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '10101', '1', '(1,2)', '((0,0),(1,1))', '((0,0),(1,1),(2,0))', '[1,5)', '(,1.5]', '["2024-01-01 00:00Z",infinity)', '{[1,3),[5,7)}', 'a:1 ''b c'':2', 'a & !b', 4294967295, 'patients', 'int4', '0/16B3748', '(1,2)',
        '{1,NULL,3}', '{a,"b\"c",NULL,"null",""}', ARRAY['1', '"x"', 'null', '{"a":[]}']::jsonb[], '{NaN,1.0,Infinity}', '[0:1][2:3]={{1,2},{3,4}}', '{sad,"o\"k"}', ARRAY[(1, 'a"b'), (NULL, NULL), NULL]::inner_type[], '{t,f,NULL}', '{2024-01-01 00:00Z,-infinity}', (1, E'tab\t"q"'), ((1, NULL), ARRAY[(2, 'x')]::inner_type[], 'NaN'), 0.5, '[1,  2]', '{1,2}', (7, 'seven'), '$.a[*] ? (@.b > 1)'),
    (2, false, 0, 0, 0, 'NaN', NULL, 'NaN', 'NaN', -1, '', '', '', '', '', '', 'infinity', 'infinity', 'infinity', '00:00', '00:00+00', '00:00', 'o"k', NULL, 'null', 'null', '::1', '::/0', NULL, '00000', '', '(NaN,Infinity)', NULL, NULL, 'empty', 'empty', 'empty', '{}', '', '', 0, NULL, NULL, '0/0', '(0,0)',
        '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', (NULL, NULL), (NULL, NULL, NULL), 1e-10, '"s"', '{}', (NULL, ''), '$'),
    (3, NULL, 32767, -2147483648, -9223372036854775808, 'Infinity', -0.001, 'Infinity', '-Infinity', 0, E'\u0001\u0002\b\t\n\u000b\f\r\u001f "quoted" back\\slash /slash \u007f\u0080\u2028 é 日本 😀 </script>', E'\n', E'é', '"', E'a"b\\', '\x5c22', '-infinity', '-infinity', '-infinity', '24:00', '24:00-15:59', '-1 mon +1 day', 'ünhappy', NULL, '""', '[]', '1.2.3.4', '1.2.3.0/24', NULL, '11111', '0', NULL, NULL, NULL, '[1,1]', '[1.0,2.00]', '[,]', '{(,)}', 'é:1A', NULL, NULL, 'countries_pkey', 'inner_type[]', NULL, NULL,
        '{{1,2},{3,NULL}}', E'{"\\n"}', NULL, '{-Infinity}', NULL, '{}', '{"(,)"}', NULL, '{infinity}', NULL, NULL, 'Infinity', 'null', NULL, NULL, 'strict $'),
    (4, NULL, NULL, NULL, NULL, '-Infinity', NULL, '-Infinity', -0.0, NULL, repeat('long ', 5000), NULL, NULL, NULL, NULL, decode(repeat('ab', 5000), 'hex'), '0044-03-15 12:00 BC', '0044-03-15 12:00Z BC', '4713-01-01 BC', NULL, NULL, '1000000 years', NULL, NULL, (SELECT json_agg(i) FROM generate_series(1, 3000) AS i), (SELECT jsonb_agg(i) FROM generate_series(1, 3000) AS i), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY(SELECT generate_series(1, 3000)), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, NULL, NULL, NULL, NULL, 1e-30, NULL, 1e-45, 5e-324, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59Z', '5874897-12-31', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (6, NULL, NULL, NULL, NULL, 1e200, NULL, 3.4e38, 1.7976931348623157e308, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0001-01-01', '0001-01-01', '0001-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO every_type (id) VALUES (7);
CREATE TABLE owners (id int PRIMARY KEY, its int REFERENCES every_type, UNIQUE (its));
INSERT INTO owners SELECT i, i FROM generate_series(1, 7) AS i;
SELECT * FROM namedex_fetch_json('every_type', '{1}', '*');
-- as to_json, also where settings have a say
CREATE FUNCTION as_to_json() RETURNS text LANGUAGE sql AS $f$
    SELECT concat_ws(', ', same($$SELECT * FROM namedex_fetch_json('every_type', '{7,6,5,4,3,2,1}', '*')$$, 'SELECT to_json(w) FROM every_type AS w ORDER BY id DESC'),
        same($$SELECT * FROM namedex_fetch_json('owners', '{1,2,3,4,5,6,7}', 'its(*)')$$, 'SELECT row_to_json(r) FROM (SELECT to_json(w) AS its FROM every_type AS w ORDER BY id) AS r'),
        same($$SELECT record FROM namedex_related('owners', '{1,2,3,4,5,6,7}', 'its')$$, 'SELECT to_json(w) FROM every_type AS w ORDER BY id'))
$f$;
SELECT as_to_json();
SET TimeZone = 'Asia/Kolkata';
SELECT as_to_json();
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SELECT as_to_json();
SELECT same($$SELECT * FROM namedex_fetch_json('every_type', '{3,1}', 'tz,f8,ba,iv,d')$$, 'SELECT row_to_json(r) FROM (SELECT tz, f8, ba, iv, d FROM every_type WHERE id IN (1, 3) ORDER BY id DESC) AS r');
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
RESET extra_float_digits;
RESET bytea_output;
-- a type with a cast to json, which to_json uses
CREATE TYPE pair_of_words AS (l text, r text);
CREATE FUNCTION pair_json(pair_of_words) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object($1.l, $1.r) $$;
CREATE TYPE reading AS ENUM ('low', 'high');
CREATE FUNCTION reading_json(reading) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json($1::text || '!') $$;
CREATE CAST (reading AS json) WITH FUNCTION reading_json(reading);
CREATE EXTENSION hstore;
CREATE TABLE own_casts (id int PRIMARY KEY, r reading, rs reading[], h hstore);
INSERT INTO own_casts VALUES (1, 'low', '{high,low}', 'a=>1, b=>NULL'), (2, NULL, NULL, '');
SELECT same($$SELECT * FROM namedex_fetch_json('own_casts', '{2,1}', '*')$$, 'SELECT to_json(o) FROM own_casts AS o ORDER BY id DESC');
SELECT same($$SELECT * FROM namedex_fetch_json('own_casts', '{2,1}', 'h,r')$$, 'SELECT row_to_json(x) FROM (SELECT h, r FROM own_casts AS o ORDER BY id DESC) AS x');
-- and a cast that comes later in the session
CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_array($1::text) $$;
CREATE CAST (mood AS json) WITH FUNCTION mood_json(mood);
SELECT as_to_json();
DROP CAST (mood AS json);
SELECT as_to_json();

DROP SCHEMA suite CASCADE;
