--
-- The statements that SQLAlchemy and Django emit for PostgreSQL, with their parameters as the drivers
-- send them: as literals (psycopg2, psycopg without server-side binding) and as $1 (server-side).
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE patients (id int PRIMARY KEY, last_name varchar(80), first_name text);
INSERT INTO patients SELECT id, last_name, first_name FROM people(600);
INSERT INTO patients VALUES (2001, '50% Smith', 'a/b'), (2002, '50/50_Smith', '100%'), (2003, 'back\slash', 'x_y'), (2004, 'ann', 'Ann'), (2005, 'Mary Ann Smithson', 'mary ann');
CREATE INDEX patients_plain ON patients USING namedex (last_name, first_name);
CREATE INDEX patients_upper ON patients USING namedex (upper(last_name), upper(first_name));
CREATE INDEX patients_lower ON patients USING namedex (lower(last_name), lower(first_name));
INSERT INTO patients SELECT id + 1000, last_name, first_name FROM people(200) AS p;

-- SQLAlchemy: ilike, like, contains, startswith, endswith; autoescape and escape= add ESCAPE '/'.
-- icontains, istartswith and iendswith are ILIKE on PostgreSQL, and lower() LIKE lower() elsewhere.
CREATE TABLE statements (n int GENERATED ALWAYS AS IDENTITY, emitted_by text, statement text);
INSERT INTO statements (emitted_by, statement) VALUES
    ('ilike', $$SELECT patients.id FROM patients WHERE patients.last_name ILIKE '%son%'$$),
    ('ilike escape', $$SELECT patients.id FROM patients WHERE patients.last_name ILIKE '%50/%%' ESCAPE '/'$$),
    ('like', $$SELECT patients.id FROM patients WHERE patients.last_name LIKE '%son%'$$),
    ('contains', $$SELECT patients.id FROM patients WHERE (patients.last_name LIKE '%' || 'son' || '%')$$),
    ('contains autoescape', $$SELECT patients.id FROM patients WHERE (patients.last_name LIKE '%' || '50/%' || '%' ESCAPE '/')$$),
    ('contains autoescape', $$SELECT patients.id FROM patients WHERE (patients.last_name LIKE '%' || '50//50/_' || '%' ESCAPE '/')$$),
    ('startswith', $$SELECT patients.id FROM patients WHERE (patients.last_name LIKE 'Smi' || '%')$$),
    ('endswith', $$SELECT patients.id FROM patients WHERE (patients.last_name LIKE '%' || 'son')$$),
    ('icontains', $$SELECT patients.id FROM patients WHERE (patients.last_name ILIKE '%' || 'Son' || '%')$$),
    ('icontains autoescape', $$SELECT patients.id FROM patients WHERE (patients.last_name ILIKE '%' || '50/%' || '%' ESCAPE '/')$$),
    ('istartswith', $$SELECT patients.id FROM patients WHERE (patients.last_name ILIKE 'smi' || '%')$$),
    ('iendswith', $$SELECT patients.id FROM patients WHERE (patients.last_name ILIKE '%' || 'SON')$$),
    ('icontains', $$SELECT patients.id FROM patients WHERE (lower(patients.last_name) LIKE '%' || lower('Son') || '%')$$),
    ('icontains autoescape', $$SELECT patients.id FROM patients WHERE (lower(patients.last_name) LIKE '%' || lower('50/%') || '%' ESCAPE '/')$$),
    ('istartswith', $$SELECT patients.id FROM patients WHERE (lower(patients.last_name) LIKE lower('SMI') || '%')$$),
    ('iendswith', $$SELECT patients.id FROM patients WHERE (lower(patients.last_name) LIKE '%' || lower('Son'))$$),
    ('func.lower like', $$SELECT patients.id FROM patients WHERE lower(patients.last_name) LIKE lower('%Son%')$$),
    ('func.lower ==', $$SELECT patients.id FROM patients WHERE lower(patients.last_name) = lower('SMITH')$$),
    ('in_', $$SELECT patients.id FROM patients WHERE patients.last_name IN ('Smith', 'SMITH')$$),
    ('any_', $$SELECT patients.id FROM patients WHERE patients.last_name ILIKE ANY (ARRAY['smi%', '%son'])$$),
    ('and_', $$SELECT patients.id FROM patients WHERE patients.last_name ILIKE '%son%' AND patients.first_name ILIKE '%ann%'$$),
