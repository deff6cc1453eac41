# After a crash nothing that was committed is missing, nothing that was not is there, and unlogged
# indexes come back empty.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('crash', conf => "full_page_writes = on\ncheckpoint_timeout = 1h\nwal_consistency_checking = all\nrestart_after_crash = off\n");

# kill: SIGKILL of the postmaster; its children notice and leave. The lock files go too: they name a
# process that may still be there as a zombie, where nobody waits for it.
sub crash {
    my ($kind) = @_;
    if ($kind eq 'kill') {
        $node->kill9;
        # a backend that computes notices late; until then the old shared memory is in use
        for my $try (1 .. 60) {
            select undef, undef, undef, 1.0;
            unlink $node->data_dir . '/postmaster.pid', $node->host . '/.s.PGSQL.' . $node->port . '.lock';
            return if $node->start(fail_ok => 1);
        }
        die 'the server does not start';
    }
    $node->stop('immediate');
    $node->start;
}

$node->safe_psql('postgres', <<'END');
CREATE TABLE t (id int, last_name text, first_name text, born date);
INSERT INTO t SELECT * FROM people(1, 3000);
CREATE UNLOGGED TABLE u (id int, last_name text, first_name text, born date);
INSERT INTO u SELECT * FROM people(1, 500);
CHECKPOINT;
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id);
CREATE INDEX u_names ON u USING namedex (last_name, first_name) INCLUDE (born, id);
END
crash('immediate');
agree($node, 'a crash after CREATE INDEX');
is($node->safe_psql('postgres', 'SELECT count(id) FROM t'), 3000, 'the rows are there');
is($node->safe_psql('postgres', 'SELECT count(id) FROM u'), 0, 'the unlogged table is empty');
agree($node, 'the unlogged index is empty and usable', table => 'u');
$node->safe_psql('postgres', 'INSERT INTO u SELECT * FROM people(1, 300)');
agree($node, 'the unlogged index takes rows', table => 'u');
$node->safe_psql('postgres', 'VACUUM u');
$node->stop('fast');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(id) FROM u'), 300, 'a clean stop keeps the unlogged table');
agree($node, 'and its index', table => 'u');

# Each kind of change, then a crash with no checkpoint in between, and with one.
my @changes = (
    'INSERT INTO t SELECT * FROM people(3001, 500)',
    'DELETE FROM t WHERE id % 5 = 0; VACUUM (INDEX_CLEANUP ON) t',
    'INSERT INTO t SELECT * FROM people(4001, 900)',
    "UPDATE t SET last_name = last_name || ' x' WHERE id % 4 = 0",
    'VACUUM (INDEX_CLEANUP ON) t',
    'REINDEX INDEX t_names',
    'INSERT INTO t SELECT * FROM people(6001, 3000); VACUUM t; DELETE FROM t WHERE id % 3 = 0; VACUUM (INDEX_CLEANUP ON) t',
    'REINDEX INDEX CONCURRENTLY t_names',
    'TRUNCATE t; INSERT INTO t SELECT * FROM people(1, 2000)',
    "INSERT INTO t SELECT id, repeat(coalesce(last_name, 'x') || ' ', 2000), first_name, born FROM people(9001, 40) AS p",
);
my $n = 0;
for my $change (@changes) {
    # one statement each: VACUUM refuses to run in a transaction block
    $node->safe_psql('postgres', $_) for split /; /, $change;
    my $before = $node->safe_psql('postgres', 'SELECT count(id), sum(hashtext(t::text)::bigint) FROM t');
    crash($n++ % 2 ? 'kill' : 'immediate');
    is($node->safe_psql('postgres', 'SELECT count(id), sum(hashtext(t::text)::bigint) FROM t'), $before, "$change: the table is as it was");
    agree($node, "$change: the index agrees");
    $node->safe_psql('postgres', 'CHECKPOINT') if $n % 3 == 0;
}

# A crash in the middle of writing: sessions that insert, delete and vacuum are cut off.
for my $round (1 .. 4) {
    my $load = $node->basedir . "/load_$round.sql";
    PostgreSQL::Test::Utils::append_to_file($load, <<'END');
\set n random(10000, 100000000)
INSERT INTO t SELECT id + :n, last_name, first_name, born FROM people(1, 30) AS p;
DELETE FROM t WHERE id = (SELECT min(id) FROM t);
UPDATE t SET last_name = upper(last_name) WHERE id % 500 = :n % 500;
END
    my $vacuum = $node->basedir . "/vacuum_$round.sql";
    PostgreSQL::Test::Utils::append_to_file($vacuum, "VACUUM (INDEX_CLEANUP ON) t;\n");
    my @load = map {
        IPC::Run::start(['pgbench', '-n', '-c', $_->[1], '-T', 60, '-f', $_->[0], '-h', $node->host, '-p', $node->port, 'postgres'], '>', \my $out, '2>', \my $err)
    } ([$load, 3], [$vacuum, 1]);
    select undef, undef, undef, 1.2;
    crash($round % 2 ? 'kill' : 'immediate');
    eval { $_->kill_kill(grace => 1) } for @load;
    agree($node, "a crash under load, round $round");
    $node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
    agree($node, "and VACUUM after it, round $round");
}

# A crash during CREATE INDEX leaves no index, and the next one is made.
$node->safe_psql('postgres', 'CREATE TABLE big AS SELECT * FROM people(1, 400000)');
my ($out, $err) = ('', '');
my $build = IPC::Run::start(['psql', '-X', '-h', $node->host, '-p', $node->port, '-c', 'CREATE INDEX big_names ON big USING namedex (last_name, first_name) INCLUDE (born, id)', 'postgres'], '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_progress_create_index"), 'CREATE INDEX is under way');
crash('immediate');
eval { $build->finish };
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'big_names'"), 0, 'no index is left');
$node->safe_psql('postgres', 'CREATE INDEX big_names ON big USING namedex (last_name, first_name) INCLUDE (born, id)');
agree($node, 'CREATE INDEX after a crash during CREATE INDEX', table => 'big');
$node->stop('fast');

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP:|inconsistent page found|signal 11|signal 6/, 'no PANIC, no inconsistent page, no signal in the log');
done_testing();
