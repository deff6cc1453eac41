--
-- Running out of memory in core code is 53200, and the session works on.
--
\set SHOW_CONTEXT never
SELECT boundary_resource();

-- the limit of a resource
SELECT boundary_limit();
SELECT boundary_allocate(1000, 1000000);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM boundary_try('SELECT boundary_allocate(100, 8192)');
SELECT boundary_witnesses();

-- what the machine does not have
SELECT boundary_allocate_raw(4000000000000000000);
\echo :LAST_ERROR_SQLSTATE
-- what the server would not even try
SELECT boundary_allocate_raw(5000000000000000000);
SELECT boundary_allocate_raw(-1);
SELECT boundary_allocate_raw(-64);
SELECT * FROM boundary_try('SELECT boundary_allocate_raw(4000000000000000000)');
SELECT boundary_witnesses();

-- more than palloc's usual gigabyte is not refused
SELECT boundary_allocate_raw(1100000000);
SELECT boundary_witnesses();

-- malloc has nothing left while an error is on its way, in either direction
SELECT boundary_exhausted('new');
SELECT boundary_exhausted('core');
SELECT boundary_exhausted('server');
SELECT kind, t.*
FROM unnest(ARRAY['new', 'core', 'server']) AS kind,
     boundary_try(format('SELECT boundary_exhausted(%L)', kind)) AS t;
SELECT boundary_witnesses();

-- nothing is left behind by errors: those caught, those raised again, those dropped
DO $$
BEGIN
    FOR round IN 1 .. 1000 LOOP
        PERFORM * FROM boundary_try('SELECT boundary_server_error()');
    END LOOP;
END
$$;
SELECT boundary_catch_many(1000);
SELECT count(*) FROM pg_backend_memory_contexts WHERE name IN ('namedex error', 'boundary test');
SELECT total_bytes < 100000 AS error_context_is_small
FROM pg_backend_memory_contexts WHERE name = 'ErrorContext';
SELECT boundary_witnesses();
