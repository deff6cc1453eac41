# Everything at once: writers of all kinds, prepared transactions, VACUUM, compaction, indexes made, dropped and rebuilt
# concurrently, and searches, each of which is compared with a sequential scan in its own snapshot. Meanwhile, in other
# tables and databases, DROP and ALTER come while their rows are flushed and merged, and must not have to wait long.
#
# NAMEDEX_SOAK_SECONDS, NAMEDEX_DDL_SECONDS (how long DROP and ALTER may take).
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use NamedexLoad;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $seconds = setting('NAMEDEX_SOAK_SECONDS', 60);
my $patience = setting('NAMEDEX_DDL_SECONDS', 10);
seed();

my $node = new_node('mixed', conf => "max_connections = 40\nmax_prepared_transactions = 200\nshared_buffers = 48MB\nmax_wal_size = 1GB\ndeadlock_timeout = 3s\n");
install_searches($node);
$node->safe_psql('postgres', 'CREATE DATABASE model TEMPLATE postgres');
$node->safe_psql('postgres', <<'END_OF_SQL');
-- room for heap-only tuples
CREATE TABLE t (id int, last_name text, first_name text, born date, n int) WITH (fillfactor = 80);
CREATE INDEX t_id ON t (id) WHERE id IS NOT NULL;
INSERT INTO t SELECT *, 0 FROM people(1, 5000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64);
END_OF_SQL

# ---- writers: each client has ids of its own, so that nobody waits for two others

my $ids = "\\set mine 10000000 * (:client_id + 1)\n\\set k random(1, 4000)\n\\set a :mine + :k\n\\set b :mine + random(1, 4000)\n\\set x random(1, 1000000000)\n";
my @writes = (
    [8, "INSERT INTO t SELECT :mine + id, last_name, first_name, born, 0 FROM people(:k, 8) AS p;\n"],
    [4, "UPDATE t SET last_name = last_name || '-' || :k % 10 WHERE id = :a AND length(last_name) < 100;\n"],
    # upper and lower case: the same words in the lexicon
    [2, "UPDATE t SET last_name = CASE WHEN :x % 2 = 0 THEN upper(last_name) ELSE lower(last_name) END, first_name = NULLIF(first_name, 'Ann') WHERE id = :a;\n"],
    [4, "UPDATE t SET n = n + 1 WHERE id = :a;\n"],
    [3, "DELETE FROM t WHERE id = :a;\nDELETE FROM t WHERE id = :b;\n"],
    [2, "BEGIN;\nINSERT INTO t SELECT :mine + id, 'undone', first_name, born, 0 FROM people(:k, 8) AS p;\nUPDATE t SET last_name = 'undone' WHERE id = :a;\nDELETE FROM t WHERE id = :b;\nROLLBACK;\n"],
    [2, "BEGIN;\nINSERT INTO t SELECT :mine + id, last_name, first_name, born, 1 FROM people(:k, 3) AS p;\nSAVEPOINT s;\nUPDATE t SET last_name = 'undone' WHERE id = :a;\nINSERT INTO t SELECT :mine + id, 'undone', first_name, born, 0 FROM people(:k, 3) AS p;\nSAVEPOINT deeper;\nDELETE FROM t WHERE id = :b;\nRELEASE deeper;\nROLLBACK TO s;\nUPDATE t SET last_name = last_name || ' kept' WHERE id = :b AND length(last_name) < 100;\nCOMMIT;\n"],
    [1, "INSERT INTO t SELECT :a, repeat(coalesce(last_name, 'x') || ' ', 300 + :k % 500), first_name, born, 0 FROM people(:k, 1) AS p;\n"],
    [2, "BEGIN;\nINSERT INTO t SELECT :mine + id, last_name || ' prepared', first_name, born, 2 FROM people(:k, 5) AS p;\nUPDATE t SET last_name = 'Prepared Smithson' WHERE id = :a;\nPREPARE TRANSACTION 'own_:x';\n\\if :x % 2 = 0\nCOMMIT PREPARED 'own_:x';\n\\else\nROLLBACK PREPARED 'own_:x';\n\\endif\n"],
    # another session ends these
    [1, "\\if :x % 8 = 0\nBEGIN;\nINSERT INTO t SELECT :mine + id, 'left ' || last_name, first_name, born, 3 FROM people(:k, 5) AS p;\nDELETE FROM t WHERE id = :b;\nPREPARE TRANSACTION 'left_:x';\n\\endif\n"],
);
$_->[1] = "$ids$_->[1]" for @writes;

