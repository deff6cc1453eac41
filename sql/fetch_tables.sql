--
-- Kinds of relations under the fetch functions: views, materialized views, partitioned tables and partitions,
-- inheritance, foreign, unlogged and temporary tables.
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

-- ---- views: key_column is required and not checked for being unique; every row of a key is given, in that element's place
CREATE VIEW seen AS SELECT p.id, last_name, h.name AS hospital FROM patients AS p LEFT JOIN hospitals AS h ON h.id = hospital_id;
CREATE VIEW of_hospital AS SELECT hospital_id, id, upper(last_name) AS shouted FROM patients WHERE id < 40;
SELECT * FROM namedex_fetch('seen', ARRAY[3, 1, NULL, 999, 3], '{id,hospital}', 'id') AS t (id bigint, hospital text);
SELECT * FROM namedex_load_only(NULL::seen, ARRAY[3, 1], '{hospital}', 'id');
SELECT * FROM namedex_fetch_json('seen', ARRAY[3, 1], '*', 'id');
SELECT same($$SELECT (j ->> 'hospital_id')::int FROM namedex_fetch_json('of_hospital', ARRAY[2, 9, 1, 2], '*', 'hospital_id') AS j$$, $$SELECT hospital_id FROM unnest(ARRAY[2, 9, 1, 2]) WITH ORDINALITY AS u (k, n) JOIN of_hospital ON hospital_id = k ORDER BY n$$);
SELECT same($$SELECT * FROM (SELECT * FROM namedex_fetch('of_hospital', ARRAY[2, 9, 1, 2], '{id,shouted}', 'hospital_id') AS t (id bigint, shouted text)) AS s ORDER BY id$$, $$SELECT id, shouted FROM unnest(ARRAY[2, 9, 1, 2]) AS u (k) JOIN of_hospital ON hospital_id = k ORDER BY id$$);
SELECT same($$SELECT * FROM (SELECT id, hospital_id, shouted FROM namedex_load_only(NULL::of_hospital, ARRAY[2, 9, 1, 2], '{id}', 'hospital_id')) AS s ORDER BY id$$, $$SELECT id, hospital_id, NULL::text FROM unnest(ARRAY[2, 9, 1, 2]) AS u (k) JOIN of_hospital ON hospital_id = k ORDER BY id$$);
-- views of views, of aggregates, sets, functions and constants
CREATE VIEW counted AS SELECT hospital_id, count(*) AS patients, max(born) AS youngest FROM patients GROUP BY hospital_id;
CREATE VIEW both_kinds AS SELECT id, name FROM hospitals UNION ALL SELECT id, name FROM providers;
CREATE VIEW above AS SELECT * FROM seen WHERE id > 1;
CREATE VIEW made AS SELECT i, i * i AS square FROM generate_series(1, 10) AS i;
CREATE RECURSIVE VIEW chain (id, depth) AS SELECT id, 0 FROM providers WHERE chief_id IS NULL UNION ALL SELECT p.id, depth + 1 FROM chain AS c JOIN providers AS p ON chief_id = c.id;
SELECT * FROM namedex_fetch('counted', '{3,1}', '{patients}', 'hospital_id') AS t (patients bigint);
SELECT count(*) FROM namedex_fetch_json('both_kinds', '{3,1,20}', '*', 'id');
SELECT * FROM namedex_fetch_json('above', '{3,1}', 'id', 'id');
SELECT * FROM namedex_fetch_json('made', '{3,1}', '*', 'i');
SELECT * FROM namedex_fetch_json('chain', '{20,1}', '*', 'id');
-- a view has no foreign keys, and is no relationship of its table's
INSERT INTO cases (expected, statement) VALUES
    ('42P10 hint', $$SELECT namedex_fetch_json('seen', '{1}', 'id')$$),
    ('42P10 hint', $$SELECT * FROM namedex_fetch('seen', '{1}', '{id}') AS t (id bigint)$$),
    ('42P10 hint', $$SELECT namedex_load_only(NULL::seen, '{1}', '{id}')$$),
    ('42P10 hint', $$SELECT namedex_related('seen', '{1}', 'visits')$$),
    ('42704 at 1', $$SELECT namedex_fetch_json('seen', '{1}', 'visits(id)', 'id')$$),
    ('42704 at 1', $$SELECT namedex_fetch_json('patients', '{1}', 'seen(id)')$$),
    ('42704', $$SELECT namedex_related('seen', '{1}', 'visits', '*', 'id')$$),
    ('42703', $$SELECT namedex_fetch_json('seen', '{1}', 'id', 'nope')$$),
    ('42703', $$SELECT namedex_fetch_json('seen', '{1}', 'born', 'id')$$),
    ('22P02', $$SELECT namedex_fetch_json('seen', '{x}', 'id', 'id')$$),
    ('42804', $$SELECT namedex_fetch_json('seen', ARRAY[1.5], 'id', 'id')$$);
