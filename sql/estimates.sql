--
-- How many rows the planner expects of the index: the lexicon's answer for constants, as a fraction of the table,
-- also for a partial index.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

-- The rows a bitmap index scan is expected to give, and those it gives.
CREATE FUNCTION expects(query text, OUT index text, OUT expected bigint, OUT actual bigint) LANGUAGE plpgsql AS $$
DECLARE
    line text;
    found text[];
BEGIN
    PERFORM use_scan('bitmap');
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) ' || query LOOP
        found := regexp_match(line, 'Bitmap Index Scan on (\S+)\s+\(cost=\S+ rows=(\d+) width=\d+\) \(actual rows=(\d+)');
        IF found IS NOT NULL THEN
            index := found[1]; expected := found[2]; actual := found[3];
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION right_within_a_tenth(query text) RETURNS text LANGUAGE sql AS $$
    SELECT index || ' ' || actual || CASE WHEN expected BETWEEN actual * 0.9 - 2 AND actual * 1.1 + 2 THEN ', as expected' ELSE ', but expected ' || expected END FROM expects(query)
$$;

CREATE TABLE t (id int, a text, b text) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT n, CASE WHEN n % 20 = 0 THEN NULL WHEN n % 2 = 0 THEN 'Smith ' || n % 50 ELSE 'Jones-' || n END, CASE WHEN n % 4 = 0 THEN 'Ann' ELSE 'Mary' END FROM generate_series(1, 20000) AS n;
CREATE INDEX t_all ON t USING namedex (a, b);
ANALYZE t;
SELECT condition, right_within_a_tenth('SELECT id FROM t WHERE ' || condition)
FROM unnest(ARRAY['a ILIKE ''%smith%''', 'a LIKE ''Jones-1999_''', 'a ILIKE ''smith 44''', 'a = ''Smith 44''', 'a ^@ ''Smith''', 'a IS NULL', 'a IS NOT NULL', 'b = ''Ann''', 'b ILIKE ''%nn%'' AND a IS NULL', 'a ILIKE ''%nowhere%''',
                  'a ILIKE ANY (ARRAY[''smith 2'', ''smith 4''])', 'a LIKE ''%''']) WITH ORDINALITY AS u(condition, n) ORDER BY n;
DROP INDEX t_all;

-- a tenth of the table; its rows are a fraction of the whole one
CREATE INDEX t_part ON t USING namedex (a, b) WHERE id <= 2000;
ANALYZE t;
SELECT condition, right_within_a_tenth('SELECT id FROM t WHERE id <= 2000 AND ' || condition)
FROM unnest(ARRAY['a ILIKE ''%smith%''', 'a ILIKE ''smith 44''', 'b = ''Ann''', 'a IS NULL', 'a IS NOT NULL', 'a ILIKE ''%nowhere%''']) WITH ORDINALITY AS u(condition, n) ORDER BY n;
SELECT right_within_a_tenth('SELECT id FROM t WHERE id <= 2000');
-- dead rows do not count once VACUUM has been there; pending ones count as far as can be known
DELETE FROM t WHERE id % 3 = 0;
VACUUM (ANALYZE, INDEX_CLEANUP ON) t;
SELECT right_within_a_tenth('SELECT id FROM t WHERE id <= 2000 AND a ILIKE ''%smith%''');
DROP INDEX t_part;

-- values not known when planning: the server's own estimate, from its statistics
CREATE INDEX t_all ON t USING namedex (a, b);
SET plan_cache_mode = force_generic_plan;
PREPARE by_first(text) AS SELECT id FROM t WHERE b = $1;
SELECT expected BETWEEN 6000 AND 7500 AS half FROM expects('EXECUTE by_first(''Ann'')');
RESET plan_cache_mode;

