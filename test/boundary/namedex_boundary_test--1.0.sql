\echo Use "CREATE EXTENSION namedex_boundary_test" to load this file. \quit

CREATE FUNCTION boundary_witnesses() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_throw_core(code int, message text, detail text DEFAULT NULL, hint text DEFAULT NULL, index regclass DEFAULT NULL)
    RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_throw_other(kind text) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_server_error() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_look_at_error() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_report_corrupted(index regclass) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_throw_for_relation(index regclass) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_failing_release() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_values() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_nested(depth int, failure text) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_run_sql(statement text) RETURNS bigint LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_exception_through_call() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_loop() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_poll() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_allocate(block_bytes bigint, byte_limit bigint) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_allocate_raw(bytes bigint) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_resource() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_limit() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_exhausted(kind text) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_state_after_error() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_state_after_success() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_unlock_after_error() RETURNS text LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_raise_under_lock(from_core boolean) RETURNS int LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_unpin_after_error(relation regclass, statement text) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_catch_many(times int) RETURNS int LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_context_around(from_core boolean) RETURNS text LANGUAGE c STRICT AS 'MODULE_PATHNAME';
CREATE FUNCTION boundary_damage(index regclass, byte bigint, mask int) RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME';

-- Runs a statement in a subtransaction and says how it ended, field by field.
CREATE FUNCTION boundary_try(statement text) RETURNS TABLE (field text, value text)
LANGUAGE plpgsql AS $$
DECLARE
    v text[];
    s text; m text; d text; h text; c text; sn text; tn text; cn text; dn text; kn text;
BEGIN
    BEGIN
        EXECUTE statement;
        RETURN QUERY VALUES ('no error', '');
    EXCEPTION WHEN OTHERS OR query_canceled THEN
        GET STACKED DIAGNOSTICS s = RETURNED_SQLSTATE, m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL,
            h = PG_EXCEPTION_HINT, c = PG_EXCEPTION_CONTEXT, sn = SCHEMA_NAME, tn = TABLE_NAME,
            cn = COLUMN_NAME, dn = PG_DATATYPE_NAME, kn = CONSTRAINT_NAME;
        RETURN QUERY SELECT f.field, f.value
            FROM (VALUES ('sqlstate', s), ('message', m), ('detail', d), ('hint', h),
                         ('context', split_part(c, E'\n', 1)),
                         ('schema', sn), ('table', tn), ('column', cn), ('datatype', dn),
                         ('constraint', kn)) AS f(field, value)
            WHERE f.value <> '' AND NOT (f.field = 'context' AND f.value LIKE 'SQL statement%');
    END;
END
$$;
