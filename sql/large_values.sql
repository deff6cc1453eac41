--
-- Large values: toasted, compressed, out of line, and the limit.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, a text, note text);
INSERT INTO t SELECT n, repeat('Ann Smith ', n * 40), 'x' FROM generate_series(1, 60) AS n;
INSERT INTO t SELECT 100 + n, (SELECT string_agg(md5((n * 1000 + k)::text), CASE k % 3 WHEN 0 THEN ' ' WHEN 1 THEN '-' ELSE '' END) FROM generate_series(1, 40 * n) AS k), 'x' FROM generate_series(1, 30) AS n;
INSERT INTO t SELECT 200 + n, repeat('x', 995 + n), 'x' FROM generate_series(1, 10) AS n;
INSERT INTO t SELECT 300 + n, repeat('Ab ', 80 + n) || 'end', 'x' FROM generate_series(1, 10) AS n;
INSERT INTO t SELECT 400 + n, repeat('- ', 995 + n) || 'end', 'x' FROM generate_series(1, 10) AS n;
CREATE INDEX t_a ON t USING namedex (a);
SELECT left(pattern, 20) AS pattern, agree(format('SELECT id FROM t WHERE a ILIKE %L', pattern))
FROM unnest(ARRAY['%ann smith ann%', 'ann%', '%smith ', '%smith', '%a1b%', '%a1b_c%', '%x', repeat('x', 1000), repeat('X', 1001), repeat('_', 999), '%ab end', '%ab%', '%- -%', '- %end', '%END', '%4e-%']) WITH ORDINALITY AS u(pattern, n) ORDER BY n;
SELECT agree(format('SELECT id FROM t WHERE a = %L', repeat('Ann Smith ', 400))), agree(format('SELECT id FROM t WHERE a ^@ %L', repeat('Ann Smith ', 300)));
-- the same among pending rows
INSERT INTO t SELECT id + 1000, a, note FROM t;
SELECT left(pattern, 20) AS pattern, agree(format('SELECT id FROM t WHERE a ILIKE %L', pattern)) FROM unnest(ARRAY['%ann smith ann%', '%a1b%', repeat('x', 1000), '%- -%', '%ab end']) WITH ORDINALITY AS u(pattern, n) ORDER BY n;
-- values that lie out of line and are not touched by an update
ALTER TABLE t ALTER COLUMN a SET STORAGE EXTERNAL;
UPDATE t SET a = a || ' again' WHERE id % 3 = 0;
UPDATE t SET note = 'y' WHERE id % 2 = 0;
SELECT agree($$SELECT id FROM t WHERE a ILIKE '%smith  again'$$), agree($$SELECT id FROM t WHERE a LIKE '%Ann Smith%' AND a LIKE '%again'$$);
VACUUM (INDEX_CLEANUP ON) t;
SELECT agree($$SELECT id FROM t WHERE a ILIKE '%smith  again'$$);
SELECT namedex_check('t_a', true);

-- near the limit
CREATE TABLE huge (id int, a text, b text);
CREATE INDEX huge_ab ON huge USING namedex (a, b);
INSERT INTO huge VALUES (1, repeat('Ann Smith ', 104857) || '123456', 'x'), (2, repeat('x', 1048576), NULL), (3, NULL, repeat(' ', 1048576)), (4, 'Ann', repeat('Son-', 262144));
SELECT agree($$SELECT id FROM huge WHERE a ILIKE '%smith 123456'$$), agree($$SELECT id FROM huge WHERE a LIKE 'xxx%'$$), agree($$SELECT id FROM huge WHERE b ILIKE '%-SON-'$$), agree($$SELECT id FROM huge WHERE b LIKE ' %'$$),
       agree($$SELECT id FROM huge WHERE a = repeat('x', 1048576)$$), agree($$SELECT id FROM huge WHERE b = repeat(' ', 1048576)$$);
REINDEX INDEX huge_ab;
SELECT agree($$SELECT id FROM huge WHERE a ILIKE '%smith 123456'$$), agree($$SELECT id FROM huge WHERE a LIKE 'xxx%'$$), agree($$SELECT id FROM huge WHERE b ILIKE '%-SON-'$$), agree($$SELECT id FROM huge WHERE b LIKE ' %'$$);
VACUUM huge;
SELECT namedex_check('huge_ab', true);
-- over it
SELECT raised($$INSERT INTO huge VALUES (5, repeat('x', 1048577), NULL)$$);
SELECT raised($$INSERT INTO huge VALUES (5, NULL, repeat('Ann Smith ', 104858))$$);
SELECT agree($$SELECT id FROM huge WHERE a IS NOT NULL$$);
DROP INDEX huge_ab;
INSERT INTO huge VALUES (5, 'y', repeat('x', 2000000));
SELECT raised('CREATE INDEX huge_again ON huge USING namedex (a, b)');
SELECT raised('CREATE INDEX huge_again ON huge USING namedex (a, lower(b))');
CREATE INDEX huge_left ON huge USING namedex (left(b, 1000));
SELECT agree($$SELECT id FROM huge WHERE left(b, 1000) LIKE 'xx%'$$);

DROP SCHEMA suite CASCADE;
