--
-- A collation that is not deterministic is refused, with what to do instead.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE COLLATION loose (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE TABLE t (a text COLLATE loose, b text);
SELECT raised('CREATE INDEX ON t USING namedex (a)');
SELECT raised('CREATE INDEX ON t USING namedex (b COLLATE loose)');
SELECT raised('CREATE UNLOGGED TABLE u (a text COLLATE loose); CREATE INDEX ON u USING namedex (a)');
SELECT raised('CREATE INDEX ON t USING namedex (b, a)');
-- the way out, in index and query
CREATE INDEX t_a ON t USING namedex (a COLLATE "C");
INSERT INTO t SELECT last_name, first_name FROM people(200);
SELECT agree($$SELECT * FROM t WHERE a COLLATE "C" ILIKE '%son%'$$), agree($$SELECT * FROM t WHERE a COLLATE "C" = 'SMITH'$$);
-- the column's own collation is not the index's
SELECT * FROM plan($$SELECT 1 FROM t WHERE a = 'smith'$$, 'seq');

DROP SCHEMA suite CASCADE;
