-- What the demonstration shows; tables.sql has made the tables and they are loaded.
\pset pager off
\pset border 2
\pset linestyle unicode
\pset footer off
\pset null ''
SET client_min_messages = warning;
VACUUM (FREEZE, ANALYZE) patients;

\echo
\echo '   The patients:'
SELECT * FROM patients ORDER BY id LIMIT 5;

\echo '== sequential scans, for the counts to compare with'
SELECT measure('seq scan') \g /dev/null

\echo '== CREATE INDEX patients_full_name ON patients USING namedex (full_name);'
SELECT build('namedex', 'CREATE INDEX patients_full_name ON patients USING namedex (full_name)') \g /dev/null
SELECT measure('namedex') \g /dev/null

\echo
\echo '   EXPLAIN (ANALYZE): a name in the middle'
EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF) SELECT id, full_name, birth_date FROM patients WHERE full_name ILIKE '%kowalsk%';

\echo '   Search and fetch in one statement: what a screen shows of the first three, as JSON'
SELECT namedex_fetch_json('patients', ARRAY(
    SELECT id FROM patients WHERE full_name ILIKE '%kowalsk%' ORDER BY id LIMIT 3), 'id,mrn,name:full_name,birth_date');
DROP INDEX patients_full_name;

\echo '== CREATE INDEX patients_full_name ON patients USING gin (full_name gin_trgm_ops);'
SELECT build('pg_trgm', 'CREATE INDEX patients_full_name ON patients USING gin (full_name gin_trgm_ops)') \g /dev/null
SELECT measure('pg_trgm') \g /dev/null

\echo
\echo '   The two indexes:'
SELECT method AS "index", round(seconds, 2) AS "build s", round(bytes / 1e6, 1) AS "size MB" FROM builds;

\echo '   SELECT count(*) FROM patients WHERE full_name ILIKE pattern; medians of five, in milliseconds:'
SELECT p.pattern, n.found AS "rows", round(n.milliseconds, 2) AS "namedex ms",
       round(t.milliseconds, 2) AS "pg_trgm ms", round(s.milliseconds, 1) AS "no index ms",
       round(t.milliseconds / n.milliseconds, 1) || ' x' AS "faster",
       n.plan AS "namedex plan", t.plan AS "pg_trgm plan",
       CASE WHEN n.found = t.found AND n.found = s.found THEN 'equal'
            ELSE format('DIFFERENT: %s %s %s', n.found, t.found, s.found) END AS "counts"
  FROM patterns p
  JOIN measured n ON n.nr = p.nr AND n.method = 'namedex'
  JOIN measured t ON t.nr = p.nr AND t.method = 'pg_trgm'
  JOIN measured s ON s.nr = p.nr AND s.method = 'seq scan'
 ORDER BY p.nr;

DO $$
BEGIN
    IF EXISTS (SELECT FROM patterns p LEFT JOIN measured m ON m.nr = p.nr GROUP BY p.nr
               HAVING count(m.found) <> 3 OR min(m.found) <> max(m.found)) THEN
        RAISE EXCEPTION 'the counts differ';
    END IF;
END $$;
\echo '   All counts are equal.'
