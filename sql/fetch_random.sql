--
-- Random comparison: select lists, columns and keys drawn at random over the hospital's tables and over random schemas,
-- against plain SQL that is drawn along with each list. The keys are drawn with repetitions, NULLs and missing ones.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set fetch :srcdir '/sql/include/fetch.sql'
\set random :srcdir '/sql/include/fetch_random.sql'
\set schemas :srcdir '/sql/include/fetch_schemas.sql'
\set ECHO none
\i :helpers
\i :fetch
\i :random
\i :schemas
\set ECHO all
\pset format unaligned
\pset footer off

-- ---- the hospital's tables
INSERT INTO tables VALUES ('countries', '{code}'), ('hospitals', '{id}'), ('providers', '{id}'), ('patients', '{id}'), ('visits', '{id}'), ('diagnoses', '{system,code}'), ('visit_diagnoses', '{visit_id,system,code}'), ('tags', '{id}'), ('friends', '{patient_id,friend_id}');
INSERT INTO relationships (near, name, far, many, near_columns, far_columns) VALUES
    ('countries', 'hospitals', 'hospitals', true, '{code}', '{country}'), ('hospitals', 'countries', 'countries', false, '{country}', '{code}'), ('hospitals', 'providers', 'providers', true, '{id}', '{hospital_id}'),
    ('hospitals', 'patients', 'patients', true, '{id}', '{hospital_id}'), ('providers', 'hospital', 'hospitals', false, '{hospital_id}', '{id}'), ('providers', 'hospitals', 'hospitals', false, '{hospital_id}', '{id}'),
    ('providers', 'chief', 'providers', false, '{chief_id}', '{id}'), ('providers', 'providers', 'providers', true, '{id}', '{chief_id}'), ('providers', 'visits!visits_provider', 'visits', true, '{id}', '{provider_id}'),
    ('providers', 'visits_referrer', 'visits', true, '{id}', '{referrer_id}'), ('patients', 'hospital_id', 'hospitals', false, '{hospital_id}', '{id}'), ('patients', 'visits', 'visits', true, '{id}', '{patient_id}'),
    ('patients', 'friends!friends_patient', 'friends', true, '{id}', '{patient_id}'), ('visits', 'patient', 'patients', false, '{patient_id}', '{id}'), ('visits', 'provider', 'providers', false, '{provider_id}', '{id}'),
    ('visits', 'providers!visits_referrer', 'providers', false, '{referrer_id}', '{id}'), ('visits', 'visit_diagnoses', 'visit_diagnoses', true, '{id}', '{visit_id}'), ('diagnoses', 'visit_diagnoses', 'visit_diagnoses', true, '{system,code}', '{system,code}'),
    ('visit_diagnoses', 'diagnoses', 'diagnoses', false, '{system,code}', '{system,code}'), ('visit_diagnoses', 'visit', 'visits', false, '{visit_id}', '{id}'), ('friends', 'friend', 'patients', false, '{friend_id}', '{id}'),
    ('friends', 'patients!friends_patient', 'patients', false, '{patient_id}', '{id}');
INSERT INTO relationships VALUES
    ('visits', 'diagnoses', 'diagnoses', true, '{id}', '{system,code}', 'visit_diagnoses', '{visit_id}', '{system,code}'), ('diagnoses', 'visits', 'visits', true, '{system,code}', '{id}', 'visit_diagnoses', '{system,code}', '{visit_id}'),
    ('patients', 'tags', 'tags', true, '{id}', '{id}', 'patient_tags', '{patient_id}', '{tag_id}'), ('tags', 'patients', 'patients', true, '{id}', '{id}', 'patient_tags', '{tag_id}', '{patient_id}'),
    ('patients', 'patients!friends_patient', 'patients', true, '{id}', '{id}', 'friends', '{patient_id}', '{friend_id}'), ('patients', 'patients!friends_friend', 'patients', true, '{id}', '{id}', 'friends', '{friend_id}', '{patient_id}');
-- the twins look for children one parent at a time
CREATE INDEX ON visits (patient_id);
CREATE INDEX ON visits (provider_id);
CREATE INDEX ON visits (referrer_id);
CREATE INDEX ON patients (hospital_id);
CREATE INDEX ON patient_tags (patient_id);
CREATE INDEX ON visit_diagnoses (system, code);
SELECT setseed(0.5) \g /dev/null
SELECT * FROM rounds(60);

-- ---- that a difference is found
CREATE FUNCTION finds(list text, twin text) RETURNS boolean LANGUAGE sql AS $$ SELECT same(format($c$SELECT * FROM namedex_fetch_json('patients', '{2,1}', %L)$c$, list), twin) ~ 'differs at row' $$;
SELECT finds('id,last_name', 'SELECT row_to_json(r) FROM (SELECT last_name, id FROM patients WHERE id < 3 ORDER BY patients.id DESC) AS r') AS order_of_columns, finds('id', 'SELECT row_to_json(r) FROM (SELECT id FROM patients WHERE id < 3 ORDER BY id) AS r') AS order_of_rows,
       finds('id', 'SELECT row_to_json(r) FROM (SELECT id FROM patients WHERE id = 2) AS r') AS a_row_less, finds('id,visits(id)', 'SELECT row_to_json(r) FROM (SELECT p.id, many(ARRAY(SELECT row_to_json(s) FROM (SELECT id FROM visits WHERE patient_id = p.id ORDER BY id DESC) AS s)) AS visits FROM patients AS p WHERE id < 3 ORDER BY id DESC) AS r') AS order_of_children;

-- ---- random schemas
SELECT line FROM generate_series(1, 10) AS seed, LATERAL in_schema(seed, 10) AS line;

DROP SCHEMA suite, suite_drawn CASCADE;
