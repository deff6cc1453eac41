--
-- Key types: every operator class, comparisons across the types of a family, padding of char(n).
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

-- whole numbers
CREATE TABLE numbers (id int, s int2, i int4, b int8);
INSERT INTO numbers SELECT n, n % 7 - 3, n % 11 - 5, n % 13 - 6 FROM generate_series(1, 300) AS n;
INSERT INTO numbers VALUES (1001, 32767, 2147483647, 9223372036854775807), (1002, -32768, -2147483648, '-9223372036854775808'), (1003, NULL, NULL, NULL), (1004, 0, 32768, 2147483648), (1005, 0, 65536, 4294967296);
CREATE INDEX numbers_all ON numbers USING namedex (s, i, b);
SELECT * FROM plan('SELECT id FROM numbers WHERE b = 5');
SELECT * FROM plan('SELECT id FROM numbers WHERE s = 5::int8');
SELECT column_name, value, agree(format('SELECT id FROM numbers WHERE %s = %s', column_name, value))
FROM unnest(ARRAY['s', 'i', 'b']) AS column_name,
     unnest(ARRAY['0', '-3', '5::int2', '2147483647', '32767', '(-32768)', '32768', '65536', '4294967296', '9223372036854775807', '(-2147483648)', '''-9223372036854775808''::int8']) AS value
ORDER BY column_name, value COLLATE "C";
SELECT agree('SELECT id FROM numbers WHERE s = ANY (ARRAY[0, 3, 40000]::int8[])'), agree('SELECT id FROM numbers WHERE b = ANY (ARRAY[0, 3, NULL, 3]::int2[])'),
       agree('SELECT id FROM numbers WHERE i IN (1, 2, 5)'), agree('SELECT id FROM numbers WHERE i IS NULL'), agree('SELECT id FROM numbers WHERE s = 0 AND i = 32768 AND b = 2147483648');

-- dates and times
SET timezone = 'America/New_York';
CREATE TABLE times (id int, d date, t timestamp, z timestamptz);
INSERT INTO times SELECT n, date '2024-03-08' + n % 6, timestamp '2024-03-08' + n % 8 * interval '12 hours', timestamptz '2024-03-08 00:00+00' + n % 50 * interval '1 hour' FROM generate_series(1, 300) AS n;
INSERT INTO times VALUES (1001, 'infinity', 'infinity', 'infinity'), (1002, '-infinity', '-infinity', '-infinity'), (1003, NULL, NULL, NULL),
    (1004, '4713-01-01 BC', '4713-01-01 BC', '4713-01-01 BC'), (1005, '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 00:00+00'), (1006, '2024-03-10', '2024-03-10 02:30', '2024-03-10 03:30-04');
CREATE INDEX times_all ON times USING namedex (d, t, z);
SELECT * FROM plan($$SELECT id FROM times WHERE z = date '2024-03-09'$$);
SELECT column_name, value, agree(format('SELECT id FROM times WHERE %s = %s', column_name, value))
FROM unnest(ARRAY['d', 't', 'z']) AS column_name,
     unnest(ARRAY['date ''2024-03-10''', 'timestamp ''2024-03-10''', 'timestamp ''2024-03-10 12:00''', 'timestamptz ''2024-03-10 00:00''', 'timestamptz ''2024-03-10 00:00+00''', 'timestamp ''2024-03-10 02:30''',
                  'date ''infinity''', 'timestamptz ''-infinity''', 'date ''4713-01-01 BC''', 'timestamp ''294276-12-31 23:59:59.999999''']) AS value
ORDER BY column_name, value COLLATE "C";
-- the zone counts when the query runs, not when the index was made
SET timezone = 'Asia/Tokyo';
SELECT agree($$SELECT id FROM times WHERE d = timestamptz '2024-03-10 00:00'$$), agree($$SELECT id FROM times WHERE z = date '2024-03-09'$$), agree($$SELECT id FROM times WHERE t = timestamptz '2024-03-10 00:00-03'$$);
RESET timezone;
SELECT agree($$SELECT id FROM times WHERE d = ANY (ARRAY[timestamp '2024-03-10', NULL, timestamp '2024-03-09 12:00'])$$), agree('SELECT id FROM times WHERE t IS NULL'),
       agree($$SELECT id FROM times WHERE d IN ('2024-03-08', '2024-03-09')$$);

