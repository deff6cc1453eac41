--
-- ANY (array): each operator, with NULL elements, duplicates, no elements, and as a parameter.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t AS SELECT * FROM people(500);
CREATE INDEX t_names ON t USING namedex (last_name, first_name);
SELECT * FROM plan($$SELECT id FROM t WHERE last_name ILIKE ANY (ARRAY['smi%', '%son'])$$);
SELECT * FROM plan($$SELECT id FROM t WHERE last_name IN ('Smith', 'SMITH')$$, 'bitmap');
SELECT operator, elements, agree(format('SELECT id FROM t WHERE last_name %s ANY (%L::text[])', operator, elements))
FROM unnest(ARRAY['ILIKE', 'LIKE', '=', '^@']) AS operator,
     unnest(ARRAY['{}', '{NULL}', '{Smith}', '{smi%,smi%}', '{Smith,NULL,son}', '{%son%,%smith%,%}', '{"",%}', '{%zz%,none,%-%}', '{NULL,NULL}', '{{Smith},{son}}']) WITH ORDINALITY AS e(elements, n)
ORDER BY operator COLLATE "C", n;
SELECT agree($$SELECT id FROM t WHERE last_name ILIKE ANY (ARRAY['%smi%', '%son%']) AND first_name LIKE ANY (ARRAY['A%', '%n', NULL])$$, true),
       agree($$SELECT id FROM t WHERE last_name ILIKE ANY (ARRAY['%smi%', '%son%']) AND last_name LIKE '%h%'$$);
-- = ALL and NOT LIKE are no conditions of the index
SELECT * FROM plan($$SELECT id FROM t WHERE last_name LIKE '%s%' AND last_name LIKE ALL (ARRAY['%s%', '%n%'])$$);
-- many elements
SELECT agree($$SELECT id FROM t WHERE last_name = ANY (ARRAY(SELECT 'x' || n FROM generate_series(1, 2000) AS n) || 'Smith'::text)$$);
SELECT agree(format('SELECT id FROM t WHERE last_name ILIKE ANY (%L::text[])', (SELECT array_agg('%x' || n || '%') || '%son%'::text FROM generate_series(1, 500) AS n)));

-- a parameter, a column of another table, a NULL array
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE any_of(text[]) AS SELECT count(*) FROM t WHERE last_name ILIKE ANY ($1);
EXECUTE any_of('{%son%,smi%}');
EXECUTE any_of(NULL);
EXECUTE any_of('{}');
EXECUTE any_of('{NULL,smi%}');
RESET plan_cache_mode;
CREATE TABLE wanted (n int, patterns text[]);
INSERT INTO wanted VALUES (1, '{%son%,smi%}'), (2, NULL), (3, '{}'), (4, '{NULL,smi%}'), (5, '{%}');
SELECT n, (SELECT count(*) FROM t WHERE last_name ILIKE ANY (patterns)) FROM wanted ORDER BY n;
RESET enable_seqscan;
SELECT count(*) FROM t WHERE last_name ILIKE ANY ('{%son%,smi%}');
SELECT count(*) FROM t WHERE last_name ILIKE ANY ('{NULL,smi%}');

-- a pattern that ends with its escape raises if a row gets there, and only then
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM t WHERE last_name LIKE ANY (ARRAY['%%', 'a\'])$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM t WHERE last_name LIKE ANY (ARRAY['zz%%', 'S\'])$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;

DROP SCHEMA suite CASCADE;
