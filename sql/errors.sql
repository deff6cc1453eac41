--
-- What is refused: code, message, detail, hint. And what the inspection functions refuse.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, a text, j jsonb, f float8, n numeric, b bytea, arr text[], e text);
INSERT INTO t (id, a) VALUES (1, 'Ann');

-- types without an operator class
SELECT raised('CREATE INDEX ON t USING namedex (j)');
SELECT raised('CREATE INDEX ON t USING namedex (f)');
SELECT raised('CREATE INDEX ON t USING namedex (arr)');
-- a type that another one's class was given by hand
SELECT raised('CREATE OPERATOR CLASS numeric_ops FOR TYPE numeric USING namedex AS OPERATOR 3 = (numeric, numeric); CREATE INDEX ON t USING namedex (n numeric_ops)');
SELECT raised('CREATE OPERATOR CLASS bad_strategy FOR TYPE text USING namedex AS OPERATOR 5 = (text, text)');
CREATE OPERATOR CLASS float_ops FOR TYPE float8 USING namedex AS OPERATOR 3 = (float8, float8);
SELECT amvalidate(oid) FROM pg_opclass WHERE opcname = 'float_ops' AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'namedex');
SELECT raised('CREATE INDEX ON t USING namedex (f float_ops)');
DROP OPERATOR CLASS float_ops USING namedex;

-- what amvalidate says of operator classes: operators that are missing, that belong to other types, or that are
-- there under another operator's number
CREATE FUNCTION valid(opclass text) RETURNS boolean LANGUAGE sql AS $$
    SELECT bool_and(amvalidate(c.oid)) FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = opcmethod WHERE amname = 'namedex' AND opcname = opclass AND opcnamespace = 'suite'::regnamespace
$$;
CREATE OPERATOR CLASS only_equal FOR TYPE text USING namedex AS OPERATOR 3 = (text, text);
SELECT valid('only_equal');
CREATE OPERATOR CLASS no_equal FOR TYPE bpchar USING namedex AS OPERATOR 1 ~~ (bpchar, text), OPERATOR 2 ~~* (bpchar, text);
SELECT valid('no_equal');
CREATE OPERATOR CLASS misplaced FOR TYPE name USING namedex AS OPERATOR 1 ~~ (name, text), OPERATOR 2 ~~* (name, text), OPERATOR 3 = (name, name), OPERATOR 4 ^@ (text, text);
SELECT valid('misplaced');
CREATE OPERATOR CLASS of_varchar FOR TYPE varchar USING namedex AS OPERATOR 1 ~~ (text, text), OPERATOR 2 ~~* (text, text), OPERATOR 3 = (text, text), OPERATOR 4 ^@ (text, text);
SELECT valid('of_varchar');
CREATE INDEX t_varchar ON t USING namedex ((a::varchar) of_varchar);
SELECT agree($$SELECT id FROM t WHERE a::varchar ILIKE 'an%'$$);
DROP INDEX t_varchar;
CREATE OPERATOR CLASS only_like FOR TYPE varchar USING namedex AS OPERATOR 1 ~~ (text, text);
SELECT valid('only_like');
CREATE OPERATOR FAMILY two_numbers USING namedex;
CREATE OPERATOR CLASS two_int4 FOR TYPE int4 USING namedex FAMILY two_numbers AS OPERATOR 3 = (int4, int4);
CREATE OPERATOR CLASS two_int8 FOR TYPE int8 USING namedex FAMILY two_numbers AS OPERATOR 3 = (int8, int8);
SELECT valid('two_int4');
ALTER OPERATOR FAMILY two_numbers USING namedex ADD OPERATOR 3 = (int4, int8);
SELECT valid('two_int8');
ALTER OPERATOR FAMILY two_numbers USING namedex ADD OPERATOR 3 = (int8, int4);
SELECT valid('two_int4'), valid('two_int8');
CREATE OPERATOR CLASS crossed FOR TYPE text USING namedex AS OPERATOR 1 ~~ (text, text), OPERATOR 2 ~~* (text, text), OPERATOR 3 = (text, text), OPERATOR 4 ^@ (text, text), OPERATOR 3 = (text, name), OPERATOR 1 ~~ (name, text);
SELECT valid('crossed');
-- a scan by such an operator is refused, not answered from misread bytes; the others work
CREATE INDEX t_crossed ON t USING namedex (a crossed);
SELECT raised($$SELECT use_scan('plain'); SELECT id FROM t WHERE a = 'Ann'::name COLLATE "default"$$);
SELECT raised($$SELECT use_scan('bitmap'); SELECT id FROM t WHERE a = ANY (ARRAY['Ann'::name] COLLATE "default")$$);
SELECT agree($$SELECT id FROM t WHERE a = 'Ann'$$);
DROP INDEX t_crossed;

