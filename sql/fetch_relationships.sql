--
-- Relationships of the fetch functions: to-one, to-many, many-to-many, self-references, composite and other keys; by
-- which names they go, what is ambiguous, and that the foreign key's OIDs decide and never search_path.
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

-- ---- to-one, by its four names, which are also the names in the object
SELECT * FROM namedex_fetch_json('patients', '{2}', 'hospitals(name),patients_hospital_id_fkey(id),hospital_id(country),hospital(id,name)');
SELECT * FROM namedex_fetch_json('visits', '{3}', 'provider(name),referrer_id(name),visits_provider(id),referrer:visits_referrer(id),p:providers!visits_provider(id)');
-- ---- to-many, by the table's or the constraint's name
SELECT * FROM namedex_fetch_json('hospitals', '{2}', 'providers(id),providers_hospital_id_fkey(name)');
SELECT * FROM namedex_fetch_json('providers', '{4}', 'visits!visits_provider(id),visits_referrer(id)');
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(200, 1, -1)), 'id,visits(*)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(v) FROM visits AS v WHERE patient_id = p.id ORDER BY v.id)) AS visits FROM patients AS p ORDER BY id DESC) AS r$$);
-- children by a composite primary key
SELECT same($$SELECT * FROM namedex_fetch_json('visits', ARRAY(SELECT generate_series(200, 1, -1)), 'id,visit_diagnoses(*)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(d) FROM visit_diagnoses AS d WHERE visit_id = v.id ORDER BY system, code)) AS visit_diagnoses FROM visits AS v WHERE id <= 200 ORDER BY id DESC) AS r$$);
-- ---- many-to-many through a join table: by a primary key, and by a unique index whose columns are turned
SELECT * FROM namedex_fetch_json('visits', '{3,1,2}', 'id,diagnoses(system,code)');
SELECT same($$SELECT * FROM namedex_fetch_json('visits', ARRAY(SELECT generate_series(600, 1, -1)), 'id,diagnoses(*)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(d) FROM visit_diagnoses AS j JOIN diagnoses AS d USING (system, code) WHERE visit_id = v.id ORDER BY system, code)) AS diagnoses FROM visits AS v ORDER BY id DESC) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch_json('diagnoses', ARRAY(SELECT ROW(system, code) FROM diagnoses ORDER BY code, system), 'title,visits(id,fee)')$$,
    $$SELECT row_to_json(r) FROM (SELECT title, many(ARRAY(SELECT row_to_json(x) FROM (SELECT v.id, v.fee FROM visit_diagnoses AS j JOIN visits AS v ON v.id = visit_id WHERE (j.system, j.code) = (d.system, d.code) ORDER BY v.id) AS x)) AS visits FROM diagnoses AS d ORDER BY code, system) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(200, 1, -1)), 'id,tags(label)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT label FROM patient_tags JOIN tags AS t ON t.id = tag_id WHERE patient_id = p.id ORDER BY t.id) AS x)) AS tags
        FROM patients AS p ORDER BY id DESC) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch_json('tags', '{9,1}', 'label,patients(id,tags(id))')$$,
    $$SELECT row_to_json(r) FROM (SELECT label, many(ARRAY(SELECT row_to_json(x) FROM (SELECT p.id, many(ARRAY(SELECT row_to_json(y) FROM (SELECT tag_id AS id FROM patient_tags WHERE patient_id = p.id ORDER BY tag_id) AS y)) AS tags FROM patient_tags JOIN patients AS p ON p.id = patient_id WHERE tag_id = t.id ORDER BY p.id) AS x)) AS patients
        FROM tags AS t WHERE id IN (9, 1) ORDER BY id DESC) AS r$$);
-- the join table's name and its keys narrow too
SELECT * FROM namedex_fetch_json('patients', '{2}', 'a:tags!patient_tags(id),b:tags!patient_tags_patient_id_fkey(id),c:tags!patient_tags_tag_id_fkey(id)');
-- no join table: its two keys are not unique together
INSERT INTO cases (expected, statement) VALUES ('42704 at 1', $$SELECT namedex_fetch_json('patients', '{1}', 'providers(id)')$$), ('42704 at 1', $$SELECT namedex_fetch_json('providers', '{1}', 'patients(id)')$$);
SELECT * FROM tried();
-- ---- between a table and itself
SELECT * FROM namedex_fetch_json('providers', '{1,2,20}', 'id,chief(id),chief_id(id),providers(id),providers_chief_id_fkey(id)');
SELECT same($$SELECT * FROM namedex_fetch_json('providers', ARRAY(SELECT generate_series(20, 1, -1)), 'id,chief(id,chief(id)),providers(id,chief(id),providers(id))')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, (SELECT row_to_json(x) FROM (SELECT c.id, (SELECT row_to_json(y) FROM (SELECT id FROM providers WHERE id = c.chief_id) AS y) AS chief FROM providers AS c WHERE c.id = p.chief_id) AS x) AS chief,
        many(ARRAY(SELECT row_to_json(x) FROM (SELECT c.id, (SELECT row_to_json(y) FROM (SELECT id FROM providers WHERE id = c.chief_id) AS y) AS chief, many(ARRAY(SELECT row_to_json(y) FROM (SELECT id FROM providers WHERE chief_id = c.id ORDER BY id) AS y)) AS providers FROM providers AS c WHERE c.chief_id = p.id ORDER BY c.id) AS x)) AS providers
        FROM providers AS p ORDER BY id DESC) AS r$$);
