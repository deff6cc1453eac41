--
-- SQLSTATE, message, detail and hint survive both ways; destructors run; the session works on.
--
\set SHOW_CONTEXT never
SELECT boundary_witnesses();

-- every code of core/error.hpp, inside a subtransaction
SELECT code, t.*
FROM generate_series(0, 8) AS code,
     boundary_try(format('SELECT boundary_throw_core(%s, ''what is wrong'', ''Detail given.'', ''Hint given.'')', code)) AS t;
SELECT boundary_witnesses();

-- the same plainly, ending the transaction
SELECT boundary_throw_core(2, 'value is too long', 'The value has 70000 bytes.', 'Shorten it.');
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_throw_core(3, 'no such thing');
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_throw_core(4, 'percent %s and %n are text', '%s %d', '%m');
BEGIN;
SELECT boundary_throw_core(6, 'in a transaction block');
SELECT 1;
ROLLBACK;
SELECT boundary_witnesses();

-- errors about an index name it and say how to rebuild it
CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema".t (a text);
CREATE INDEX "odd ""index" ON "Odd schema".t (a);
CREATE TABLE plain (a text);
CREATE INDEX plain_a ON plain (a);
SELECT boundary_throw_core(0, 'posting list runs past its page', 'Page 7.', NULL, 'plain_a');
SELECT boundary_throw_core(0, 'posting list runs past its page', NULL, NULL, '"Odd schema"."odd ""index"');
SELECT boundary_throw_core(0, 'with a hint of its own', NULL, 'See the log.', 'plain_a');
SELECT boundary_throw_core(0, 'no index at hand');
SELECT boundary_throw_core(0, 'an index that is gone', NULL, NULL, 1);
SELECT boundary_throw_core(1, 'format version 3 is not known', 'Known is 2.', NULL, 'plain_a');
SELECT boundary_throw_core(2, 'not about its contents', NULL, NULL, 'plain_a');
SELECT boundary_throw_for_relation('plain_a');
SELECT boundary_report_corrupted('plain_a');
SELECT * FROM boundary_try('SELECT boundary_throw_for_relation(''plain_a'')');
SELECT * FROM boundary_try('SELECT boundary_report_corrupted(''plain_a'')');
SELECT boundary_witnesses();

-- exceptions that are not core's
SELECT kind, t.*
FROM unnest(ARRAY['bad_alloc', 'runtime_error', 'length_error', 'int', 'pointer', 'bytes', 'nul']) AS kind,
     boundary_try(format('SELECT boundary_throw_other(%L)', kind)) AS t;
SELECT field, length(value) FROM boundary_try('SELECT boundary_throw_other(''long'')');
SELECT boundary_throw_other('int');
SELECT boundary_throw_other('bad_alloc');
SELECT boundary_throw_other('bytes');
SELECT boundary_witnesses();

-- a server error through C++ frames keeps every field
SELECT * FROM boundary_try('SELECT boundary_server_error()');
SELECT boundary_witnesses();
\set SHOW_CONTEXT always
SELECT boundary_server_error();
\set SHOW_CONTEXT never
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_witnesses();
SELECT boundary_look_at_error();

-- its position in the statement too
SELECT boundary_run_sql('SELECT 1, no_such_column');

-- an error context around Enter is called once
\set SHOW_CONTEXT always
SELECT boundary_context_around(true);
SELECT boundary_context_around(false);
\set SHOW_CONTEXT never
SELECT boundary_witnesses();

-- a release that fails in a destructor does not hide the error
SELECT boundary_failing_release();
SELECT boundary_witnesses();

-- values of each kind come back
SELECT boundary_values();
