--
-- Random schemas for fetch_random.sql: tables with odd names, keys of one to three columns of several types in any order,
-- dropped columns, foreign keys that may be NULL in part, to tables before and to themselves, and join tables.
--

-- An SQL expression for a value of a column's type, one of the many that a number chooses; NULL at times.
CREATE FUNCTION drawn_value(tab text, column_name text, number text, nullable boolean) RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE WHEN nullable THEN 'CASE WHEN random() < 0.8 THEN %s END' ELSE '%s' END, format(CASE typname
        WHEN 'text' THEN $v$'t "' || %s$v$ WHEN 'varchar' THEN $v$'V-' || %s$v$ WHEN 'bpchar' THEN $v$'c' || %s$v$ WHEN 'date' THEN $v$date '2000-01-01' + %s$v$ WHEN 'uuid' THEN $v$lpad(%s::text, 32, '0')::uuid$v$
        WHEN 'jsonb' THEN 'to_jsonb(ARRAY[%s, 2])' WHEN 'json' THEN $v$('{"a": ' || %s || ' , "a":2}')::json$v$ WHEN '_int4' THEN 'ARRAY[%s, NULL]' WHEN '_text' THEN $v$ARRAY[%s::text, 'x"']$v$ WHEN 'float8' THEN '%s / 7.0' WHEN 'timestamptz' THEN 'to_timestamp(%s)'
        WHEN 'bool' THEN '%s > 500' WHEN 'bytea' THEN '%s::text::bytea' WHEN 'interval' THEN $v$%s * interval '1 hour'$v$ WHEN 'int4range' THEN 'int4range(%s, 2000)' ELSE '%s' END, number))
    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = tab::regclass AND attname = column_name
$$;

