--
-- The fetch functions where they are used: in plpgsql, cursors and prepared statements, under LIMIT, in read-only
-- transactions and subtransactions; what a snapshot shows; which blocks are read; and how many rows the planner expects.
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

-- ---- plpgsql: loops, nested calls, an error caught in the middle
DO $$
DECLARE r record; p patients; said text := ''; names text[];
BEGIN
    FOR r IN SELECT * FROM namedex_fetch('patients', ARRAY[3, 1], '{id,last_name}') AS t (id bigint, last_name varchar) LOOP
        said := said || r.id || ' ' || r.last_name || '; ';
        FOR p IN SELECT * FROM namedex_load_only(NULL::patients, ARRAY[r.id, 2], '{first_name}') LOOP
            said := said || '(' || p.id || ' ' || coalesce(p.first_name, '-') || ') ';
        END LOOP;
        BEGIN
            PERFORM namedex_fetch_json('patients', ARRAY['x'], 'id');
        EXCEPTION WHEN invalid_text_representation THEN
            said := said || 'caught ';
        END;
    END LOOP;
    SELECT array_agg(j ->> 'last_name') INTO names FROM namedex_fetch_json('patients', ARRAY[3, 1], 'last_name') AS j;
    RAISE WARNING '%, %', said, names;
END $$;
-- a static call whose table is a variable, many times
CREATE FUNCTION name_of(rel regclass, k int) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT name FROM namedex_fetch(rel, ARRAY[k], '{name}') AS t (name text));
END $$;
SELECT string_agg(name_of(CASE WHEN i % 2 = 0 THEN 'hospitals' ELSE 'providers' END::regclass, 1 + i % 3), ',' ORDER BY i) FROM generate_series(1, 20) AS i;
-- a call whose rows call it again
SELECT h.id, (SELECT string_agg(p.name, ',') FROM namedex_related('hospitals', ARRAY[h.id], 'providers', 'name'), LATERAL (SELECT record ->> 'name') AS p (name)) AS providers FROM namedex_load_only(NULL::hospitals, '{3,1}', '{}') AS h;
CREATE VIEW calling AS SELECT h.id, (SELECT count(*) FROM namedex_related('hospitals', ARRAY[h.id], 'patients', 'id')) AS n FROM hospitals AS h;
SELECT * FROM namedex_fetch_json('calling', '{2,1}', '*', 'id');
-- an error in the middle of the rows, from a column's own function, leaves all in order
CREATE VIEW failing AS SELECT id, 1 / (id - 3) AS a FROM hospitals;
SELECT code($$SELECT namedex_fetch_json('failing', '{1,2,3,4}', '*', 'id')$$), code($$SELECT * FROM namedex_fetch('failing', '{1,2,3,4}', '{a}', 'id') AS t (a int)$$), code($$SELECT namedex_load_only(NULL::failing, '{1,2,3,4}', '{a}', 'id')$$);
SELECT * FROM namedex_fetch_json('failing', '{1,2,4}', '*', 'id');
-- an SQL function around it, inlined
CREATE FUNCTION patients_of(keys bigint[]) RETURNS SETOF json LANGUAGE sql STABLE AS $$ SELECT namedex_fetch_json('patients', keys, 'id') $$;
SELECT * FROM patients_of('{3,1}');

-- ---- prepared statements, custom and generic, with other keys, columns, lists and tables
PREPARE tuples(int[]) AS SELECT * FROM namedex_fetch('patients', $1, '{id,born}') AS t (id bigint, born date);
PREPARE objects(regclass, text[], text, name) AS SELECT * FROM namedex_fetch_json($1, $2, $3, $4);
PREPARE rows(bigint[], name[]) AS SELECT * FROM namedex_load_only(NULL::hospitals, $1::int[], $2);
SET plan_cache_mode = force_generic_plan;
EXECUTE tuples('{3,1}');
EXECUTE tuples('{2,NULL}');
EXECUTE tuples(NULL);
EXECUTE objects('patients', '{3,1}', 'id', NULL);
EXECUTE objects('patients', '{M3,M1}', 'born', 'mrn');
EXECUTE objects('hospitals', '{3,1}', 'name,providers(id)', 'id');
EXECUTE objects('"providers"', '{1}', 'name', NULL);
EXECUTE rows('{2,1}', '{name}');
EXECUTE rows('{2}', '{country}');
SELECT code($$EXECUTE objects('patients', '{x}', 'id', NULL)$$), code($$EXECUTE objects('patients', '{3}', 'id,', NULL)$$), code($$EXECUTE objects(NULL, '{3}', 'id', NULL)$$);
SET plan_cache_mode = force_custom_plan;
EXECUTE tuples('{3,1}');
EXECUTE objects('hospitals', '{3,1}', 'name,providers(id)', 'id');
RESET plan_cache_mode;
DEALLOCATE ALL;

