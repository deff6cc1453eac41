--
-- Fold drift: lower() of a collation changes after an index was built. Here its definition is changed in the
-- catalog, which is what an upgrade of libc or ICU does behind the server's back. A new session looks each time,
-- since a session keeps the rules it began with.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE COLLATION changing (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'C');
-- words that fold alike under both rules
CREATE TABLE same (id int, a text COLLATE changing, n int);
INSERT INTO same SELECT id, last_name, id % 7 FROM people(300);
CREATE INDEX same_a ON same USING namedex (a, n);
INSERT INTO same SELECT id + 300, last_name, id % 7 FROM people(30) AS p;
-- one word that does not; one in a value that is kept whole; one among pending rows
CREATE TABLE word (id int, b text, a text COLLATE changing);
INSERT INTO word SELECT id, first_name, last_name FROM people(300);
INSERT INTO word VALUES (1001, 'x', 'Ängström');
CREATE INDEX word_a ON word USING namedex (b, a);
CREATE TABLE whole (id int, a text COLLATE changing);
INSERT INTO whole SELECT id, last_name FROM people(300);
INSERT INTO whole VALUES (1001, repeat('Ä', 600));
CREATE INDEX whole_a ON whole USING namedex (a);
CREATE TABLE pending (id int, a text COLLATE changing);
INSERT INTO pending VALUES (1000, 'Smith');
CREATE INDEX pending_a ON pending USING namedex (a);
INSERT INTO pending SELECT id, last_name FROM people(30);
-- an index that had nothing before the change
CREATE TABLE late (id int, a text COLLATE changing);
CREATE INDEX late_a ON late USING namedex (a);
INSERT INTO pending VALUES (1001, 'Ängström');
-- What an index remembers of the rules it was built under (docs/format.md): equal to what one built now does?
CREATE FUNCTION signature(index regclass) RETURNS bytea LANGUAGE sql AS
    'SELECT pg_read_binary_file(pg_relation_filepath(index), 48, 8)';
CREATE FUNCTION looks(tab text, pattern text) RETURNS TABLE (mode text, said text) LANGUAGE sql AS $$
    SELECT m, raised(format('SELECT use_scan(%L); DO $d$ BEGIN PERFORM count(id) FROM %I WHERE a ILIKE %L; END $d$', m, tab, pattern))
    FROM unnest(ARRAY['plain', 'bitmap']) AS m
$$;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), agree($$SELECT id FROM word WHERE a ILIKE '%gstr%'$$), agree($$SELECT id FROM whole WHERE a ILIKE 'Ä%'$$);
SELECT agree($$SELECT id FROM word WHERE a ILIKE 'ä%'$$), agree($$SELECT id FROM pending WHERE a ILIKE 'ä%'$$);

UPDATE pg_collation SET collctype = 'C.UTF-8' WHERE oid = 'changing'::regcollation;
\c -
SET search_path = suite, public;
SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;
-- where all words fold as before, the index serves on, also after changes
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), agree($$SELECT id FROM same WHERE a ILIKE 'SMITH' AND n = 3$$), agree($$SELECT id FROM same WHERE a IS NULL$$), namedex_check('same_a', true);
INSERT INTO same SELECT id + 1000, last_name, id % 7 FROM people(300) AS p;
DELETE FROM same WHERE id % 5 = 0;
CREATE INDEX same_now ON same USING namedex (a, n);
CREATE INDEX word_now ON word USING namedex (b, a);
CHECKPOINT;
SELECT signature('same_a') = signature('same_now') AS same, signature('word_a') = signature('word_now') AS word;
-- VACUUM finds that it may remember the new rules
VACUUM (INDEX_CLEANUP ON) same;
VACUUM (INDEX_CLEANUP ON) word;
CHECKPOINT;
SELECT signature('same_a') = signature('same_now') AS same, signature('word_a') = signature('word_now') AS word;
DROP INDEX same_now, word_now;
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$), namedex_check('same_a', true);
SELECT agree($$SELECT id FROM pending WHERE a ILIKE 'ä%'$$), namedex_check('pending_a', true);
VACUUM (INDEX_CLEANUP ON) pending;
SELECT agree($$SELECT id FROM pending WHERE a ILIKE 'ä%'$$), namedex_check('pending_a', true);
INSERT INTO late VALUES (1, 'Ängström');
VACUUM late;
SELECT agree($$SELECT id FROM late WHERE a ILIKE 'ä%'$$), namedex_check('late_a', true);
-- where one does not, an error instead of a missing row, again and again
SELECT * FROM looks('word', 'ä%');
SELECT * FROM looks('word', '%smith%');
SELECT * FROM looks('word', 'ä%');
SELECT * FROM looks('whole', '%ä');
SELECT raised($q$SELECT use_scan('bitmap'); DO $$ BEGIN PERFORM count(id) FROM word WHERE b = 'Ann'; END $$ $q$);
SELECT raised($$SELECT namedex_check('word_a')$$);
SELECT raised($$SELECT namedex_check('whole_a', true)$$);
-- the index still takes rows, and VACUUM moves them; it must be rebuilt all the same
INSERT INTO word VALUES (1002, 'y', 'Österreich'), (1003, 'z', 'plain');
VACUUM (INDEX_CLEANUP ON) word;
SELECT * FROM looks('word', 'ö%');
SELECT rows + pending AS rows FROM namedex_stats('word_a');
-- the hint works
REINDEX INDEX word_a;
REINDEX INDEX CONCURRENTLY whole_a;
SELECT agree($$SELECT id FROM word WHERE a ILIKE 'ä%'$$), agree($$SELECT id FROM word WHERE a ILIKE 'ö%'$$), agree($$SELECT id FROM whole WHERE a ILIKE 'ä%'$$), namedex_check('word_a', true), namedex_check('whole_a', true);

-- and back: what was folded under the new rules is noticed under the old ones, also if the index is older than
-- that and only pending rows were moved in the meantime
UPDATE pg_collation SET collctype = 'C' WHERE oid = 'changing'::regcollation;
\c -
SET search_path = suite, public;
SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;
SELECT * FROM looks('word', 'ä%');
SELECT * FROM looks('pending', 'ä%');
SELECT * FROM looks('late', 'ä%');
SELECT agree($$SELECT id FROM same WHERE a ILIKE '%son%'$$);
SELECT word, said FROM unnest(ARRAY['word', 'whole', 'pending']) AS word, looks(word, '%') AS l(mode, said) WHERE said LIKE 'HINT%' AND mode = 'plain';

DROP SCHEMA suite CASCADE;
