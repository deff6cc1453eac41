--
-- Corners of the fetch functions where a simpler way of writing them gave wrong rows, or worse.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off
\set SHOW_CONTEXT never

-- an untyped literal in a record is no text yet
CREATE TABLE pairs (a int, b int, v text, PRIMARY KEY (a, b));
INSERT INTO pairs VALUES (1, 2, 'one two'), (1, 12, 'one twelve');
CREATE TABLE words (a int, b text, v text, PRIMARY KEY (a, b));
INSERT INTO words VALUES (1, 'x', 'one x'), (1, '', 'one nothing');
SELECT * FROM namedex_fetch('pairs', ARRAY[ROW(1, '12'), ROW(1, '2'::text), ROW('1', '2')], '{v}') t(v text);
SELECT * FROM namedex_fetch('words', ARRAY[ROW(1, 'x'), ROW(1, ''), ROW(1, NULL)], '{v}') t(v text);
-- rows of different types in one array
SELECT * FROM namedex_fetch('pairs', ARRAY[ROW(1::bigint::int, 2::smallint), ROW('1'::text, '12'), ROW(1, 2)], '{b}') t(b int);

-- foreign keys between types compare as the constraint does, not as the parser would choose
CREATE TABLE chars (id char(5) PRIMARY KEY, v text);
CREATE TABLE texts (id int PRIMARY KEY, chars_id text REFERENCES chars);
INSERT INTO chars VALUES ('ab', 'parent');
INSERT INTO texts VALUES (1, 'ab'), (2, 'ab  ');
SELECT namedex_fetch_json('texts', ARRAY[1, 2], 'id,chars(v)');
SELECT namedex_fetch_json('chars', ARRAY['ab'], 'id,texts(id)');
CREATE TABLE floats (id float4 PRIMARY KEY);
CREATE TABLE numerics (id int PRIMARY KEY, float numeric REFERENCES floats);
INSERT INTO floats VALUES (0.1);
INSERT INTO numerics VALUES (1, 0.1);
SELECT namedex_fetch_json('numerics', ARRAY[1], 'float(id)');
SELECT namedex_fetch_json('floats', ARRAY[0.1::float4], 'numerics(id,float)');
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE moods (id mood PRIMARY KEY);
CREATE TABLE people_moods (id int PRIMARY KEY, mood mood REFERENCES moods);
INSERT INTO moods VALUES ('sad'), ('glad');
INSERT INTO people_moods VALUES (1, 'glad'), (2, NULL);
SELECT namedex_fetch_json('people_moods', ARRAY[1, 2], 'id,moods(id)');
SELECT namedex_fetch_json('moods', '{glad,sad}', 'id,people_moods(id)');
-- an operator that fits better than the index's own, in a schema where anybody may make one
CREATE FUNCTION never(char, text) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR = (LEFTARG = bpchar, RIGHTARG = text, FUNCTION = never);
SET search_path = suite, pg_catalog, public;
SELECT namedex_fetch_json('chars', ARRAY['ab'], 'id,texts(id)');
SET search_path = suite, public;

-- collations: of key and foreign key they may differ, and the foreign key's index is used
CREATE TABLE codes (id text COLLATE "C" PRIMARY KEY, v text);
CREATE TABLE coded (id int PRIMARY KEY, code text COLLATE "POSIX" REFERENCES codes);
CREATE INDEX coded_code ON coded (code);
INSERT INTO codes SELECT 'c' || i, i FROM generate_series(1, 2000) i;
INSERT INTO coded SELECT i, 'c' || i % 1000 + 1 FROM generate_series(1, 5000) i;
ANALYZE codes, coded;
SELECT namedex_fetch_json('codes', '{c7,c8}', 'v,coded(id)');
SELECT namedex_fetch_json('coded', '{7,8}', 'code(id,v)');

CREATE TABLE labels (id text COLLATE "C" PRIMARY KEY);
CREATE TABLE coded_labels (coded_id int REFERENCES coded, label_id text COLLATE "POSIX" REFERENCES labels, PRIMARY KEY (coded_id, label_id));
INSERT INTO labels VALUES ('red'), ('blue');
INSERT INTO coded_labels VALUES (7, 'red'), (7, 'blue'), (8, 'blue');
SELECT namedex_fetch_json('coded', '{7,8}', 'id,labels(id)');
SELECT namedex_fetch_json('labels', '{red,blue}', 'id,coded(id)');
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE caseless_ones (id text COLLATE caseless PRIMARY KEY);
CREATE TABLE refers (id int PRIMARY KEY, caseless text COLLATE caseless REFERENCES caseless_ones);
INSERT INTO caseless_ones VALUES ('Anna'), ('Otto');
INSERT INTO refers VALUES (1, 'Anna'), (2, 'ANNA'), (3, 'otto');
SELECT namedex_fetch_json('caseless_ones', '{anna,OTTO}', 'id,refers(id,caseless)');
SELECT namedex_fetch_json('refers', '{1,2,3}', 'caseless(id)');

