--
-- What EXPLAIN tells. The planner asks the lexicon how many rows a constant finds, but not where that would count
-- rows which the user may not see: row security, security-barrier views, and the children of either.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE ROLE namedex_alice;
GRANT USAGE ON SCHEMA suite TO namedex_alice;
-- The whole plan with its costs, once with a value that many hidden rows have and once with one that no row has.
-- Says whether the index is used and whether the plans differ.
CREATE FUNCTION tells(query text, one text DEFAULT 'Hidden', other text DEFAULT 'Absent') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    word text;
    plans text[] := '{"",""}';
    rows bigint;
BEGIN
    PERFORM use_scan('plain');
    FOR line IN EXECUTE 'EXPLAIN ' || format(query, one) LOOP
        plans[1] := plans[1] || replace(line, one, '?') || E'\n';
    END LOOP;
    FOR line IN EXECUTE 'EXPLAIN ' || format(query, other) LOOP
        plans[2] := plans[2] || replace(line, other, '?') || E'\n';
    END LOOP;
    RETURN CASE WHEN plans[1] ~ 'Index Cond' THEN 'an index condition' ELSE 'a filter' END
        || CASE WHEN plans[1] = plans[2] THEN ', the same plan' ELSE ', the plan tells' END;
END $$;

CREATE TABLE t (id int, owner name, a text) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT n, 'namedex_alice', 'Seen ' || n % 9 FROM generate_series(1, 500) AS n;
INSERT INTO t SELECT n, 'somebody', 'Hidden' FROM generate_series(1, 3000) AS n;
CREATE INDEX t_a ON t USING namedex (a, id);
GRANT SELECT, UPDATE, DELETE ON t TO namedex_alice;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM t WHERE owner = current_user;
CREATE VIEW two_barriers WITH (security_barrier) AS SELECT * FROM barrier UNION ALL SELECT * FROM barrier WHERE id > 3;
CREATE VIEW plain_view AS SELECT * FROM t;
GRANT SELECT ON barrier, two_barriers, plain_view TO namedex_alice;
-- the owner may know; so does who reads through a view that hides nothing
SELECT tells('SELECT * FROM t WHERE a = %L'), tells('SELECT * FROM t WHERE a LIKE %L'), tells('SELECT * FROM plain_view WHERE a = %L');
-- a barrier: only leakproof conditions get to the index at all
SELECT tells('SELECT * FROM barrier WHERE a = %L'), tells('SELECT * FROM barrier WHERE a LIKE %L'), tells('SELECT * FROM barrier AS b JOIN plain_view AS p ON p.id = b.id WHERE b.a = %L'),
       tells('SELECT * FROM two_barriers WHERE a = %L'), tells('SELECT 1 WHERE EXISTS (SELECT FROM barrier WHERE a = %L)');
SET ROLE namedex_alice;
SELECT count(*) FROM barrier WHERE a = 'Hidden';
SELECT tells('SELECT * FROM barrier WHERE a = %L'), tells('SELECT * FROM barrier WHERE a = ANY (ARRAY[%L])');
RESET ROLE;

-- row security
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (owner = current_user);
SET ROLE namedex_alice;
SELECT count(*), count(*) FILTER (WHERE a = 'Hidden') AS hidden FROM t;
SELECT query, tells(query) FROM unnest(ARRAY['SELECT * FROM t WHERE a = %L', 'SELECT * FROM t WHERE a = %L AND id = 7', 'SELECT * FROM t WHERE a = ANY (ARRAY[%L, ''x''])', 'SELECT * FROM t WHERE a ^@ %L', 'SELECT * FROM t WHERE a ILIKE %L',
    'UPDATE t SET id = 1 WHERE a = %L', 'DELETE FROM t WHERE a = %L', 'SELECT 1 WHERE EXISTS (SELECT FROM t WHERE a = %L)', 'SELECT * FROM (SELECT * FROM t WHERE a = %L OFFSET 0) AS s',
    'WITH c AS MATERIALIZED (SELECT * FROM t WHERE a = %L) SELECT * FROM c']) WITH ORDINALITY AS u(query, n) ORDER BY n;
RESET ROLE;
-- the owner is above the policy, unless it is forced
SELECT tells('SELECT * FROM t WHERE a = %L');

