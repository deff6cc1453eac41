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
           date '1925-01-01' + (i * 37 % 30000)
    FROM generate_series(first, first + how_many - 1) AS i
$$;
-- What differs between the sequential scan and the index scans over a table t with index t_names; an
-- empty text if nothing does.
CREATE FUNCTION differences(tab text DEFAULT 't') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    condition text;
    mode text;
    expected int[];
    got int[];
    plan text;
    line text;
    answer text := '';
    query text;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', '0', true), set_config('enable_indexonlyscan', 'off', true);
    FOREACH condition IN ARRAY ARRAY['last_name ILIKE ''%son%''', 'last_name LIKE ''Smi%''', 'last_name ILIKE ''%ann smi%''', 'last_name = ''SMITH''', 'last_name ILIKE ''%''', 'last_name IS NULL', 'first_name IS NULL',
        'last_name ILIKE ''%-1_3%''', 'first_name ILIKE ''%ann%'' AND last_name ILIKE ''%k%''', 'first_name LIKE ''% x x x'' ', 'last_name ^@ ''Kow''', 'last_name ILIKE ''%zzz%'''] LOOP
        query := format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM %I WHERE %s', tab, condition);
        PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
        EXECUTE query INTO expected;
        PERFORM set_config('enable_seqscan', 'off', true);
        FOREACH mode IN ARRAY ARRAY['enable_indexscan', 'enable_bitmapscan'] LOOP
            PERFORM set_config('enable_indexscan', (mode = 'enable_indexscan')::text, true), set_config('enable_bitmapscan', (mode = 'enable_bitmapscan')::text, true);
            plan := '';
            FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
                plan := plan || line || E'\n';
            END LOOP;
            IF plan !~ ('(using|on) ' || tab || '_names') THEN
                answer := answer || condition || ': not by the index: ' || plan;
            END IF;
            EXECUTE query INTO got;
            IF got IS DISTINCT FROM expected THEN
                answer := answer || format(E'%s by %s: %s rows, not %s; missing %s, extra %s\n', condition, mode, cardinality(got), cardinality(expected),
                    (SELECT (array_agg(u))[1:5] FROM (SELECT unnest(expected) EXCEPT ALL SELECT unnest(got)) AS x(u)), (SELECT (array_agg(u))[1:5] FROM (SELECT unnest(got) EXCEPT ALL SELECT unnest(expected)) AS x(u)));
            END IF;
        END LOOP;
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
    my ($status, $out, $err) = $node->psql('postgres', "SELECT differences('$table')");
    my $said = "$out$err";
    if (!$param{no_check}) {
        ($status, $out, $err) = $node->psql('postgres', "SELECT namedex_check('${table}_names', true)");
        $said .= "$out$err";
    }
    is($said, '', $what);
}

1;