-- two keys of one hash are two keys
CREATE TABLE hashed (id uuid PRIMARY KEY, v text);
CREATE TABLE hashing (id int PRIMARY KEY, hashed_id uuid REFERENCES hashed);
INSERT INTO hashed VALUES (md5('146514')::uuid, 'one'), (md5('43633')::uuid, 'other');
INSERT INTO hashing VALUES (1, md5('146514')::uuid), (2, md5('43633')::uuid);
SELECT count(DISTINCT uuid_hash(id)) = 1 AS one_hash FROM hashed;
SELECT namedex_fetch_json('hashing', ARRAY[1, 2], 'id,hashed(v)');

-- a caller needs no USAGE on the schema of a collation, as a SELECT of his does not
CREATE SCHEMA hidden;
CREATE COLLATION hidden.coll FROM "C";
CREATE TABLE collated (id text COLLATE hidden.coll PRIMARY KEY, v int);
CREATE TABLE collating (id int PRIMARY KEY, collated text COLLATE hidden.coll REFERENCES collated);
INSERT INTO collated VALUES ('a', 1);
INSERT INTO collating VALUES (1, 'a');
CREATE ROLE namedex_stranger;
GRANT USAGE ON SCHEMA suite TO namedex_stranger;
GRANT SELECT ON collated, collating TO namedex_stranger;
SET ROLE namedex_stranger;
SELECT v FROM collated WHERE id = 'a';
SELECT namedex_fetch_json('collated', '{a}', 'v,collating(id)');
SELECT namedex_fetch_json('collating', '{1}', 'collated(v)');
RESET ROLE;
DROP OWNED BY namedex_stranger;
DROP ROLE namedex_stranger;
DROP SCHEMA hidden CASCADE;
-- a foreign key's collation knows equals that its key's does not: they compare as the key's says, in both directions
-- (from 18 on such foreign keys are refused)
CREATE TABLE exact (id text COLLATE "C" PRIMARY KEY);
CREATE FUNCTION both_directions() RETURNS text LANGUAGE plpgsql AS $$
DECLARE children text; parents text;
BEGIN
    INSERT INTO exact VALUES ('abc'), ('ABC');
    CREATE TABLE vague (id int PRIMARY KEY, exact text COLLATE caseless REFERENCES exact);
    INSERT INTO vague VALUES (1, 'abc'), (2, 'ABC');
    SELECT string_agg(r::text, '') INTO children FROM namedex_fetch_json('exact', '{abc,ABC}', 'id,vague(id)') r;
    SELECT string_agg(r::text, '') INTO parents FROM namedex_fetch_json('vague', '{1,2}', 'id,exact(id)') r;
    RETURN children = '{"id":"abc","vague":[{"id":1}]}{"id":"ABC","vague":[{"id":2}]}' AND
        parents = '{"id":1,"exact":{"id":"abc"}}{"id":2,"exact":{"id":"ABC"}}';
EXCEPTION WHEN invalid_foreign_key OR collation_mismatch OR datatype_mismatch THEN
    RETURN true;
END $$;
SELECT both_directions();
-- an implicit cast WITH INOUT
CREATE TYPE colour AS ENUM ('1', '2');
CREATE CAST (colour AS int) WITH INOUT AS IMPLICIT;
SELECT namedex_fetch_json('refers', ARRAY['1', '2']::colour[], 'caseless');

-- no keys: arrays and composite values
CREATE TYPE point_of_two AS (x int, y bigint);
CREATE TABLE composites (id point_of_two PRIMARY KEY, a int[] UNIQUE);
\set VERBOSITY terse
SELECT namedex_fetch_json('composites', ARRAY[ROW(1, 2)::point_of_two], 'a');
SELECT namedex_fetch_json('composites', ARRAY[1], 'a', 'a');

-- a deferrable primary key orders children, though it identifies no rows
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int PRIMARY KEY DEFERRABLE, parent_id int REFERENCES parents);
INSERT INTO parents VALUES (1);
INSERT INTO children VALUES (3, 1), (1, 1), (2, 1);
SELECT namedex_fetch_json('parents', ARRAY[1], 'children(id)');
SELECT namedex_fetch_json('children', ARRAY[1], 'id');

