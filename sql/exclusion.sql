--
-- Exclusion constraints with =, and triggers that search while rows are written.
--
\getenv srcdir PG_ABS_SRCDIR
\set helpers :srcdir '/sql/include/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
\pset format unaligned
\pset footer off

CREATE TABLE unique_names (id int, tenant int, a text, EXCLUDE USING namedex (tenant WITH =, a WITH =));
INSERT INTO unique_names VALUES (1, 1, 'Smith'), (2, 1, 'smith'), (3, 2, 'Smith'), (4, 1, NULL), (5, 1, NULL);
SELECT raised($$INSERT INTO unique_names VALUES (6, 1, 'Smith')$$);
SELECT raised($$UPDATE unique_names SET a = 'Smith' WHERE id = 2$$);
INSERT INTO unique_names VALUES (7, 1, 'Smith') ON CONFLICT DO NOTHING;
DELETE FROM unique_names WHERE id = 1;
INSERT INTO unique_names VALUES (8, 1, 'Smith');
UPDATE unique_names SET a = 'Jones' WHERE id = 8;
INSERT INTO unique_names VALUES (9, 1, 'Smith');
SELECT id, tenant, a FROM unique_names ORDER BY id;
-- checked at commit
ALTER TABLE unique_names ADD CONSTRAINT later EXCLUDE USING namedex (a WITH =, tenant WITH =) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO unique_names VALUES (10, 3, 'x');
UPDATE unique_names SET a = 'y' WHERE id = 10;
INSERT INTO unique_names VALUES (11, 3, 'x');
COMMIT;
SELECT agree($$SELECT id FROM unique_names WHERE a = 'x' AND tenant = 3$$);
-- rows that are there already
CREATE TABLE doubles (a text);
INSERT INTO doubles VALUES ('a'), ('b'), ('a');
SELECT raised('ALTER TABLE doubles ADD EXCLUDE USING namedex (a WITH =)');
-- LIKE is no equivalence
SELECT raised('ALTER TABLE doubles ADD EXCLUDE USING namedex (a WITH ~~)');
-- many rows, so that the constraint looks into pending rows and segments
CREATE TABLE many (a text, EXCLUDE USING namedex (a WITH =));
INSERT INTO many SELECT 'name ' || n FROM generate_series(1, 500) AS n;
VACUUM many;
INSERT INTO many SELECT 'name ' || n FROM generate_series(401, 600) AS n ON CONFLICT DO NOTHING;
SELECT count(*), count(DISTINCT a) FROM many;
SELECT raised($$INSERT INTO many VALUES ('name 1')$$);
SELECT raised($$INSERT INTO many VALUES ('name 599')$$);

-- a trigger that searches the table it is on
CREATE TABLE searched (id int, a text, similar_before bigint);
CREATE INDEX searched_a ON searched USING namedex (a);
CREATE FUNCTION count_similar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.similar_before := (SELECT count(*) FROM searched WHERE a ILIKE '%' || NEW.a || '%');
    RETURN NEW;
END $$;
CREATE TRIGGER searched_similar BEFORE INSERT ON searched FOR EACH ROW EXECUTE FUNCTION count_similar();
SET enable_seqscan = off;
INSERT INTO searched SELECT n, 'son' FROM generate_series(1, 5) AS n;
INSERT INTO searched VALUES (6, 'SON');
SELECT * FROM searched ORDER BY id;
RESET enable_seqscan;

DROP SCHEMA suite CASCADE;
