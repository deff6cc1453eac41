--
-- A database of encoding SQL_ASCII: any bytes are text, and none but ASCII letters have case. Values and patterns
-- that would be invalid in every encoding.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
SELECT current_database() AS home \gset
SET client_min_messages = warning;
DROP DATABASE IF EXISTS namedex_sql_ascii;
CREATE DATABASE namedex_sql_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c namedex_sql_ascii
SET client_min_messages = warning;
CREATE EXTENSION namedex CASCADE;
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE t (id int, a text);
INSERT INTO t SELECT id, last_name FROM people(200);
INSERT INTO t VALUES (1001, E'\xff'), (1002, E'Smith\xe4'), (1003, E'\xc3\xa4hn'), (1004, E'\xc3'), (1005, E'\xa4'), (1006, E'M\xfcLLER \x80\x81'), (1007, E'\xc3\\'), (1008, E'm\xdcller');
CREATE INDEX t_a ON t USING namedex (a);
INSERT INTO t SELECT id + 2000, a || E' \xe9' FROM t WHERE id > 1000;
SELECT encode(pattern::bytea, 'escape') AS pattern, agree(format('SELECT id FROM t WHERE a ILIKE %L', pattern)) AS ilike, agree(format('SELECT id FROM t WHERE a LIKE %L', pattern)) AS like
FROM unnest(ARRAY[E'%\xff%', E'%\xc3%', E'%\xa4%', E'_', E'__', E'\xc3_%', E'%H\xe4%', E'%\xfcll%', E'%\xdcLL%', E'%\x80_', '%smith_', E'%\xe9', E'%\xc3\\\\%', E'%\x80\x81%', E'\xc3\xa4%']) WITH ORDINALITY AS u(pattern, n) ORDER BY n;
SELECT agree(format('SELECT id FROM t WHERE a = %L', E'\xff')), agree(format('SELECT id FROM t WHERE a ^@ %L', E'\xc3')), agree('SELECT id FROM t WHERE a ILIKE ''%son%''');
VACUUM t;
SELECT agree(format('SELECT id FROM t WHERE a ILIKE %L', E'%\xe9')), agree(format('SELECT id FROM t WHERE a LIKE %L', E'%\xc3%')), namedex_check('t_a', true);

\c :home
DROP DATABASE namedex_sql_ascii;