-- Django
    ('icontains', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%son%')$$),
    ('icontains', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%50\% s%')$$),
    ('icontains', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%k\\s%')$$),
    ('istartswith', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('smi%')$$),
    ('iendswith', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER('%SON')$$),
    ('iexact', $$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) = UPPER('smith')$$),
    ('contains', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name"::text LIKE '%son%'$$),
    ('startswith', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name"::text LIKE 'Smi%'$$),
    ('endswith', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name"::text LIKE '%son'$$),
    ('exact', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name" = 'Smith'$$),
    ('in', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name" IN ('Smith', 'SMITH')$$),
    ('isnull', $$SELECT "patients"."id" FROM "patients" WHERE "patients"."last_name" IS NULL$$),
    ('two icontains', $$SELECT "patients"."id" FROM "patients" WHERE (UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') AND UPPER("patients"."last_name"::text) LIKE UPPER('%smi%'))$$);
SELECT emitted_by, statement, agree(statement), (SELECT string_agg(line, ' / ') FROM plan(statement) AS line) AS plan FROM statements ORDER BY n;
SELECT emitted_by, (SELECT string_agg(line, ' / ') FROM plan(statement, 'bitmap') AS line) AS plan FROM statements WHERE n IN (1, 13, 22) ORDER BY n;

-- Q(…) | Q(…)
SELECT agree($$SELECT "patients"."id" FROM "patients" WHERE (UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') OR UPPER("patients"."last_name"::text) LIKE UPPER('%ann%'))$$, modes => '{bitmap}');
SELECT * FROM plan($$SELECT "patients"."id" FROM "patients" WHERE (UPPER("patients"."first_name"::text) LIKE UPPER('%ann%') OR UPPER("patients"."last_name"::text) LIKE UPPER('%ann%'))$$, 'bitmap');
-- icontains=F('first_name'): a pattern of each row, nothing for an index
SELECT * FROM plan($$SELECT "patients"."id" FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE '%' || UPPER(REPLACE(REPLACE(REPLACE("patients"."first_name", E'\\', E'\\\\'), E'%', E'\\%'), E'_', E'\\_')) || '%'$$, 'seq');
SELECT id FROM patients WHERE UPPER("patients"."last_name"::text) LIKE '%' || UPPER(REPLACE(REPLACE(REPLACE("patients"."first_name", E'\\', E'\\\\'), E'%', E'\\%'), E'_', E'\\_')) || '%' AND id > 2000 ORDER BY id;

-- server-side parameters, planned once for all values
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
PREPARE a1 (text) AS SELECT count(*) FROM patients WHERE patients.last_name ILIKE $1::VARCHAR;
EXPLAIN (COSTS OFF) EXECUTE a1('%son%');
EXECUTE a1('%son%');
PREPARE a2 (text) AS SELECT count(*) FROM patients WHERE (patients.last_name ILIKE '%' || $1::VARCHAR || '%' ESCAPE '/');
EXPLAIN (COSTS OFF) EXECUTE a2('50/%');
EXECUTE a2('50/%');
EXECUTE a2('son');
PREPARE a3 (text) AS SELECT count(*) FROM patients WHERE (lower(patients.last_name) LIKE '%' || lower($1::VARCHAR) || '%');
EXPLAIN (COSTS OFF) EXECUTE a3('Son');
EXECUTE a3('Son');
EXECUTE a3('50%');
PREPARE d1 (text) AS SELECT count(*) FROM "patients" WHERE UPPER("patients"."last_name"::text) LIKE UPPER($1);
EXPLAIN (COSTS OFF) EXECUTE d1('%son%');
EXECUTE d1('%son%');
EXECUTE d1('%50\%%');
PREPARE d2 (text) AS SELECT count(*) FROM "patients" WHERE UPPER("patients"."last_name"::text) = UPPER($1);
EXECUTE d2('smith');
-- an escape character too many raises where the server raises
EXECUTE a2('son/');
EXECUTE d1('%son\');
RESET ALL;
SELECT count(*) FILTER (WHERE last_name ILIKE '%son%') AS son, count(*) FILTER (WHERE last_name LIKE '%50\%%') AS "50%", count(*) FILTER (WHERE last_name ILIKE 'smith') AS smith FROM suite.patients;
SET client_min_messages = warning;

DROP SCHEMA suite CASCADE;