-- uuid
CREATE TABLE keys (id int, k uuid);
INSERT INTO keys SELECT n, format('%s-0000-4000-8000-00000000000%s', CASE n % 2 WHEN 0 THEN 'ffffffff' ELSE '00000000' END, n % 10)::uuid FROM generate_series(1, 200) AS n;
INSERT INTO keys VALUES (1001, '00000000-0000-0000-0000-000000000000'), (1002, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), (1003, NULL);
CREATE INDEX keys_k ON keys USING namedex (k);
SELECT agree($$SELECT id FROM keys WHERE k = 'FFFFFFFF-0000-4000-8000-000000000002'$$), agree($$SELECT id FROM keys WHERE k = '00000000-0000-0000-0000-000000000000'$$),
       agree($$SELECT id FROM keys WHERE k = '{ffffffffffffffffffffffffffffffff}'$$), agree($$SELECT id FROM keys WHERE k = '12345678-0000-0000-0000-000000000000'$$),
       agree($$SELECT id FROM keys WHERE k IN ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000003')$$), agree('SELECT id FROM keys WHERE k IS NULL');

-- char(n): LIKE sees the padding, = does not
CREATE TABLE padded (id int, c char(8));
INSERT INTO padded SELECT n, (ARRAY['Ann', 'ann', 'Ann ', 'Ann Mary', ' Ann', '', 'Annabell', NULL])[1 + n % 8] FROM generate_series(1, 80) AS n;
CREATE INDEX padded_c ON padded USING namedex (c);
SELECT condition, agree('SELECT id FROM padded WHERE c ' || condition)
FROM unnest(ARRAY['= ''Ann''', '= ''Ann  ''', '= ''ann''', '= ''''', '= ''Ann''::text', '= '' Ann''', 'LIKE ''Ann''', 'LIKE ''Ann%''', 'LIKE ''Ann     ''', 'LIKE ''% ''', 'LIKE ''%n''', 'LIKE ''________''', 'LIKE ''_______''',
                  'ILIKE ''ann %''', 'ILIKE ''%ANN%''', 'ILIKE ''annabell''', 'LIKE ''''', 'IS NULL', 'IN (''Ann'', ''ann'')', 'LIKE ANY (ARRAY[''Ann %'', ''%bell''])']) WITH ORDINALITY AS u(condition, n)
WHERE condition NOT LIKE '%::text' ORDER BY n;
SELECT * FROM plan($$SELECT id FROM padded WHERE c = 'Ann'$$);
SELECT * FROM plan($$SELECT id FROM padded WHERE c LIKE 'Ann%'$$);
INSERT INTO padded VALUES (101, 'Ann'), (102, 'ANN');
SELECT agree($$SELECT id FROM padded WHERE c = 'Ann   '$$), agree($$SELECT id FROM padded WHERE c ILIKE 'ann%'$$);

-- varchar
CREATE TABLE limited (id int, v varchar(20));
INSERT INTO limited SELECT id, last_name FROM people(300);
CREATE INDEX limited_v ON limited USING namedex (v);
SELECT * FROM plan($$SELECT id FROM limited WHERE v ILIKE '%son%'$$);
SELECT agree($$SELECT id FROM limited WHERE v ILIKE '%son%'$$), agree($$SELECT id FROM limited WHERE v = 'Smith'$$), agree($$SELECT id FROM limited WHERE v ^@ 'Smi'$$), agree($$SELECT id FROM limited WHERE v = ANY (ARRAY['Smith', 'SMITH'])$$);

-- name
CREATE TABLE named (id int, n name);
INSERT INTO named SELECT id, last_name FROM people(300);
INSERT INTO named VALUES (1001, repeat('Long', 20)), (1002, 'Smith ');
CREATE INDEX named_n ON named USING namedex (n);
SELECT * FROM plan($$SELECT id FROM named WHERE n = 'Smith'$$);
SELECT agree($$SELECT id FROM named WHERE n ILIKE '%son%'$$), agree($$SELECT id FROM named WHERE n LIKE 'Smi%'$$), agree($$SELECT id FROM named WHERE n = 'Smith'$$),
       agree($$SELECT id FROM named WHERE n = 'Smith'::text COLLATE "C"$$), agree($$SELECT id FROM named WHERE n LIKE '%LongLon'$$), agree($$SELECT id FROM named WHERE n = repeat('Long', 20)::name$$),
       agree($$SELECT id FROM named WHERE n IS NULL$$), agree($$SELECT id FROM named WHERE n = ANY (ARRAY['Smith', 'son']::name[])$$);

-- a domain and an array's element type do not matter
CREATE DOMAIN surname AS text CHECK (VALUE <> 'forbidden');
CREATE TABLE domains (id int, a surname);
INSERT INTO domains SELECT id, last_name FROM people(200);
CREATE INDEX domains_a ON domains USING namedex (a);
SELECT agree($$SELECT id FROM domains WHERE a ILIKE '%son%'$$), agree($$SELECT id FROM domains WHERE a = 'Smith'$$);

-- names beside keys
CREATE TABLE tenants (tenant int8, born date, key uuid, last_name text, first_name varchar(30));
INSERT INTO tenants SELECT id % 5, born, md5((id % 20)::text)::uuid, last_name, first_name FROM people(600);
CREATE INDEX tenants_all ON tenants USING namedex (tenant, last_name, born, key, first_name);
SELECT * FROM plan($$SELECT last_name FROM tenants WHERE tenant = 3 AND last_name ILIKE '%son%'$$);
SELECT agree($$SELECT last_name, tenant FROM tenants WHERE tenant = 3 AND last_name ILIKE '%son%'$$), agree($$SELECT * FROM tenants WHERE born = '1925-02-07' AND tenant = 1$$),
       agree($$SELECT * FROM tenants WHERE key = md5('7')::uuid AND first_name LIKE '%n%'$$), agree($$SELECT * FROM tenants WHERE first_name ILIKE 'ann' AND tenant IN (1, 2)$$),
       agree($$SELECT * FROM tenants WHERE tenant = 1 AND born IS NOT NULL AND key IS NOT NULL AND last_name IS NULL$$);

SELECT namedex_check(i, true) FROM unnest(ARRAY['numbers_all', 'times_all', 'keys_k', 'padded_c', 'limited_v', 'named_n', 'domains_a', 'tenants_all']::regclass[]) AS i;
DROP SCHEMA suite CASCADE;
