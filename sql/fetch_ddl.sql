--
-- What changes between two calls of one session: columns, types, names, schemas, keys, foreign keys, search_path and
-- rights. A kept plan never answers for a table that is not so any more.
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

CREATE SCHEMA suite_other;
CREATE TABLE up (id int PRIMARY KEY, name text);
CREATE TABLE t (id int PRIMARY KEY, a text, b int, up_id int CONSTRAINT t_up REFERENCES up);
CREATE TABLE down (id int PRIMARY KEY, t_id int CONSTRAINT down_t REFERENCES t);
INSERT INTO up VALUES (1, 'up one'), (2, 'up two');
INSERT INTO t VALUES (1, 'one', 10, 1), (2, 'two', 20, 2), (3, 'three', 30, NULL);
INSERT INTO down VALUES (1, 1), (2, 1), (3, 2);
-- Each function once, or the SQLSTATE of what it raises.
CREATE FUNCTION value_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(s::text, '' '') FROM (%s) AS s', statement) INTO answer;
    RETURN coalesce(answer, 'no rows');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION all_four() RETURNS TABLE (fetched text, load_only text, as_json text, related text) LANGUAGE sql AS $f$
    SELECT value_of($$SELECT * FROM namedex_fetch('t', ARRAY[2, 1, 4], '{a,b}') AS t (a text, b int)$$), value_of($$SELECT l.* FROM namedex_load_only(NULL::t, ARRAY[2, 1, 4], '{a}') AS l$$),
           value_of($$SELECT * FROM namedex_fetch_json('t', ARRAY[2, 1, 4], '*,up(name),down(id)')$$), value_of($$SELECT * FROM namedex_related('t', ARRAY[2, 1, 4], 'down')$$)
$f$;
-- from the sixth execution on a prepared plan may be a generic one
SELECT DISTINCT all_four.* FROM generate_series(1, 8), all_four();

-- ---- columns
ALTER TABLE t ADD c int DEFAULT 5;
SELECT * FROM all_four();
ALTER TABLE t DROP b;
SELECT * FROM all_four();
ALTER TABLE t ADD b int;
UPDATE t SET b = id * 10 WHERE id < 3;
SELECT * FROM all_four();
ALTER TABLE t RENAME a TO z;
SELECT * FROM all_four();
ALTER TABLE t RENAME b TO a;
SELECT * FROM all_four();
ALTER TABLE t RENAME a TO b;
ALTER TABLE t RENAME z TO a;
SELECT * FROM all_four();
ALTER TABLE t ALTER b TYPE bigint;
SELECT * FROM all_four();
SELECT * FROM namedex_fetch('t', '{2,1}', '{a,b}') AS t (a text, b bigint);
ALTER TABLE t ALTER b TYPE int USING b::int + 1;
SELECT * FROM all_four();
-- the key's type: wider, then another, so that int4 elements do not fit
ALTER TABLE t ALTER id TYPE bigint;
SELECT * FROM all_four();
ALTER TABLE down DROP CONSTRAINT down_t;
ALTER TABLE t ALTER id TYPE text;
SELECT * FROM all_four();
SELECT * FROM namedex_fetch_json('t', '{2,1}', 'id,a');
ALTER TABLE t ALTER id TYPE int USING id::int;
ALTER TABLE down ADD CONSTRAINT down_t FOREIGN KEY (t_id) REFERENCES t;
SELECT * FROM all_four();

-- ---- names of tables and schemas; a call by OID follows the table, one by name the name
PREPARE by_oid(regclass, int[]) AS SELECT * FROM namedex_fetch_json($1, $2, 'id,a,down(id)');
SELECT 't'::regclass::oid AS oid \gset
EXECUTE by_oid(:oid, '{2,1}');
ALTER TABLE t RENAME TO renamed;
SELECT * FROM all_four();
EXECUTE by_oid(:oid, '{2,1}');
SELECT * FROM namedex_fetch_json('down', '{3}', 'id,renamed(a)');
SELECT value_of($$SELECT * FROM namedex_fetch_json('down', '{3}', 'id,t(a)')$$) AS by_column;
ALTER TABLE renamed RENAME TO t;
SELECT * FROM all_four();
ALTER TABLE t SET SCHEMA suite_other;
SELECT * FROM all_four();
EXECUTE by_oid(:oid, '{2,1}');
-- another table of that name comes in its place
CREATE TABLE t (id int PRIMARY KEY, a text, b int);
INSERT INTO t VALUES (1, 'the other one', -1);
SELECT * FROM all_four();
EXECUTE by_oid(:oid, '{2,1}');
SET search_path = suite_other, suite, public;
SELECT * FROM all_four();
SET search_path = suite, public;
SELECT * FROM all_four();
DROP TABLE t;
ALTER TABLE suite_other.t SET SCHEMA suite;
SELECT * FROM all_four();
ALTER SCHEMA suite_other RENAME TO suite_moved;
ALTER TABLE down SET SCHEMA suite_moved;
SELECT * FROM all_four();
ALTER SCHEMA suite_moved RENAME TO suite_other;
SELECT * FROM all_four();
ALTER TABLE suite_other.down RENAME TO lower;
SELECT * FROM all_four();
ALTER TABLE suite_other.lower RENAME TO down;
ALTER TABLE suite_other.down SET SCHEMA suite;
SELECT * FROM all_four();
-- a temporary table hides it
CREATE TEMPORARY TABLE t (id int PRIMARY KEY, a text, b int);
SELECT * FROM all_four();
DROP TABLE pg_temp.t;
SELECT * FROM all_four();

