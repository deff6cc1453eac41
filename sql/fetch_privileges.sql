--
-- Whoever calls a fetch function sees what their own SELECT would show: privileges on tables and columns, row-level
-- security of parents and children, views of all kinds, and several roles in one session, which shares its plans.
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

CREATE ROLE namedex_alice;
CREATE ROLE namedex_bob;
CREATE ROLE namedex_owner;
GRANT USAGE ON SCHEMA suite TO namedex_alice, namedex_bob, namedex_owner;
GRANT ALL ON cases TO namedex_alice, namedex_bob, namedex_owner;

SELECT proname, prosecdef, provolatile, proisstrict, proretset, proparallel IN ('r', 's') AS parallel_in_time FROM pg_proc WHERE proname IN ('namedex_load_only', 'namedex_fetch', 'namedex_fetch_json', 'namedex_related') ORDER BY proname COLLATE "C";

-- ---- no privilege at all, on any of the tables named
SET ROLE namedex_alice;
INSERT INTO cases (expected, statement) VALUES
    ('42501', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id}') AS t (id bigint)$$),
    ('42501', $$SELECT namedex_load_only(NULL::patients, '{1}', '{id}')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'id')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', '*')$$),
    ('42501', $$SELECT namedex_related('patients', '{1}', 'visits')$$),
    -- also when no row is looked for
    ('42501', $$SELECT namedex_fetch_json('patients', '{}', 'id')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{999}', 'id')$$),
    ('42501', $$SELECT * FROM namedex_fetch('patients', '{}', '{id}') AS t (id bigint)$$);
SELECT * FROM tried();
RESET ROLE;
GRANT SELECT ON patients TO namedex_alice;
SET ROLE namedex_alice;
SELECT * FROM namedex_fetch_json('patients', '{2}', 'id,last_name');
INSERT INTO cases (expected, statement) VALUES
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'id,hospital(id)')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'id,hospital(*)')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'id,visits(id)')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{999}', 'id,visits(id)')$$),
    ('42501', $$SELECT namedex_related('patients', '{1}', 'visits', 'id')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'tags(id)')$$);
SELECT * FROM tried();
RESET ROLE;
-- many-to-many: both tables, the join table too
GRANT SELECT ON tags TO namedex_alice;
SET ROLE namedex_alice;
SELECT code($$SELECT namedex_fetch_json('patients', '{1}', 'tags(id)')$$);
RESET ROLE;
GRANT SELECT (patient_id) ON patient_tags TO namedex_alice;
SET ROLE namedex_alice;
SELECT code($$SELECT namedex_fetch_json('patients', '{1}', 'tags(id)')$$);
RESET ROLE;
GRANT SELECT (tag_id) ON patient_tags TO namedex_alice;
SET ROLE namedex_alice;
SELECT code($$SELECT namedex_fetch_json('patients', '{1}', 'tags(id)')$$);
RESET ROLE;
REVOKE ALL ON patients, tags, patient_tags FROM namedex_alice;

-- ---- columns: those asked for, the key, those of relationships; no more and no fewer
GRANT SELECT (id, last_name) ON patients TO namedex_alice;
GRANT SELECT (id, name) ON hospitals TO namedex_alice;
SET ROLE namedex_alice;
SELECT * FROM namedex_fetch('patients', '{2}', '{last_name}') AS t (x varchar);
SELECT * FROM namedex_load_only(NULL::patients, '{2}', '{last_name}');
-- `*` is what one may read
SELECT * FROM namedex_fetch_json('patients', '{2}', '*');
SELECT * FROM namedex_fetch_json('hospitals', '{2}', '*');
INSERT INTO cases (expected, statement) VALUES
    ('42501', $$SELECT * FROM namedex_fetch('patients', '{1}', '{born}') AS t (x date)$$),
    ('42501', $$SELECT * FROM namedex_fetch('patients', '{1}', '{id,born}') AS t (id bigint, x date)$$),
    ('42501', $$SELECT namedex_load_only(NULL::patients, '{1}', '{born}')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'id,born')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', '*,born')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{M1}', 'id', 'mrn')$$),
    -- the referencing column is read
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'hospital(id)')$$),
    ('42501', $$SELECT namedex_related('patients', '{1}', 'hospital', 'id')$$);