# ---- searches

my $search = sub { "\\set c random(1, 12)\n\\set how_many random(1, 60)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT right_or_error($_[0]);\nCOMMIT;\n" };
my @searches = (
    [4, $search->("difference('t', (conditions())[:c])")],
    [3, $search->("difference_by_cursor('t', (conditions())[:c], 0.05)")],
    [3, $search->("difference_by_values('t', (conditions())[:c], 0.05)")],
    [2, $search->("difference_by_limit('t', (conditions())[:c], :how_many)")],
    [1, $search->("difference_by_join('t')")],
    [2, $search->("difference_by_prepared('t', (ARRAY['%son%', 'smi%', '%ann smi%', 'undone', '%prep%', '%-1_3%', '%', '', 'left %', '%kept', 'KOWALSK_', NULL])[:c])")],
    [1, $search->("difference_by_count('t', (conditions())[:c])")],
);

# ---- the others

my $end_prepared = "SELECT format(CASE WHEN hashtext(gid) % 3 = 0 THEN 'ROLLBACK PREPARED %L' ELSE 'COMMIT PREPARED %L' END, gid) FROM pg_prepared_xacts WHERE gid LIKE 'left%' AND database = 'postgres' ORDER BY prepared \\gexec\n";
my %other = (
    # keeps the table small, without waiting for a row that somebody holds
    vacuum => <<'END_OF_SQL',
VACUUM (INDEX_CLEANUP ON) t;
SELECT pg_sleep(0.05);
VACUUM (INDEX_CLEANUP ON) t;
DELETE FROM t WHERE ctid = ANY (ARRAY(SELECT ctid FROM t WHERE random() < (SELECT greatest(0, 1 - 12000.0 / count(*)) FROM t) FOR UPDATE SKIP LOCKED));
VACUUM (INDEX_CLEANUP OFF) t;
VACUUM (FREEZE, INDEX_CLEANUP ON) t;
END_OF_SQL
    prepared => $end_prepared . "SELECT pg_sleep(0.1);\n",
    # A SELECT that waits for a lock keeps its snapshot, for which a concurrent build may wait: so namedex_check comes
    # from the session that builds.
    indexes => <<'END_OF_SQL',
CREATE INDEX CONCURRENTLY t_names_extra ON t USING namedex (first_name, last_name) INCLUDE (id, born) WITH (pending_list_limit = 64);
SELECT pg_sleep(0.3);
SELECT namedex_check('t_names_extra', true);
DROP INDEX CONCURRENTLY t_names_extra;
REINDEX INDEX CONCURRENTLY t_names;
SELECT pg_sleep(0.3);
SELECT namedex_check('t_names', true);
END_OF_SQL
);
$other{compact} = "SELECT namedex_compact('t_names');\nSELECT pg_sleep(0.2);\n" if has_compact($node);

# ---- DROP and ALTER in the middle of other tables' flushes and merges

# All take a lock that excludes writers.
my @kinds = ('DROP INDEX %_names', 'DROP TABLE %', 'ALTER TABLE % ADD COLUMN more int', 'TRUNCATE %', 'ALTER TABLE % ALTER first_name TYPE varchar(5000)', 'DROP INDEX CONCURRENTLY %_names', 'REINDEX INDEX %_names', 'ALTER TABLE % ADD COLUMN more float DEFAULT random()',
    'VACUUM FULL %', 'ALTER INDEX %_names SET (pending_list_limit = 100)', 'ALTER TABLE % SET UNLOGGED');
my (%took, @ddl_failed);