-- children of a table with policies: partitions, inheritance, and a view's UNION ALL
CREATE TABLE p (id int, owner name, a text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (2000) WITH (autovacuum_enabled = off);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (2000) TO (9000) PARTITION BY HASH (id);
CREATE TABLE p_2_0 PARTITION OF p_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0) WITH (autovacuum_enabled = off);
INSERT INTO p SELECT * FROM t;
INSERT INTO p SELECT id + 2000, owner, a FROM t;
CREATE INDEX p_a ON p USING namedex (a, id);
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON p USING (owner = current_user);
CREATE TABLE parent (id int, owner name, a text) WITH (autovacuum_enabled = off);
CREATE TABLE child () INHERITS (parent) WITH (autovacuum_enabled = off);
INSERT INTO child SELECT * FROM t;
CREATE INDEX child_a ON child USING namedex (a);
ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON parent USING (owner = current_user);
GRANT SELECT ON p, parent TO namedex_alice;
SELECT tells('SELECT * FROM p WHERE a = %L'), tells('SELECT * FROM child WHERE a = %L');
SET ROLE namedex_alice;
SELECT count(*), count(*) FILTER (WHERE a = 'Hidden') AS hidden FROM p;
SELECT tells('SELECT * FROM p WHERE a = %L'), tells('SELECT * FROM p WHERE a = %L AND id > 2000'), tells('SELECT * FROM parent WHERE a = %L');
RESET ROLE;

-- A policy whose own condition goes to the index: of its rows some may be hidden by the policy's other
-- conditions. Two tables that differ in hidden rows only.
CREATE FUNCTION hides(tab text, hidden text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$s (id int, owner name, a text) PARTITION BY LIST (id)', tab);
    EXECUTE format('CREATE TABLE %1$s_x PARTITION OF %1$s DEFAULT WITH (autovacuum_enabled = off)', tab);
    EXECUTE format('INSERT INTO %1$s SELECT n, ''namedex_alice'', ''Public '' || n %% 9 FROM generate_series(1, 500) AS n', tab);
    EXECUTE format('INSERT INTO %1$s SELECT n, ''somebody'', %2$L FROM generate_series(1, 3000) AS n', tab, hidden);
    EXECUTE format('CREATE INDEX %1$s_a ON %1$s USING namedex (a)', tab);
    EXECUTE format('ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY own ON %1$s USING (a LIKE ''Public%%'' AND owner = current_user)', tab);
    EXECUTE format('GRANT SELECT ON %1$s, %1$s_x TO namedex_alice', tab);
    EXECUTE format('ALTER TABLE %1$s_x ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY own ON %1$s_x USING (a LIKE ''Public%%'' AND owner = current_user)', tab);
END $$;
SELECT hides('much', 'Public'), hides('less', 'Secret') \g /dev/null
SELECT tells('SELECT * FROM %s WHERE a LIKE ''Public%%''', 'much', 'less');
SET ROLE namedex_alice;
SELECT tells('SELECT * FROM %s_x', 'much', 'less'), tells('SELECT * FROM %s', 'much', 'less'), tells('SELECT * FROM %s WHERE id = 7', 'much', 'less');
-- the same one level further down
SELECT tells('SELECT * FROM (SELECT * FROM %1$s UNION ALL SELECT * FROM %1$s) AS u', 'much', 'less'), tells('SELECT * FROM (SELECT * FROM %1$s UNION ALL SELECT * FROM %1$s) AS u WHERE id = 7', 'much', 'less');
RESET ROLE;
CREATE VIEW much_view WITH (security_barrier) AS SELECT * FROM much WHERE a LIKE 'Public%' AND owner = current_user;
CREATE VIEW less_view WITH (security_barrier) AS SELECT * FROM less WHERE a LIKE 'Public%' AND owner = current_user;
SELECT tells('SELECT * FROM %s_view', 'much', 'less'), tells('SELECT * FROM %s_view WHERE id = 7', 'much', 'less');

-- a table that hides nothing may be asked about beside one that does
SET ROLE namedex_alice;
CREATE TEMPORARY TABLE own (id int, a text) WITH (autovacuum_enabled = off);
INSERT INTO own SELECT n, CASE WHEN n < 300 THEN 'Hidden' ELSE 'x' || n END FROM generate_series(1, 3000) AS n;
CREATE INDEX own_a ON own USING namedex (a);
SELECT tells('SELECT * FROM own WHERE a = %L'), tells('SELECT own.id FROM own JOIN t ON t.id = own.id WHERE own.a = %L');
DROP TABLE own;
RESET ROLE;

DROP SCHEMA suite CASCADE;
DROP ROLE namedex_alice;
