--
-- Building with parallel workers: the index holds what it would hold without them.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

SET max_parallel_maintenance_workers = 2;
SET min_parallel_table_scan_size = 0;
SET synchronize_seqscans = on;
SET suite.leader = 0;
SELECT set_config('suite.leader', pg_backend_pid()::text, false) <> '' AS set;

-- The process that computes a value of the index: the leader dawdles, so that workers come to do some.
CREATE FUNCTION who(a text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF pg_backend_pid() = current_setting('suite.leader')::int THEN
        PERFORM pg_sleep(0.01);
        RETURN a || ', leader as ' || current_user;
    END IF;
    RETURN a || ', worker as ' || current_user;
END $$;

-- Workers take part, and run expressions as the table's owner.
CREATE ROLE namedex_owner;
GRANT USAGE, CREATE ON SCHEMA suite TO namedex_owner;
CREATE TABLE whose (id int, a text) WITH (parallel_workers = 2);
INSERT INTO whose SELECT i, 'Ann ' || i || repeat(' ', 400) FROM generate_series(1, 2000) AS i;
ALTER TABLE whose OWNER TO namedex_owner;
CREATE FUNCTION made_by(what text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM use_scan('plain');
    RETURN (SELECT count(*) FROM whose WHERE who(a) LIKE '%' || what);
END $$;
CREATE INDEX whose_a ON whose USING namedex (who(a));
SELECT made_by('worker as namedex_owner') > 0 AS workers, made_by('leader as namedex_owner') + made_by('worker as namedex_owner') AS rows;
REINDEX INDEX whose_a;
SELECT made_by('worker as namedex_owner') > 0 AS workers, made_by('as namedex_owner') AS rows;
DROP INDEX whose_a;
CREATE INDEX CONCURRENTLY whose_a ON whose USING namedex (who(a));
SELECT made_by('worker as namedex_owner') > 0 AS workers, made_by('as namedex_owner') AS rows;
-- but none where there are to be none, or where an expression may not run in one
DROP INDEX whose_a;
SET max_parallel_maintenance_workers = 0;
CREATE INDEX whose_a ON whose USING namedex (who(a)) WHERE id % 20 = 0;
SET max_parallel_maintenance_workers = 2;
SELECT count(*) FROM whose WHERE who(a) LIKE '%leader as namedex_owner' AND id % 20 = 0;
DROP INDEX whose_a;
-- or where they are planned and cannot be had
SET max_parallel_workers = 0;
CREATE INDEX whose_a ON whose USING namedex (who(a)) WHERE id % 20 = 0;
RESET max_parallel_workers;
SELECT count(*) FROM whose WHERE who(a) LIKE '%leader as namedex_owner' AND id % 20 = 0;
SELECT namedex_check('whose_a', true);
DROP INDEX whose_a;
ALTER FUNCTION who(text) PARALLEL RESTRICTED;
CREATE INDEX whose_a ON whose USING namedex (who(a)) WHERE id % 20 = 0;
SELECT count(*) FROM whose WHERE who(a) LIKE '%leader as namedex_owner' AND id % 20 = 0;
DROP INDEX whose_a;
ALTER FUNCTION who(text) PARALLEL SAFE;

-- An error in a worker, and a cancel.
CREATE FUNCTION divided(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF pg_backend_pid() = current_setting('suite.leader')::int THEN
        PERFORM pg_sleep(0.01);
    END IF;
    RETURN 8 / (i - 1990);
END $$;
-- where in the other process it was is not always the same
\set VERBOSITY terse
SELECT raised('CREATE INDEX ON whose USING namedex (divided(id))');
CREATE INDEX CONCURRENTLY whose_divided ON whose USING namedex (divided(id));
SELECT indisvalid FROM pg_index WHERE indexrelid = 'whose_divided'::regclass;
DROP INDEX whose_divided;
CREATE FUNCTION sleeping(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN PERFORM pg_sleep(0.01); RETURN i; END';
SET statement_timeout = 300;
CREATE INDEX ON whose USING namedex (sleeping(id));
RESET statement_timeout;
SELECT count(*) FROM pg_stat_activity WHERE leader_pid = pg_backend_pid();
DROP TABLE whose;
\set VERBOSITY default

-- Every kind of index, over a table that workers share: HOT chains, dead rows, NULLs.
CREATE TABLE t WITH (fillfactor = 60, parallel_workers = 2, autovacuum_enabled = off) AS SELECT * FROM people(20000);
ALTER TABLE t ADD note int;
DELETE FROM t WHERE id % 17 = 0;
UPDATE t SET note = 1 WHERE id % 3 = 0;
VACUUM (INDEX_CLEANUP ON) t;
UPDATE t SET note = 2 WHERE id % 5 = 0;
INSERT INTO t SELECT id + 30000, last_name, first_name, born FROM people(3000) AS p;
BEGIN;
INSERT INTO t SELECT id + 40000, last_name, first_name, born FROM people(2000) AS p;
ROLLBACK;
CREATE INDEX t_two ON t USING namedex (last_name, first_name, born);
CREATE INDEX t_partial ON t USING namedex (last_name) WHERE born < '1930-01-01';
CREATE INDEX t_expressions ON t USING namedex (lower(last_name), (coalesce(first_name, '') || ' ' || coalesce(last_name, '')));
CREATE INDEX t_never ON t USING namedex (first_name) WHERE id < 0;
CREATE INDEX CONCURRENTLY t_id ON t USING namedex (id);
SELECT namedex_check(index, true) FROM unnest('{t_two,t_partial,t_expressions,t_never,t_id}'::regclass[]) AS index;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM t WHERE last_name ILIKE 'smi%' AND first_name LIKE '%nn%'$$),
       agree($$SELECT id FROM t WHERE first_name IS NULL AND born = '1927-03-04'$$), agree($$SELECT id FROM t WHERE last_name IS NULL$$);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1930-01-01'$$), agree($$SELECT id FROM t WHERE coalesce(first_name, '') || ' ' || coalesce(last_name, '') ILIKE '%ann smi%'$$),
       agree($$SELECT id FROM t WHERE first_name LIKE '%n%' AND id < 0$$), agree($$SELECT id FROM t WHERE id = 777$$);
-- what comes later
UPDATE t SET last_name = 'Sonne ' || id WHERE id % 100 = 1;
REINDEX INDEX CONCURRENTLY t_two;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%'$$), agree($$SELECT id FROM t WHERE last_name LIKE 'Sonne %1'$$);
VACUUM FULL t;
SELECT namedex_check(index, true) FROM unnest('{t_two,t_partial,t_expressions,t_never,t_id}'::regclass[]) AS index;
-- an empty table, an unlogged one, a temporary one
CREATE TABLE empty (a text) WITH (parallel_workers = 2);
CREATE INDEX empty_a ON empty USING namedex (a);
TRUNCATE t;
INSERT INTO t SELECT * FROM people(100);
SELECT namedex_check('empty_a', true), namedex_check('t_two', true);
CREATE UNLOGGED TABLE u WITH (parallel_workers = 2) AS SELECT * FROM people(5000);
CREATE INDEX u_names ON u USING namedex (last_name, first_name);
CREATE TEMP TABLE p WITH (parallel_workers = 2) AS SELECT * FROM people(5000);
CREATE INDEX p_names ON p USING namedex (last_name, first_name);
SELECT namedex_check('u_names', true), namedex_check('p_names', true);

-- Little memory: many runs, more than are merged at once, and several for each participant.
CREATE TABLE wide WITH (parallel_workers = 2) AS
    SELECT i AS id, (SELECT string_agg(md5((i * 20 + n % 18)::text), CASE n % 3 WHEN 0 THEN ' ' ELSE '-' END) FROM generate_series(1, 20) AS n) AS a
    FROM generate_series(1, 34000) AS i;
SET maintenance_work_mem = '1MB';
CREATE INDEX wide_parallel ON wide USING namedex (a);
SET max_parallel_maintenance_workers = 0;
CREATE INDEX wide_serial ON wide USING namedex (a);
SELECT namedex_check(index, true) FROM unnest('{wide_parallel,wide_serial}'::regclass[]) AS index;
SELECT count(DISTINCT (rows, words)) FROM unnest('{wide_parallel,wide_serial}'::regclass[]) AS index, namedex_stats(index);
DROP INDEX wide_serial;
SELECT agree($$SELECT id FROM wide WHERE a ILIKE '%c4ca%'$$), agree($$SELECT id FROM wide WHERE a LIKE '%00-0%'$$);

DROP SCHEMA suite CASCADE;
DROP ROLE namedex_owner;