SELECT * FROM tried();
RESET ROLE;
GRANT SELECT (hospital_id) ON patients TO namedex_alice;
SET ROLE namedex_alice;
SELECT * FROM namedex_fetch_json('patients', '{2}', '*,hospital(*)');
SELECT * FROM namedex_related('patients', '{2}', 'hospital');
SELECT * FROM namedex_related('hospitals', '{1}', 'patients') LIMIT 2;
SELECT code($$SELECT namedex_fetch_json('patients', '{1}', 'hospital(country)')$$), code($$SELECT namedex_fetch_json('hospitals', '{1}', 'patients(mrn)')$$);
RESET ROLE;
-- the key itself
REVOKE SELECT (id) ON patients FROM namedex_alice;
SET ROLE namedex_alice;
INSERT INTO cases (expected, statement) VALUES
    ('42501', $$SELECT * FROM namedex_fetch('patients', '{1}', '{last_name}') AS t (x varchar)$$),
    ('42501', $$SELECT namedex_load_only(NULL::patients, '{1}', '{last_name}')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', 'last_name')$$),
    ('42501', $$SELECT namedex_fetch_json('patients', '{1}', '*')$$);
SELECT * FROM tried();
RESET ROLE;
REVOKE ALL ON patients, hospitals FROM namedex_alice;
REVOKE SELECT (last_name, hospital_id) ON patients FROM namedex_alice;
REVOKE SELECT (id, name) ON hospitals FROM namedex_alice;
-- no column of a table, but of its key; nothing readable at all
CREATE TABLE nothing_to_read (id int PRIMARY KEY, a text);
INSERT INTO nothing_to_read VALUES (1, 'x');
GRANT INSERT, UPDATE, DELETE ON nothing_to_read TO namedex_alice;
SET ROLE namedex_alice;
SELECT code($$SELECT namedex_fetch_json('nothing_to_read', '{1}', '*')$$);
RESET ROLE;
-- ---- row-level security: hidden parents are skipped, hidden children are not there
CREATE TABLE notes (id int PRIMARY KEY, owner name, body text, secret text UNIQUE, up int REFERENCES notes);
CREATE TABLE lines (id int PRIMARY KEY, note int REFERENCES notes, owner name, body text);
CREATE TABLE marks (id int PRIMARY KEY, owner name);
CREATE TABLE note_marks (note int REFERENCES notes, mark int REFERENCES marks, owner name, PRIMARY KEY (note, mark));
INSERT INTO notes SELECT i, (ARRAY['namedex_alice', 'namedex_bob', 'both'])[1 + i % 3], 'note ' || i, 's' || i, nullif(i - 1, 0) FROM generate_series(1, 30) AS i;
INSERT INTO lines SELECT i, 1 + i % 30, (ARRAY['namedex_alice', 'namedex_bob'])[1 + i / 30 % 2], 'line ' || i FROM generate_series(1, 120) AS i;
INSERT INTO marks SELECT i, (ARRAY['namedex_alice', 'namedex_bob', 'both'])[1 + i % 3] FROM generate_series(1, 9) AS i;
INSERT INTO note_marks SELECT n, m, (ARRAY['namedex_alice', 'both', 'namedex_bob', 'both'])[1 + n % 4] FROM generate_series(1, 30) AS n, generate_series(1, 9) AS m WHERE (n + m) % 4 = 0;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE note_marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes FOR SELECT USING (owner IN (current_user, 'both'));
CREATE POLICY own ON lines FOR SELECT USING (owner = current_user);
CREATE POLICY own ON marks FOR SELECT USING (owner IN (current_user, 'both'));
CREATE POLICY own ON note_marks FOR SELECT USING (owner IN (current_user, 'both'));
GRANT SELECT ON notes, lines, marks, note_marks TO namedex_alice, namedex_bob, namedex_owner;
-- every function under whoever calls, against their own SELECTs
CREATE FUNCTION what_i_see() RETURNS TABLE (what text, verdict text) LANGUAGE sql AS $f$
    SELECT 'fetch', same($$SELECT * FROM namedex_fetch('notes', ARRAY(SELECT i * 7 % 35 FROM generate_series(1, 50) AS i), '{id,body}') AS t (id int, body text)$$,
        $$SELECT id, body FROM generate_series(1, 50) AS i JOIN notes ON id = i * 7 % 35 ORDER BY i$$)
    UNION ALL SELECT 'by secret', same($$SELECT * FROM namedex_fetch('notes', ARRAY(SELECT 's' || i FROM generate_series(1, 40) AS i), '{id,secret}', 'secret') AS t (id int, secret text)$$, $$SELECT id, secret FROM notes ORDER BY id$$)
    UNION ALL SELECT 'load_only', same($$SELECT id, owner, body FROM namedex_load_only(NULL::notes, ARRAY(SELECT i * 7 % 35 FROM generate_series(1, 50) AS i), '{body}')$$,
        $$SELECT id, NULL::name, body FROM generate_series(1, 50) AS i JOIN notes ON id = i * 7 % 35 ORDER BY i$$)
    UNION ALL SELECT 'json', same($$SELECT * FROM namedex_fetch_json('notes', ARRAY(SELECT generate_series(1, 40)), '*')$$, 'SELECT row_to_json(n) FROM notes AS n ORDER BY id')
    UNION ALL SELECT 'to-one', same($$SELECT * FROM namedex_fetch_json('lines', ARRAY(SELECT generate_series(1, 130)), 'id,note(id,body)')$$,
        $$SELECT row_to_json(r) FROM (SELECT id, (SELECT row_to_json(x) FROM (SELECT n.id, body FROM notes AS n WHERE n.id = l.note) AS x) AS note FROM lines AS l ORDER BY id) AS r$$)
    UNION ALL SELECT 'to-many', same($$SELECT * FROM namedex_fetch_json('notes', ARRAY(SELECT generate_series(1, 40)), 'id,lines(id)')$$,
        $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT l.id FROM lines AS l WHERE note = n.id ORDER BY l.id) AS x)) AS lines FROM notes AS n ORDER BY id) AS r$$)
    UNION ALL SELECT 'many-to-many', same($$SELECT * FROM namedex_fetch_json('notes', ARRAY(SELECT generate_series(1, 40)), 'id,marks(id)')$$,
        $$SELECT row_to_json(r) FROM (SELECT id, many(ARRAY(SELECT row_to_json(x) FROM (SELECT m.id FROM note_marks AS j JOIN marks AS m ON m.id = mark WHERE note = n.id ORDER BY m.id) AS x)) AS marks FROM notes AS n ORDER BY id) AS r$$)
    UNION ALL SELECT 'itself', same($$SELECT * FROM namedex_fetch_json('notes', ARRAY(SELECT generate_series(1, 40)), 'id,up(id,up(id))')$$,
        $$SELECT row_to_json(r) FROM (SELECT id, (SELECT row_to_json(x) FROM (SELECT u.id, (SELECT row_to_json(y) FROM (SELECT v.id FROM notes AS v WHERE v.id = u.up) AS y) AS up FROM notes AS u WHERE u.id = n.up) AS x) AS up FROM notes AS n ORDER BY id) AS r$$)
    UNION ALL SELECT 'related', same($$SELECT key, record FROM namedex_related('notes', ARRAY(SELECT generate_series(1, 40)), 'lines', 'id')$$,
        $$SELECT n.id, row_to_json(x) FROM notes AS n JOIN LATERAL (SELECT l.id FROM lines AS l WHERE note = n.id) AS x ON true ORDER BY n.id, x.id$$)
    UNION ALL SELECT 'related to one', same($$SELECT key, record FROM namedex_related('lines', ARRAY(SELECT generate_series(1, 130)), 'note', 'id')$$,
        $$SELECT l.id, row_to_json(x) FROM lines AS l JOIN LATERAL (SELECT n.id FROM notes AS n WHERE n.id = l.note) AS x ON true ORDER BY l.id$$)
