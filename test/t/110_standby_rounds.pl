# A standby answers as the primary does, round after round of random changes, every page compared with its image as it
# is replayed; and while the changes are replayed, whoever reads there within one snapshot gets what a sequential
# scan gets. Without hot_standby_feedback a query may be cancelled for what it still needs; it never gets a wrong
# answer and never an error that speaks of damage.
#
# NAMEDEX_STANDBY_ROUNDS; NAMEDEX_SEED.
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

my $rounds = setting('NAMEDEX_STANDBY_ROUNDS', 5);
seed();

my $primary = new_node('primary', init => { allows_streaming => 1 }, conf => "wal_consistency_checking = all\n");
# after what allows_streaming says, which is small
$primary->append_conf('postgresql.conf', "shared_buffers = 24MB\nmax_connections = 30\nmax_wal_size = 400MB\nwal_keep_size = 400MB\n");
$primary->restart;
install_searches($primary);
$primary->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE t (id int, last_name text, first_name text, born date, n int);
-- not a hash index: for the checking the server logs images of its pages that it has not locked, and some come out wrong
CREATE INDEX t_id ON t (id) WHERE id IS NOT NULL;
INSERT INTO t SELECT *, 0 FROM people(1, 5000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64);
END_OF_SQL
my $compact = has_compact($primary);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "hot_standby_feedback = off\nmax_standby_streaming_delay = 300ms\nwal_receiver_status_interval = 1s\n");
$standby->start;