SELECT * FROM tried();
-- a key column of a type that has no equality
CREATE VIEW no_equality AS SELECT id, '{}'::json AS j, point(1, 2) AS p FROM hospitals;
SELECT c, code(format($$SELECT namedex_fetch_json('no_equality', '{"{}"}', 'id', %L)$$, c)) IN ('42883', '42P10', '42704', '0A000') AS refused FROM unnest(ARRAY['j']) AS c;

-- ---- materialized views: with a unique index of theirs, and as views without one
CREATE MATERIALIZED VIEW stored AS SELECT id, last_name, hospital_id FROM patients WHERE id < 50;
SELECT code($$SELECT namedex_fetch_json('stored', '{1}', 'id')$$);
CREATE UNIQUE INDEX ON stored (id);
SELECT * FROM namedex_fetch_json('stored', '{3,77,1}', '*', 'id');
SELECT * FROM namedex_load_only(NULL::stored, '{3,1}', '{last_name}', 'id');
SELECT * FROM namedex_fetch('stored', '{3,1}', '{last_name}', 'id') AS t (x varchar(80));
CREATE MATERIALIZED VIEW unfilled AS SELECT * FROM hospitals WITH NO DATA;
CREATE UNIQUE INDEX ON unfilled (id);
SELECT code($$SELECT namedex_fetch_json('unfilled', '{1}', 'id', 'id')$$);

-- ---- partitioned tables of two levels, with columns in another order and dropped ones in the partitions
CREATE TABLE events (id int, at date, what text, extra text, provider int REFERENCES providers, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_24 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE events_24_a PARTITION OF events_24 FOR VALUES IN (1, 2, 3);
CREATE TABLE events_24_rest PARTITION OF events_24 DEFAULT;
CREATE TABLE events_old (gone int, what text, provider int, at date NOT NULL, extra text, id int NOT NULL, PRIMARY KEY (id, at));
ALTER TABLE events_old DROP gone;
ALTER TABLE events ATTACH PARTITION events_old DEFAULT;
INSERT INTO events SELECT i, date '2023-11-01' + i * 20, 'event ' || i, repeat('x', i), 1 + i % 20 FROM generate_series(1, 20) AS i;
SELECT same($$SELECT * FROM namedex_fetch_json('events', ARRAY(SELECT ROW(id, at) FROM events ORDER BY what), '*,providers(name)')$$,
    $$SELECT row_to_json(r) FROM (SELECT e.*, (SELECT row_to_json(x) FROM (SELECT name FROM providers WHERE id = provider) AS x) AS providers FROM events AS e ORDER BY what) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch('events', ARRAY(SELECT ROW(id, at) FROM events ORDER BY what), '{extra,what}') AS t (e text, w text)$$, 'SELECT extra, what FROM events ORDER BY what');
SELECT same($$SELECT * FROM namedex_load_only(NULL::events, ARRAY(SELECT ROW(id, at) FROM events ORDER BY what), '{what,provider}')$$, 'SELECT id, at, what, NULL::text, provider FROM events ORDER BY what');
-- to-many with a partitioned child, once and not once for each partition; the partitions by themselves
SELECT same($$SELECT * FROM namedex_fetch_json('providers', ARRAY(SELECT generate_series(20, 1, -1)), 'id,events(id,what)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT e.id, what FROM events AS e WHERE provider = p.id ORDER BY e.id, at) AS x)) AS events FROM providers AS p ORDER BY id DESC) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch_json('events_old', ARRAY(SELECT ROW(id, at) FROM events_old ORDER BY id), '*')$$, 'SELECT row_to_json(e) FROM events_old AS e ORDER BY id');
SELECT same($$SELECT * FROM namedex_load_only(NULL::events_old, ARRAY(SELECT ROW(id, at) FROM events_old ORDER BY id), '{}')$$, 'SELECT NULL::text, NULL::int, at, NULL::text, id FROM events_old AS e ORDER BY id');
SELECT count(*) FROM namedex_fetch_json('events_24', ARRAY(SELECT ROW(id, at) FROM events), '*');
-- a partitioned parent: a foreign key to it
CREATE TABLE follow_ups (id int PRIMARY KEY, event int, day date, CONSTRAINT of_event FOREIGN KEY (event, day) REFERENCES events);
INSERT INTO follow_ups SELECT i, e.id, e.at FROM generate_series(1, 40) AS i JOIN events AS e ON e.id = 1 + i % 20;
SELECT same($$SELECT * FROM namedex_fetch_json('events', ARRAY(SELECT ROW(id, at) FROM events ORDER BY what), 'id,follow_ups(id,events(id))')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT f.id, (SELECT row_to_json(y) FROM (SELECT e.id) AS y) AS events FROM follow_ups AS f WHERE f.event = e.id AND f.day = e.at ORDER BY f.id) AS x)) AS follow_ups FROM events AS e ORDER BY what) AS r$$);
SELECT same($$SELECT key::text, record FROM namedex_related('events', ARRAY(SELECT ROW(id, at) FROM events ORDER BY what), 'follow_ups', 'id')$$,
    $$SELECT ROW(e.id, e.at)::text, row_to_json(x) FROM events AS e JOIN LATERAL (SELECT id FROM follow_ups WHERE event = e.id ORDER BY id) AS x ON true ORDER BY what, x.id$$);