-- a row that refers to itself, and a circle
CREATE TABLE circle (id int PRIMARY KEY, next_id int REFERENCES circle);
INSERT INTO circle VALUES (1, NULL), (2, 1), (3, 3);
UPDATE circle SET next_id = 2 WHERE id = 1;
SELECT * FROM namedex_fetch_json('circle', '{1,2,3}', 'id,next(id,next(id,next(id))),circle(id)');
-- many-to-many between a table and itself: the constraint named points at the near row
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(200, 1, -1)), 'id,friends:patients!friends_patient(id),of:patients!friends_friend(id)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT friend_id AS id FROM friends WHERE patient_id = p.id ORDER BY friend_id) AS x)) AS friends, many(ARRAY(SELECT row_to_json(x) FROM (SELECT patient_id AS id FROM friends WHERE friend_id = p.id ORDER BY patient_id) AS x)) AS of FROM patients AS p ORDER BY id DESC) AS r$$);
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(1, 60)), 'id,friends!friends_patient(since,friend(id))')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT since, (SELECT row_to_json(y) FROM (SELECT friend_id AS id) AS y) AS friend FROM friends WHERE patient_id = p.id ORDER BY patient_id, friend_id) AS x)) AS friends FROM patients AS p WHERE id <= 60 ORDER BY id) AS r$$);

-- ---- ambiguous: an error whose hint lists the constraints
SELECT * FROM raised($$SELECT namedex_fetch_json('visits', '{1}', 'id,providers(id)')$$) AS line WHERE line ~ '^(42P09|HINT)' AND (line ~ 'HINT') = (line ~ 'visits_provider.*visits_referrer|visits_referrer.*visits_provider');
INSERT INTO cases (expected, statement) VALUES
    ('42P09 at 4 hint', $$SELECT namedex_fetch_json('visits', '{1}', 'id,providers(id)')$$),
    ('42P09 at 1 hint', $$SELECT namedex_fetch_json('providers', '{1}', 'visits(id)')$$),
    ('42P09 at 1 hint', $$SELECT namedex_fetch_json('patients', '{1}', 'friends(since)')$$),
    ('42P09 at 1 hint', $$SELECT namedex_fetch_json('patients', '{1}', 'patients(id)')$$),
    ('42P09 at 1 hint', $$SELECT namedex_fetch_json('patients', '{1}', 'patients!friends(id)')$$),
    ('42P09 at 8 hint', $$SELECT namedex_fetch_json('patients', '{}', 'visits(providers(id))')$$),
    ('42P09 hint', $$SELECT namedex_related('visits', '{1}', 'providers')$$),
    ('42P09 hint', $$SELECT namedex_related('patients', '{}', 'patients', 'id')$$),
    ('ok', $$SELECT namedex_related('visits', '{1}', 'providers!visits_provider')$$),
    ('ok', $$SELECT namedex_related('visits', '{1}', 'provider')$$),
    -- a constraint of another relationship
    ('42704', $$SELECT namedex_fetch_json('visits', '{1}', 'providers!visits_patient_id_fkey(id)')$$),
    ('42704', $$SELECT namedex_fetch_json('patients', '{1}', 'hospital!visits_patient_id_fkey(id)')$$),
    ('ok', $$SELECT namedex_fetch_json('patients', '{1}', 'hospital!patients_hospital_id_fkey(id)')$$),
    ('ok', $$SELECT namedex_fetch_json('patients', '{1}', '"hospitals" ! "patients_hospital_id_fkey" (id)')$$);