$f$;
SELECT * FROM what_i_see();
SET ROLE namedex_alice;
SELECT * FROM what_i_see();
SET ROLE namedex_bob;
SELECT * FROM what_i_see();
SET ROLE namedex_owner;
SELECT * FROM what_i_see();
RESET ROLE;
SELECT * FROM what_i_see();
-- the owner is above policies, unless they are forced
ALTER TABLE notes OWNER TO namedex_owner;
SET ROLE namedex_owner;
SELECT * FROM what_i_see();
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
SELECT * FROM what_i_see();
ALTER TABLE notes NO FORCE ROW LEVEL SECURITY;
SELECT * FROM what_i_see();
-- who may not see all must not have it filtered in silence if they say so
SET ROLE namedex_alice;
SET row_security = off;
INSERT INTO cases (expected, statement) VALUES
    ('42501', $$SELECT namedex_fetch_json('notes', '{1}', 'id')$$),
    ('42501', $$SELECT * FROM namedex_fetch('notes', '{1}', '{id}') AS t (id int)$$),
    ('42501', $$SELECT namedex_load_only(NULL::notes, '{1}', '{id}')$$),
    ('42501', $$SELECT namedex_related('notes', '{1}', 'lines')$$);
SELECT * FROM tried();
RESET row_security;
SELECT * FROM what_i_see() WHERE what = 'json';
RESET ROLE;
-- a policy that is a query, one that reads a setting, and one changed between calls
CREATE TABLE allowed (who name, note int);
INSERT INTO allowed VALUES ('namedex_alice', 3), ('namedex_alice', 5), ('namedex_bob', 5);
GRANT SELECT ON allowed TO namedex_alice, namedex_bob;
DROP POLICY own ON notes;
CREATE POLICY by_query ON notes USING (EXISTS (SELECT FROM allowed WHERE who = current_user AND note = notes.id));
SET ROLE namedex_alice;
SELECT * FROM what_i_see();
SET ROLE namedex_bob;
SELECT * FROM what_i_see();
RESET ROLE;
DROP POLICY by_query ON notes;
CREATE POLICY by_setting ON notes USING (owner = current_setting('namedex_suite.tenant'));
SET ROLE namedex_alice;
SET namedex_suite.tenant = 'both';
SELECT * FROM what_i_see();
SET namedex_suite.tenant = 'namedex_bob';
SELECT * FROM what_i_see();
RESET ROLE;
-- a condition of the caller's sees no row that the policy hides
CREATE FUNCTION tells(id int, body text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'seen: % %', id, body; RETURN true; END $$;
DROP POLICY by_setting ON notes;
CREATE POLICY own ON notes FOR SELECT USING (owner = current_user);
SET ROLE namedex_alice;
SELECT * FROM namedex_fetch('notes', '{2,3,4}', '{id,body}') AS t (id int, body text) WHERE tells(id, body);
RESET ROLE;

-- ---- views: the rights of their owner or of the caller
CREATE VIEW plain AS SELECT id, owner, body FROM notes;
CREATE VIEW invoked WITH (security_invoker) AS SELECT id, owner, body FROM notes;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, owner, body FROM notes WHERE owner = current_user;
GRANT SELECT ON plain, invoked, barrier TO namedex_alice;
CREATE FUNCTION views_i_see() RETURNS TABLE (v text, verdict text) LANGUAGE sql AS $f$
    SELECT v, same(format($$SELECT * FROM namedex_fetch_json(%L, ARRAY(SELECT generate_series(40, 1, -1)), '*', 'id')$$, v), format('SELECT row_to_json(v) FROM %s AS v ORDER BY id DESC', v)) FROM unnest(ARRAY['plain', 'invoked', 'barrier']) AS v
$f$;
SELECT * FROM views_i_see();
SET ROLE namedex_alice;
SELECT * FROM views_i_see();
RESET ROLE;
REVOKE SELECT ON notes FROM namedex_alice;
SET ROLE namedex_alice;
SELECT v, code(format($$SELECT namedex_fetch_json(%L, '{1}', '*', 'id')$$, v)) FROM unnest(ARRAY['plain', 'invoked', 'barrier', 'notes']) AS v;
RESET ROLE;

-- ---- one session, several roles, the same call: rights are those of the moment
GRANT SELECT ON notes TO namedex_bob;
CREATE FUNCTION one_call() RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    SELECT string_agg(j::text, ' ') INTO answer FROM namedex_fetch_json('notes', '{1,2,3,4}', 'id,lines(id)') AS j;
    RETURN coalesce(answer, 'nothing');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
-- the same by a SECURITY DEFINER function, whose rights are the owner's
CREATE FUNCTION as_owner() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT one_call()';
SELECT one_call();
SET ROLE namedex_alice;
SELECT one_call();
SET ROLE namedex_bob;
SELECT one_call();
SET ROLE namedex_alice;
SELECT one_call(), as_owner();
RESET ROLE;
SELECT one_call();
GRANT SELECT ON notes TO namedex_alice;
SET ROLE namedex_alice;
SELECT one_call();
RESET ROLE;
REVOKE SELECT ON lines FROM namedex_alice;
GRANT SELECT (id) ON lines TO namedex_alice;
SET ROLE namedex_alice;
SELECT one_call();
RESET ROLE;
GRANT SELECT (note) ON lines TO namedex_alice;
SET ROLE namedex_alice;
SELECT one_call();
RESET ROLE;
-- by a role's membership
REVOKE SELECT ON notes FROM namedex_alice;
GRANT namedex_bob TO namedex_alice;
SET ROLE namedex_alice;
SELECT one_call();
RESET ROLE;
REVOKE namedex_bob FROM namedex_alice;
SET ROLE namedex_alice;
SELECT one_call();
-- prepared before the role changed
RESET ROLE;
PREPARE notes_of(int[]) AS SELECT * FROM namedex_fetch('notes', $1, '{id,owner}') AS t (id int, owner name);
EXECUTE notes_of('{1,2,3,4}');
SET ROLE namedex_bob;
EXECUTE notes_of('{1,2,3,4}');
RESET ROLE;
EXECUTE notes_of('{4,3}');
SET ROLE namedex_alice;
SELECT code($$EXECUTE notes_of('{4,3}')$$);
RESET ROLE;

DROP SCHEMA suite CASCADE;
DROP OWNED BY namedex_alice, namedex_bob, namedex_owner;
DROP ROLE namedex_alice, namedex_bob, namedex_owner;
