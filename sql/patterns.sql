--
-- Patterns, one rule a line: what the server's LIKE and ILIKE say is what the index says, over values
-- that are there to make a difference. UTF-8 only.
--
SELECT getdatabaseencoding() <> 'UTF8' AS other_encoding \gset
\if :other_encoding
\quit
\endif
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE v (id int GENERATED ALWAYS AS IDENTITY, a text);
INSERT INTO v (a) SELECT x FROM unnest(ARRAY['Smith', 'smith', 'SMITH', ' Smith', 'Smith ', '-Smith-', 'Smith Smith', 'smith-SMITH smith', 'Ann Smith', 'Smith Ann', 'Ann  Smith', 'Ann-Smith', 'AnnSmith', 'Ann', 'a', 'A', '', ' ', '  ', '-',
    'O''Brien', 'O’Brien', 'OBrien', '50%', '50', '50_', '5\0', '\', '\\', '%', '_', 'x\y', 'x%y', 'xzy', 'x_y', E'tab\tbed', E'line\nfeed', E'\x01', '王伟', '王', '李王伟', 'Ann王', '👍', '👍🏽', 'Ann 👍', 'é', E'e\u0301', 'É', 'Straße', 'STRASSE', 'Strasse', 'ſtraße',
    'ΟΔΟΣ', 'οδος', 'οδοσ', 'ΟΔΟΣΑ', 'ΟΔΟΣ ΟΔΟΣΑ', 'ΟΔΟΣ''Α', 'İ', 'i', 'I', 'ı', E'I\u0307', E'\u212Aelvin', 'Kelvin', 'kelvin', E'\u212A', NULL]) AS x;
INSERT INTO v (a) SELECT a || ' ' || a FROM v;
CREATE TABLE patterns (n int GENERATED ALWAYS AS IDENTITY, p text);
INSERT INTO patterns (p) SELECT x FROM unnest(ARRAY['', '%', '%%', '_', '__', '_%', '%_', '%_%', '% %', ' %', '% ', '%-%', '-%', '%-', 'smith', 'Smith', 'smi%', 'Smi%', '%ith', '%mit%', '%MIT%', 'smith smith', '%smith smith%', '%smith%smith%', '%ann smi%', '%n s%',
    '%n_s%', '%ann__smith%', 's_ith', '_mith', '%s_i%', 'smit_', '%\%%', '%\_%', '50\%', '50\_', '50%', '50_', '\\', '\\\\', '%\\%', 'x\\y', 'x\y', 'x\%y', 'x\_y', 'x_y', '\a', '\A%', '%''%', 'o''brien', 'o’brien', '%’b%', '%b_ien', E'%\t%', E'%\n%', E'\x01', '王%', '%王', '%王%', '_', '王_', '_王_', '%伟',
    '👍%', '%👍', '_👍', '👍_', '%é', 'é', 'É', E'e\u0301', 'e_', '%strasse', '%straße', '%ſ%', 'stra__e', 'ΟΔΟΣ', 'οδος', 'ΟΔΟΣ%', 'οδοσ%', '%Σ%', '%σ%', '%ς%', '%Σ', '%δοσα', 'i', 'I', 'İ', 'ı', '%İ%', '%i%', E'i\u0307', '_', 'k%', 'K%', E'\u212A%', '%elvin', '_elvin', '%k%']) AS x;
CREATE INDEX v_a ON v USING namedex (a);

-- every pattern under a collation, as LIKE, ILIKE, = and ^@; what is printed is what differs
CREATE FUNCTION differences(collation_name text) RETURNS TABLE (operator text, pattern text, difference text) LANGUAGE plpgsql AS $$
DECLARE
    counted bigint := 0;
