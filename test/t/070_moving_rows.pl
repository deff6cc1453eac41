# Work that is broken off in between: a VACUUM between its tombstones and their count, a flush between sealing and
# publishing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('moving');
$node->safe_psql('postgres', 'CREATE EXTENSION pageinspect');

sub psql_in_background {
    my ($sql) = @_;
    my %run = (out => '', err => '');
    $run{run} = IPC::Run::start(['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-c', $sql, 'postgres'], '>', \$run{out}, '2>', \$run{err});
    return \%run;
}

# The number of sealed chains, as the metapage (docs/format.md) has it.
sub sealed {
    my ($index) = @_;
    return unpack 'V', pack 'H*', $node->safe_psql('postgres', "SELECT encode(substr(get_raw_page('$index', 0), 81, 4), 'hex')");
}
my $none = 0;

# ---- VACUUM, cancelled after it has set tombstones and before it has counted them

# A page of tombstones is of 65,024 rows, and VACUUM may be made to sleep after each: of all pages only those that
# it has changed cost anything, and the table's are changed and written out before.
$node->safe_psql('postgres', 'CREATE TABLE t (id int, last_name text, first_name text, born date); INSERT INTO t SELECT * FROM people(1, 200000); CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id)');
$node->safe_psql('postgres', $_) for 'DELETE FROM t WHERE id % 3 = 0', 'VACUUM (INDEX_CLEANUP OFF) t', 'CHECKPOINT';
is($node->safe_psql('postgres', "SELECT segments, rows, dead FROM namedex_stats('t_names')"), '1|200000|0', 'one segment, no row is dead');
# Whoever cancels it looks from inside the server, so that a busy machine does not look too late.
my $cancel = <<'END';
DO $$
BEGIN
    FOR i IN 1 .. 6000 LOOP
        PERFORM pg_stat_clear_snapshot();
        PERFORM pg_cancel_backend(pid) FROM pg_stat_activity JOIN pg_stat_progress_vacuum AS v USING (pid) WHERE wait_event = 'VacuumDelay' AND v.phase = 'vacuuming indexes';
        IF FOUND THEN RETURN; END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE 'VACUUM does not get to the index';
END $$
END
my $dead = 0;
for my $try (1 .. 5) {
    my $canceller = psql_in_background($cancel);
    $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%DO %' AND wait_event = 'PgSleep'");
    my $vacuum = IPC::Run::start(['psql', '-X', '-q', '-h', $node->host, '-p', $node->port, 'postgres'], '<', \"SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1; SET vacuum_cost_page_hit = 0; SET vacuum_cost_page_miss = 0; SET vacuum_cost_page_dirty = 1000; SET statement_timeout = 120000;\nVACUUM (INDEX_CLEANUP ON) t;\n", '>', \my $out, '2>', \my $err);
    $vacuum->finish;
    $canceller->{run}->finish;
    is($canceller->{err}, '', 'VACUUM was met in the index');
    like($err, qr/canceling statement due to user request/, 'VACUUM is cancelled between two pages of tombstones');
    $dead = $node->safe_psql('postgres', "SELECT dead FROM namedex_stats('t_names')");
    # it may have slept before the first page; tombstones without a count would be seen by the check
    last if $dead > 0 || $node->psql('postgres', "SELECT namedex_check('t_names')") != 0;
}
is($dead, 1, 'the metapage says that there are tombstones, and has no number of them yet');
agree($node, 'after a cancelled VACUUM');
$node->safe_psql('postgres', 'INSERT INTO t SELECT * FROM people(300001, 5000)');
agree($node, 'and with new rows');
$node->stop('immediate');
$node->start;
agree($node, 'and after a crash');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
is($node->safe_psql('postgres', "SELECT rows, dead FROM namedex_stats('t_names')"), '138334|0', 'the next VACUUM takes them all out, and writes the segment anew');
$node->safe_psql('postgres', 'INSERT INTO t SELECT * FROM people(400001, 70000)');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM t WHERE id > 400000 AND ctid < '(1000,1)'"), '>', 1000, 'line pointers are used again');
agree($node, 'and nobody else is found in the place of a row that is gone');

# ---- a flush, cancelled after it has sealed the pending rows

$node->safe_psql('postgres', 'DROP TABLE t; CREATE TABLE t (id int, last_name text, first_name text, born date); INSERT INTO t SELECT * FROM people(1, 1000); CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 1000000)');
my $timeout = 10;
for my $try (1 .. 10) {
    $node->safe_psql('postgres', 'INSERT INTO t SELECT * FROM people(' . (100000 * $try) . ', 60000)');
    for (; $timeout <= 3000 && sealed('t_names') == $none; $timeout *= 1.15) {
        my ($status) = $node->psql('postgres', 'SET statement_timeout = ' . int($timeout) . ";\nVACUUM (TRUNCATE OFF) t", on_error_stop => 1);
        last if $status == 0;
    }
    last if sealed('t_names') != $none;
    $timeout = 10;
}
isnt(sealed('t_names'), $none, sprintf 'a flush was cancelled with its rows sealed, after %d ms', $timeout / 1.15);
agree($node, 'sealed rows are found');
$node->safe_psql('postgres', 'INSERT INTO t SELECT * FROM people(9000001, 3000)');
isnt(sealed('t_names'), $none, 'the chain is still sealed');
agree($node, 'with pending rows after them');
$node->stop('immediate');
$node->start;
isnt(sealed('t_names'), $none, 'after a crash too');
agree($node, 'and the rows are found');
# rows of either chain die and their line pointers are used again
$node->safe_psql('postgres', 'DELETE FROM t WHERE id % 4 = 1');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
is(sealed('t_names'), $none, 'the next VACUUM moves them');
is($node->safe_psql('postgres', "SELECT pending, rows - dead = (SELECT count(*) FROM t) FROM namedex_stats('t_names')"), '0|t', 'and those after them');
$node->safe_psql('postgres', 'INSERT INTO t SELECT * FROM people(9100001, 10000)');
agree($node, 'all rows are where they belong');

$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal 11|signal 6/, 'no PANIC and no signal in the log');
done_testing();