-- ---- LIMIT and cursors: in a SELECT list rows come one by one
-- a STABLE function that counts its calls all the same, so that views with it are planned as others
CREATE FUNCTION look(id int) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM set_config('namedex_suite.looks', (current_setting('namedex_suite.looks')::int + 1)::text, false);
    RETURN id;
END $$;
CREATE TABLE many_rows (id int PRIMARY KEY, a text);
INSERT INTO many_rows SELECT i, 'row ' || i FROM generate_series(1, 20000) AS i;
ANALYZE many_rows;
CREATE VIEW watched AS SELECT id, look(id) AS n FROM many_rows;
CREATE FUNCTION looks(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    PERFORM set_config('namedex_suite.looks', '0', false);
    EXECUTE format('SELECT string_agg(s::text, '' '') FROM (%s) AS s', statement) INTO answer;
    RETURN left(answer, 100) || CASE WHEN current_setting('namedex_suite.looks')::int < 5000 THEN ', few' ELSE ', ' || current_setting('namedex_suite.looks') END || ' looked at';
END $$;
SELECT looks($$SELECT namedex_fetch_json('watched', ARRAY(SELECT generate_series(20000, 1, -1)), 'id,n', 'id') LIMIT 3$$);
SELECT looks($$SELECT namedex_load_only(NULL::watched, ARRAY(SELECT generate_series(20000, 1, -1)), '{n}', 'id') LIMIT 3$$);
SELECT looks($$SELECT x.* FROM (SELECT (namedex_load_only(NULL::watched, ARRAY(SELECT generate_series(20000, 1, -1)), '{n}', 'id')).*) AS x LIMIT 2$$);
SELECT same($$SELECT namedex_fetch_json('many_rows', ARRAY(SELECT generate_series(20000, 1, -1)), 'id')$$, 'SELECT row_to_json(r) FROM (SELECT id FROM many_rows ORDER BY id DESC) AS r');
SELECT same($$SELECT (namedex_load_only(NULL::many_rows, ARRAY(SELECT generate_series(20000, 1, -1)), '{a}')).*$$, 'SELECT * FROM many_rows ORDER BY id DESC');
BEGIN;
DECLARE forward CURSOR FOR SELECT namedex_fetch_json('many_rows', ARRAY(SELECT generate_series(1, 20000)), 'id,a');
DECLARE scrolled SCROLL CURSOR FOR SELECT * FROM namedex_fetch('many_rows', ARRAY(SELECT generate_series(1, 20000)), '{a}') AS t (a text);
DECLARE kept CURSOR WITH HOLD FOR SELECT namedex_load_only(NULL::many_rows, '{5,6}', '{a}');
FETCH 2 FROM forward;
FETCH 2 FROM scrolled;
MOVE 9000 IN forward;
FETCH 1 FROM forward;
FETCH LAST FROM scrolled;
FETCH PRIOR FROM scrolled;
FETCH ABSOLUTE 100 FROM scrolled;
-- it goes on as it began, whatever comes meanwhile
UPDATE many_rows SET a = 'changed' WHERE id > 9000;
SAVEPOINT s;
FETCH 1 FROM forward;
SELECT code($$SELECT namedex_fetch_json('many_rows', '{x}', 'id')$$);
FETCH 1 FROM forward;
ROLLBACK TO s;
FETCH 1 FROM forward;
CLOSE forward;
COMMIT;
FETCH ALL FROM kept;
CLOSE kept;
-- rescans: with other keys each time
SELECT i, (SELECT string_agg(a, ',') FROM namedex_fetch('many_rows', ARRAY[i, i + 1], '{a}') AS t (a text)) AS a FROM generate_series(1, 3) AS i;
SELECT i, j::text FROM generate_series(1, 3) AS i, LATERAL (SELECT namedex_fetch_json('many_rows', ARRAY[i, i + 1], 'id') AS j LIMIT 1) AS l;
-- beside another set-returning function in one SELECT list
SELECT namedex_fetch_json('many_rows', '{1,2,3}', 'id'), generate_series(1, 2);

-- ---- transactions that only read
BEGIN READ ONLY;
SELECT * FROM namedex_fetch('hospitals', '{2}', '{name}') AS t (name text);
SELECT * FROM namedex_load_only(NULL::hospitals, '{2}', '{name}');
SELECT * FROM namedex_fetch_json('hospitals', '{2}', 'name,providers(id)');
SELECT * FROM namedex_related('hospitals', '{2}', 'providers', 'id') LIMIT 1;
COMMIT;
-- what a view does is the view's business, and read-only all the same
CREATE SEQUENCE numbers;
CREATE VIEW numbered AS SELECT id, nextval('numbers') AS n FROM hospitals;
SELECT * FROM namedex_fetch_json('numbered', '{1}', 'n', 'id');
BEGIN READ ONLY;
SELECT code($$SELECT * FROM namedex_fetch_json('numbered', '{1}', 'n', 'id')$$);
COMMIT;

-- ---- snapshots: a volatile function sees what it has just written, a stable one and a statement see one state
CREATE TABLE states (id int PRIMARY KEY, a int);
CREATE TABLE of_states (id int PRIMARY KEY, state int REFERENCES states);
INSERT INTO states VALUES (1, 0), (2, 0);
CREATE FUNCTION write_and_fetch() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE answer text := '';
BEGIN
    FOR i IN 1 .. 8 LOOP
        UPDATE states SET a = i WHERE id = 1;
        INSERT INTO of_states VALUES (i, 1);
        answer := answer || (SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int)) || (SELECT a FROM namedex_load_only(NULL::states, '{1}', '{a}'))
            || (SELECT j FROM namedex_fetch_json('states', '{1}', 'a,of_states(id)') AS j) || (SELECT count(*) FROM namedex_related('states', '{1}', 'of_states')) || ' ';
    END LOOP;
    RETURN answer;
