--
-- Search and fetch in one statement: keys found by ILIKE through an index-only scan, and what a screen shows of their
-- rows by the fetch functions; the shapes that the README recommends, with pages of twenty.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE hospitals (id int PRIMARY KEY, name text);
CREATE TABLE patients (id int PRIMARY KEY, hospital_id int REFERENCES hospitals, first_name text, last_name text, born date,
    notes text) WITH (autovacuum_enabled = off);
INSERT INTO hospitals SELECT i, 'Hospital ' || i FROM generate_series(1, 7) i;
INSERT INTO patients SELECT id, id % 7 + 1, first_name, last_name, born, repeat(md5(id::text), 100) FROM people(5000) WHERE first_name IS NOT NULL AND last_name IS NOT NULL;
CREATE INDEX patients_names ON patients USING namedex (last_name, first_name) INCLUDE (id);
VACUUM ANALYZE hospitals, patients;

-- Whether a query finds its keys by an index-only scan, and gives what another query gives, row by row.
CREATE FUNCTION one_statement(query text, twin text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    index_only bool := false;
    got text;
    expected text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        index_only := index_only OR line LIKE '%Index Only Scan using patients_names%';
    END LOOP;
    EXECUTE 'SELECT json_agg(to_json(q))::jsonb FROM (' || query || ') q' INTO got;
    EXECUTE 'SELECT json_agg(to_json(q))::jsonb FROM (' || twin || ') q' INTO expected;
    RETURN format('%s, %s rows, %s', CASE WHEN index_only THEN 'index-only' ELSE 'NOT index-only' END,
        jsonb_array_length(got::jsonb), CASE WHEN got = expected THEN 'equal' ELSE 'DIFFERENT' END);
END $$;

-- the first page, and the next one: it begins behind the last row shown (keyset paging)
SELECT one_statement($$
    SELECT r FROM namedex_fetch_json('patients', ARRAY(
        SELECT id FROM patients WHERE last_name ILIKE '%son%' ORDER BY last_name, first_name, id LIMIT 20),
        'id,last_name,first_name,born,hospital(name)') r$$, $$
    SELECT json_build_object('id', p.id, 'last_name', last_name, 'first_name', first_name, 'born', born, 'hospital', json_build_object('name', h.name)) AS r
    FROM patients p JOIN hospitals h ON h.id = hospital_id WHERE last_name ILIKE '%son%' ORDER BY last_name, first_name, p.id LIMIT 20$$);
SELECT one_statement($$
    SELECT r FROM namedex_fetch_json('patients', ARRAY(
        SELECT id FROM patients WHERE last_name ILIKE '%son%' AND (last_name, first_name, id) > ('Johnson', 'Mary', 1000)
        ORDER BY last_name, first_name, id LIMIT 20), 'id,last_name,first_name') r$$, $$
    SELECT json_build_object('id', id, 'last_name', last_name, 'first_name', first_name) AS r
    FROM patients WHERE last_name ILIKE '%son%' AND (last_name, first_name, id) > ('Johnson', 'Mary', 1000)
    ORDER BY last_name, first_name, id LIMIT 20$$);
-- as rows of the table's own type, and as tuples
SELECT one_statement($$
    SELECT p.* FROM namedex_load_only(NULL::patients, ARRAY(
        SELECT id FROM patients WHERE last_name ILIKE 'smi%' ORDER BY last_name, first_name, id LIMIT 20), '{last_name,born}') p$$, $$
    SELECT id, NULL::int AS hospital_id, NULL::text AS first_name, last_name, born, NULL::text AS notes
    FROM patients WHERE last_name ILIKE 'smi%' ORDER BY last_name, patients.first_name, id LIMIT 20$$);
SELECT one_statement($$
    SELECT * FROM namedex_fetch('patients', ARRAY(
        SELECT id FROM patients WHERE last_name ILIKE '%kow%' AND first_name ILIKE 'a%' ORDER BY last_name, first_name, id LIMIT 20),
        '{id,last_name,born}') t(id int, last_name text, born date)$$, $$
    SELECT id, last_name, born FROM patients WHERE last_name ILIKE '%kow%' AND first_name ILIKE 'a%'
    ORDER BY last_name, first_name, id LIMIT 20$$);
-- nothing found
SELECT count(*) FROM namedex_fetch_json('patients', ARRAY(SELECT id FROM patients WHERE last_name ILIKE '%qqqq%'), 'id');
-- all pages, one after another, are all rows, each once and in order
CREATE FUNCTION pages(pattern text) RETURNS TABLE (n int, id int) LANGUAGE plpgsql AS $$
DECLARE
    last record;
    page int := 0;
    seen int;
BEGIN
    SELECT ''::text AS last_name, ''::text AS first_name, 0 AS id INTO last;
    LOOP
        seen := 0;
        FOR last IN
            SELECT f.* FROM namedex_fetch('patients', ARRAY(
                SELECT p.id FROM patients p
                WHERE p.last_name ILIKE pattern AND (p.last_name, p.first_name, p.id) > (last.last_name, last.first_name, last.id)
                ORDER BY p.last_name, p.first_name, p.id LIMIT 20),
                '{last_name,first_name,id}') f(last_name text, first_name text, id int)
        LOOP
            seen := seen + 1;
            n := page * 20 + seen;
            id := last.id;
            RETURN NEXT;
        END LOOP;
        EXIT WHEN seen = 0;
        page := page + 1;
    END LOOP;
END $$;
SELECT count(*) > 40 AS several_pages,
    bool_and(id IS NOT DISTINCT FROM (SELECT array_agg(p.id ORDER BY last_name, first_name, p.id) FROM patients p WHERE last_name ILIKE '%son%')[n]) AS equal
FROM pages('%son%');
-- a prepared statement
PREPARE page(text, int) AS
    SELECT namedex_fetch_json('patients', ARRAY(
        SELECT id FROM patients WHERE last_name ILIKE $1 AND id > $2 ORDER BY id LIMIT 3), 'id,last_name');
EXECUTE page('%son%', 0);
EXECUTE page('%son%', 100);
\set ECHO none
DROP SCHEMA suite CASCADE;