SELECT * FROM tried();

-- ---- which of two meanings a name has: a table's before a constraint's, that before a column's, that before one without _id
CREATE TABLE target (id int PRIMARY KEY, t text);
CREATE TABLE other (id int PRIMARY KEY, t text);
CREATE TABLE names (id int PRIMARY KEY, other int REFERENCES target, one_id int REFERENCES target, one int CONSTRAINT by_name REFERENCES other, by_name int CONSTRAINT target REFERENCES other);
INSERT INTO target VALUES (1, 'target 1'), (2, 'target 2');
INSERT INTO other VALUES (1, 'other 1'), (2, 'other 2');
INSERT INTO names VALUES (1, 1, 2, 2, 1);
INSERT INTO cases (expected, statement) VALUES
    ('42P09', $$SELECT namedex_fetch_json('names', '{1}', 'other(t)')$$),
    ('42P09', $$SELECT namedex_fetch_json('names', '{1}', 'target(t)')$$);
SELECT * FROM tried();
SELECT * FROM namedex_fetch_json('names', '{1}', 'one(t),one_id(t),by_name(t)');

-- ---- foreign keys of several columns, to a unique constraint, with columns in another order and with NULLs
CREATE TABLE rooms (id int PRIMARY KEY, building text, floor int, nr int, UNIQUE (building, floor, nr));
CREATE TABLE beds (id int PRIMARY KEY, room int, level int, house text, CONSTRAINT beds_room FOREIGN KEY (room, house, level) REFERENCES rooms (nr, building, floor));
INSERT INTO rooms VALUES (1, 'a', 1, 2), (2, 'a', 2, 1), (3, 'b', 1, 2), (4, NULL, 1, 2);
INSERT INTO beds VALUES (1, 2, 1, 'a'), (2, 1, 2, 'a'), (3, 2, 1, 'a'), (4, 2, 1, NULL), (5, NULL, NULL, NULL), (6, 2, 1, 'b');
SELECT * FROM namedex_fetch_json('beds', '{1,2,3,4,5,6}', 'id,rooms(id),r:beds_room(building,floor,nr)');
SELECT * FROM namedex_fetch_json('rooms', '{1,2,3,4}', 'id,beds(id)');
SELECT * FROM namedex_related('rooms', '{4,3,1,1}'::int[], 'beds', 'id');
SELECT * FROM namedex_related('beds', ARRAY[6, 5, 1, NULL, 4], 'rooms', 'id');
SELECT code($$SELECT namedex_fetch_json('beds', '{1}', 'room(id)')$$), code($$SELECT namedex_fetch_json('beds', '{1}', 'room_id(id)')$$);
-- keys whose two sides differ in type: int2 and int8, varchar and text, numeric and int
CREATE TABLE wide_keys (k bigint PRIMARY KEY, w text UNIQUE, n numeric UNIQUE, c char(5) UNIQUE);
CREATE TABLE narrow_keys (id int PRIMARY KEY, s smallint CONSTRAINT by_s REFERENCES wide_keys (k), v varchar(5) CONSTRAINT by_v REFERENCES wide_keys (w), i int CONSTRAINT by_i REFERENCES wide_keys (n), c char(8) CONSTRAINT by_c REFERENCES wide_keys (c));
INSERT INTO wide_keys VALUES (1, 'a', 1.0, 'x'), (2, 'b', 2.00, 'y');
INSERT INTO narrow_keys VALUES (1, 1, 'b', 2, 'x'), (2, 2, 'a', 1, 'y'), (3, NULL, NULL, NULL, NULL);
SELECT * FROM namedex_fetch_json('narrow_keys', '{1,2,3}', 'id,s(k),v(k),i(k),c(k)');
SELECT * FROM namedex_fetch_json('wide_keys', '{1,2}', 'k,by_s(id),by_v(id),by_i(id),by_c(id)');
-- equal is what the key's operator says: a collation that takes letters alike, and NaN, -0
CREATE COLLATION careless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE words (w text COLLATE careless PRIMARY KEY, n int);
CREATE TABLE uses (id int PRIMARY KEY, w text COLLATE careless REFERENCES words);
INSERT INTO words VALUES ('Ann', 1), ('Bob', 2);
INSERT INTO uses VALUES (1, 'ANN'), (2, 'bob'), (3, 'Ann');
SELECT * FROM namedex_fetch_json('words', '{aNN,BOB,x}', 'w,n,uses(id,w)');
SELECT * FROM namedex_fetch_json('uses', '{1,2,3}', 'id,words(w)');
CREATE TABLE floats (f float8 PRIMARY KEY);
CREATE TABLE of_floats (id int PRIMARY KEY, f float8 REFERENCES floats);
INSERT INTO floats VALUES (0), ('NaN'), ('Infinity');
INSERT INTO of_floats VALUES (1, '-0'), (2, 'NaN'), (3, 'Infinity'), (4, 0);
SELECT * FROM namedex_fetch_json('floats', '{-0,NaN,Infinity}'::float8[], 'f,of_floats(id,f)');
SELECT * FROM namedex_fetch_json('of_floats', '{1,2,3}', 'id,floats(f)');