END $$;
SELECT write_and_fetch();
-- the statement began before its own writes
WITH w AS (UPDATE states SET a = 100 RETURNING a) SELECT (SELECT count(*) FROM w), (SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int)), (SELECT j FROM namedex_fetch_json('states', '{1}', 'a') AS j), (SELECT a FROM namedex_load_only(NULL::states, '{1}', '{a}'));
SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int);
CREATE FUNCTION wrote() RETURNS int LANGUAGE sql VOLATILE AS $$ UPDATE states SET a = a + 1 WHERE id = 1 RETURNING a $$;
CREATE FUNCTION stable_look() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int)); END $$;
SELECT wrote(), stable_look(), (SELECT a FROM namedex_load_only(NULL::states, '{1}', '{a}')), (SELECT a FROM states WHERE id = 1) FROM generate_series(1, 2);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int);
UPDATE states SET a = -1 WHERE id = 1;
SELECT a FROM namedex_fetch('states', '{1}', '{a}') AS t (a int);
ROLLBACK;
-- in a transaction that failed nothing is fetched, and nothing is left of it
BEGIN;
SELECT code('SELECT 1 / 0');
SAVEPOINT s;
UPDATE states SET a = 7;
SELECT a FROM namedex_load_only(NULL::states, '{1}', '{a}');
ROLLBACK TO s;
SELECT a FROM namedex_load_only(NULL::states, '{1}', '{a}');
ROLLBACK;
-- a trigger, a CHECK's function, a default
CREATE FUNCTION of_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'in trigger: %', (SELECT j FROM namedex_fetch_json('states', ARRAY[NEW.id], '*') AS j); RETURN NULL; END $$;
CREATE TRIGGER look AFTER UPDATE ON states FOR EACH ROW EXECUTE FUNCTION of_trigger();
UPDATE states SET a = id * 11;

