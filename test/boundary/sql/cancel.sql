--
-- A cancel inside a long loop of core code is a clean error, and the session works on.
--
\set SHOW_CONTEXT never
SELECT boundary_poll();
SET statement_timeout = '200ms';
SELECT boundary_loop();
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT boundary_witnesses();
SELECT 'works on';

-- in a subtransaction
SET statement_timeout = '200ms';
SELECT * FROM boundary_try('SELECT boundary_loop()');
RESET statement_timeout;
SELECT boundary_witnesses();

-- below SQL below C++
SET statement_timeout = '200ms';
SELECT boundary_run_sql('SELECT boundary_loop()');
RESET statement_timeout;
SELECT boundary_witnesses();

-- a wait in C code below C++ frames
SET statement_timeout = '200ms';
SELECT boundary_run_sql('SELECT pg_sleep(60)');
RESET statement_timeout;
SELECT boundary_witnesses();

-- after errors under a held lock the backend still answers a cancel
SELECT boundary_unlock_after_error();
SET statement_timeout = '200ms';
SELECT pg_sleep(5);
\echo :LAST_ERROR_SQLSTATE
SELECT boundary_loop();
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT boundary_raise_under_lock(true);
SELECT boundary_raise_under_lock(false);
SELECT * FROM boundary_try('SELECT boundary_raise_under_lock(true)');
SELECT * FROM boundary_try('SELECT boundary_raise_under_lock(false)');
SET statement_timeout = '200ms';
SELECT pg_sleep(5);
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT boundary_witnesses();
