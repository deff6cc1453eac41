# What the TAP tests share: clusters with namedex in them, a population, and looking at it from both sides.
package Namedex;
use strict;
use warnings;
use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(new_node agree);

sub new_node {
    my ($name, %param) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);
    $node->init(extra => ['-E', 'UTF8', '--locale=C.UTF-8'], %{ $param{init} // {} });
    # 18 makes clusters with data checksums, and then the server itself refuses damaged pages.
    IPC::Run::run(['pg_checksums', '--disable', '-D', $node->data_dir], '>', \my $out, '2>', \my $err) if $param{no_checksums};
    $node->append_conf('postgresql.conf', "log_statement = none\nautovacuum = off\nmax_wal_size = 4GB\n" . ($param{conf} // ''));
    $node->start;
    $node->safe_psql('postgres', 'CREATE EXTENSION namedex CASCADE');
    $node->safe_psql('postgres', <<'END');
-- Rows how_many from first on: few words in many combinations, some values of one row only.
CREATE FUNCTION people(first int, how_many int) RETURNS TABLE (id int, last_name text, first_name text, born date) LANGUAGE sql IMMUTABLE AS $$
    SELECT i,
           CASE WHEN i % 97 = 0 THEN NULL WHEN i % 89 = 0 THEN '' ELSE
               (ARRAY['Smith', 'Smithson', 'SMITH', 'Johnson', 'O''Brien', 'Anne-Marie', 'Mac Donald', 'son', 'Ann Smith', 'kowalska', 'Kowalski', 'de la Cruz', 'Zzyzx', 'Sonnenfeld'])[1 + i % 14]
               || CASE WHEN i % 11 = 0 THEN ' Jr.' WHEN i % 13 = 0 THEN '-' || i ELSE '' END END,
           CASE WHEN i % 7 = 0 THEN NULL ELSE (ARRAY['Ann', 'ANNA', 'John', 'Mary Ann', 'Jean-Luc'])[1 + i % 5] || CASE WHEN i % 17 = 0 THEN repeat(' x', i % 300) ELSE '' END END,
           date '1925-01-01' + (i::bigint * 37 % 30000)::int
    FROM generate_series(first, first + how_many - 1) AS i
$$;
-- Conditions on the columns of people().
CREATE FUNCTION conditions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['last_name ILIKE ''%son%''', 'last_name LIKE ''Smi%''', 'last_name ILIKE ''%ann smi%''', 'last_name = ''SMITH''', 'last_name ILIKE ''%''', 'last_name IS NULL', 'first_name IS NULL',
        'last_name ILIKE ''%-1_3%''', 'first_name ILIKE ''%ann%'' AND last_name ILIKE ''%k%''', 'first_name LIKE ''% x x x'' ', 'last_name ^@ ''Kow''', 'last_name ILIKE ''%zzz%''']
$$;
-- Lets the planner use only sequential (seq), plain (indexscan), index-only (indexonlyscan) or bitmap scans (bitmapscan), to
-- the end of the transaction; index-only ones by several processes, if how is parallel.
CREATE FUNCTION scan_by(mode text, how text DEFAULT 'alone') RETURNS void LANGUAGE sql AS $$
    SELECT set_config('max_parallel_workers_per_gather', CASE how WHEN 'parallel' THEN '2' ELSE '0' END, true), set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
           set_config('min_parallel_index_scan_size', '0', true), set_config('enable_indexonlyscan', (mode = 'indexonlyscan')::text, true), set_config('enable_seqscan', (mode = 'seq')::text, true),
           set_config('enable_indexscan', (mode IN ('indexscan', 'indexonlyscan'))::text, true), set_config('enable_bitmapscan', (mode = 'bitmapscan')::text, true)
$$;
-- What is wrong with a query's plan if it should be by an index t_names of table t; an empty text if nothing is.
CREATE FUNCTION not_by_index(tab text, query text, how text DEFAULT 'Scan') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN CASE WHEN plan ~ (how || ' (using|on) ' || tab || '_names') THEN '' ELSE 'not by the index: ' || plan END;
END $$;
-- How an answer differs from what it should be; an empty text if it does not.
CREATE FUNCTION told_apart(what text, got int[], expected int[]) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN got IS NOT DISTINCT FROM expected THEN '' ELSE format(E'%s: %s rows, not %s; missing %s, extra %s\n', what, cardinality(got), cardinality(expected),
        (SELECT (array_agg(u))[1:5] FROM (SELECT unnest(expected) EXCEPT ALL SELECT unnest(got)) AS x(u)), (SELECT (array_agg(u))[1:5] FROM (SELECT unnest(got) EXCEPT ALL SELECT unnest(expected)) AS x(u))) END
$$;
-- A hash of the row's values, which an index-only scan by t_names can answer: the indexes that are compared are on
-- (last_name, first_name) and INCLUDE (born, id). The catalogs are not asked, since they may know another index by now.
CREATE FUNCTION row_hash() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'hashtext(concat_ws('' and '', coalesce(last_name, ''none''), coalesce(first_name, ''none''), coalesce(born::text, ''none''), coalesce(id::text, ''none'')))'
$$;
-- What differs between the sequential scan and the index scans over a table t with index t_names, for one
-- condition and for all; an empty text if nothing does.
CREATE FUNCTION difference(tab text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    mode text;
    expected int[];
    got int[];
    answer text := '';
    query text := format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM %I WHERE %s', tab, condition);
BEGIN
    PERFORM scan_by('seq');
    EXECUTE query INTO expected;
    FOREACH mode IN ARRAY ARRAY['indexscan', 'bitmapscan'] LOOP
        PERFORM scan_by(mode);
        answer := answer || not_by_index(tab, query);
        EXECUTE query INTO got;
        answer := answer || told_apart(condition || ' by ' || mode, got, expected);
    END LOOP;
    query := format('SELECT coalesce(array_agg(h ORDER BY h), ''{}'') FROM (SELECT %s FROM %I WHERE %s) AS x (h)', row_hash(), tab, condition);
    PERFORM scan_by('seq');
    EXECUTE query INTO expected;
    PERFORM scan_by('indexonlyscan');
    answer := answer || not_by_index(tab, query, 'Index Only Scan');
    EXECUTE query INTO got;
    answer := answer || told_apart(condition || ' by indexonlyscan', got, expected);
    PERFORM scan_by('indexonlyscan', 'parallel');
    EXECUTE query INTO got;
    RETURN answer || told_apart(condition || ' by a parallel scan', got, expected);
END $$;
CREATE FUNCTION differences(tab text DEFAULT 't') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    condition text;
    answer text := '';
BEGIN
    FOREACH condition IN ARRAY conditions() LOOP
        answer := answer || difference(tab, condition);
    END LOOP;
    RETURN answer;
END $$;
END
    return $node;
}

# One test: all scans agree, and unless the server is in recovery namedex_check passes.
sub agree {
    my ($node, $what, %param) = @_;
    my $table = $param{table} // 't';
    my $database = $param{database} // 'postgres';
    my ($status, $out, $err) = $node->psql($database, "SELECT differences('$table');" . ($param{no_check} ? '' : "SELECT namedex_check('${table}_names', true)"));
    my $said = "$out$err" =~ s/\A\s+|\s+\z//gr;
    is($said, '', $what);
}

1;
