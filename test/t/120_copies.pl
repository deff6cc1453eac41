# Copies of a cluster, a database, a table: the index in each is the one of its rows. Recovery to a point in the middle of
# writes, a base backup under writes, other tablespaces, databases made of a template, unlogged tables, logical
# replication, and commands that rewrite the table. The indexes have segments, tombstones and pending rows each time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use NamedexLoad;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

seed();
my $settings = "shared_buffers = 24MB\nmax_connections = 30\nmax_wal_size = 400MB\nallow_in_place_tablespaces = on\n";
my $node = new_node('origin', init => { allows_streaming => 'logical', has_archiving => 1 });
$node->append_conf('postgresql.conf', $settings);
$node->restart;

# A table with an index that has all: segments, rows in them that died, pending rows, of which some died too.
sub varied_table {
    my ($table, %param) = @_;
    my $kind = $param{kind} // '';
    run($param{database}, "CREATE $kind TABLE $table (id int, last_name text, first_name text, born date, n int DEFAULT 0)", "INSERT INTO $table SELECT * FROM people(1, 2000)", "CREATE INDEX ${table}_names ON $table USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64)",
        "INSERT INTO $table SELECT * FROM people(10001, 2500)");
    changed($table, $param{database});
}

# The index gets tombstones, and pending rows. The first VACUUM merges what there is, the second only marks rows dead;
# the limit is out of the way of what comes after it, and so are workers, who would merge again.
sub changed {
    my ($table, $database) = @_;
    $node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'namedex maintenance'") or die 'workers do not end';
    my $has = run($database, 'SET namedex.background_worker = off', "ALTER INDEX ${table}_names SET (pending_list_limit = 64)", "INSERT INTO $table SELECT * FROM people(20001, 1000)", "DELETE FROM $table WHERE id % 6 = 1", "VACUUM (INDEX_CLEANUP ON) $table",
        "ALTER INDEX ${table}_names SET (pending_list_limit = 4096)", "DELETE FROM $table WHERE id % 11 = 2", "VACUUM (INDEX_CLEANUP ON) $table",
        "INSERT INTO $table SELECT * FROM people(30001, 300)", "INSERT INTO $table SELECT id, repeat(coalesce(last_name, 'x') || ' ', 800), first_name, born FROM people(40001, 4) AS p",
        "UPDATE $table SET last_name = last_name || ' x' WHERE id % 50 = 3", "DELETE FROM $table WHERE id > 30001 AND id % 4 = 1",
        "SELECT sum(dead) > 0 AND max(pending) > 0, sum(dead), max(pending) FROM namedex_stats('${table}_names')");
    like($has, qr/^t/, "$table has tombstones and pending rows ($has)");
}

