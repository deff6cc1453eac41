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

-- what the method does not do
SELECT raised('CREATE UNIQUE INDEX ON t USING namedex (a)');
SELECT raised('CREATE INDEX ON t USING namedex (a DESC)');
SELECT raised('CREATE INDEX ON t USING namedex (a NULLS FIRST)');
SELECT raised('CREATE INDEX ON t USING namedex (a) INCLUDE (id)');
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
