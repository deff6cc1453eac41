-- The demonstration's tables, and how it measures.
SET client_min_messages = warning;
CREATE EXTENSION namedex CASCADE;

CREATE TABLE patients (
    id bigint PRIMARY KEY,
    mrn text NOT NULL,
    first_name text NOT NULL,
    last_name text NOT NULL,
    full_name text NOT NULL,
    birth_date date NOT NULL
);

CREATE TABLE patterns (nr int GENERATED ALWAYS AS IDENTITY, pattern text);
INSERT INTO patterns (pattern) VALUES
    ('%kowalsk%'), ('%mcdon%'), ('%nguy%'), ('%son%'), ('%ann%'), ('%zz%'), ('%er%'), ('%q%'),
    ('john%'), ('%smith'), ('john%smith'), ('%maria garcia%'), ('%ann smi%'), ('%sm_th%');

CREATE TABLE measured (nr int, method text, found bigint, milliseconds numeric, plan text);
CREATE TABLE builds (method text, seconds numeric, bytes bigint);

-- Counts each pattern five times with the indexes there are and keeps the median.

CREATE FUNCTION measure(method text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p record;
    statement text;
    line text;
    plan text;
    hits bigint;
    started timestamptz;
    times numeric[];
BEGIN
    FOR p IN SELECT * FROM patterns ORDER BY nr LOOP
        statement := format('SELECT count(*) FROM patients WHERE full_name ILIKE %L', p.pattern);
        plan := NULL;
        FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
            plan := coalesce(plan, substring(line FROM '(Bitmap Heap|Index Only|Index|Seq) Scan'));
        END LOOP;
        times := '{}';
        FOR i IN 1..CASE WHEN method = 'seq scan' THEN 1 ELSE 5 END LOOP
            started := clock_timestamp();
            EXECUTE statement INTO hits;
            times := times || extract(epoch FROM clock_timestamp() - started) * 1000;
        END LOOP;
        INSERT INTO measured
            SELECT p.nr, measure.method, hits, percentile_cont(0.5) WITHIN GROUP (ORDER BY t),
                   plan FROM unnest(times) AS t;
    END LOOP;
END $$;

CREATE FUNCTION build(method text, definition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE definition;
    INSERT INTO builds VALUES (method, extract(epoch FROM clock_timestamp() - started),
                               pg_relation_size('patients_full_name'));
END $$;