-- ---- foreign keys
ALTER TABLE t DROP CONSTRAINT t_up;
SELECT * FROM all_four();
ALTER TABLE t ADD CONSTRAINT t_up FOREIGN KEY (up_id) REFERENCES up;
SELECT * FROM all_four();
-- a second one makes the name ambiguous, on either side
ALTER TABLE down ADD other int CONSTRAINT down_other REFERENCES t;
SELECT * FROM all_four();
SELECT * FROM namedex_fetch_json('t', '{1}', 'down!down_t(id)');
ALTER TABLE down DROP other;
SELECT * FROM all_four();
ALTER TABLE down RENAME CONSTRAINT down_t TO a_key;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'down!down_t(id)')$$), value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'down!a_key(id)')$$), value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'a_key(id)')$$);
ALTER TABLE down RENAME t_id TO of_t;
SELECT * FROM all_four();
SELECT value_of($$SELECT * FROM namedex_fetch_json('down', '{1}', 't_id(a)')$$), value_of($$SELECT * FROM namedex_fetch_json('down', '{1}', 'of_t(a)')$$);
DROP TABLE down;
SELECT * FROM all_four();
CREATE TABLE down (id int PRIMARY KEY, t_id int CONSTRAINT down_t REFERENCES t);
INSERT INTO down VALUES (7, 1);
SELECT * FROM all_four();
-- a join table comes, and stops being one
CREATE TABLE tag (id int PRIMARY KEY);
CREATE TABLE t_tag (t int REFERENCES t, tag int REFERENCES tag);
INSERT INTO tag VALUES (1);
INSERT INTO t_tag VALUES (1, 1);
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'tag(id)')$$);
CREATE UNIQUE INDEX t_tag_both ON t_tag (tag, t);
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'tag(id)')$$);
DROP INDEX t_tag_both;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'tag(id)')$$);
ALTER TABLE t_tag ADD PRIMARY KEY (t, tag);
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'tag(id)')$$);
-- children's order follows their primary key
ALTER TABLE down ADD turned int;
INSERT INTO down VALUES (8, 1), (9, 1);
UPDATE down SET turned = -id;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'down(id)')$$);
ALTER TABLE down DROP CONSTRAINT down_pkey;
ALTER TABLE down ADD PRIMARY KEY (turned);
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'down(id)')$$);

-- ---- keys
CREATE TABLE keyed (id int PRIMARY KEY, a int, n int);
INSERT INTO keyed VALUES (1, 2, 1), (2, 1, 2);
CREATE FUNCTION keyed(key_column text DEFAULT NULL) RETURNS text LANGUAGE sql AS $f$ SELECT value_of(format($$SELECT * FROM namedex_fetch_json('keyed', ARRAY[1, 2, 3], 'n', %L)$$, key_column)) $f$;
SELECT keyed(), keyed('a');
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey;
SELECT keyed(), keyed('id');
ALTER TABLE keyed ADD PRIMARY KEY (a);
SELECT keyed(), keyed('a'), keyed('id');
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey, ADD PRIMARY KEY (a, id);
SELECT keyed(), keyed('a');
CREATE UNIQUE INDEX keyed_id ON keyed (id);
SELECT keyed('id');
DROP INDEX keyed_id;
SELECT keyed('id');
CREATE UNIQUE INDEX keyed_id ON keyed (id) WHERE id > 0;
SELECT keyed('id');
DROP INDEX keyed_id;
ALTER TABLE keyed ADD CONSTRAINT keyed_id UNIQUE (id);
SELECT keyed('id');
ALTER TABLE keyed DROP CONSTRAINT keyed_id, ADD CONSTRAINT keyed_id UNIQUE (id) DEFERRABLE;
SELECT keyed('id');