-- ---- a relationship of key_column rows, of many parents that share a child, and of parents asked for twice
SELECT * FROM namedex_fetch_json('patients', '{M1,M7,M1}', 'hospital(name)', 'mrn');
SELECT same($$SELECT record FROM namedex_related('patients', ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 500) AS i), 'hospital', 'name,patients(id)')$$,
    $$SELECT row_to_json(x) FROM generate_series(1, 500) AS i JOIN patients AS p ON p.id = i * 37 % 250 JOIN LATERAL (SELECT name, many(ARRAY(SELECT row_to_json(y) FROM (SELECT id FROM patients WHERE hospital_id = h.id ORDER BY id) AS y)) AS patients FROM hospitals AS h WHERE h.id = p.hospital_id) AS x ON true ORDER BY i$$);
SELECT same($$SELECT key, record FROM namedex_related('patients', ARRAY(SELECT i * 37 % 250 FROM generate_series(1, 500) AS i), 'tags', 'id')$$,
    $$SELECT p.id, row_to_json(x) FROM generate_series(1, 500) AS i JOIN patients AS p ON p.id = i * 37 % 250 JOIN LATERAL (SELECT tag_id AS id FROM patient_tags WHERE patient_id = p.id ORDER BY tag_id) AS x ON true ORDER BY i, x.id$$);
-- children without a primary key come in some order
CREATE TABLE unordered (patient bigint REFERENCES patients, n int);
INSERT INTO unordered SELECT 1 + i % 3, i FROM generate_series(1, 30) AS i;
SELECT id, count(*), sum((n ->> 'n')::int) FROM namedex_fetch_json('patients', '{1,3,4}', 'id,unordered(n)') AS j, LATERAL (SELECT (j ->> 'id')::int) AS i (id) LEFT JOIN LATERAL json_array_elements(j -> 'unordered') AS n ON true GROUP BY id ORDER BY id;
-- a deferrable primary key orders as well, and is referred to by none; a foreign key that is not valid yet counts
CREATE TABLE late_order (id int PRIMARY KEY DEFERRABLE, p bigint);
INSERT INTO late_order VALUES (3, 1), (1, 1), (2, 2), (9, NULL), (5, -7);
ALTER TABLE late_order ADD CONSTRAINT late_order_p FOREIGN KEY (p) REFERENCES patients NOT VALID;
SELECT * FROM namedex_fetch_json('patients', '{1,2}', 'late_order(id)');
CREATE UNIQUE INDEX ON late_order (id);
SELECT * FROM namedex_fetch_json('late_order', '{5,3}', 'p(id)', 'id');

