/* namedex--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION namedex CASCADE" to load this file. \quit

CREATE FUNCTION namedex_handler(internal)
RETURNS index_am_handler
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON FUNCTION namedex_handler(internal) IS 'namedex index access method handler';

CREATE ACCESS METHOD namedex TYPE INDEX HANDLER namedex_handler;

COMMENT ON ACCESS METHOD namedex IS 'lexicon of words with postings: exact LIKE and ILIKE on names';

-- Strategies: 1 LIKE, 2 ILIKE, 3 equality, 4 starts with.

CREATE OPERATOR FAMILY text_ops USING namedex;

CREATE OPERATOR CLASS text_ops DEFAULT FOR TYPE text USING namedex FAMILY text_ops AS
    OPERATOR 1 ~~ (text, text),
    OPERATOR 2 ~~* (text, text),
    OPERATOR 3 = (text, text),
    OPERATOR 4 ^@ (text, text);

CREATE OPERATOR FAMILY bpchar_ops USING namedex;

CREATE OPERATOR CLASS bpchar_ops DEFAULT FOR TYPE bpchar USING namedex FAMILY bpchar_ops AS
    OPERATOR 1 ~~ (bpchar, text),
    OPERATOR 2 ~~* (bpchar, text),
    OPERATOR 3 = (bpchar, bpchar);

CREATE OPERATOR FAMILY name_ops USING namedex;

CREATE OPERATOR CLASS name_ops DEFAULT FOR TYPE name USING namedex FAMILY name_ops AS
    OPERATOR 1 ~~ (name, text),
    OPERATOR 2 ~~* (name, text),
    OPERATOR 3 = (name, name);

ALTER OPERATOR FAMILY name_ops USING namedex ADD
    OPERATOR 3 = (name, text);

CREATE OPERATOR FAMILY integer_ops USING namedex;

CREATE OPERATOR CLASS int2_ops DEFAULT FOR TYPE int2 USING namedex FAMILY integer_ops AS
    OPERATOR 3 = (int2, int2);

CREATE OPERATOR CLASS int4_ops DEFAULT FOR TYPE int4 USING namedex FAMILY integer_ops AS
    OPERATOR 3 = (int4, int4);

CREATE OPERATOR CLASS int8_ops DEFAULT FOR TYPE int8 USING namedex FAMILY integer_ops AS
    OPERATOR 3 = (int8, int8);

ALTER OPERATOR FAMILY integer_ops USING namedex ADD
    OPERATOR 3 = (int2, int4),
    OPERATOR 3 = (int2, int8),
    OPERATOR 3 = (int4, int2),
    OPERATOR 3 = (int4, int8),
    OPERATOR 3 = (int8, int2),
    OPERATOR 3 = (int8, int4);

CREATE OPERATOR FAMILY datetime_ops USING namedex;

CREATE OPERATOR CLASS date_ops DEFAULT FOR TYPE date USING namedex FAMILY datetime_ops AS
    OPERATOR 3 = (date, date);

CREATE OPERATOR CLASS timestamp_ops DEFAULT FOR TYPE timestamp USING namedex FAMILY datetime_ops AS
    OPERATOR 3 = (timestamp, timestamp);

CREATE OPERATOR CLASS timestamptz_ops DEFAULT FOR TYPE timestamptz USING namedex FAMILY datetime_ops AS
    OPERATOR 3 = (timestamptz, timestamptz);

ALTER OPERATOR FAMILY datetime_ops USING namedex ADD
    OPERATOR 3 = (date, timestamp),
    OPERATOR 3 = (date, timestamptz),
    OPERATOR 3 = (timestamp, date),
    OPERATOR 3 = (timestamp, timestamptz),
    OPERATOR 3 = (timestamptz, date),
    OPERATOR 3 = (timestamptz, timestamp);

CREATE OPERATOR FAMILY uuid_ops USING namedex;

CREATE OPERATOR CLASS uuid_ops DEFAULT FOR TYPE uuid USING namedex FAMILY uuid_ops AS
    OPERATOR 3 = (uuid, uuid);

CREATE FUNCTION namedex_stats(
    index regclass,
    OUT segments int,
    OUT rows bigint,
    OUT dead bigint,
    OUT pending bigint,
    OUT words bigint,
    OUT bytes bigint,
    OUT lexicon_bytes bigint,
    OUT posting_bytes bigint,
    OUT forward_bytes bigint,
    OUT include_bytes bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION namedex_stats(regclass) IS
    'what a namedex index holds: segments, rows in them, of those tombstoned (dead), rows pending, words, and sizes in bytes; '
    'for the table''s owner and pg_stat_scan_tables (else 42501); 42809 if not a namedex index';

CREATE FUNCTION namedex_compact(index regclass)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION namedex_compact(regclass) IS
    'merges pending rows and all segments of a namedex index into one segment, while others read and write; '
    'for the table''s owner, from PostgreSQL 17 on also with MAINTAIN (else 42501); not during recovery (55000)';

CREATE FUNCTION namedex_check(index regclass, heapallindexed boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION namedex_check(regclass, boolean) IS
    'verifies every structure of a namedex index, and on request that each visible heap row is found with the right value; '
    'raises index_corrupted (XX002) naming block and section; for the table''s owner (else 42501)';

-- Column-pruned record fetches

CREATE FUNCTION namedex_fetch_support(internal)
RETURNS internal
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION namedex_fetch_support(internal) IS 'planner support for the fetch functions: as many rows as keys';

CREATE FUNCTION namedex_load_only(
    row_type anyelement,
    keys anycompatiblearray,
    columns name[],
    key_column name DEFAULT NULL)
RETURNS SETOF anyelement
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 SUPPORT namedex_fetch_support;

COMMENT ON FUNCTION namedex_load_only(anyelement, anycompatiblearray, name[], name) IS
    'rows of the table''s own type (NULL::table) by their keys, in the order of the array; the key and the named columns are filled, '
    'the others NULL; key_column: a unique column to use instead of the primary key (else 42P10)';

CREATE FUNCTION namedex_fetch(
    rel regclass,
    keys anycompatiblearray,
    columns name[],
    key_column name DEFAULT NULL)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 SUPPORT namedex_fetch_support;

COMMENT ON FUNCTION namedex_fetch(regclass, anycompatiblearray, name[], name) IS
    'the named columns of the rows with these keys, in the order of the array, as tuples: FROM namedex_fetch(...) AS t(id bigint, ...); '
    'count, types and order must agree (else 42804)';

CREATE FUNCTION namedex_fetch_json(
    rel regclass,
    keys anycompatiblearray,
    select_list text,
    key_column name DEFAULT NULL)
RETURNS SETOF json
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 SUPPORT namedex_fetch_support;

COMMENT ON FUNCTION namedex_fetch_json(regclass, anycompatiblearray, text, name) IS
    'the rows with these keys, in the order of the array, as JSON objects with related rows embedded: ''id,hospital(name),visits(id,starts_at)''; '
    'one query per relationship; a bad list is 42601 with the position, an unknown column 42703, an unknown relationship 42704';

CREATE FUNCTION namedex_related(
    rel regclass,
    keys anycompatiblearray,
    relationship text,
    select_list text DEFAULT '*',
    key_column name DEFAULT NULL)
RETURNS TABLE (key anycompatible, record json)
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 SUPPORT namedex_fetch_support;

COMMENT ON FUNCTION namedex_related(regclass, anycompatiblearray, text, text, name) IS
    'one relationship of the rows with these keys: a row for each related row, with the key as given, parents in the order of the array, '
    'related rows by primary key; an unknown relationship is 42704, an ambiguous one 42P09';
