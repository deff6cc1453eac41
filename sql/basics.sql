--
-- The access method: what it says of itself, and the first searches.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

SELECT amname, amtype, obj_description(oid, 'pg_am') FROM pg_am WHERE amname = 'namedex';
SELECT p, pg_indexam_has_property(oid, p)
FROM pg_am, unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_exclude']) WITH ORDINALITY AS u(p, n)
WHERE amname = 'namedex' ORDER BY n;

-- the operator classes, each valid
SELECT opcname, opcintype::regtype, opcdefault, amvalidate(c.oid),
       (SELECT string_agg(amopstrategy || ' ' || o.oprname || ' ' || amoprighttype::regtype, ', ' ORDER BY amopstrategy, amoprighttype::regtype::text)
        FROM pg_amop JOIN pg_operator AS o ON o.oid = amopopr WHERE amopfamily = opcfamily AND amoplefttype = opcintype) AS operators
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = opcmethod
WHERE amname = 'namedex' ORDER BY opcname;

CREATE TABLE patients AS SELECT * FROM people(500);
CREATE INDEX patients_name ON patients USING namedex (last_name, first_name);
SELECT pg_get_indexdef('patients_name'::regclass);
SELECT p, pg_index_has_property('patients_name', p)
FROM unnest(ARRAY['clusterable', 'index_scan', 'bitmap_scan', 'backward_scan']) WITH ORDINALITY AS u(p, n) ORDER BY n;
SELECT p, pg_index_column_has_property('patients_name', 1, p)
FROM unnest(ARRAY['orderable', 'distance_orderable', 'search_array', 'search_nulls']) WITH ORDINALITY AS u(p, n) ORDER BY n;

-- each operator is a condition of the index
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$, 'bitmap');
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name LIKE 'Smi%'$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name = 'Smith'$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ^@ 'Smi'$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ILIKE ANY ('{a%,%b}')$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE first_name LIKE 'A%' AND last_name ILIKE '%son%' AND last_name IS NOT NULL$$);
SELECT * FROM plan($$SELECT id FROM patients WHERE first_name ILIKE 'ann'$$, 'bitmap');
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ILIKE '%son' OR first_name IS NULL$$, 'bitmap');
-- and what is none stays a filter
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name ILIKE '%son%' AND last_name NOT LIKE '%S%'$$);
-- no order is promised
SELECT * FROM plan($$SELECT id FROM patients WHERE last_name LIKE 'Smi%' ORDER BY last_name$$);

SELECT id, last_name, first_name FROM patients WHERE last_name ILIKE '%smith%' AND first_name ILIKE '%ann%' AND id <= 60 ORDER BY id;
SELECT pattern, agree(format('SELECT id FROM patients WHERE last_name ILIKE %L', pattern))
FROM unnest(ARRAY['%son%', 'smi%', '%son', 'SMITH', 'smith jr.', '%-%', '% %', '%''%', '%ann smi%', '%e-m%', '_mith', '%s_n%', '', '%', '_%', '%zz%', 'none of them', '%jr_', '%-1_']) AS pattern;
SELECT pattern, agree(format('SELECT id FROM patients WHERE last_name LIKE %L', pattern))
FROM unnest(ARRAY['%son%', '%Son%', 'SMI%', 'Smi%', 'SMITH', '%-M%', '%''B%', '', '%', '%Z%', '%z%']) AS pattern;
SELECT agree($$SELECT id FROM patients WHERE last_name = 'SMITH'$$), agree($$SELECT id FROM patients WHERE last_name = 'smith'$$),
       agree($$SELECT id FROM patients WHERE last_name ^@ 'Smith'$$), agree($$SELECT id FROM patients WHERE last_name ^@ ''$$);
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%son%' AND first_name = 'ANNA'$$),
       agree($$SELECT id FROM patients WHERE last_name ILIKE '%s%' AND last_name LIKE '%S%' AND last_name LIKE '%th'$$),
       agree($$SELECT id FROM patients WHERE first_name LIKE '%n%'$$);
-- the whole row, and a table's other columns
SELECT agree($$SELECT * FROM patients WHERE last_name ILIKE '%son%'$$), agree($$SELECT * FROM patients WHERE last_name ILIKE '%son%' AND born > '1930-01-01'$$, true);

-- rows that come after the index was made, changes, deletes
INSERT INTO patients SELECT id + 500, last_name, first_name, born FROM people(200) AS p;
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$);
DELETE FROM patients WHERE id % 3 = 0;
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$);
UPDATE patients SET last_name = upper(last_name) WHERE id % 5 = 0;
SELECT agree($$SELECT id FROM patients WHERE last_name LIKE '%SON%'$$);
VACUUM (INDEX_CLEANUP ON) patients;
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$);
INSERT INTO patients SELECT id + 1000, last_name, first_name, born FROM people(300) AS p;
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM patients WHERE last_name ILIKE '%'$$);
SELECT namedex_check('patients_name', true);

-- an empty table, and one that was emptied
CREATE TABLE none_yet (a text);
CREATE INDEX none_yet_a ON none_yet USING namedex (a);
SELECT agree($$SELECT a FROM none_yet WHERE a ILIKE '%a%'$$), agree($$SELECT a FROM none_yet WHERE a IS NULL$$);
VACUUM none_yet;
SELECT namedex_check('none_yet_a', true);
INSERT INTO none_yet VALUES ('a'), (NULL);
SELECT agree($$SELECT a FROM none_yet WHERE a ILIKE '%a%'$$), agree($$SELECT a FROM none_yet WHERE a IS NULL$$);

DROP SCHEMA suite CASCADE;