CREATE FUNCTION make_schema(how_many int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    odd_names text[] := ARRAY['plain', 'Mixed Case', 'select', 'q"uote', 'größe', 'x; drop table y', 'a.b', 'count', '1', '日本', 'from', 'id'];
    types text[] := ARRAY['int', 'bigint', 'smallint', 'text', 'varchar(20)', 'uuid', 'date', 'numeric(12,2)', 'char(12)'];
    other_types text[] := ARRAY['text', 'jsonb', 'json', 'int[]', 'text[]', 'float8', 'timestamptz', 'boolean', 'bytea', 'interval', 'numeric', 'int4range'];
    names text[] := '{}';
    tab text;
    key text[];
    columns text[];
    to_table text;
    to_key text[];
    from_columns text[];
    constraint_name text;
    many_name text;
    v text;
BEGIN
    DROP SCHEMA IF EXISTS suite_drawn CASCADE;
    CREATE SCHEMA suite_drawn;
    DELETE FROM tables;
    DELETE FROM relationships;
    FOR i IN 1 .. how_many LOOP
        tab := format('suite_drawn.%I', odd_names[i]);
        key := ARRAY(SELECT (ARRAY['id', 'k 2', 'Key'])[n] FROM generate_series(1, any_of(ARRAY[1, 1, 2, 3])) AS n ORDER BY random());
        columns := ARRAY(SELECT format('%I %s', k, any_of(types)) FROM unnest(key) AS k) || ARRAY(SELECT format('%I %s', 'c' || n || any_of(ARRAY['', ' x', '"', 'é']), any_of(other_types)) FROM generate_series(1, any_of(ARRAY[0, 1, 4])) AS n);
        EXECUTE format('CREATE TABLE %s (%s)', tab, array_to_string(ARRAY(SELECT c FROM unnest(columns || 'gone int'::text) AS c ORDER BY random()), ', '));
        EXECUTE format('ALTER TABLE %s DROP gone, ADD PRIMARY KEY (%s)', tab, column_list(ARRAY(SELECT k FROM unnest(key) AS k ORDER BY random())));
        key := ARRAY(SELECT attname FROM pg_index, unnest(indkey) WITH ORDINALITY AS u (attnum, n) JOIN pg_attribute AS a USING (attnum) WHERE indrelid = tab::regclass AND indisprimary AND attrelid = indrelid ORDER BY n);
        INSERT INTO tables VALUES (tab, key);
        EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %s) AS i ON CONFLICT DO NOTHING', tab, column_list(columns_of(tab)),
            (SELECT string_agg(drawn_value(tab, c, CASE WHEN c <> ALL (key) THEN '(i * 7919 % 1000)' ELSE format('(%s + i %% %s)', any_of(ARRAY[1, 100]), CASE WHEN cardinality(key) = 1 THEN 60 ELSE any_of(ARRAY[7, 11, 60]) END) END, c <> ALL (key)), ', ' ORDER BY n) FROM unnest(columns_of(tab)) WITH ORDINALITY AS u (c, n)),
            any_of(ARRAY[3, 40, 150]));
        names := names || tab;
        -- foreign keys
        FOR f IN 1 .. any_of(ARRAY[0, 1, 2]) LOOP
            to_table := any_of(names);
            to_key := (SELECT t.key FROM tables AS t WHERE t.name = to_table);
            from_columns := ARRAY(SELECT format('f%s_%s', f, n) FROM generate_subscripts(to_key, 1) AS n);
            constraint_name := format('fk%s of %s', f, odd_names[i]);
            EXECUTE format('ALTER TABLE %s %s', tab, (SELECT string_agg(format('ADD %I %s', from_columns[n], format_type(atttypid, atttypmod)), ', ') FROM generate_subscripts(to_key, 1) AS n JOIN pg_attribute ON attrelid = to_table::regclass AND attname = to_key[n]));
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%s) REFERENCES %s (%s)', tab, constraint_name, column_list(from_columns), to_table, column_list(to_key));
            EXECUTE format('UPDATE %s AS t SET (%s) = (SELECT %s FROM %s WHERE t.ctid IS NOT NULL ORDER BY random() LIMIT 1) WHERE random() < 0.9', tab, column_list(from_columns), column_list(to_key), to_table);
            EXECUTE format('UPDATE %s SET %I = NULL WHERE random() < 0.1', tab, any_of(from_columns));
            -- a self-reference's constraint says neither of its two ways by itself
            IF to_table <> tab THEN
                INSERT INTO relationships (near, name, far, many, near_columns, far_columns) VALUES (tab, constraint_name, to_table, false, from_columns, to_key), (to_table, constraint_name, tab, true, to_key, from_columns);
            ELSIF cardinality(to_key) = 1 THEN
                INSERT INTO relationships (near, name, far, many, near_columns, far_columns) VALUES (tab, from_columns[1], tab, false, from_columns, to_key);
            END IF;
        END LOOP;
    END LOOP;
    -- join tables between two tables, or one and itself; narrowed by the key that points at the near row
    FOR j IN 1 .. 3 LOOP
        DECLARE
            a text := any_of(names);
            b text := any_of(names);
            a_key text[] := (SELECT t.key FROM tables AS t WHERE t.name = a);
            b_key text[] := (SELECT t.key FROM tables AS t WHERE t.name = b);
            a_columns text[] := ARRAY(SELECT 'a' || n FROM generate_subscripts(a_key, 1) AS n);
            b_columns text[] := ARRAY(SELECT 'b' || n FROM generate_subscripts(b_key, 1) AS n);
            all_columns text := column_list(a_columns || b_columns);
        BEGIN
            tab := 'suite_drawn.join_' || j;
            EXECUTE format('CREATE TABLE %s AS SELECT %s, %s FROM %s AS a, %s AS b WHERE random() < 0.05', tab, (SELECT string_agg(format('a.%I AS %I', a_key[n], a_columns[n]), ', ') FROM generate_subscripts(a_key, 1) AS n), (SELECT string_agg(format('b.%I AS %I', b_key[n], b_columns[n]), ', ') FROM generate_subscripts(b_key, 1) AS n), a, b);
            EXECUTE format('ALTER TABLE %1$s ADD %2$s (%3$s), ADD CONSTRAINT %9$I FOREIGN KEY (%4$s) REFERENCES %5$s (%6$s), ADD CONSTRAINT %10$I FOREIGN KEY (%7$s) REFERENCES %8$s (%11$s)', tab, any_of(ARRAY['UNIQUE', 'PRIMARY KEY']), all_columns, column_list(a_columns), a,
                column_list(a_key), column_list(b_columns), b, 'to a ' || j, 'to b ' || j, column_list(b_key));
            INSERT INTO relationships VALUES (a, (SELECT relname FROM pg_class WHERE oid = b::regclass) || '!to a ' || j, b, true, a_key, b_key, tab, a_columns, b_columns), (b, (SELECT relname FROM pg_class WHERE oid = a::regclass) || '!to b ' || j, a, true, b_key, a_key, tab, b_columns, a_columns);
        END;
    END LOOP;
END $$;

CREATE FUNCTION in_schema(seed int, rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed / 1000.0);
    PERFORM make_schema(6);
    RETURN QUERY SELECT 'schema ' || seed || ': ' || line FROM rounds(rounds, 1) AS line;
END $$;