-- what the method does not do
SELECT raised('CREATE UNIQUE INDEX ON t USING namedex (a)');
SELECT raised('CREATE INDEX ON t USING namedex (a DESC)');
SELECT raised('CREATE INDEX ON t USING namedex (a NULLS FIRST)');
SELECT replace(raised('CREATE INDEX ON t USING namedex (a text_ops (siglen = 8))'), 'public.', '') AS raised;  -- 17 says the schema
SELECT raised('CREATE INDEX i ON t USING namedex (a); CLUSTER t USING i');
SELECT raised('CREATE INDEX i ON t USING namedex (a); ALTER TABLE t ADD PRIMARY KEY USING INDEX i');

-- storage parameters
SELECT raised('CREATE INDEX ON t USING namedex (a) WITH (fillfactor = 50)');
SELECT raised('CREATE INDEX ON t USING namedex (a) WITH (pending_list_limit = 1)');
SELECT raised('CREATE INDEX ON t USING namedex (a) WITH (pending_list_limit = ''x'')');
CREATE INDEX t_a ON t USING namedex (a) WITH (pending_list_limit = 128);
ALTER INDEX t_a SET (pending_list_limit = 256);
SELECT reloptions FROM pg_class WHERE oid = 't_a'::regclass;
ALTER INDEX t_a RESET (pending_list_limit);
SELECT raised('ALTER INDEX t_a SET (buffering = on)');
SELECT agree($$SELECT id FROM t WHERE a ILIKE 'ann'$$);
-- an unknown setting of the extension's prefix
LOAD 'namedex';
SELECT raised('SET namedex.no_such_setting = 1');

-- the inspection functions
CREATE INDEX t_btree ON t (a);
CREATE VIEW v AS SELECT * FROM t;
CREATE TABLE parts (a text) PARTITION BY LIST (a);
CREATE INDEX parts_a ON parts USING namedex (a);
SELECT f, o, r FROM unnest(ARRAY['namedex_stats', 'namedex_check']) AS f, unnest(ARRAY['t', 't_btree', 'v', 'parts', 'parts_a']) AS o, raised(format('SELECT %s(%L)', f, o)) WITH ORDINALITY AS r(r, n) ORDER BY f COLLATE "C", o COLLATE "C", n;
SELECT left(raised('SELECT namedex_check(0::regclass)'), 5) AS check, left(raised('SELECT namedex_stats(4000000000::regclass)'), 5) AS stats;
SELECT namedex_check(NULL), namedex_stats(NULL);

-- an index whose CREATE INDEX CONCURRENTLY broke off is there and not valid: nobody looks into it until it is rebuilt
CREATE TABLE midway (id int, n int, a text);
INSERT INTO midway SELECT id, 1 + id % 9, last_name FROM people(300);
INSERT INTO midway VALUES (1001, 0, 'zero');
CREATE INDEX CONCURRENTLY midway_n ON midway USING namedex (a, (8 / n));
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'midway_n'::regclass;
SELECT raised($$SELECT namedex_check('midway_n')$$);
SELECT raised($$SELECT namedex_stats('midway_n')$$);
SELECT * FROM plan($$SELECT id FROM midway WHERE a ILIKE '%son%'$$, 'seq');
INSERT INTO midway VALUES (1002, 0, 'zero son'), (1003, 1, 'one son');
REINDEX INDEX midway_n;
REINDEX INDEX CONCURRENTLY midway_n;
DELETE FROM midway WHERE n = 0;
REINDEX INDEX CONCURRENTLY midway_n;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'midway'::regclass ORDER BY indisvalid;
SELECT agree($$SELECT id FROM midway WHERE a ILIKE '%son%'$$), agree($$SELECT id FROM midway WHERE a ILIKE '%son%' AND 8 / n = 8$$), namedex_check('midway_n', true);
-- and one that broke off at a value too large; what is left of it is dropped
DROP INDEX midway_n, midway_n_ccnew;
INSERT INTO midway VALUES (1004, 1, repeat('x', 1048577));
CREATE INDEX CONCURRENTLY midway_a ON midway USING namedex (a);
SELECT raised($$SELECT namedex_check('midway_a')$$);
DROP INDEX CONCURRENTLY midway_a;

-- whose index it is
CREATE ROLE namedex_owner;
CREATE ROLE namedex_reader;
CREATE ROLE namedex_monitor IN ROLE pg_stat_scan_tables;
GRANT USAGE ON SCHEMA suite TO namedex_owner, namedex_reader, namedex_monitor;
GRANT SELECT ON t TO namedex_reader;
ALTER TABLE t OWNER TO namedex_owner;
SET ROLE namedex_reader;
SELECT raised($$SELECT namedex_check('t_a')$$);
SELECT raised($$SELECT namedex_check('t_a', true)$$);
SELECT raised($$SELECT namedex_stats('t_a')$$);
SET ROLE namedex_monitor;
SELECT raised($$SELECT namedex_check('t_a')$$);
SELECT rows + pending AS rows, dead FROM namedex_stats('t_a');
SET ROLE namedex_owner;
SELECT namedex_check('t_a', true);
SELECT rows + pending AS rows, dead FROM namedex_stats('t_a');
RESET ROLE;

DROP SCHEMA suite CASCADE;
DROP ROLE namedex_owner, namedex_reader, namedex_monitor;
