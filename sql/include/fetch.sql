--
-- For the suites of the fetch functions, after helpers.sql: a hospital's tables, what compares a call with a query that
-- says the same in plain SQL, and lists of statements with the error each must raise.
--

-- Runs both and compares their rows, in their order, as text. How many rows there are, or how they differ.
CREATE FUNCTION same(call text, twin text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    got text[];
    expected text[];
BEGIN
    EXECUTE format('SELECT array_agg(s::text) FROM (%s) AS s', call) INTO got;
    EXECUTE format('SELECT array_agg(s::text) FROM (%s) AS s', twin) INTO expected;
    RETURN coalesce(cardinality(expected), 0) || CASE
        WHEN got IS NOT DISTINCT FROM expected THEN ' rows'
        ELSE format(E' rows, but differs at row %s of %s:\n  got      %s\n  expected %s', n, coalesce(cardinality(got), 0), left(got[n], 1000), left(expected[n], 1000)) END
    FROM (SELECT min(i) AS n FROM generate_series(1, greatest(cardinality(got), cardinality(expected))) AS i WHERE got[i] IS DISTINCT FROM expected[i]) AS first_difference;
END $$;

-- A to-many relationship's children as the one value that the functions make of them.
CREATE FUNCTION many(children json[]) RETURNS json LANGUAGE sql AS $$ SELECT ('[' || array_to_string(children, ',') || ']')::json $$;

-- What a statement raises: its SQLSTATE, the position that the error names, and `hint` if there is one; `ok` if nothing.
CREATE FUNCTION code(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || coalesce(' at ' || substring(SQLERRM || ' ' || detail FROM 'at position (\d+)'), '') || CASE WHEN hint <> '' THEN ' hint' ELSE '' END;
END $$;

-- Statements, and what code() must say of each; where no position or hint is expected there may be one. The answer is what differs, and
-- how many were tried; the list is empty then. The codes are in the suite, where they can be read beside the statement.
CREATE TABLE cases (n int GENERATED ALWAYS AS IDENTITY, expected text, statement text);
CREATE FUNCTION tried() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c cases;
    got text;
    tried int := 0;
BEGIN
    FOR c IN DELETE FROM cases RETURNING * LOOP
        got := code(c.statement);
        tried := tried + 1;
        IF NOT string_to_array(c.expected, ' ') <@ string_to_array(got, ' ') THEN
            RETURN NEXT format('%s, not %s: %s', got, c.expected, left(c.statement, 300));
        END IF;
    END LOOP;
    RETURN NEXT tried || ' statements';
END $$;

CREATE TABLE countries (code char(2) PRIMARY KEY, name text);
CREATE TABLE hospitals (id int PRIMARY KEY, name text NOT NULL, country char(2) REFERENCES countries);
CREATE TABLE providers (id int PRIMARY KEY, name text, hospital_id int REFERENCES hospitals, chief_id int REFERENCES providers);
CREATE TABLE patients (id bigint PRIMARY KEY, mrn varchar(20) NOT NULL UNIQUE, last_name varchar(80), first_name text, born date, hospital_id int REFERENCES hospitals, notes text, photo bytea, info jsonb);
CREATE TABLE visits (id bigint PRIMARY KEY, patient_id bigint REFERENCES patients, provider_id int, referrer_id int, starts_at timestamp, fee numeric(8,2),
    CONSTRAINT visits_provider FOREIGN KEY (provider_id) REFERENCES providers, CONSTRAINT visits_referrer FOREIGN KEY (referrer_id) REFERENCES providers);
-- composite keys, and a join table by its primary key
CREATE TABLE diagnoses (system text, code text, title text, PRIMARY KEY (system, code));
CREATE TABLE visit_diagnoses (visit_id bigint REFERENCES visits, system text, code text, note text, PRIMARY KEY (visit_id, system, code), FOREIGN KEY (system, code) REFERENCES diagnoses);
-- a join table by a unique index, and one between a table and itself
CREATE TABLE tags (id smallint PRIMARY KEY, label text);
CREATE TABLE patient_tags (patient_id bigint NOT NULL REFERENCES patients, tag_id smallint NOT NULL REFERENCES tags, UNIQUE (tag_id, patient_id));
CREATE TABLE friends (patient_id bigint, friend_id bigint, since date, PRIMARY KEY (patient_id, friend_id),
    CONSTRAINT friends_patient FOREIGN KEY (patient_id) REFERENCES patients, CONSTRAINT friends_friend FOREIGN KEY (friend_id) REFERENCES patients);

INSERT INTO countries VALUES ('DE', 'Germany'), ('PL', 'Polska'), ('X', 'short code');
-- nobody works in the third one
INSERT INTO hospitals VALUES (1, 'North', 'DE'), (2, 'South', 'PL'), (3, 'West', NULL), (4, 'East "quoted"', 'X');
INSERT INTO providers SELECT i, 'Dr ' || i, (ARRAY[1, 2, 4])[1 + i % 3], CASE WHEN i > 1 THEN i / 2 END FROM generate_series(1, 20) AS i;
INSERT INTO patients SELECT id, 'M' || id, last_name, first_name, born, CASE WHEN id % 5 > 0 THEN id % 3 + 1 END, repeat('note ', id % 40), decode(repeat('0f', id % 9), 'hex'), CASE WHEN id % 4 > 0 THEN jsonb_build_object('n', id, 'list', jsonb_build_array(1, NULL, last_name)) END FROM people(200);
-- not in the order of their keys
INSERT INTO visits SELECT i, 1 + i * 7 % 150, CASE WHEN i % 6 > 0 THEN 1 + i % 20 END, CASE WHEN i % 3 = 0 THEN 1 + i % 19 END, timestamp '2024-01-01' + i * interval '7 hours', i / 4.0 FROM generate_series(600, 1, -1) AS i;
INSERT INTO diagnoses SELECT s, 'c' || i, s || ' ' || i FROM unnest(ARRAY['icd', 'own']) AS s, generate_series(1, 12) AS i;
INSERT INTO visit_diagnoses SELECT i, CASE WHEN j % 2 = 0 THEN 'icd' ELSE 'own' END, 'c' || 1 + (i + j) % 12, 'note ' || j FROM generate_series(600, 1, -3) AS i, generate_series(1, 3) AS j;
INSERT INTO tags SELECT i, 'tag ' || i FROM generate_series(1, 9) AS i;
INSERT INTO patient_tags SELECT p, 1 + (p + j) % 9 FROM generate_series(1, 100) AS p, generate_series(1, 3) AS j;
INSERT INTO friends SELECT p, 1 + (p * j + 11) % 180, date '2020-01-01' + p FROM generate_series(1, 60) AS p, unnest(ARRAY[3, 5]) AS j;
ANALYZE;