-- ---- other schemas: the foreign key's tables, wherever they are, whatever else is called so
CREATE SCHEMA suite_far;
CREATE SCHEMA suite_decoy;
CREATE TABLE suite_far.wards (id int PRIMARY KEY, name text, hospital_id int REFERENCES hospitals);
CREATE TABLE suite_decoy.wards (id int PRIMARY KEY, name text);
CREATE TABLE suite_decoy.hospitals (id int PRIMARY KEY, name text);
INSERT INTO suite_far.wards VALUES (2, 'far two', 1), (1, 'far one', 1);
INSERT INTO suite_decoy.wards VALUES (1, 'decoy');
INSERT INTO suite_decoy.hospitals VALUES (1, 'decoy');
SET search_path = suite_decoy, suite, public;
SELECT * FROM namedex_fetch_json('suite.hospitals', '{1}', 'name,wards(name,hospital(name))');
SELECT * FROM namedex_related('suite_far.wards', '{1}', 'hospital', 'name');
SET search_path = '';
SELECT * FROM public.namedex_fetch_json('suite.hospitals', '{1}', 'name,wards(name,hospital(name))');
SELECT * FROM public.namedex_fetch('suite.hospitals', '{1}', '{name}') AS t (name text);
SELECT * FROM public.namedex_load_only(NULL::suite.hospitals, '{1}', '{name}');
SELECT * FROM public.namedex_related('suite_far.wards', '{1}', 'hospital', 'name');
-- nor do operators and functions of the path's schemas come in between
CREATE FUNCTION suite_decoy.equal(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR suite_decoy.= (FUNCTION = suite_decoy.equal, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION suite_decoy.unnest(int[]) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1 WHERE false';
CREATE FUNCTION suite_decoy.to_json(anyelement) RETURNS json LANGUAGE sql AS $$ SELECT '"decoy"'::json $$;
CREATE TYPE suite_decoy.int4 AS ENUM ('decoy');
SET search_path = suite_decoy, pg_catalog, suite, public;
SELECT * FROM namedex_fetch_json('suite.hospitals', '{2,1}'::pg_catalog.int4[], 'name,wards(name,hospital(name))');
SELECT * FROM namedex_fetch('suite.hospitals', '{2,1}'::pg_catalog.int4[], '{name}') AS t (name text);
SELECT * FROM namedex_load_only(NULL::suite.hospitals, '{2,1}'::pg_catalog.int4[], '{name}');
SELECT * FROM namedex_related('suite_far.wards', '{2,1}'::pg_catalog.int4[], 'hospital', 'name');
SET search_path = suite, public;
-- two tables of one name refer to it
CREATE TABLE suite_decoy.beds (id int PRIMARY KEY, hospital_id int CONSTRAINT decoy_hospital REFERENCES hospitals);
CREATE TABLE suite_far.beds (id int PRIMARY KEY, hospital_id int CONSTRAINT far_hospital REFERENCES hospitals);
INSERT INTO suite_far.beds VALUES (1, 1);
SELECT code($$SELECT namedex_fetch_json('hospitals', '{1}', 'beds(id)')$$);
SELECT * FROM namedex_fetch_json('hospitals', '{1}', 'decoy_hospital(id),far:beds!far_hospital(id)');
-- a temporary table that hides the permanent one is another table
CREATE TEMPORARY TABLE hospitals (id int PRIMARY KEY, name text);
INSERT INTO hospitals VALUES (1, 'temporary');
SELECT * FROM namedex_fetch_json('hospitals', '{1}', 'name');
SELECT * FROM namedex_fetch_json('suite.hospitals', '{1}', 'name');
SELECT * FROM namedex_fetch_json('patients', '{3}', 'hospital(name)');
DROP TABLE pg_temp.hospitals;

DROP SCHEMA suite, suite_far, suite_decoy CASCADE;
