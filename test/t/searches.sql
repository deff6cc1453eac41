-- Searches, each compared with a sequential scan in the same snapshot: to be called in a REPEATABLE READ transaction.
-- Each function returns what is wrong, an empty text if nothing is. They go with the functions of Namedex.pm.

-- The rows of a condition by a sequential scan.
CREATE FUNCTION expected_ids(tab text, condition text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    ids int[];
BEGIN
    PERFORM scan_by('seq');
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM %I WHERE %s', tab, condition) INTO ids;
    RETURN ids;
END $$;

-- The numbers of a query, by a cursor that is fetched from in pieces, with pauses in which others go on.
CREATE FUNCTION fetched(query text, pause float8) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    rows refcursor;
    one int;
    got int[] := '{}';
BEGIN
    OPEN rows NO SCROLL FOR EXECUTE query;
    LOOP
        FETCH rows INTO one;
        EXIT WHEN NOT FOUND;
        got := got || one;
        IF cardinality(got) IN (1, 10, 100, 1000, 5000, 10000) THEN
            PERFORM pg_sleep(pause);
        END IF;
    END LOOP;
    CLOSE rows;
    RETURN ARRAY(SELECT unnest(got) ORDER BY 1);
END $$;

-- A cursor over a plain scan.
CREATE FUNCTION difference_by_cursor(tab text, condition text, pause float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    query text := format('SELECT id FROM %I WHERE %s', tab, condition);
    got int[];
    answer text;
BEGIN
    PERFORM scan_by('indexscan');
    answer := not_by_index(tab, query);
    got := fetched(query, pause);
    RETURN answer || told_apart(condition || ' by a cursor', got, expected_ids(tab, condition));
END $$;

-- A cursor over an index-only scan: values, and rows found long before they are given out.
CREATE FUNCTION difference_by_values(tab text, condition text, pause float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    query text := format('SELECT %s FROM %I WHERE %s', row_hash(), tab, condition);
    got int[];
    expected int[];
    answer text;
BEGIN
    PERFORM scan_by('seq');
    EXECUTE format('SELECT coalesce(array_agg(h ORDER BY h), ''{}'') FROM (%s) AS x (h)', query) INTO expected;
    PERFORM scan_by('indexonlyscan');
    answer := not_by_index(tab, query, 'Index Only Scan');
    got := fetched(query, pause);
    RETURN answer || told_apart(condition || ' by a cursor over an index-only scan', got, expected);
END $$;

-- LIMIT: right rows, none twice, and as many as there are up to the limit.
CREATE FUNCTION difference_by_limit(tab text, condition text, how_many int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    query text := format('SELECT id FROM %I WHERE %s LIMIT %s', tab, condition, how_many);
    got int[];
    expected int[] := expected_ids(tab, condition);
    answer text;
BEGIN
    PERFORM scan_by('indexscan');
    answer := not_by_index(tab, query);
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM (%s) AS s', query) INTO got;
    RETURN answer || told_apart(format('%s LIMIT %s', condition, how_many), got, ARRAY(SELECT unnest(got) INTERSECT ALL SELECT unnest(expected) ORDER BY 1))
        || CASE WHEN cardinality(got) = least(how_many, cardinality(expected)) THEN '' ELSE format(E'%s LIMIT %s: %s rows of %s\n', condition, how_many, cardinality(got), cardinality(expected)) END;
END $$;

-- The inner side of a nested loop, begun again for each pattern.
CREATE FUNCTION difference_by_join(tab text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    patterns text[] := ARRAY['smith%', '%k_w%', NULL, 'zzyzx', '', 'anne-%', '%-1_3%', 'smith%', '% x'];
    query text := format('SELECT coalesce(array_agg(t.id ORDER BY p, t.id), ''{}'') FROM unnest(%L::text[]) WITH ORDINALITY AS u(pattern, p) JOIN %I AS t ON t.last_name ILIKE u.pattern', patterns, tab);
    got int[];
    expected int[];
    answer text;
BEGIN
    PERFORM scan_by('seq');
    EXECUTE query INTO expected;
    PERFORM scan_by('indexscan');
    answer := not_by_index(tab, query);
    EXECUTE query INTO got;
    RETURN answer || told_apart('a nested loop', got, expected);
END $$;

-- A statement that a session has prepared and keeps, with a plan made for any pattern.
CREATE FUNCTION difference_by_prepared(tab text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    prepared text := 'by_index_' || tab;
    got int[];
    expected int[] := expected_ids(tab, format('last_name ILIKE %L', pattern));
    answer text;
BEGIN
    PERFORM scan_by('indexscan'), set_config('plan_cache_mode', 'force_generic_plan', true);
    IF NOT EXISTS (SELECT FROM pg_prepared_statements WHERE name = prepared) THEN
        EXECUTE format('PREPARE %I(text) AS SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM %I WHERE last_name ILIKE $1', prepared, tab);
    END IF;
    answer := not_by_index(tab, format('EXECUTE %I(%L)', prepared, pattern));
    EXECUTE format('EXECUTE %I(%L)', prepared, pattern) INTO got;
    RETURN answer || told_apart(pattern || ' prepared', got, expected);
END $$;

-- All answers of the index.
CREATE FUNCTION answers(tab text DEFAULT 't') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    condition text;
    answer text := '';
    one text;
BEGIN
    PERFORM scan_by('indexscan');
    FOREACH condition IN ARRAY conditions() LOOP
        EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(id::text, '' '' ORDER BY id)), '''') FROM %I WHERE %s', tab, condition) INTO one;
        answer := answer || condition || ': ' || one || E'\n';
    END LOOP;
    RETURN answer;
END $$;

-- A difference, unless the index has been built anew since `before` was its file, which must have been read before the
-- transaction's snapshot was taken. On a standby whose queries the primary does not know of, an index that is built
-- while a snapshot is in use may lack rows that the snapshot sees and nobody on the primary does, whatever its kind.
CREATE FUNCTION unless_replaced(tab text, before oid, difference text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN difference <> '' AND before <> pg_relation_filenode((tab || '_names')::regclass) THEN 'replaced' ELSE difference END
$$;

-- An error that says what is wrong, if anything is.
CREATE FUNCTION right_or_error(difference text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF difference <> '' THEN
        RAISE 'wrong answer: %', difference;
    END IF;
END $$;

-- Counting, for which no column is needed, with the planner free to take any scan but the sequential one.
CREATE FUNCTION difference_by_count(tab text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    got int;
    expected int := cardinality(expected_ids(tab, condition));
BEGIN
    PERFORM scan_by('none'), set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'on', true), set_config('enable_indexonlyscan', 'on', true);
    EXECUTE format('SELECT count(*) FROM %I WHERE %s', tab, condition) INTO got;
    RETURN CASE WHEN got = expected THEN '' ELSE format(E'count(*) of %s: %s, not %s\n', condition, got, expected) END;
END $$;
