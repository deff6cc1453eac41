--
-- Partial and expression indexes.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t AS SELECT * FROM people(600);
CREATE INDEX t_partial ON t USING namedex (last_name) WHERE born < '1930-01-01';
SELECT * FROM plan($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1930-01-01'$$);
SELECT * FROM plan($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1929-01-01'$$);
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1930-01-01'$$), agree($$SELECT id FROM t WHERE last_name IS NULL AND born < '1930-01-01'$$),
       agree($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1929-01-01'$$, true);
-- without a condition of its own, the index gives every row it has
SELECT * FROM plan($$SELECT id FROM t WHERE born < '1930-01-01'$$);
SELECT agree($$SELECT id FROM t WHERE born < '1930-01-01'$$);
-- rows move in and out
INSERT INTO t SELECT id + 600, last_name, first_name, born FROM people(100) AS p;
UPDATE t SET born = '1940-01-01' WHERE born < '1926-01-01';
UPDATE t SET born = '1920-01-01' WHERE id % 9 = 0;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1930-01-01'$$), agree($$SELECT id FROM t WHERE born < '1930-01-01'$$);
VACUUM (INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE '%son%' AND born < '1930-01-01'$$), agree($$SELECT id FROM t WHERE born < '1930-01-01'$$);
SELECT namedex_check('t_partial', true);
-- an empty partial index
CREATE INDEX t_never ON t USING namedex (first_name) WHERE id < 0;
SELECT agree($$SELECT id FROM t WHERE first_name LIKE '%n%' AND id < 0$$);
DROP INDEX t_partial, t_never;

-- expressions: functions of columns, whole rows put together, casts
CREATE INDEX t_expressions ON t USING namedex (lower(last_name), (coalesce(first_name, '') || ' ' || coalesce(last_name, '')), (extract(year FROM born)::int));
SELECT * FROM plan($$SELECT id FROM t WHERE lower(last_name) LIKE '%son%'$$);
SELECT * FROM plan($$SELECT id FROM t WHERE coalesce(first_name, '') || ' ' || coalesce(last_name, '') ILIKE '%ann smi%' AND extract(year FROM born)::int = 1925$$);
SELECT agree($$SELECT id FROM t WHERE lower(last_name) LIKE '%son%'$$), agree($$SELECT id FROM t WHERE lower(last_name) LIKE '%Son%'$$), agree($$SELECT id FROM t WHERE lower(last_name) = 'smith'$$),
       agree($$SELECT id FROM t WHERE lower(last_name) IS NULL$$), agree($$SELECT id FROM t WHERE coalesce(first_name, '') || ' ' || coalesce(last_name, '') ILIKE '%ann smi%'$$),
       agree($$SELECT id FROM t WHERE coalesce(first_name, '') || ' ' || coalesce(last_name, '') ILIKE 'mary ann%' AND extract(year FROM born)::int = 1925$$);
INSERT INTO t VALUES (2001, 'ÄÖÜ Smith', 'Mary Ann', '1925-05-05'), (2002, NULL, NULL, NULL);
SELECT agree($$SELECT id FROM t WHERE lower(last_name) LIKE '%smith'$$), agree($$SELECT id FROM t WHERE coalesce(first_name, '') || ' ' || coalesce(last_name, '') ILIKE '% '$$);
SELECT namedex_check('t_expressions', true);

-- an expression that fails keeps the row out, or the index from being made
CREATE TABLE fails (id int, a text);
INSERT INTO fails VALUES (1, '4'), (2, '0'), (3, NULL);
SELECT raised('CREATE INDEX ON fails USING namedex (((8 / a::int)::text))');
DELETE FROM fails WHERE id = 2;
CREATE INDEX fails_a ON fails USING namedex (((8 / a::int)::text));
SELECT raised($$INSERT INTO fails VALUES (4, '0')$$);
SELECT raised($$INSERT INTO fails VALUES (5, 'x')$$);
INSERT INTO fails VALUES (6, '2');
SELECT agree($$SELECT id FROM fails WHERE (8 / a::int)::text LIKE '%'$$);
SELECT namedex_check('fails_a', true);

-- an expression whose type is not supported
SELECT raised('CREATE INDEX ON t USING namedex ((id::numeric))');

-- expressions run as the table's owner, restricted
CREATE ROLE namedex_owner;
GRANT USAGE, CREATE ON SCHEMA suite TO namedex_owner;
CREATE TABLE whose (id int, seen text);
GRANT ALL ON whose TO PUBLIC;
CREATE TABLE mine (a text);
ALTER TABLE mine OWNER TO namedex_owner;
INSERT INTO mine VALUES ('Ann'), ('Son');
CREATE FUNCTION spy(a text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN a || ' ' || current_user; END $$;
CREATE INDEX mine_a ON mine USING namedex (spy(a));
SELECT namedex_check('mine_a', true);
BEGIN; SELECT use_scan('plain') \g /dev/null
SELECT count(*) FROM mine WHERE spy(a) LIKE '%son namedex_owner';
SELECT count(*) FROM mine WHERE spy(a) LIKE '%Son%';
COMMIT;

DROP SCHEMA suite CASCADE;
DROP ROLE namedex_owner;