# Until the standby has replayed what was committed; at once an error if it has given up.
sub caught_up {
    my $until = time + 120;
    my $lsn = $primary->lsn('flush');
    while (1) {
        my ($status, $out) = $standby->psql('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'::pg_lsn");
        return if defined $out && $out eq 't';
        if ((defined $status && $status != 0) || time > $until) {
            my @log = split /\n/, slurp_file($standby->logfile);
            fail('the standby replays');
            diag join "\n", @log > 30 ? @log[-30 .. -1] : @log;
            done_testing();
            exit 1;
        }
        sleep 0.02;
    }
}

# ---- what the primary does in a round

my $next_id = 100_000;

sub change {
    my $dice = rand;
    my $k = 2 + int rand 9;
    $next_id += 10_000;
    return
          $dice < 0.25 ? 'INSERT INTO t SELECT *, 0 FROM people(' . $next_id . ', ' . (50 + int rand 1500) . ')'
        : $dice < 0.37 ? "DELETE FROM t WHERE id % $k = " . int rand $k
        : $dice < 0.49 ? "UPDATE t SET last_name = upper(last_name) || ' $k' WHERE id % ($k * 3) = 1"
        : $dice < 0.55 ? "UPDATE t SET n = n + 1 WHERE id % $k = 0"
        : $dice < 0.60 ? "INSERT INTO t SELECT id, repeat(coalesce(last_name, 'x') || ' ', 1500), first_name, born, 0 FROM people($next_id, 8) AS p"
        : $dice < 0.78 ? 'VACUUM (INDEX_CLEANUP ON) t'
        : $dice < 0.82 ? 'VACUUM (FREEZE, INDEX_CLEANUP ON) t'
        : $dice < 0.92 && $compact ? "SELECT namedex_compact('t_names')"
        : $dice < 0.94 ? 'REINDEX INDEX t_names'
        : $dice < 0.97 ? 'REINDEX INDEX CONCURRENTLY t_names'
        : $dice < 0.98 ? 'VACUUM FULL t'
        : 'CHECKPOINT';
}

# so that the table stays small: most rows of long ago go
sub trimmed { return 'DELETE FROM t WHERE id BETWEEN 10001 AND (SELECT max(id) - 100000 FROM t) AND id % 20 <> 3' }

# small transactions beside these
my $writer = <<'END_OF_SQL';
\set n random(100000000, 1000000000)
\set k random(1, 10000)
INSERT INTO t SELECT id + :n, last_name, first_name, born, 0 FROM people(:k, 20) AS p;
UPDATE t SET last_name = last_name || '-' || :k % 10 WHERE id = :k;
DELETE FROM t WHERE ctid = ANY (ARRAY(SELECT ctid FROM t OFFSET :k LIMIT 15));
BEGIN;
INSERT INTO t SELECT id + :n, 'undone', first_name, born, 0 FROM people(:k, 5) AS p;
ROLLBACK;
\sleep 20 ms
END_OF_SQL
my $vacuum = "VACUUM (INDEX_CLEANUP ON) t;\n\\sleep 150 ms\n";

# ---- what is read on the standby

# Each transaction has one snapshot; an empty line but for what is wrong, or a word if the index may be younger than
# the snapshot, where nothing can be said.
sub compared {
    my ($difference) = @_;
    return "\\set before 0\nSELECT pg_relation_filenode('t_names') AS before \\gset\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT '=' || unless_replaced('t', :before, $difference);\nCOMMIT;\n";
}
my $reader = join '', map { compared($_) }
    ((map { "difference('t', (conditions())[$_])" } 1 .. 12), "difference_by_limit('t', (conditions())[1], 30)", "difference_by_limit('t', (conditions())[4], 5)", "difference_by_join('t')", "difference_by_prepared('t', '%son%')", "difference_by_prepared('t', 'smi%')");
my $slow_reader = join '', map { (compared("difference_by_cursor('t', (conditions())[$_], 0.03)"), compared("difference_by_values('t', (conditions())[$_], 0.03)")) } 1, 2, 5, 9;
# To a statement, be it COMMIT, or to an idle transaction, whose client finds its connection closed.
my $conflict = qr/conflict with recovery|current transaction is aborted|$CUT_OFF/;

sub sums {
    my ($node) = @_;
    return $node->safe_psql('postgres', "SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM t");
}

# All answers of the index, and by the sequential scan.
sub answers {
    my ($node) = @_;
    return $node->safe_psql('postgres', 'SELECT answers()');
}

sub round {
    my ($round) = @_;
    my $feedback = $round % 2 == 0;
    my $began = time;
    $standby->append_conf('postgresql.conf', 'hot_standby_feedback = ' . ($feedback ? 'on' : 'off') . "\nmax_standby_streaming_delay = " . ($feedback ? '20s' : '300ms'));
    $standby->reload;
    my @readers = (start_loop($standby, 'reader', $reader), start_loop($standby, 'reader', $reader), start_loop($standby, 'slow reader', $slow_reader));
    my @writers = (start_pgbench($primary, 'writer', 4, 2, [1, $writer]), start_pgbench($primary, 'vacuum', 4, 1, [1, $vacuum]));
    my @changes;
    while (time < $began + 4) {
        push @changes, change();
        $primary->safe_psql('postgres', $changes[-1]);
    }
    finish(@writers);
    caught_up();
    finish(@readers);
    my $what = "round $round, feedback " . ($feedback ? 'on' : 'off');
    my $said = join '', map { $_->{said} } @readers;
    my $replaced = () = $said =~ /^=replaced$/mg;
    $said =~ s/^=replaced\n//mg;
    my $compared = () = $said =~ /^=/mg;
    my $cancelled = () = join('', map { $_->{complained} } @readers) =~ /(?:ERROR|FATAL): .*conflict with recovery/g;
    is($said =~ s/^=?\n//gmr, '', "$what: $compared comparisons on the standby meanwhile, $cancelled cancelled, $replaced with another index than before");
    is(complaints($conflict, @readers), '', "$what: the readers had no other error than conflicts with recovery");
    is(complaints(qr/^$/, @writers), '', "$what: the writers had no error");
    remark("$what: " . sprintf('%.1f s: ', time - $began) . join '; ', @changes);
    is(sums($standby), sums($primary), "$what: primary and standby have the same rows");
    is(answers($standby), answers($primary), "$what: and the same answers");
    agree($standby, "$what: the standby's scans agree");
    agree($primary, "$what: the primary's scans agree");
    $primary->safe_psql('postgres', trimmed());
    return ($compared, $cancelled);
}

caught_up();
agree($standby, 'the base backup');
my ($compared, $cancelled) = (0, 0);
for my $round (1 .. $rounds) {
    my ($more, $less) = round($round);
    $compared += $more;
    $cancelled += $less;
    if (grep { !$_ } Test::More->builder->summary) {
        diag "ends after round $round, so that what is wrong can be looked at";
        last;
    }
}
cmp_ok($compared, '>', 10 * $rounds, "$compared comparisons on the standby while it replayed ($cancelled cancelled)");

# ---- the standby becomes the primary and goes on

caught_up();
my ($sums, $answers) = (sums($primary), answers($primary));
$primary->stop('immediate');
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
is(sums($standby), $sums, 'the promoted standby has the rows');
is(answers($standby), $answers, 'and the answers');
agree($standby, 'and its scans agree');
my @writers = (start_pgbench($standby, 'writer', 2, 2, [1, $writer]), start_pgbench($standby, 'vacuum', 2, 1, [1, $vacuum]));
for my $change ('INSERT INTO t SELECT *, 0 FROM people(2000001, 2000)', 'DELETE FROM t WHERE id % 3 = 0', 'VACUUM (INDEX_CLEANUP ON) t', ($compact ? "SELECT namedex_compact('t_names')" : ()), 'REINDEX INDEX CONCURRENTLY t_names', 'INSERT INTO t SELECT *, 0 FROM people(2010001, 2000)') {
    $standby->safe_psql('postgres', $change);
}
finish(@writers);
is(complaints(qr/^$/, @writers), '', 'writers have no error there');
agree($standby, 'and its scans agree after more writes');
$standby->stop('immediate');
$standby->start;
agree($standby, 'and after a crash');
$standby->stop('fast');
log_is_clean($_) for $primary, $standby;
done_testing();