BEGIN
    EXECUTE 'DROP INDEX IF EXISTS v_a';
    EXECUTE format('CREATE INDEX v_a ON v USING namedex (a COLLATE %I)', collation_name);
    FOR operator IN SELECT unnest(ARRAY['LIKE', 'ILIKE', '=', '^@']) LOOP
        FOR pattern IN SELECT p FROM patterns ORDER BY n LOOP
            difference := agree(format('SELECT id FROM v WHERE a COLLATE %I %s %L', collation_name, operator, pattern));
            IF difference !~ '^[0-9]+ rows agree$' THEN
                RETURN NEXT;
            END IF;
            counted := counted + 1;
        END LOOP;
    END LOOP;
    operator := collation_name; pattern := counted || ' conditions'; difference := 'compared';
    RETURN NEXT;
END $$;
SELECT * FROM differences('C');
SELECT * FROM differences('C.utf8');
SELECT * FROM differences('und-x-icu');
SELECT * FROM differences('en-US-x-icu');
SELECT * FROM differences('tr-TR-x-icu');
SELECT * FROM differences('el-x-icu');
SELECT * FROM differences('lt-x-icu');
SELECT * FROM differences('default');

-- the rules themselves, so that the comparison above is known to have something to find
DROP INDEX v_a;
CREATE INDEX v_und ON v USING namedex (a COLLATE "und-x-icu");
SELECT agree($$SELECT a FROM v WHERE a COLLATE "und-x-icu" ILIKE 'ΟΔΟΣ%'$$), agree($$SELECT a FROM v WHERE a COLLATE "und-x-icu" ILIKE 'ΟΔΟΣ'$$), agree($$SELECT a FROM v WHERE a COLLATE "und-x-icu" LIKE '%Σ%'$$), agree($$SELECT a FROM v WHERE a COLLATE "und-x-icu" ILIKE 'k%'$$);
SELECT a FROM v WHERE a COLLATE "und-x-icu" ILIKE 'ΟΔΟΣ%' ORDER BY id;
CREATE INDEX v_tr ON v USING namedex (a COLLATE "tr-TR-x-icu");
SELECT agree($$SELECT a FROM v WHERE a COLLATE "tr-TR-x-icu" LIKE '%I%'$$), agree($$SELECT a FROM v WHERE a COLLATE "tr-TR-x-icu" ILIKE 'I'$$), agree($$SELECT a FROM v WHERE a COLLATE "tr-TR-x-icu" ILIKE 'i'$$);
SELECT a FROM v WHERE a COLLATE "tr-TR-x-icu" ILIKE 'İ' ORDER BY id;

-- the trailing escape: an error exactly where the sequential scan has one
CREATE FUNCTION outcome(condition text, mode text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM use_scan(mode);
    EXECUTE 'SELECT count(*) FROM v WHERE ' || condition INTO n;
    RETURN n || ' rows';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE INDEX v_a ON v USING namedex (a);
SELECT condition, outcome(condition, 'seq'), outcome(condition, 'plain') = outcome(condition, 'seq') AS plain, outcome(condition, 'bitmap') = outcome(condition, 'seq') AS bitmap
FROM unnest(ARRAY['a LIKE ''\''', 'a LIKE ''%\''', 'a LIKE ''Smith\''', 'a LIKE ''Smithx\''', 'a LIKE ''zz\''', 'a LIKE ''_\''', 'a ILIKE ''smith\''', 'a ILIKE ''smith_\''', 'a LIKE ''zz%\''', 'a LIKE ''\\\''', 'a LIKE ''x\\\''', 'a LIKE ''\%\''', 'a LIKE ''%zz\''', 'a LIKE ''%h\''']) WITH ORDINALITY AS u(condition, n) ORDER BY n;
CREATE TABLE few (a text);
CREATE INDEX few_a ON few USING namedex (a);
SELECT count(*) FROM few WHERE a LIKE '\';
INSERT INTO few VALUES (NULL), ('');
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM few WHERE a LIKE '\'$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;
INSERT INTO few VALUES ('x');
SELECT m, raised(format($$SELECT use_scan(%L); SELECT count(*) FROM few WHERE a LIKE '\'$$, m)) FROM unnest(ARRAY['seq', 'plain', 'bitmap']) AS m;

DROP SCHEMA suite CASCADE;