sub in_time {
    my ($database, $statement) = @_;
    my $began = time;
    my ($status, $out, $err) = $node->psql($database, "SET statement_timeout = '${patience}s';\n$statement", on_error_stop => 1, timeout => 3 * $patience + 60);
    my $took = time - $began;
    my $kind = $statement =~ s/other_?\d+/%/gr;
    $took{$kind} = $took if $took > ($took{$kind} // 0);
    push @ddl_failed, sprintf "%s, after %.1f s: %s", $statement, $took, $err if $status != 0 || $took > $patience + 2;
}

# A table under inserts that flush and merge all the time; its name, and the session that inserts.
sub under_inserts {
    my ($database, $table, $batches) = @_;
    $node->safe_psql($database, "CREATE TABLE $table (id int, last_name text, first_name text, born date); INSERT INTO $table SELECT * FROM people(1, 20000); CREATE INDEX ${table}_names ON $table USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64)");
    my $inserts = join '', map { "INSERT INTO $table (id, last_name, first_name, born) SELECT * FROM people(" . ($_ * 100_000) . ", 1000);\n" } 1 .. $batches;
    my $session = start_psql($node, 'inserter', $inserts, $database);
    # until it has begun to merge
    my $until = time + 60;
    sleep 0.02 until time > $until || $node->safe_psql($database, "SELECT rows > 22000 FROM (SELECT sum(rows) AS rows FROM namedex_stats('${table}_names')) AS s") eq 't';
    return $session;
}

sub ddl_round {
    my ($number) = @_;
    my $statement = $kinds[($number - 1) % @kinds];
    # each in turn in this database and in another
    my $database = ($number + int(($number - 1) / @kinds)) % 2 ? 'postgres' : "other$number";
    my $table = "other_$number";
    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE model") if $database ne 'postgres';
    my $session = under_inserts($database, $table, 25);
    in_time($database, $statement =~ s/%/$table/r);
    finish($session);
    is(complaints($statement =~ /DROP TABLE/ ? qr/relation "$table" does not exist/ : qr/^$/, $session), '', "the inserter had no error from $statement");
    if ($statement =~ /ALTER|REINDEX|VACUUM|TRUNCATE/) {
        agree($node, "the index after $statement while its rows were flushed and merged", table => $table, database => $database);
    }
    if ($database ne 'postgres') {
        finish(under_inserts($database, 'last', 6));
        in_time('postgres', "DROP DATABASE $database");
    } elsif ($statement !~ /DROP TABLE/) {
        in_time($database, "DROP TABLE $table");
    }
}

# ---- all together

my $began = time;
my $writers = start_pgbench($node, 'writers', $seconds, 4, @writes);
my $readers = start_pgbench($node, 'searches', $seconds, 3, @searches);
my %loop = map { $_ => start_loop($node, $_, $other{$_}) } sort keys %other;
my $number = 0;
while (time < $began + $seconds - 5) {
    ddl_round(++$number);
    last if @ddl_failed;
}
finish($writers, $readers);
finish(values %loop);
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'own%'"), 0, 'no session left its prepared transaction');
finish(start_psql($node, 'prepared', $end_prepared));

is(complaints(qr/^$/, $readers), '', 'each search had the rows of the sequential scan in its snapshot');
# The name of an index may stand for the one that REINDEX CONCURRENTLY has replaced by the time it is opened.
is(complaints(qr/index "t_names_cc(old|new)" is not valid/, $writers, values %loop), '', 'no writer, VACUUM, index build or check had an error');
is(join("\n", @ddl_failed), '', "DROP and ALTER were done within $patience s while rows of their tables were flushed and merged");
my ($searched) = $readers->{said} =~ /transactions actually processed: (\d+)/;
my ($written) = $writers->{said} =~ /transactions actually processed: (\d+)/;
cmp_ok($searched // 0, '>', $seconds, ($searched // 'no') . ' searches');
cmp_ok($written // 0, '>', 10 * $seconds, ($written // 'no') . ' transactions of the writers');
remark(sprintf '%d rounds of DROP and ALTER, the longest: %s', $number, join ', ', map { sprintf '%s %.1f s', $_, $took{$_} } sort { $took{$b} <=> $took{$a} } keys %took);
remark(index_size($node));
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'no invalid index is left');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_database WHERE datname LIKE 'other%'"), 0, 'the other databases are gone');
cmp_ok($node->safe_psql('postgres', "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 't'"), '>', 0, 'there were heap-only updates');
agree($node, 'the index at rest');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
agree($node, 'and after one more VACUUM');
$node->stop('fast');
log_is_clean($node);
done_testing();