-- what the table's statistics call frequent is not looked up in a large lexicon, unless they know too little of it
CREATE FUNCTION looks_up(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    PERFORM use_scan('bitmap');
    -- the first time to fill the caches
    EXECUTE 'EXPLAIN (BUFFERS, FORMAT JSON) SELECT id FROM words WHERE a = ''nowhere''' INTO plan;
    EXECUTE 'EXPLAIN (BUFFERS, FORMAT JSON) SELECT id FROM words WHERE ' || condition INTO plan;
    RETURN (plan->0->'Planning'->>'Shared Hit Blocks')::int + (plan->0->'Planning'->>'Shared Read Blocks')::int > 25;
END $$;
CREATE TABLE words (id int, a text) WITH (autovacuum_enabled = off);
INSERT INTO words SELECT n, n || CASE WHEN hashint4(n) % 3 = 0 THEN 'johnson' ELSE 'smith' END || n * 7 FROM generate_series(1, 28000) AS n;
CREATE INDEX words_a ON words USING namedex (a);
SELECT looks_up('a ILIKE ''%n%''') AS without_statistics;
ANALYZE words;
SELECT looks_up('a ILIKE ''%son%''') AS frequent, looks_up('a LIKE ''%so%''') AS frequent_too, looks_up('a ILIKE ''%j%'' AND a ILIKE ''%777%''') AS with_a_rare_one;
SELECT expected BETWEEN actual * 0.6 AND actual * 1.5 AS about FROM expects('SELECT id FROM words WHERE a ILIKE ''%hnso%''');
-- a rare value that happens to be a bound of the histogram; a prefix; a predicate's share
SELECT expected < 10 AS rare FROM (SELECT (histogram_bounds::text::text[])[40] AS bound FROM pg_stats WHERE tablename = 'words' AND attname = 'a') AS s,
    expects('SELECT id FROM words WHERE a ILIKE ' || quote_literal('%' || bound || '%'));
SELECT looks_up('a LIKE ''1%''') AS prefix;
-- what every value matches takes no word
CREATE FUNCTION search_cost(condition text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    PERFORM use_scan('bitmap');
    EXECUTE 'EXPLAIN (FORMAT JSON) SELECT id FROM words WHERE ' || condition INTO plan;
    RETURN (plan->0->'Plan'->>'Startup Cost')::numeric;
END $$;
SELECT search_cost('a LIKE ''%''') <= search_cost('a IS NOT NULL') * 1.05 AS everything, search_cost('a ILIKE ''%%''') <= search_cost('a IS NOT NULL') * 1.05 AS everything_too;
CREATE FUNCTION most(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN n % 100 < 90; END $$;
DROP INDEX words_a;
CREATE INDEX words_a ON words USING namedex (a) WHERE most(id);
SELECT expected BETWEEN actual * 0.9 AND actual * 1.1 AS exact FROM expects('SELECT id FROM words WHERE most(id) AND a ILIKE ''%johns%''');
DROP INDEX words_a;
CREATE INDEX words_a ON words USING namedex (a);
ALTER TABLE words ALTER a SET STATISTICS 50;
ANALYZE words;
SELECT looks_up('a ILIKE ''%ns%''') AS with_half_a_histogram;
DROP TABLE words;
-- a word of many rows that is found at once is looked up, whatever the statistics say
CREATE TABLE stays (id int, a text) WITH (autovacuum_enabled = off);
INSERT INTO stays SELECT n, n || CASE WHEN n % 10 = 0 THEN ' transfer ' ELSE ' resident ' END || n * 7 FROM generate_series(1, 28000) AS n;
CREATE INDEX stays_a ON stays USING namedex (a);
ANALYZE stays;
UPDATE stays SET a = replace(a, 'transfer', 'departed') WHERE id % 10 = 0;
VACUUM stays;
SELECT namedex_compact('stays_a');
SELECT expected < 10 AS gone FROM expects('SELECT id FROM stays WHERE a ILIKE ''%transfer%''');
SELECT expected BETWEEN actual * 0.9 AND actual * 1.1 AS come FROM expects('SELECT id FROM stays WHERE a ILIKE ''%departed%''');
DROP TABLE stays;

DROP SCHEMA suite CASCADE;