-- what a foreign key refers to is the table itself, not one that inherits from it
CREATE TABLE heirs () INHERITS (parents);
INSERT INTO heirs VALUES (1);
CREATE TABLE notes (id int PRIMARY KEY, parent_id int REFERENCES parents, t text);
INSERT INTO notes VALUES (1, 1, 'n');
SELECT namedex_fetch_json('notes', ARRAY[1], 'parent(id)');
SELECT namedex_related('notes', ARRAY[1], 'parent');

-- join tables whose key has more columns than the two foreign keys
CREATE TABLE drugs (id int PRIMARY KEY, name text);
CREATE TABLE doses (parent_id int REFERENCES parents, drug_id int REFERENCES drugs, day date, PRIMARY KEY (parent_id, drug_id, day));
INSERT INTO drugs VALUES (1, 'a'), (2, 'b');
INSERT INTO doses VALUES (1, 2, '2024-01-01'), (1, 2, '2024-01-02'), (1, 1, '2024-01-01');
SELECT namedex_fetch_json('parents', ARRAY[1], 'drugs(name)');

-- the copies of a foreign key between partitions are not further ones
CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE whole_low PARTITION OF whole FOR VALUES FROM (0) TO (10);
CREATE TABLE whole_high PARTITION OF whole FOR VALUES FROM (10) TO (20);
CREATE TABLE part_of (id int, whole_id int REFERENCES whole, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_of_low PARTITION OF part_of FOR VALUES FROM (0) TO (10);
CREATE TABLE part_of_high PARTITION OF part_of FOR VALUES FROM (10) TO (20);
INSERT INTO whole VALUES (1), (11);
INSERT INTO part_of VALUES (1, 1), (2, 11), (11, 1);
SELECT namedex_fetch_json('whole', ARRAY[1, 11], 'id,part_of(id)');
SELECT namedex_fetch_json('part_of', ARRAY[1, 2, 11], 'id,whole(id)');
SELECT namedex_fetch_json('part_of_low', ARRAY[1, 2], 'id,whole(id)');
SELECT namedex_fetch_json('part_of', ARRAY[1, 2, 11], 'whole_id(id),key:part_of_whole_id_fkey(id)');
SELECT namedex_fetch_json('whole', ARRAY[1, 11], 'part_of_whole_id_fkey(id)');

-- a name: a table's before a column's; and the plan knows of tables that it did not choose
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE home (id int PRIMARY KEY, of text);
CREATE TABLE dwellers (id int PRIMARY KEY, home_id int REFERENCES places, other int REFERENCES home);
INSERT INTO places VALUES (1);
INSERT INTO home VALUES (2, 'table');
INSERT INTO dwellers VALUES (1, 1, 2);
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home(id)');
ALTER TABLE home RENAME TO house;
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home(id)');
ALTER TABLE house RENAME TO home;
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home(id)');
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home!dwellers_other_fkey(id)');
ALTER TABLE dwellers RENAME CONSTRAINT dwellers_other_fkey TO renamed;
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home!renamed(id)');
SELECT namedex_fetch_json('dwellers', ARRAY[1], 'home!dwellers_other_fkey(id)');

-- ambiguity that no constraint's name ends
CREATE SCHEMA one;
CREATE SCHEMA two;
CREATE TABLE one.kids (id int PRIMARY KEY, p int CONSTRAINT kids_fk REFERENCES parents);
CREATE TABLE two.kids (id int PRIMARY KEY, p int CONSTRAINT kids_fk REFERENCES parents);
\set VERBOSITY default
SELECT namedex_fetch_json('parents', ARRAY[1], 'kids(id)');
-- and one that the far key's name ends
CREATE TABLE takes (parent_id int REFERENCES parents, drug_id int REFERENCES drugs, other_id int REFERENCES drugs,
    PRIMARY KEY (parent_id, drug_id, other_id));
INSERT INTO takes VALUES (1, 1, 2);
SELECT namedex_fetch_json('parents', ARRAY[1], 'drugs(name)');
SELECT namedex_fetch_json('parents', ARRAY[1], 'drugs!takes_other_id_fkey(name)');
-- positions are those of the argument that is wrong
SELECT namedex_related('parents', ARRAY[1], '  kids', 'éé');
SELECT namedex_related('parents', ARRAY[1], '  nowhere', 'éé');
SELECT namedex_related('parents', ARRAY[1], 'children', 'id, éé');
\set VERBOSITY terse

-- a cursor keeps its tables as they are
CREATE TABLE open_ones (id int PRIMARY KEY, v int);
INSERT INTO open_ones SELECT i, i FROM generate_series(1, 20000) i;
CREATE FUNCTION try(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
BEGIN;
DECLARE c CURSOR FOR SELECT namedex_fetch_json('open_ones', ARRAY(SELECT id FROM open_ones ORDER BY id), 'id,v');
FETCH 1 FROM c;
SELECT try('ALTER TABLE open_ones ALTER v TYPE text'), try('TRUNCATE open_ones'), try('DROP TABLE open_ones');
MOVE 10000 FROM c;
FETCH 1 FROM c;
-- a rename is let through; the cursor does not read another table instead
ALTER TABLE open_ones RENAME TO closed_ones;
CREATE TABLE open_ones (id int PRIMARY KEY, v int);
SELECT try('MOVE ALL FROM c');
ROLLBACK;
-- a new statistic or a grant does not end it
BEGIN;
DECLARE c CURSOR FOR SELECT namedex_fetch_json('open_ones', ARRAY(SELECT id FROM open_ones ORDER BY id), 'id,v');
FETCH 1 FROM c;
ANALYZE open_ones;
SELECT namedex_fetch_json('open_ones', ARRAY[1], 'id,v');
SELECT namedex_fetch_json('open_ones', ARRAY[1], 'v,id') FROM generate_series(1, 3);
GRANT SELECT ON open_ones TO PUBLIC;
MOVE 19998 FROM c;
FETCH ALL FROM c;
COMMIT;
-- nor where no kept plan tells: of a list too long to be kept, and one that others have pushed out
CREATE SCHEMA one_s;
CREATE SCHEMA two_s;
CREATE TABLE one_s.t (id int PRIMARY KEY, a text);
CREATE TABLE two_s.t (id int PRIMARY KEY, a text);
INSERT INTO one_s.t SELECT i, 'a' || i FROM generate_series(1, 3000) i;
INSERT INTO two_s.t SELECT i, 'other' FROM generate_series(1, 3000) i;
CREATE FUNCTION keys() RETURNS int[] LANGUAGE sql AS 'SELECT array_agg(i) FROM generate_series(1, 3000) i';
BEGIN;
DECLARE long CURSOR FOR SELECT namedex_fetch_json('one_s.t', keys(), repeat(' ', 20000) || 'id,a');
DECLARE short CURSOR FOR SELECT namedex_fetch_json('one_s.t', keys(), 'id,a');
DECLARE tuples CURSOR FOR SELECT namedex_load_only(NULL::one_s.t, keys(), '{a}');
FETCH 1 FROM long;
FETCH 1 FROM short;
FETCH 1 FROM tuples;
SELECT sum((SELECT count(*) FROM namedex_fetch_json('one_s.t', ARRAY[1], 'z' || i || ':id'))) FROM generate_series(1, 200) i;
ALTER SCHEMA one_s RENAME TO old_s;
ALTER SCHEMA two_s RENAME TO one_s;
SELECT try('MOVE 600 FROM long'), try('MOVE 600 FROM short'), try('MOVE 600 FROM tuples');
ROLLBACK;
DROP SCHEMA one_s, two_s CASCADE;
-- large values in FROM are whole, whatever becomes of their table
CREATE TABLE large (id int PRIMARY KEY, t text);
ALTER TABLE large ALTER t SET STORAGE EXTERNAL;
INSERT INTO large SELECT i, repeat(i::text, 10000) FROM generate_series(1, 3) i;
BEGIN;
DECLARE c CURSOR FOR SELECT id, length(t), left(t, 1) FROM namedex_load_only(NULL::large, ARRAY[1, 2, 3], '{t}');
DECLARE d CURSOR FOR SELECT length(t) FROM namedex_fetch('large', ARRAY[1, 2, 3], '{t}') f(t text);
FETCH 1 FROM c;
FETCH 1 FROM d;
TRUNCATE large;
FETCH ALL FROM c;
DROP TABLE large;
FETCH ALL FROM d;
COMMIT;
-- another role does not go on with it: its rights and policies may be others
CREATE ROLE namedex_other;
GRANT USAGE ON SCHEMA suite TO namedex_other;
BEGIN;
DECLARE c CURSOR FOR SELECT namedex_fetch_json('open_ones', ARRAY(SELECT id FROM open_ones ORDER BY id), 'id,v');
FETCH 1 FROM c;
SET LOCAL ROLE namedex_other;
MOVE 1000 FROM c;
ROLLBACK;
DROP OWNED BY namedex_other;
DROP ROLE namedex_other;
-- left in the middle, and ended by an error: nothing is kept open
SELECT namedex_load_only(NULL::open_ones, ARRAY(SELECT id FROM open_ones ORDER BY id), '{v}') LIMIT 1;
SELECT 1 / (1 - (r).v) FROM (SELECT namedex_load_only(NULL::open_ones, ARRAY[1], '{v}') AS r) s;
TRUNCATE open_ones;

-- one list means other columns to another role, and to one that has become a member of another
CREATE TABLE pairs_of (id int PRIMARY KEY, secret text);
INSERT INTO pairs_of VALUES (1, 'secret');
CREATE ROLE namedex_member;
CREATE ROLE namedex_readers;
GRANT USAGE ON SCHEMA suite TO namedex_member;
GRANT SELECT (id) ON pairs_of TO namedex_member;
GRANT SELECT ON pairs_of TO namedex_readers;
SELECT namedex_fetch_json('pairs_of', ARRAY[1], '*');
SET ROLE namedex_member;
SELECT namedex_fetch_json('pairs_of', ARRAY[1], '*');
RESET ROLE;
SELECT namedex_fetch_json('pairs_of', ARRAY[1], '*');
GRANT namedex_readers TO namedex_member;
SET ROLE namedex_member;
SELECT namedex_fetch_json('pairs_of', ARRAY[1], '*');
RESET ROLE;
DROP OWNED BY namedex_member, namedex_readers;
DROP ROLE namedex_member, namedex_readers;

-- casts and collations that come later
CREATE TABLE moody (id int PRIMARY KEY, mood mood, name text COLLATE "C");
INSERT INTO moody VALUES (1, 'sad', 'x');
SELECT namedex_fetch_json('moody', ARRAY[1], 'mood');
CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT '{"cast":true}'::json $$;
CREATE CAST (mood AS json) WITH FUNCTION mood_json(mood);
SELECT namedex_fetch_json('moody', ARRAY[1], 'mood');
DROP CAST (mood AS json);
SELECT namedex_fetch_json('moody', ARRAY[1], 'mood');
CREATE COLLATION mine FROM "C";
CREATE TABLE named (name text COLLATE mine PRIMARY KEY, v int);
INSERT INTO named SELECT 'n' || i, i FROM generate_series(1, 400) i;
SELECT count(*) FROM namedex_fetch('named', ARRAY(SELECT name FROM named LIMIT 10), '{v}') t(v int);
ALTER COLLATION mine RENAME TO yours;
SELECT count(*) FROM namedex_fetch('named', ARRAY(SELECT name FROM named), '{v}') t(v int);

-- kept plans are bounded by their statements, and nothing is left behind by calls
SELECT namedex_fetch_json('people_moods', ARRAY[1], string_agg('a' || i || ':moods(id)', ',')) IS NOT NULL AS ok FROM generate_series(1, 600) i;
SELECT bool_and((SELECT count(*) FROM namedex_fetch_json('people_moods', ARRAY[1, 2],
    (SELECT string_agg('b' || j * i || ':moods(id)', ',') FROM generate_series(1, 100) j))) = 2) AS ok FROM generate_series(1, 20) i;
CREATE FUNCTION backend_bytes() RETURNS bigint LANGUAGE sql AS
    'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
SELECT backend_bytes() < 40000000 AS bounded;
SELECT max(bytes) - min(bytes) < 2000000 AS no_leak FROM (
    SELECT r.key, CASE WHEN i % 4000 = 0 THEN backend_bytes() END AS bytes
    FROM generate_series(1, 20000) i, namedex_related('people_moods', ARRAY[i / i], 'moods') r OFFSET 0) s;
SELECT max(bytes) - min(bytes) < 2000000 AS no_leak FROM (
    SELECT t.id, CASE WHEN i % 4000 = 0 THEN backend_bytes() END AS bytes
    FROM generate_series(1, 20000) i, namedex_fetch('people_moods', ARRAY[i / i], '{id}') t(id int) OFFSET 0) s;
SELECT max(bytes) - min(bytes) < 2000000 AS no_leak FROM (
    SELECT namedex_fetch_json('people_moods', ARRAY[i / i], 'id,moods(id)'), CASE WHEN i % 4000 = 0 THEN backend_bytes() END AS bytes
    FROM generate_series(1, 20000) i OFFSET 0) s;
\set ECHO none
DROP SCHEMA suite CASCADE;
DROP SCHEMA one, two CASCADE;
