--
-- Select lists, columns and keys drawn at random, for the suites of the fetch functions; after fetch.sql.
--
-- A list and its twin in plain SQL grow together from a table of relationships, which is written down by the suite (or
-- noted when a random schema is made) and not read from the catalogs.
--

-- relationship `name` leads from rows of near to rows of far: near_columns = far_columns, or by a join table's columns
CREATE TABLE tables (name text, key text[]);
CREATE TABLE relationships (near text, name text, far text, many boolean, near_columns text[], far_columns text[], via text, via_near text[], via_far text[]);
CREATE FUNCTION any_of(choices anyarray) RETURNS anyelement LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION equal(a text, a_columns text[], b text, b_columns text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s.%I = %s.%I', a, a_columns[i], b, b_columns[i]), ' AND ' ORDER BY i) FROM generate_subscripts(a_columns, 1) AS i
$$;
CREATE FUNCTION column_list(columns text[], prefix text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT string_agg(prefix || format('%I', c), ', ' ORDER BY n) FROM unnest(columns) WITH ORDINALITY AS u (c, n) $$;
CREATE FUNCTION columns_of(tab text) RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = tab::regclass AND attnum > 0 AND NOT attisdropped $$;
CREATE FUNCTION quoted(identifier text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT any_of(ARRAY['', '', ' ', E'\n']) || CASE WHEN identifier ~ '^[[:alnum:]_$]+$' AND random() < 0.7 THEN identifier ELSE '"' || replace(identifier, '"', '""') || '"' END || any_of(ARRAY['', '', ' ', E'\t'])
$$;

-- A list for rows of a table called by an alias in the twin, and the twin's SELECT list.
CREATE FUNCTION draw_list(tab text, alias text, depth int, OUT list text, OUT twin text) LANGUAGE plpgsql AS $$
DECLARE
    items text[] := '{}';
    twins text[] := '{}';
    used text[] := '{}';
    columns text[] := columns_of(tab);
    r relationships;
    what text;
    called text;
    below record;
    inner_alias text := alias || 'x';
    rows text;
BEGIN
    FOR i IN 1 .. 1 + floor(random() * 6) LOOP
        IF random() < 0.1 AND NOT used && columns THEN
            items := items || '*'::text;
            twins := twins || ARRAY(SELECT format('%s.%I', alias, c) FROM unnest(columns) WITH ORDINALITY AS u (c, n) ORDER BY n);
            used := used || columns;
            CONTINUE;
        END IF;
        r := NULL;
        IF depth > 0 AND random() < 0.5 THEN
            SELECT * INTO r FROM relationships WHERE near = tab ORDER BY random() LIMIT 1;
        END IF;
        what := coalesce(r.name, any_of(columns));
        called := CASE WHEN random() < 0.3 THEN any_of(ARRAY['alias', 'Alias 2', 'a"b', 'é', 'x,y(', 'id', 'count', '1', '*']) || CASE WHEN random() < 0.5 THEN i::text ELSE '' END
                  ELSE split_part(what, '!', 1) END;
        CONTINUE WHEN called = ANY (used);
        used := used || called;
        IF r.name IS NULL THEN
            twins := twins || format('%s.%I AS %I', alias, what, called);
            items := items || (CASE WHEN called <> what THEN quoted(called) || ':' ELSE '' END || quoted(what));
            CONTINUE;
        END IF;
        SELECT * INTO below FROM draw_list(r.far, inner_alias, depth - 1);
        items := items || (CASE WHEN called <> split_part(what, '!', 1) THEN quoted(called) || ':' ELSE '' END
            || quoted(split_part(what, '!', 1)) || CASE WHEN what ~ '!' THEN '!' || quoted(split_part(what, '!', 2)) ELSE '' END || '(' || below.list || ')');
        rows := format('(SELECT %s FROM ', below.twin) || CASE WHEN r.via IS NULL THEN format('%s AS %s WHERE %s', r.far, inner_alias, equal(alias, r.near_columns, inner_alias, r.far_columns))
            ELSE format('%s AS j JOIN %s AS %s ON %s WHERE %s', r.via, r.far, inner_alias, equal('j', r.via_far, inner_alias, r.far_columns), equal(alias, r.near_columns, 'j', r.via_near)) END;
        IF r.many THEN
            rows := rows || ' ORDER BY ' || (SELECT column_list(t.key, inner_alias || '.') FROM tables AS t WHERE t.name = r.far);
        END IF;
        twins := twins || CASE WHEN r.many THEN format('many(ARRAY(SELECT row_to_json(s) FROM %s) AS s)) AS %I', rows, called) ELSE format('(SELECT row_to_json(s) FROM %s) AS s) AS %I', rows, called) END;
    END LOOP;
    list := array_to_string(items, any_of(ARRAY[',', ', ']));
    twin := array_to_string(twins, ', ');
END $$;

-- Draws keys of a table into drawn_keys; the argument that passes them.
CREATE TEMPORARY TABLE drawn_keys (n int);
CREATE FUNCTION draw_keys(tab text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    key text[] := (SELECT t.key FROM tables AS t WHERE t.name = tab);
    columns text := column_list(key);
    how_many int := any_of(ARRAY[0, 1, 2, 5, 40]);
BEGIN
    DROP TABLE drawn_keys;
    EXECUTE format('CREATE TEMPORARY TABLE drawn_keys AS SELECT row_number() OVER () AS n, random() < 0.1 AS hole, * FROM (SELECT %1$s FROM %2$s CROSS JOIN generate_series(1, 1 + %3$s / (1 + (SELECT count(*) FROM %2$s))) ORDER BY random() LIMIT %3$s) AS s', columns, tab, how_many);
    -- some rows are there no more
    EXECUTE format('UPDATE drawn_keys SET %I = %L WHERE random() < 0.05', key[1], (SELECT CASE WHEN typname IN ('text', 'varchar', 'bpchar') THEN 'zz' WHEN typname = 'uuid' THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHEN typname = 'date' THEN '1999-01-01' ELSE '7777' END
        FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = tab::regclass AND attname = key[1]));
    RETURN format('(SELECT coalesce(array_agg(CASE WHEN NOT hole THEN %s%s END ORDER BY n), ''{}'') FROM drawn_keys)',
        CASE WHEN cardinality(key) > 1 THEN format('ROW(%s)', columns) ELSE columns END, CASE WHEN cardinality(key) = 1 AND random() < 0.3 THEN '::text' ELSE '' END);
END $$;

-- One drawn call of each function over a table, against its twin; what differs.
CREATE FUNCTION compare(tab text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    keys text := draw_keys(tab);
    key text[] := (SELECT t.key FROM tables AS t WHERE t.name = tab);
    source text := format('drawn_keys AS k JOIN %s AS t ON NOT hole AND %s', tab, equal('k', key, 't', key));
    drawn record;
    chosen text[];
    r relationships;
    calls text[] := '{}';
    twins text[] := '{}';
    verdict text;
BEGIN
    SELECT * INTO drawn FROM draw_list(tab, 't', 3);
    calls := calls || format('SELECT * FROM namedex_fetch_json(%L, %s, %L)', tab, keys, drawn.list);
    twins := twins || format('SELECT row_to_json(r) FROM (SELECT %s FROM %s ORDER BY k.n) AS r', drawn.twin, source);
    calls := calls || format('SELECT namedex_fetch_json(%L, %s, %L)', tab, keys, drawn.list);
    twins := twins || twins[1];
    chosen := ARRAY(SELECT c FROM unnest(columns_of(tab)) AS c WHERE random() < 0.5 ORDER BY random());
    IF chosen <> '{}' THEN
        calls := calls || format('SELECT * FROM namedex_fetch(%L, %s, %L) AS t (%s)', tab, keys, chosen,
            (SELECT string_agg(format('%I %s', CASE WHEN random() < 0.5 THEN c ELSE 'column ' || n END, CASE WHEN random() < 0.5 THEN format_type(atttypid, atttypmod) ELSE regexp_replace(format_type(atttypid, NULL), '^character$', 'bpchar') END), ', ' ORDER BY n) FROM unnest(chosen) WITH ORDINALITY AS u (c, n) JOIN pg_attribute ON attrelid = tab::regclass AND attname = c));
        twins := twins || format('SELECT %s FROM %s ORDER BY k.n', column_list(chosen, 't.'), source);
    END IF;
    calls := calls || format('SELECT * FROM namedex_load_only(NULL::%s, %s, %L)', tab, keys, chosen);
    twins := twins || format('SELECT %s FROM %s ORDER BY k.n', (SELECT string_agg(CASE WHEN c = ANY (chosen || key) THEN format('t.%I', c) ELSE 'NULL' END, ', ' ORDER BY n) FROM unnest(columns_of(tab)) WITH ORDINALITY AS u (c, n)), source);
    SELECT * INTO r FROM relationships WHERE near = tab ORDER BY random() LIMIT 1;
    IF r.near IS NOT NULL THEN
        SELECT * INTO drawn FROM draw_list(r.far, 'f', 2);
        calls := calls || format('SELECT key::text, record FROM namedex_related(%L, %s, %L, %L)', tab, keys, (SELECT string_agg(quoted(n), '!' ORDER BY i) FROM regexp_split_to_table(r.name, '!') WITH ORDINALITY AS u (n, i)), drawn.list);
        twins := twins || format('SELECT %s::text, row_to_json(s) FROM %s JOIN LATERAL (SELECT %s, row_number() OVER (ORDER BY %s) AS "#" FROM %s) AS s ON true ORDER BY k.n, s."#"',
            CASE WHEN cardinality(key) > 1 THEN format('ROW(%s)', column_list(key, 'k.')) ELSE format('k.%I', key[1]) END,
            source, drawn.twin, (SELECT column_list(t.key, 'f.') FROM tables AS t WHERE t.name = r.far),
            CASE WHEN r.via IS NULL THEN format('%s AS f WHERE %s', r.far, equal('t', r.near_columns, 'f', r.far_columns)) ELSE format('%s AS j JOIN %s AS f ON %s WHERE %s', r.via, r.far, equal('j', r.via_far, 'f', r.far_columns), equal('t', r.near_columns, 'j', r.via_near)) END);
        -- the number that orders the children is no column of theirs
        twins[cardinality(twins)] := format('SELECT t, regexp_replace(j::text, '',"#":\d+}$'', ''}'')::json FROM (%s) AS s (t, j)', twins[cardinality(twins)]);
    END IF;
    FOR i IN 1 .. cardinality(calls) LOOP
        BEGIN
            verdict := same(calls[i], twins[i]);
        EXCEPTION WHEN OTHERS THEN
            verdict := SQLSTATE || ' ' || SQLERRM;
        END;
        IF verdict !~ '^\d+ rows$' THEN
            RETURN NEXT verdict || E'\n  ' || calls[i];
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION rounds(how_many int, at_most int DEFAULT 3) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    differs text;
    wrong int := 0;
    tab text;
BEGIN
    FOR i IN 1 .. how_many LOOP
        tab := (SELECT name FROM tables ORDER BY random() LIMIT 1);
        FOR differs IN SELECT * FROM compare(tab) LOOP
            wrong := wrong + 1;
            IF wrong <= at_most THEN
                RETURN NEXT differs;
            END IF;
        END LOOP;
    END LOOP;
    RETURN NEXT how_many || ' rounds, differences: ' || wrong;
END $$;
