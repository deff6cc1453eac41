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
-- also among many
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM t WHERE last_name LIKE ANY (ARRAY(SELECT 'zz' || n FROM generate_series(1, 40) AS n) || 'S\'::text)$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM t WHERE last_name LIKE ANY (ARRAY(SELECT 'zz' || n FROM generate_series(1, 40) AS n) || '%%'::text || 'S\'::text)$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;
SELECT agree($$SELECT id FROM t WHERE last_name LIKE ANY (ARRAY(SELECT 'zz' || n FROM generate_series(1, 40) AS n) || 'q\'::text || 'Smith'::text)$$, true);
-- Many elements: those without wildcards are looked up as a set, the others tried one by one; rows that are
-- pending, rows in a segment, and values that are kept whole.
CREATE FUNCTION agree_on_many(name text) RETURNS TABLE (operator text, kind text, answer text) LANGUAGE plpgsql AS $$
DECLARE
    elements text[];
BEGIN
    FOREACH operator IN ARRAY ARRAY['=', '^@', 'LIKE', 'ILIKE'] LOOP
        CONTINUE WHEN operator = '^@' AND name LIKE 'b%';
        FOR kind, elements IN
            SELECT k, array_agg(e ORDER BY n) FROM (
                SELECT n, k, CASE k
                    WHEN 'whole' THEN w
                    WHEN 'upper' THEN upper(w)
                    WHEN 'escaped' THEN regexp_replace(regexp_replace(w, '([%_\\])', '\\\1', 'g'), '^([a-zA-Z])', '\\\1')
                    WHEN 'begins' THEN left(w, 1 + n::int % 6) || '%%'
                    WHEN 'words' THEN nullif(split_part(w, ' ', 1 + n::int % 2), '')
                    WHEN 'mixed' THEN (ARRAY[w, left(w, 3) || '%', '%' || right(w, 3), '_' || substr(w, 2), left(w, 2) || '%' || right(w, 2), NULL, w])[1 + n % 7]
                    WHEN 'none' THEN w || ' none' END AS e
                FROM (SELECT row_number() OVER (ORDER BY w COLLATE "C") AS n, w FROM (SELECT DISTINCT v AS w FROM many_values WHERE v <> '') AS d) AS o,
                     unnest(ARRAY['whole', 'upper', 'escaped', 'begins', 'words', 'mixed', 'none', 'empty']) AS k
                WHERE n % 3 > 0 AND (w !~ '^[ -]*$' OR k = 'mixed')) AS x
            WHERE e IS NOT NULL OR k IN ('mixed', 'empty') GROUP BY k ORDER BY k COLLATE "C" LOOP
            IF kind = 'empty' THEN
                elements := array_fill(NULL::text, ARRAY[20]) || ''::text || 'no such'::text;
            END IF;
            answer := agree(format('SELECT id FROM %I WHERE v %s ANY (%L::text[]%s)', name, operator, elements,
                                   CASE WHEN name LIKE 'b%' AND operator = '=' THEN '::bpchar[]' ELSE '' END));
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
CREATE TABLE many_values AS
    SELECT last_name || CASE WHEN id % 2 = 0 THEN ' ' || coalesce(first_name, '') ELSE '' END AS v FROM people(300)
    UNION ALL SELECT v FROM unnest(ARRAY['İzmir', 'izmir', 'IZMIR', 'ısı', 'ISI Isı', 'STRAẞE weit', 'straße Weit', 'ẞ', 'ß', 'Kelvin', 'kelvin', 'KELVIN K', 'Ὀδυσσεύς', 'ΟΔΥΣΣΕΥΣ', 'οδυσσευς', 'ΟΔΥΣΣΕΥΣ Σ', 'Σ''', 'a_b', 'a%b', 'a\b', 'a\\b c', '-', ' ', 'Smith ', 'Smith  Ann', ' Smith', 'Смит Анна', 'СМИТ АННА']) AS v;
CREATE TABLE c (id serial, v text COLLATE "C");
CREATE TABLE i (id serial, v text COLLATE "und-x-icu");
CREATE TABLE k (id serial, v text COLLATE "tr-x-icu");
CREATE TABLE b (id serial, v char(24) COLLATE "C");
CREATE INDEX c_v ON c USING namedex (v);
CREATE INDEX i_v ON i USING namedex (v);
CREATE INDEX k_v ON k USING namedex (v);
CREATE INDEX b_v ON b USING namedex (v);
INSERT INTO c (v) SELECT v FROM many_values;
INSERT INTO i (v) SELECT v FROM many_values;
INSERT INTO k (v) SELECT v FROM many_values;
INSERT INTO b (v) SELECT v FROM many_values;
SELECT name, pending > 0 AS has_pending, segments FROM unnest(ARRAY['c', 'i', 'k', 'b']) AS name, namedex_stats((name || '_v')::regclass);
SELECT name, operator, string_agg(kind || ' ' || replace(answer, ' rows agree', ''), ', ') AS rows_agree FROM unnest(ARRAY['c', 'i', 'k', 'b']) AS name, agree_on_many(name) GROUP BY name, operator ORDER BY name, operator COLLATE "C";
VACUUM c, i, k, b;
INSERT INTO c (v) SELECT v FROM many_values WHERE v LIKE '%i%';
INSERT INTO k (v) SELECT v FROM many_values WHERE v LIKE '%i%';
SELECT name, pending > 0 AS has_pending, segments FROM unnest(ARRAY['c', 'i', 'k', 'b']) AS name, namedex_stats((name || '_v')::regclass);
SELECT name, operator, string_agg(kind || ' ' || replace(answer, ' rows agree', ''), ', ') AS rows_agree FROM unnest(ARRAY['c', 'i', 'k', 'b']) AS name, agree_on_many(name) GROUP BY name, operator ORDER BY name, operator COLLATE "C";
-- more of them than make a set, other types
CREATE TABLE numbers AS SELECT n AS id, n % 1000 AS i, (n % 1000)::text::name AS nm, date '2000-01-01' + n % 1000 AS d, md5((n % 1000)::text)::uuid AS u FROM generate_series(1, 3000) AS n;
CREATE INDEX numbers_all ON numbers USING namedex (i, nm, d, u);
SELECT agree('SELECT id FROM numbers WHERE i = ANY (ARRAY(SELECT generate_series(1, 3000, 7)))'),
       agree('SELECT id FROM numbers WHERE i = ANY (ARRAY(SELECT generate_series(1, 3000, 7)::bigint))'),
       agree('SELECT id FROM numbers WHERE nm = ANY (ARRAY(SELECT generate_series(1, 3000, 7)::text::name))'),
       agree('SELECT id FROM numbers WHERE nm LIKE ANY (ARRAY(SELECT generate_series(100, 3000, 70) || ''%''))'),
       agree('SELECT id FROM numbers WHERE d = ANY (ARRAY(SELECT date ''2000-01-01'' + generate_series(1, 3000, 7)))'),
       agree('SELECT id FROM numbers WHERE d = ANY (ARRAY(SELECT timestamp ''2000-01-01'' + generate_series(1, 300, 7) * interval ''1 day''))'),
       agree('SELECT id FROM numbers WHERE u = ANY (ARRAY(SELECT md5(generate_series(1, 3000, 7)::text)::uuid))');

DROP SCHEMA suite CASCADE;
