--
-- Searching for full names in two columns, without a third: the shapes that the README recommends, each answered by
-- the index alone, and right.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE patients (id int, first_name text, last_name text, born date) WITH (autovacuum_enabled = off);
INSERT INTO patients SELECT id, first_name, last_name, born FROM people(5000);
CREATE INDEX patients_names ON patients USING namedex (last_name, first_name) INCLUDE (id, born);
VACUUM ANALYZE patients;
CREATE FUNCTION by_index(query text) RETURNS text LANGUAGE sql AS $$ SELECT by_index(query, 'patients_names') $$;

-- which column is which is known
SELECT by_index($$SELECT id, first_name, last_name, born FROM patients WHERE first_name ILIKE 'jo%' AND last_name ILIKE '%smi%'$$);
-- one word, in either column
SELECT by_index($$SELECT id, first_name, last_name FROM patients WHERE last_name ILIKE '%ann%' UNION SELECT id, first_name, last_name FROM patients WHERE first_name ILIKE '%ann%'$$);
-- twenty of them: no more than twenty are asked of either scan
CREATE FUNCTION scanned(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        RETURN NEXT regexp_replace(substring(line FROM 'Index Only Scan.*'), '\.00| on .* \(actual|\)', '', 'g');
    END LOOP;
END $$;
SELECT count(*), bool_and(last_name ILIKE '%ann%' OR first_name ILIKE '%ann%') FROM (
    (SELECT id, first_name, last_name FROM patients WHERE last_name ILIKE '%ann%' LIMIT 20)
    UNION (SELECT id, first_name, last_name FROM patients WHERE first_name ILIKE '%ann%' LIMIT 20) LIMIT 20) AS page;
SET enable_seqscan = off;
SELECT * FROM scanned($$(SELECT id, first_name, last_name FROM patients WHERE last_name ILIKE '%ann%' LIMIT 20)
    UNION (SELECT id, first_name, last_name FROM patients WHERE first_name ILIKE '%ann%' LIMIT 20) LIMIT 20$$) AS s WHERE s IS NOT NULL;
RESET enable_seqscan;
-- two words, in either order
SELECT by_index($$SELECT id, first_name, last_name FROM patients WHERE first_name ILIKE 'ann%' AND last_name ILIKE 'smi%'
    UNION SELECT id, first_name, last_name FROM patients WHERE first_name ILIKE 'smi%' AND last_name ILIKE 'ann%'$$);
-- the same without a set operation: the rest is filtered on the index's own values
SELECT by_index($$SELECT id, first_name, last_name FROM patients WHERE last_name ILIKE ANY ('{%ann%,%smi%}') AND first_name ILIKE ANY ('{%ann%,%smi%}') AND concat_ws(' ', first_name, last_name) ILIKE '%ann%smi%'$$);
-- any of several words, in either column: a bitmap, and the table
SELECT agree($$SELECT id FROM patients WHERE last_name ILIKE '%kow%' OR first_name ILIKE '%luc%'$$, false, '{bitmap}');
SELECT agree($$SELECT id FROM patients WHERE (last_name ILIKE '%ann%' OR first_name ILIKE '%ann%') AND (last_name ILIKE '%smi%' OR first_name ILIKE '%smi%')$$, true, '{bitmap}');
-- pages of twenty, by key: the next one begins behind the last row shown
SELECT by_index($$SELECT id, first_name, last_name FROM patients WHERE last_name ILIKE '%son%' AND (last_name, id) > ('Johnson', 1000) ORDER BY last_name, id LIMIT 20$$);
\set ECHO none
DROP SCHEMA suite CASCADE;