# Statements, one by one, in one session.
sub run {
    my ($database, @statements) = @_;
    return $node->safe_psql($database // 'postgres', join ";\n", @statements);
}

sub sums {
    my ($where, $table, $database) = @_;
    return $where->safe_psql($database // 'postgres', "SELECT count(*) || ' ' || coalesce(sum(hashtext(x::text)::bigint), 0) FROM $table AS x");
}

# ---- recovery to a point in the middle of writes, and a base backup under writes

$node->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE t (id int, last_name text, first_name text, born date, n int);
CREATE INDEX t_id ON t (id) WHERE id IS NOT NULL;
INSERT INTO t SELECT *, 0 FROM people(1, 5000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64);
END_OF_SQL
$node->backup('before', backup_options => ['-X', 'none']);

my $count = 1200;
my @writers = map { new_writer(first_id => $_ * $WRITER_IDS, transactions => $count) } 1 .. 3;
# Two of them say where they are: the first by a name, the second by a place in the log.
my %at = (name => 400 + int rand 300, lsn => 600 + int rand 300);
sub behind {
    my ($writer, $transaction, $sql) = @_;
    $writer->{sql} =~ s/^\\echo $transaction\n\K/$sql\n/m or die 'no such transaction';
}
behind($writers[0], $at{name}, "SELECT 'named ' || pg_create_restore_point('in the middle');");
behind($writers[1], $at{lsn}, "SELECT 'lsn ' || pg_current_wal_insert_lsn();");
my $vacuum = start_loop($node, 'vacuum', "VACUUM (INDEX_CLEANUP ON) t;\nSELECT pg_sleep(0.1);\n" . (has_compact($node) ? "SELECT namedex_compact('t_names');\n" : ''));
$_->{session} = start_psql($node, 'writer', $_->{sql}) for @writers;
wait_for_transactions($node, 300, 20);
# how far they were before the backup began: the least that it has
my $before = rows_by_table($node, 't', @writers);
is(join('', map { settle($_, $before, 0, $count) } @writers), '', 'the writers are on their way (' . join(' ', map { $_->{settled} // '?' } @writers) . ')');
my @least = map { $_->{settled} // 0 } @writers;
$node->backup('meanwhile');
my $after = rows_by_table($node, 't', @writers);
is(join('', map { settle($_, $after, 0, $count) } @writers), '', 'and after it (' . join(' ', map { $_->{settled} // '?' } @writers) . ')');
my @most = map { $_->{settled} // 0 } @writers;
finish(map { $_->{session} } @writers);
finish($vacuum);
is(complaints(qr/^$/, $vacuum, map { $_->{session} } @writers), '', 'writers and VACUUM had no error');
my ($lsn) = $writers[1]{session}{said} =~ /^lsn (\S+)/m;
my $end = rows_by_table($node, 't', @writers);
is(join('', map { settle($_, $end, $count, $count) } @writers), '', 'the writers did all of their work');
agree($node, 'and their index agrees');
# all of the log in the archive
my $file = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
$node->poll_query_until('postgres', "SELECT last_archived_wal >= '$file' FROM pg_stat_archiver") or die 'the log is not archived';

sub copy_of {
    my ($name, $backup, $conf, %param) = @_;
    my $copy = PostgreSQL::Test::Cluster->new($name);
    $copy->init_from_backup($node, $backup, %param);
    $copy->append_conf('postgresql.conf', "$conf\narchive_mode = off\n");
    $copy->start;
    $copy->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'recovery does not end';
    return $copy;
}

# What a copy has of the writers' rows, each between [least, most]; and that its index works on.
sub check_copy {
    my ($copy, $what, @bounds) = @_;
    my $rows = rows_by_table($copy, 't', @writers);
    my $wrong = join '', map { settle($writers[$_], $rows, @{ $bounds[$_] }) } 0 .. $#writers;
    is($wrong, '', "$what: the rows after transactions " . join(' ', map { $_->{settled} // '?' } @writers));
    is(rows_by_values($copy, 't', @writers), '', "$what: the index finds these rows by their values");
    agree($copy, "$what: its scans agree");
    $copy->safe_psql('postgres', join ';', 'INSERT INTO t SELECT *, 0 FROM people(2000001, 1500)', 'DELETE FROM t WHERE id % 5 = 2', 'VACUUM (INDEX_CLEANUP ON) t', 'INSERT INTO t SELECT *, 0 FROM people(2100001, 800)');
    $copy->stop('immediate');
    $copy->start;
    agree($copy, "$what: and after more writes and a crash");
    $copy->stop('fast');
    log_is_clean($copy);
}

my @any = ([0, $count]) x 3;
check_copy(copy_of('named_point', 'before', "recovery_target_name = 'in the middle'\nrecovery_target_action = promote", has_restoring => 1, standby => 0), 'recovery to a named point', [$at{name}, $at{name}], @any[1, 2]);
check_copy(copy_of('lsn_point', 'before', "recovery_target_lsn = '$lsn'\nrecovery_target_inclusive = off\nrecovery_target_action = promote", has_restoring => 1, standby => 0), 'recovery to a place in the log', $any[0], [$at{lsn}, $at{lsn}], $any[2]);
check_copy(copy_of('meanwhile', 'meanwhile', ''), 'a base backup taken under writes', map { [$least[$_], $most[$_]] } 0 .. 2);

# ---- tablespaces

$node->safe_psql('postgres', "CREATE TABLESPACE elsewhere LOCATION ''");
varied_table('moved');
my $moved = sums($node, 'moved');
for my $change ('ALTER INDEX moved_names SET TABLESPACE elsewhere', 'ALTER TABLE moved SET TABLESPACE elsewhere', 'ALTER INDEX moved_names SET TABLESPACE pg_default', 'REINDEX (TABLESPACE elsewhere) INDEX moved_names') {
    $node->safe_psql('postgres', $change);
    is(sums($node, 'moved'), $moved, "$change: the rows are there");
    agree($node, "$change: and the index", table => 'moved');
}
changed('moved');
$node->safe_psql('postgres', 'ALTER INDEX moved_names SET TABLESPACE pg_default');

# ---- commands that rewrite the table

varied_table('rewritten');
$node->safe_psql('postgres', 'CREATE INDEX rewritten_born ON rewritten (born, id)');
for my $change ('VACUUM FULL rewritten', 'CLUSTER rewritten USING rewritten_born', 'ALTER TABLE rewritten SET UNLOGGED', 'ALTER TABLE rewritten SET LOGGED', 'ALTER TABLE rewritten ALTER last_name TYPE varchar(100000)', 'ALTER TABLE rewritten ADD COLUMN more float DEFAULT random()') {
    my $sums = sums($node, 'rewritten');
    $node->safe_psql('postgres', $change);
    is(sums($node, 'rewritten'), $sums, "$change: the rows are there") if $change !~ /ADD COLUMN/;
    agree($node, "$change: and the index", table => 'rewritten');
    changed('rewritten');
}

agree($node, 'and after changes', table => 'rewritten');

# ---- databases made of others

$node->safe_psql('postgres', 'CREATE DATABASE model TEMPLATE postgres');
$node->safe_psql('model', 'DROP TABLE t, moved, rewritten');
varied_table('t', database => 'model');
my $model = sums($node, 't', 'model');
my @databases;
for my $strategy ('wal_log', 'file_copy') {
    my $database = "by_$strategy";
    push @databases, $database;
    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE model STRATEGY $strategy");
    is(sums($node, 't', $database), $model, "CREATE DATABASE by $strategy: the rows are there");
    agree($node, "CREATE DATABASE by $strategy: and the index", database => $database);
    # one changes, the other does not
    changed('t', $database);
    $node->safe_psql($database, 'REINDEX INDEX t_names') if $strategy eq 'file_copy';
    agree($node, "CREATE DATABASE by $strategy: and after changes", database => $database);
    is(sums($node, 't', 'model'), $model, 'the model is as it was');
    agree($node, 'and its index', database => 'model');
}
# copied by the log, and not yet touched when the crash comes
$node->safe_psql('postgres', "CREATE DATABASE untouched TEMPLATE model STRATEGY wal_log");

# ---- unlogged tables

varied_table('u', kind => 'UNLOGGED');
varied_table('now_logged', kind => 'UNLOGGED');
$node->safe_psql('postgres', 'ALTER TABLE now_logged SET LOGGED');
varied_table('now_unlogged');
$node->safe_psql('postgres', 'ALTER TABLE now_unlogged SET UNLOGGED');
changed('now_logged');

# ---- a crash after all of this

my %tables = map { $_ => sums($node, $_) } 't', 'moved', 'rewritten', 'now_logged';
my %copies = map { $_ => sums($node, 't', $_) } @databases, 'model', 'untouched';
kill_all($node);
start_again($node);
for my $table (sort keys %tables) {
    is(sums($node, $table), $tables{$table}, "after a crash: $table is there");
    agree($node, "after a crash: and its index", table => $table);
}
for my $database (sort keys %copies) {
    is(sums($node, 't', $database), $copies{$database}, "after a crash: the table of $database is there");
    agree($node, 'after a crash: and its index', database => $database);
}
for my $table ('u', 'now_unlogged') {
    is(sums($node, $table), '0 0', "after a crash: unlogged $table is empty");
    agree($node, 'after a crash: and its index', table => $table);
    is($node->safe_psql('postgres', "SELECT coalesce(sum(rows), 0) + coalesce(max(pending), 0) FROM namedex_stats('${table}_names')"), 0, "after a crash: the index of $table holds nothing");
    run(undef, "INSERT INTO $table SELECT * FROM people(1, 1500)");
    changed($table);
    agree($node, 'after a crash: and takes rows', table => $table);
}
$node->safe_psql('postgres', "DROP DATABASE $_") for @databases, 'untouched';

# ---- logical replication

my $subscriber = new_node('subscriber', init => { allows_streaming => 'logical' });
$subscriber->append_conf('postgresql.conf', $settings);
$subscriber->restart;
for my $side ($node, $subscriber) {
    $side->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE replicated (id int PRIMARY KEY, last_name text, first_name text, born date, n int DEFAULT 0);
CREATE INDEX replicated_names ON replicated USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64);
END_OF_SQL
}
$node->safe_psql('postgres', 'INSERT INTO replicated SELECT * FROM people(1, 2000); CREATE PUBLICATION p FOR TABLE replicated');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION p");
$subscriber->wait_for_subscription_sync($node, 's');
my $load = start_pgbench($node, 'load', 3, 2, [1, <<'END_OF_SQL']);
\set a 100000 * (:client_id + 1) + random(1, 90000)
\set k random(1, 2000)
INSERT INTO replicated SELECT :a, last_name, first_name, born FROM people(:k, 1) ON CONFLICT DO NOTHING;
UPDATE replicated SET last_name = last_name || ' ' || :k WHERE id = :k + :client_id % 2 AND id % 2 = :client_id % 2 AND length(last_name) < 100;
UPDATE replicated SET n = n + 1 WHERE id = :a;
DELETE FROM replicated WHERE id = :a + 1;
END_OF_SQL
my @vacuums = map { start_loop($_, 'vacuum', "VACUUM (INDEX_CLEANUP ON) replicated;\nSELECT pg_sleep(0.2);\n") } $node, $subscriber;
finish($load);
$node->safe_psql('postgres', "INSERT INTO replicated SELECT id, repeat(coalesce(last_name, 'x') || ' ', 1000), first_name, born FROM people(900001, 10) AS p; DELETE FROM replicated WHERE id % 9 = 4");
$node->wait_for_catchup('s', 'replay', $node->lsn('flush'));
finish(@vacuums);
is(complaints(qr/^$/, $load, @vacuums), '', 'logical replication: nobody had an error');
is(sums($subscriber, 'replicated'), sums($node, 'replicated'), 'logical replication: both sides have the same rows');
# a btree on all rows might be scanned instead of namedex
$subscriber->safe_psql('postgres', $_) for 'DROP SUBSCRIPTION s', 'ALTER TABLE replicated DROP CONSTRAINT replicated_pkey';
$node->safe_psql('postgres', $_) for 'DROP PUBLICATION p', 'ALTER TABLE replicated DROP CONSTRAINT replicated_pkey';
agree($_, 'logical replication: the index of the ' . $_->name, table => 'replicated') for $node, $subscriber;
for my $side ($node, $subscriber) {
    $side->stop('fast');
    log_is_clean($side);
}
done_testing();