-- ---- a large value that was not asked for is not touched: no block of the TOAST table read or hit
CREATE TABLE large (id int PRIMARY KEY, a text, big text, doc jsonb, doubled text GENERATED ALWAYS AS (a || a) STORED);
ALTER TABLE large ALTER big SET STORAGE EXTERNAL, ALTER doc SET STORAGE EXTERNAL;
CREATE TABLE large_parts (id int PRIMARY KEY, large_id int REFERENCES large, big text);
ALTER TABLE large_parts ALTER big SET STORAGE EXTERNAL;
INSERT INTO large SELECT i, 'a' || i, repeat(md5(i::text), 250), jsonb_build_object('x', repeat(md5(i::text), 250)) FROM generate_series(1, 200) AS i;
INSERT INTO large_parts SELECT i, 1 + i % 200, repeat(md5(i::text), 250) FROM generate_series(1, 400) AS i;
CREATE VIEW large_view AS SELECT l.id, l.a, l.big, p.big AS other FROM large AS l JOIN large_parts AS p ON p.id = l.id;
VACUUM ANALYZE large, large_parts;
-- Blocks of TOAST tables and their indexes that a statement reads or hits, by the session's own counts.
CREATE FUNCTION toast_blocks() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT sum(pg_stat_get_blocks_fetched(c.reltoastrelid) + pg_stat_get_blocks_fetched(i.indexrelid)) FROM pg_class AS c JOIN pg_index AS i ON i.indrelid = c.reltoastrelid WHERE c.relname IN ('large', 'large_parts') AND c.relnamespace = 'suite'::regnamespace
$$;
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT toast_blocks() AS before \gset
SELECT count(*), sum(length(a)) FROM namedex_fetch('large', ARRAY(SELECT generate_series(1, 200)), '{a,id}') AS t (a text, id int);
SELECT count(*), sum(length((l).doubled)) FROM (SELECT namedex_load_only(NULL::large, ARRAY(SELECT generate_series(1, 200)), '{a,doubled}') AS l OFFSET 0) AS s;
SELECT count(*), sum(length(a)) FROM namedex_load_only(NULL::large, ARRAY(SELECT generate_series(1, 200)), '{a}');
SELECT count(*), sum(length(j::text)) FROM namedex_fetch_json('large', ARRAY(SELECT generate_series(1, 200)), 'a,large_parts(id,large(a))') AS j;
SELECT count(*), sum(length(j::text)) FROM (SELECT namedex_fetch_json('large', ARRAY(SELECT generate_series(1, 200)), 'a,large_parts(id)') AS j) AS s;
SELECT count(*) FROM namedex_related('large', ARRAY(SELECT generate_series(1, 200)), 'large_parts', 'id,large_id');
SELECT count(*) FROM namedex_fetch('large_view', ARRAY(SELECT generate_series(1, 200)), '{a}', 'id') AS t (a text);
SELECT count(*) FROM namedex_load_only(NULL::large_view, ARRAY(SELECT generate_series(1, 200)), '{a}', 'id');
SELECT count(*) FROM namedex_fetch_json('large_view', ARRAY(SELECT generate_series(1, 200)), 'a', 'id');
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT toast_blocks() - :before AS toast_blocks;
-- which the one column that is large makes more
SELECT sum(length(big)) FROM namedex_fetch('large', ARRAY(SELECT generate_series(1, 200)), '{big}') AS t (big text);
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT toast_blocks() - :before >= 200 AS toast_blocks_seen;
-- large values asked for are as they are, also when only some of them are out of line
SELECT same($$SELECT * FROM namedex_fetch_json('large', ARRAY(SELECT generate_series(200, 1, -1)), '*,large_parts(*)')$$, $$SELECT row_to_json(r) FROM (SELECT l.*, many(ARRAY(SELECT row_to_json(p) FROM large_parts AS p WHERE large_id = l.id ORDER BY p.id)) AS large_parts FROM large AS l ORDER BY id DESC) AS r$$);
SELECT same($$SELECT * FROM namedex_load_only(NULL::large, ARRAY(SELECT generate_series(200, 1, -1)), '{big,doc}')$$, 'SELECT id, NULL::text, big, doc, NULL::text FROM large ORDER BY id DESC');
-- and stay so when their table's rows go
CREATE TABLE copied AS SELECT l AS whole FROM namedex_load_only(NULL::large, '{1,2}', '{big}') AS l;
SELECT md5((whole).big) = md5(big) AS same FROM copied JOIN large ON id = (whole).id;
DELETE FROM large_parts;
DELETE FROM large;
VACUUM large;
SELECT length((whole).big) FROM copied;

