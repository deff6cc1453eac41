--
-- The statements that SQLAlchemy and Django emit for PostgreSQL, as their compilers print them (docs/testing.md says
-- which versions), with their parameters as the drivers send them: as literals (psycopg2, psycopg's client-side
-- binding) and as $1 (asyncpg, psycopg).
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE patients (id int PRIMARY KEY, last_name varchar(80), first_name text, code char(8));
INSERT INTO patients SELECT id, last_name, first_name, left(first_name, 1 + id % 8) FROM people(600);
INSERT INTO patients VALUES (2001, '50% Smith', 'a/b'), (2002, '50/50_Smith', '100%'), (2003, 'back\slash', 'x_y'), (2004, 'ann', 'Ann'), (2005, 'Mary Ann Smithson', 'mary ann'), (2006, '50^% off', 'a/b_c');
CREATE INDEX patients_plain ON patients USING namedex (last_name, first_name, code);
CREATE INDEX patients_upper ON patients USING namedex (upper(last_name), upper(first_name));
CREATE INDEX patients_lower ON patients USING namedex (lower(last_name), lower(first_name));
CREATE INDEX patients_full ON patients USING namedex ((first_name || ' ' || last_name));
CREATE INDEX patients_code ON patients USING namedex ((code::text), upper(code::text));
INSERT INTO patients SELECT id + 1000, last_name, first_name, left(first_name, 1 + id % 8) FROM people(200) AS p;

-- SQLAlchemy, 1.4 and 2.0; icontains, istartswith and iendswith in 2.0 only
CREATE TABLE statements (n int GENERATED ALWAYS AS IDENTITY, emitted_by text, condition text);
INSERT INTO statements (emitted_by, condition) VALUES
    ('ilike', $$patients.last_name ILIKE '%son%'$$),
    ('ilike, escape', $$patients.last_name ILIKE '%50/%%' ESCAPE '/'$$),
    ('like', $$patients.last_name LIKE '%son%'$$),
    ('contains', $$(patients.last_name LIKE '%' || 'son' || '%')$$),
    ('contains, autoescape', $$(patients.last_name LIKE '%' || '50/%' || '%' ESCAPE '/')$$),
    ('contains, autoescape', $$(patients.last_name LIKE '%' || '50//50/_' || '%' ESCAPE '/')$$),
    ('contains, escape', $$(patients.last_name LIKE '%' || '50^^^%' || '%' ESCAPE '^')$$),
    ('startswith', $$(patients.last_name LIKE 'Smi' || '%')$$),
    ('startswith, autoescape', $$(patients.last_name LIKE '50/%' || '%' ESCAPE '/')$$),
    ('endswith', $$(patients.last_name LIKE '%' || 'son')$$),
    ('endswith, autoescape', $$(patients.last_name LIKE '%' || '/_Smith' ESCAPE '/')$$),
    ('icontains', $$(patients.last_name ILIKE '%' || 'Son' || '%')$$),
    ('icontains, autoescape', $$(patients.last_name ILIKE '%' || '50/% s' || '%' ESCAPE '/')$$),
    ('istartswith', $$(patients.last_name ILIKE 'smi' || '%')$$),
    ('istartswith, autoescape', $$(patients.last_name ILIKE '50//50/_' || '%' ESCAPE '/')$$),
    ('iendswith', $$(patients.last_name ILIKE '%' || 'SON')$$),
    ('iendswith, autoescape', $$(patients.last_name ILIKE '%' || '/% smith' ESCAPE '/')$$),
    ('in_', $$patients.last_name IN ('Smith', 'SMITH')$$),
    ('ilike(any_(array))', $$patients.last_name ILIKE ANY (ARRAY['smi%', '%son'])$$),
    ('ilike(any_(bindparam))', $$patients.last_name ILIKE ANY (ARRAY['smi%', '%son']::TEXT[])$$),
    ('== any_(bindparam)', $$patients.last_name = ANY (ARRAY['Smith', 'SMITH']::TEXT[])$$),
    ('is_', $$patients.last_name IS NULL$$),
    ('is_not', $$patients.last_name IS NOT NULL$$),
    ('and_', $$patients.last_name ILIKE '%son%' AND patients.first_name ILIKE '%ann%'$$),
    ('cast', $$CAST(patients.last_name AS TEXT) ILIKE '%son%'$$),
    ('concatenation', $$(patients.first_name || ' ' || patients.last_name) ILIKE '%ann smi%'$$),
    ('text: contains', $$(patients.first_name LIKE '%' || 'nn' || '%')$$),
    ('text: startswith, autoescape', $$(patients.first_name LIKE 'a//b/_' || '%' ESCAPE '/')$$),
    ('char: ==', $$patients.code = 'Ann'$$),
    ('char: like', $$patients.code LIKE 'Ann%'$$),
    ('char: ilike', $$patients.code ILIKE 'ann%'$$),
    ('char: contains', $$(patients.code LIKE '%' || 'nn' || '%')$$),
    ('func.lower: like', $$lower(patients.last_name) LIKE '%son%'$$),
    ('func.lower: like(func.lower)', $$lower(patients.last_name) LIKE lower('%Son%')$$),
    ('func.lower: contains', $$(lower(patients.last_name) LIKE '%' || 'son' || '%')$$),
    ('func.lower: contains, autoescape', $$(lower(patients.last_name) LIKE '%' || '50/%' || '%' ESCAPE '/')$$),
    ('func.lower: icontains', $$(lower(patients.last_name) ILIKE '%' || 'Son' || '%')$$),
    ('func.lower: ==', $$lower(patients.last_name) = 'smith'$$),