-- no partition at all
CREATE TABLE empty_parts (id int PRIMARY KEY) PARTITION BY HASH (id);
SELECT count(*) FROM namedex_fetch_json('empty_parts', '{1,2}', '*');

-- ---- inheritance: rows of the children too, each as a row of the parent's; a key in both gives both
CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE doctor (degree text) INHERITS (person);
CREATE TABLE nurse (name text, id int, ward int) INHERITS (person);
INSERT INTO person VALUES (1, 'person one'), (2, 'person two');
INSERT INTO doctor VALUES (3, 'doctor three', 'MD'), (2, 'doctor two', 'MD');
INSERT INTO nurse (id, name, ward) VALUES (4, 'nurse four', 7);
SELECT * FROM namedex_fetch_json('person', '{4,3,1}', '*');
SELECT * FROM namedex_load_only(NULL::person, '{4,3,1}', '{name}');
SELECT j ->> 'name' FROM namedex_fetch_json('person', '{2}', '*') AS j ORDER BY 1;
SELECT name FROM namedex_fetch('person', '{2,1,2}', '{name}') AS t (name text) ORDER BY 1;
SELECT code($$SELECT namedex_fetch_json('doctor', '{3}', '*')$$);
ALTER TABLE doctor ADD PRIMARY KEY (id);
SELECT * FROM namedex_fetch_json('doctor', '{3,1}', '*');
-- relationships to a table with children
CREATE TABLE badge (id int PRIMARY KEY, person int REFERENCES person);
INSERT INTO badge VALUES (1, 1);
SELECT * FROM namedex_fetch_json('badge', '{1}', 'id,person(name)');
SELECT * FROM namedex_fetch_json('person', '{1,4}', 'id,badge(id)');

-- ---- unlogged and temporary tables, a typed table, and a foreign table
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, a text);
INSERT INTO unlogged VALUES (1, 'u');
CREATE TEMPORARY TABLE temporary (id int PRIMARY KEY, a text, p bigint) ON COMMIT DELETE ROWS;
CREATE TYPE row_of AS (id int, a text);
CREATE TABLE typed OF row_of (PRIMARY KEY (id));
INSERT INTO typed VALUES (1, 't');
SELECT * FROM namedex_fetch_json('unlogged', '{1}', '*');
SELECT * FROM namedex_load_only(NULL::typed, '{1}', '{a}');
BEGIN;
INSERT INTO temporary VALUES (1, 'temp', 2);
SELECT * FROM namedex_fetch_json('temporary', '{1}', '*');
SELECT * FROM namedex_load_only(NULL::temporary, '{1}', '{a}');
COMMIT;
SELECT count(*) FROM namedex_fetch_json('temporary', '{1}', '*');
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE lines (id int, a text) SERVER files OPTIONS (program 'printf ''1,one\n2,two\n1,again\n''', format 'csv');
SELECT * FROM namedex_fetch('lines', '{2,1}', '{a}', 'id') AS t (a text);
SELECT * FROM namedex_fetch_json('lines', '{2,3}', '*', 'id');
SELECT code($$SELECT namedex_fetch_json('lines', '{2}', '*')$$);

DROP SCHEMA suite CASCADE;
