--
-- For every suite: a schema of its own, and two functions that look at an answer from all sides.
--
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS suite CASCADE;
CREATE SCHEMA suite;
SET search_path = suite, public;
SET max_parallel_workers_per_gather = 0;
SET jit = off;

CREATE FUNCTION use_scan(mode text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('enable_seqscan', CASE WHEN mode = 'seq' THEN 'on' ELSE 'off' END, true),
            set_config('enable_indexscan', CASE WHEN mode = 'plain' THEN 'on' ELSE 'off' END, true),
            set_config('enable_indexonlyscan', 'off', true),
            set_config('enable_bitmapscan', CASE WHEN mode = 'bitmap' THEN 'on' ELSE 'off' END, true);
END $$;

-- The scan nodes of a plan with their conditions; mode plain or bitmap.
CREATE FUNCTION plan(query text, mode text DEFAULT 'plain') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    PERFORM use_scan(mode);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ '(Scan|Cond:|Filter:)' THEN
            RETURN NEXT regexp_replace(line, '^ *(-> *)?', '');
        END IF;
    END LOOP;
END $$;

-- How many rows the query has, and that a plain scan and a bitmap scan by a namedex index, which
-- answers every condition, give the same rows as the sequential scan.
CREATE FUNCTION agree(query text, filtered boolean DEFAULT false, modes text[] DEFAULT '{plain,bitmap}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    all_rows text := format('SELECT coalesce(array_agg(s::text ORDER BY s::text COLLATE "C"), ''{}'') FROM (%s) AS s', query);
    expected text[];
    got text[];
    mode text;
    plan_text text;
    used name[];
    wrong text := '';
BEGIN
    PERFORM use_scan('seq');
    EXECUTE all_rows INTO expected;
    FOREACH mode IN ARRAY modes LOOP
        plan_text := (SELECT string_agg(line, E'\n') FROM plan(all_rows, mode) AS line);
        used := ARRAY(SELECT m[1] FROM regexp_matches(plan_text, 'Index (?:Only )?Scan (?:using|on) (\S+)', 'g') AS m);
        IF NOT EXISTS (SELECT FROM pg_class WHERE relname = ANY (used) AND relam = (SELECT oid FROM pg_am WHERE amname = 'namedex')) THEN
            wrong := wrong || ', ' || mode || ' not by namedex: ' || plan_text;
        ELSIF NOT filtered AND plan_text ~ 'Filter:' THEN
            wrong := wrong || ', ' || mode || ' filters: ' || plan_text;
        END IF;
        PERFORM use_scan(mode);
        EXECUTE all_rows INTO got;
        IF got IS DISTINCT FROM expected THEN
            wrong := wrong || format(', %s has %s rows, missing %s, extra %s', mode, cardinality(got),
                ARRAY(SELECT unnest(expected) EXCEPT ALL SELECT unnest(got)),
                ARRAY(SELECT unnest(got) EXCEPT ALL SELECT unnest(expected)));
        END IF;
    END LOOP;
    RETURN cardinality(expected) || CASE wrong WHEN '' THEN ' rows agree' ELSE ' rows, but' || wrong END;
END $$;

-- How many rows the query has, and that the index-only scans of a plan, one of which is by an index of that name, give
-- the same ones as the sequential scan.
CREATE FUNCTION by_index(query text, index text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    all_rows text := format('SELECT coalesce(array_agg(s::text ORDER BY s::text COLLATE "C"), ''{}'') FROM (%s) AS s', query);
    line text;
    plan_text text := '';
    expected text[];
    got text[];
BEGIN
    PERFORM use_scan('seq'), set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true), set_config('enable_memoize', 'off', true);
    EXECUTE all_rows INTO expected;
    PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true), set_config('enable_indexonlyscan', 'on', true);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || all_rows LOOP
        plan_text := plan_text || line || E'\n';
    END LOOP;
    EXECUTE all_rows INTO got;
    RETURN cardinality(expected) || CASE
        WHEN plan_text !~ ('Index Only Scan using ' || index) THEN ' rows, but not by an index-only scan: ' || plan_text
        WHEN got IS DISTINCT FROM expected THEN format(' rows, but the index has %s; missing %s, extra %s', cardinality(got), left(ARRAY(SELECT unnest(expected) EXCEPT ALL SELECT unnest(got) LIMIT 5)::text, 400), left(ARRAY(SELECT unnest(got) EXCEPT ALL SELECT unnest(expected) LIMIT 5)::text, 400))
        ELSE ' rows' END;
END $$;

-- What a statement raises: SQLSTATE, message, detail and hint, a line each.
CREATE FUNCTION raised(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN NEXT 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT SQLSTATE || ': ' || SQLERRM;
    IF detail <> '' THEN RETURN NEXT 'DETAIL: ' || detail; END IF;
    IF hint <> '' THEN RETURN NEXT 'HINT: ' || hint; END IF;
END $$;

-- A small population: words with case variants, hyphens, apostrophes, NULL and empty values.
CREATE FUNCTION people(how_many int) RETURNS TABLE (id int, last_name text, first_name text, born date)
LANGUAGE sql AS $$
    SELECT i,
           CASE WHEN i % 97 = 0 THEN NULL WHEN i % 89 = 0 THEN '' ELSE
               (ARRAY['Smith', 'Smithson', 'SMITH', 'Johnson', 'O''Brien', 'Anne-Marie', 'Mac Donald', 'son', 'Ann Smith',
                      'kowalska', 'Kowalski', 'de la Cruz', 'Zzyzx', 'Sonnenfeld'])[1 + i % 14]
               || CASE WHEN i % 11 = 0 THEN ' Jr.' WHEN i % 13 = 0 THEN '-' || i ELSE '' END END,
           CASE WHEN i % 7 = 0 THEN NULL ELSE (ARRAY['Ann', 'ANNA', 'John', 'Mary Ann', 'Jean-Luc'])[1 + i % 5] END,
           date '1925-01-01' + (i * 37 % 3000)
    FROM generate_series(1, how_many) AS i
$$;