-- Django, 3.2
    ('contains', $$"patients"."last_name"::text LIKE '%son%'$$),
    ('contains', $$"patients"."last_name"::text LIKE '%50\%%'$$),
    ('contains', $$"patients"."last_name"::text LIKE '%k\\s%'$$),
    ('startswith', $$"patients"."last_name"::text LIKE 'Smi%'$$),
    ('endswith', $$"patients"."last_name"::text LIKE '%son'$$),
    ('exact', $$"patients"."last_name" = 'Smith'$$),
    ('in', $$"patients"."last_name" IN ('Smith', 'SMITH')$$),
    ('isnull, iexact None', $$"patients"."last_name" IS NULL$$),
    ('icontains', $$UPPER("patients"."last_name"::text) LIKE UPPER('%son%')$$),
    ('icontains', $$UPPER("patients"."last_name"::text) LIKE UPPER('%50\% s%')$$),
    ('icontains', $$UPPER("patients"."last_name"::text) LIKE UPPER('%k\\s%')$$),
    ('istartswith', $$UPPER("patients"."last_name"::text) LIKE UPPER('smi%')$$),
    ('istartswith', $$UPPER("patients"."last_name"::text) LIKE UPPER('o''b%')$$),
    ('iendswith', $$UPPER("patients"."last_name"::text) LIKE UPPER('%SON')$$),
    ('iexact', $$UPPER("patients"."last_name"::text) = UPPER('smith')$$),
    ('iexact', $$UPPER("patients"."last_name"::text) = UPPER('50%_')$$),
    ('two icontains', $$(UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') AND UPPER("patients"."last_name"::text) LIKE UPPER('%smi%'))$$),
    ('Lower annotated, contains', $$LOWER("patients"."last_name")::text LIKE '%son%'$$),
    ('Upper annotated, startswith', $$UPPER("patients"."last_name")::text LIKE 'SMI%'$$),
    ('Lower registered as lookup', $$LOWER("patients"."last_name") = 'smith'$$),
    ('char: contains', $$"patients"."code"::text LIKE '%nn%'$$),
    ('char: iexact', $$UPPER("patients"."code"::text) = UPPER('ann')$$);
SELECT emitted_by, condition, agree('SELECT id FROM patients WHERE ' || condition), (SELECT string_agg(line, ' / ') FROM plan('SELECT id FROM patients WHERE ' || condition) AS line) AS plan FROM statements ORDER BY n;

-- or_ and Q(…) | Q(…): two scans and a union of their bitmaps
SELECT condition, agree('SELECT id FROM patients WHERE ' || condition, modes => '{bitmap}')
FROM unnest(ARRAY[$$patients.last_name ILIKE 'smi%' OR patients.last_name ILIKE '%son'$$, $$(UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') OR UPPER("patients"."last_name"::text) LIKE UPPER('%ann%'))$$]) AS condition;
SELECT * FROM plan($$SELECT id FROM patients WHERE (UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') OR UPPER("patients"."last_name"::text) LIKE UPPER('%ann%'))$$, 'bitmap');
-- count(), exists(), and a page of results
SELECT * FROM plan($$SELECT COUNT(*) AS "__count" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%son%')$$, 'bitmap');
SELECT * FROM plan($$SELECT (1) AS "a" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%son%') LIMIT 1$$);
SELECT agree($$SELECT "patients"."id", "patients"."last_name" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('smi%') ORDER BY "patients"."last_name" ASC, "patients"."id" ASC LIMIT 20$$);

-- Nothing for this index: negations, regular expressions, full-text search, order, another collation, a pattern of
-- each row.
SELECT emitted_by, (SELECT string_agg(line, ' / ') FROM plan('SELECT id FROM patients WHERE ' || condition, 'seq') AS line) AS plan
FROM (VALUES ('not_ilike', $$patients.last_name NOT ILIKE '%son%'$$), ('exclude(icontains)', $$NOT (UPPER("patients"."last_name"::text) LIKE UPPER('%son%'))$$), ('regexp_match', $$patients.last_name ~ 'son'$$),
    ('iregex', $$"patients"."last_name"::text ~* 'son'$$), ('match', $$patients.last_name @@ plainto_tsquery('son')$$), ('gt', $$"patients"."last_name" > 'S'$$), ('collate', $$(patients.last_name COLLATE "C") ILIKE '%son%'$$),
    ('contains(column)', $$(patients.last_name LIKE '%' || patients.first_name || '%')$$),
    ('icontains=F()', $$UPPER("patients"."last_name"::text) LIKE '%' || UPPER(REPLACE(REPLACE(REPLACE("patients"."first_name", E'\\', E'\\\\'), E'%', E'\\%'), E'_', E'\\_')) || '%'$$)) AS s(emitted_by, condition);
-- CONCAT is only stable, so what Django's Concat emits cannot be indexed
SELECT raised($$CREATE INDEX ON patients USING namedex (UPPER(CONCAT("first_name", CONCAT(' ', "last_name"))::text))$$);

-- Server-side parameters, planned for each value and once for all: a condition of the index either way.
CREATE FUNCTION prepared(signature text, condition text, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    expected int[];
    got int[];
    mode text;
    cache_mode text;
    line text;
    plan_text text;
    wrong text := '';
BEGIN
    FOREACH cache_mode IN ARRAY ARRAY['force_custom_plan', 'force_generic_plan'] LOOP
        PERFORM set_config('plan_cache_mode', cache_mode, true);
        FOREACH mode IN ARRAY ARRAY['seq', 'bitmap', 'plain'] LOOP
            PERFORM use_scan(mode);
            EXECUTE format('PREPARE emitted (%s) AS SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM patients WHERE %s', signature, condition);
            plan_text := '';
            FOR line IN EXECUTE format('EXPLAIN (COSTS OFF) EXECUTE emitted (%s)', arguments) LOOP
                IF line ~ '(Scan|Cond:|Filter:)' THEN
                    plan_text := plan_text || regexp_replace(line, '^ *(-> *)?', ' / ');
                END IF;
            END LOOP;
            EXECUTE format('EXECUTE emitted (%s)', arguments) INTO got;
            DEALLOCATE emitted;
            IF mode = 'seq' THEN
                expected := got;
            ELSIF got IS DISTINCT FROM expected THEN
                wrong := wrong || format(', %s has %s rows', mode, cardinality(got));
            END IF;
            -- a NULL that is known when planning needs no scan
            IF mode <> 'seq' AND (plan_text !~ 'Index Cond|One-Time Filter: false' OR plan_text ~ '/ Filter') THEN
                wrong := wrong || ', ' || cache_mode || plan_text;
            END IF;
        END LOOP;
    END LOOP;
    RETURN cardinality(expected) || CASE wrong WHEN '' THEN ' rows agree' || plan_text ELSE ' rows, but' || wrong END;
END $$;
SELECT condition, arguments, prepared(signature, condition, arguments)
FROM (VALUES ('varchar', 'patients.last_name ILIKE $1::VARCHAR', $$'%son%'$$), ('varchar', 'patients.last_name ILIKE $1::VARCHAR', 'NULL'), ('varchar', '(patients.last_name LIKE ''%'' || $1::VARCHAR || ''%'')', $$'son'$$),
    ('varchar', '(patients.last_name LIKE ''%'' || $1::VARCHAR || ''%'' ESCAPE ''/'')', $$'50/%'$$), ('varchar', '(patients.last_name LIKE $1::VARCHAR || ''%'' ESCAPE ''/'')', $$'50//50/_'$$),
    ('varchar', '(patients.last_name ILIKE ''%'' || $1::VARCHAR || ''%'')', $$'SON'$$), ('varchar', '(patients.last_name ILIKE ''%'' || $1::VARCHAR ESCAPE ''/'')', $$'/% smith'$$),
    ('varchar', 'patients.last_name = $1::VARCHAR', $$'Smith'$$), ('varchar, varchar', 'patients.last_name IN ($1::VARCHAR, $2::VARCHAR)', $$'Smith', 'SMITH'$$), ('text[]', 'patients.last_name = ANY ($1::TEXT[])', $$'{Smith,SMITH,NULL}'$$),
    ('text[]', 'patients.last_name ILIKE ANY ($1::TEXT[])', $$'{smi%,%son}'$$), ('varchar', 'patients.first_name ILIKE $1::VARCHAR', $$'ann%'$$), ('varchar', '(lower(patients.last_name) LIKE ''%'' || lower($1::VARCHAR) || ''%'')', $$'Son'$$),
    ('varchar', 'lower(patients.last_name) = $1::VARCHAR', $$'smith'$$), ('varchar', 'patients.code LIKE $1::VARCHAR', $$'Ann%'$$), ('varchar', 'patients.code = $1::VARCHAR', $$'Ann'$$),
    ('text', 'UPPER("patients"."last_name"::text) LIKE UPPER($1)', $$'%son%'$$), ('text', 'UPPER("patients"."last_name"::text) LIKE UPPER($1)', $$'%50\%%'$$), ('text', 'UPPER("patients"."last_name"::text) = UPPER($1)', $$'smith'$$),
    ('text', '"patients"."last_name"::text LIKE $1', $$'Smi%'$$), ('text', '"patients"."last_name" = $1', $$'Smith'$$)) AS s(signature, condition, arguments);
-- an escape character too many raises where the server raises
SELECT raised($$SELECT prepared('varchar', '(patients.last_name LIKE ''%'' || $1::VARCHAR ESCAPE ''/'')', '''son/''')$$);
SELECT m, raised(format($$SELECT use_scan(%L); SELECT id FROM patients WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%%son\')$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;

DROP SCHEMA suite CASCADE;