-- ---- kinds of relations: a view in the place of a table, a changed view, a table that gets partitions and children
CREATE VIEW shown AS SELECT id, a FROM t;
SELECT value_of($$SELECT * FROM namedex_fetch_json('shown', '{1}', '*', 'id')$$);
CREATE OR REPLACE VIEW shown AS SELECT id, a || '!' AS a, b FROM t;
SELECT value_of($$SELECT * FROM namedex_fetch_json('shown', '{1}', '*', 'id')$$);
DROP VIEW shown;
CREATE TABLE grown (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);
CREATE TABLE grown_1 PARTITION OF grown FOR VALUES FROM (1) TO (10);
INSERT INTO grown VALUES (1, 'one');
SELECT value_of($$SELECT * FROM namedex_fetch_json('grown', '{1,11}', '*')$$);
CREATE TABLE grown_2 PARTITION OF grown FOR VALUES FROM (10) TO (20);
INSERT INTO grown VALUES (11, 'eleven');
SELECT value_of($$SELECT * FROM namedex_fetch_json('grown', '{1,11}', '*')$$);
ALTER TABLE grown DETACH PARTITION grown_1;
SELECT value_of($$SELECT * FROM namedex_fetch_json('grown', '{1,11}', '*')$$);
CREATE TABLE t_child () INHERITS (t);
INSERT INTO t_child (id, a) VALUES (4, 'of the child');
SELECT * FROM all_four();
ALTER TABLE t_child NO INHERIT t;
SELECT * FROM all_four();
TRUNCATE t CASCADE;
SELECT * FROM all_four();
INSERT INTO t VALUES (1, 'again', 1, 1);
SELECT * FROM all_four();
-- a type's definition
CREATE TYPE pair AS (x int);
CREATE TYPE stage AS ENUM ('low');
CREATE TABLE of_types (id int PRIMARY KEY, p pair, s stage);
INSERT INTO of_types VALUES (1, ROW(1), 'low');
SELECT * FROM namedex_fetch_json('of_types', '{1}', 'p,s');
ALTER TYPE pair ADD ATTRIBUTE y text;
ALTER TYPE stage RENAME VALUE 'low' TO 'lowest';
SELECT * FROM namedex_fetch_json('of_types', '{1}', 'p,s');
ALTER TYPE pair RENAME ATTRIBUTE x TO z;
SELECT * FROM namedex_fetch_json('of_types', '{1}', 'p,s');

-- ---- rights between two calls
CREATE ROLE namedex_alice;
GRANT USAGE ON SCHEMA suite TO namedex_alice;
CREATE FUNCTION four_as_alice() RETURNS TABLE (fetched text, load_only text, as_json text, related text) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE namedex_alice;
    RETURN QUERY SELECT * FROM all_four();
    RESET ROLE;
END $$;
SELECT * FROM four_as_alice();
GRANT SELECT ON t, down TO namedex_alice;
SELECT * FROM four_as_alice();
GRANT SELECT ON up TO namedex_alice;
SELECT * FROM four_as_alice();
REVOKE SELECT ON t FROM namedex_alice;
GRANT SELECT (id, a, up_id) ON t TO namedex_alice;
SELECT * FROM four_as_alice();
GRANT SELECT (b) ON t TO namedex_alice;
SELECT * FROM four_as_alice();
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SELECT * FROM four_as_alice();
CREATE POLICY some_rows ON t USING (id = 2);
SELECT * FROM four_as_alice();
ALTER POLICY some_rows ON t USING (id = 1);
SELECT * FROM four_as_alice();
ALTER TABLE down ENABLE ROW LEVEL SECURITY;
SELECT * FROM four_as_alice();
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
ALTER TABLE down DISABLE ROW LEVEL SECURITY;
SELECT * FROM four_as_alice();
ALTER ROLE namedex_alice BYPASSRLS;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER POLICY some_rows ON t USING (false);
SELECT * FROM four_as_alice();
ALTER ROLE namedex_alice NOBYPASSRLS;
SELECT * FROM four_as_alice();
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON t, down, up FROM namedex_alice;
SELECT * FROM four_as_alice();

-- ---- DDL that is undone, and in the transaction of the calls
BEGIN;
ALTER TABLE t RENAME a TO z;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'id,z')$$);
SAVEPOINT s;
ALTER TABLE t DROP z;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', '*')$$), value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'id,z')$$);
ROLLBACK TO s;
SELECT value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', '*')$$), value_of($$SELECT * FROM namedex_fetch_json('t', '{1}', 'id,z')$$);
ROLLBACK;
SELECT * FROM all_four();
BEGIN;
CREATE TABLE passing (id int PRIMARY KEY);
INSERT INTO passing VALUES (1);
SELECT * FROM namedex_fetch_json('passing', '{1}', '*');
SELECT 'passing'::regclass::oid AS oid \gset
ROLLBACK;
SELECT code(format($$SELECT namedex_fetch_json(%s::regclass, '{1}', '*')$$, :oid));
-- everything known is thrown away
DISCARD PLANS;
SELECT * FROM all_four();
SET search_path = suite, public;
DISCARD TEMP;
SELECT * FROM all_four();

-- ---- a table under an open cursor is in use, as under a cursor for a SELECT; a renamed one is not taken for another
CREATE TABLE long (id int PRIMARY KEY, a text);
INSERT INTO long SELECT i, 'row ' || i FROM generate_series(1, 20000) AS i;
BEGIN;
DECLARE c CURSOR FOR SELECT namedex_fetch_json('long', ARRAY(SELECT generate_series(1, 20000)), '*');
FETCH c;
SELECT code('DROP TABLE long'), code('ALTER TABLE long DROP a'), code('TRUNCATE long');
MOVE 15000 IN c;
FETCH c;
SAVEPOINT s;
ALTER TABLE long RENAME a TO z;
SELECT code('MOVE ALL IN c') IN ('ok', '55000') AS goes_on_or_says_why;
ROLLBACK;
SELECT * FROM namedex_fetch_json('long', '{7}', '*');

DROP SCHEMA suite, suite_other CASCADE;
DROP ROLE namedex_alice;
