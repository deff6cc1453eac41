# A standby gives what the primary gives: every page is compared with its full-page image as it is
# replayed, and scans run there while the primary inserts, deletes, vacuums and builds.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = new_node('primary', init => { allows_streaming => 1 }, conf => "wal_consistency_checking = all\nhot_standby_feedback = on\n");
$primary->safe_psql('postgres', <<'END');
CREATE TABLE t (id int, last_name text, first_name text, born date);
INSERT INTO t SELECT * FROM people(1, 2000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id);
CREATE UNLOGGED TABLE u (id int, last_name text);
CREATE INDEX u_names ON u USING namedex (last_name);
END
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "hot_standby_feedback = on\nmax_standby_streaming_delay = 600s\n");
$standby->start;

sub caught_up { $primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert')) }

caught_up();
agree($standby, 'the base backup');
is(($standby->psql('postgres', 'SELECT count(id) FROM u'))[0] != 0 ? 'refused' : 'read', 'refused', 'an unlogged table is refused on a standby');

my @changes = (
    'INSERT INTO t SELECT * FROM people(3001, 700)',
    'DELETE FROM t WHERE id % 5 = 0',
    'VACUUM (INDEX_CLEANUP ON) t',
    'INSERT INTO t SELECT * FROM people(5001, 2500)',
    "UPDATE t SET last_name = last_name || ' x' WHERE id % 4 = 0",
    'VACUUM (INDEX_CLEANUP ON) t',
    'REINDEX INDEX t_names',
    "INSERT INTO t SELECT id, repeat(coalesce(last_name, 'x') || ' ', 3000), first_name, born FROM people(9001, 30) AS p",
    'VACUUM (INDEX_CLEANUP ON) t',
    'REINDEX INDEX CONCURRENTLY t_names',
    'ALTER TABLE t ADD COLUMN more int DEFAULT 1',
    'VACUUM FULL t',
    'TRUNCATE t',
    'INSERT INTO t SELECT *, 1 FROM people(1, 1500)',
);
for my $change (@changes) {
    $primary->safe_psql('postgres', $change);
    caught_up();
    agree($standby, "$change: the standby agrees");
}
agree($primary, 'the primary agrees');

# Scans on the standby under load: each transaction there compares within one snapshot.
my $writer = $primary->basedir . '/writer.sql';
append_to_file($writer, <<'END');
\set n random(10000, 100000000)
INSERT INTO t SELECT id + :n, last_name, first_name, born, 1 FROM people(1, 20) AS p;
DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 15);
UPDATE t SET last_name = upper(last_name) WHERE id % 300 = :n % 300;
END
my $vacuum = $primary->basedir . '/vacuum.sql';
append_to_file($vacuum, "VACUUM (INDEX_CLEANUP ON) t;\nSELECT pg_sleep(0.1);\n");
my @load = map {
    my ($out, $err) = ('', '');
    [IPC::Run::start(['pgbench', '-n', '-c', $_->[1], '-T', 8, '-f', $_->[0], '-h', $primary->host, '-p', $primary->port, 'postgres'], '>', \$out, '2>', \$err), \$err]
} ([$writer, 2], [$vacuum, 1]);
my ($scans, $wrong) = (0, '');
my $until = time + 7;
while (time < $until) {
    my ($status, $out, $err) = $standby->psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT differences(); COMMIT;");
    $wrong .= "$out$err";
    $scans++;
}
$_->[0]->finish for @load;
is($wrong, '', "$scans comparisons on the standby while the primary writes and vacuums");
cmp_ok($scans, '>', 2, 'the standby answered');
unlike(join('', map { ${ $_->[1] } } @load), qr/ERROR/, 'the writers had no error');
caught_up();
agree($standby, 'the standby agrees after the load');

# The standby becomes the primary and goes on.
$primary->stop('immediate');
$standby->promote;
agree($standby, 'the promoted standby agrees');
$standby->safe_psql('postgres', 'INSERT INTO t SELECT *, 1 FROM people(200001, 800)');
$standby->safe_psql('postgres', 'DELETE FROM t WHERE id % 7 = 0');
$standby->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
agree($standby, 'and after it has written');
is($standby->safe_psql('postgres', "INSERT INTO u VALUES (1, 'Smith'); SET enable_seqscan = off; SELECT count(id) FROM u WHERE last_name ILIKE 'smith'; SELECT namedex_check('u_names', true)"), "1\n", 'the unlogged index works after promotion');
$standby->stop('fast');
for my $node ($primary, $standby) {
    unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|inconsistent page found|signal 11|signal 6/, $node->name . ': no PANIC, no inconsistent page, no signal in the log');
}
done_testing();