-- ---- rows that the planner expects: as many as there are elements
CREATE FUNCTION expected_rows(query text, OUT rows text) LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    rows := plan #>> '{0,Plan,Plan Rows}';
END $$;
SELECT expected_rows($$SELECT * FROM namedex_fetch('many_rows', '{1,2,3}', '{a}') AS t (a text)$$), expected_rows($$SELECT * FROM namedex_fetch_json('many_rows', ARRAY[1, 2, NULL, 2, 5], 'a')$$), expected_rows($$SELECT * FROM namedex_load_only(NULL::many_rows, ARRAY[1, 2, 3, 4], '{a}')$$),
       expected_rows($$SELECT namedex_fetch_json('many_rows', ARRAY[1, 2, NULL, 2, 5], 'a')$$), expected_rows($$SELECT namedex_load_only(NULL::many_rows, ARRAY[1, 2, 3, 4], '{a}')$$);
SELECT expected_rows(format($$SELECT * FROM namedex_fetch('many_rows', %L::int[], '{a}') AS t (a text)$$, ARRAY(SELECT generate_series(1, 5000))));
SELECT expected_rows($$SELECT * FROM generate_series(1, 3) AS i, LATERAL namedex_fetch_json('many_rows', ARRAY[i, i + 1], 'a')$$);
PREPARE estimated(int[]) AS SELECT * FROM namedex_fetch_json('many_rows', $1, 'a');
SELECT expected_rows($$EXECUTE estimated('{1,2,3,4,5,6,7}')$$);
-- an estimate never says more than there may be, nor is an argument evaluated that raises an error or takes effect
SELECT expected_rows($$SELECT * FROM namedex_fetch('many_rows', NULL::int[], '{a}') AS t (a text)$$)::int <= 1 AS none, expected_rows($$SELECT * FROM namedex_fetch_json('many_rows', '{}', 'a')$$)::int <= 1 AS none;
SELECT code($$EXPLAIN SELECT * FROM namedex_fetch_json('many_rows', ARRAY[1 / (random() * 0)::int], 'a')$$), code($$EXPLAIN SELECT * FROM namedex_fetch_json('many_rows', '{{1,2},{3,4}}'::int[], 'a')$$), code($$EXPLAIN SELECT * FROM namedex_fetch('many_rows', '{1}', '{nope}') AS t (a text)$$);

-- ---- parallel plans around it
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*), sum(length(j::text)) FROM many_rows AS m, LATERAL namedex_fetch_json('many_rows', ARRAY[m.id], 'id') AS j WHERE m.id % 20 = 0;
SELECT count(*) FROM namedex_fetch('many_rows', ARRAY(SELECT id FROM many_rows WHERE id % 3 = 0), '{a}') AS t (a text);
RESET max_parallel_workers_per_gather;

-- ---- keys that a namedex index finds, in one statement
CREATE INDEX patients_names ON patients USING namedex (last_name, first_name) INCLUDE (id);
VACUUM patients;
SET enable_seqscan = off;
SELECT same($$SELECT * FROM namedex_fetch_json('patients', ARRAY(SELECT id FROM patients WHERE last_name ILIKE '%son%' ORDER BY id LIMIT 20), 'id,last_name,visits(id)')$$,
    $$SELECT row_to_json(r) FROM (SELECT id, last_name, many(ARRAY(SELECT row_to_json(x) FROM (SELECT v.id FROM visits AS v WHERE patient_id = p.id ORDER BY v.id) AS x)) AS visits FROM patients AS p WHERE lower(last_name) LIKE '%son%' ORDER BY id LIMIT 20) AS r$$);
RESET enable_seqscan;

DROP SCHEMA suite CASCADE;
