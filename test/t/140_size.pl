# How large an index gets while all its rows are changed, and that it gets small again: merged segments' blocks are
# used again, what lies at the file's end is moved to its front, and the end is cut off: twice in a row, wherever there is
# room in the file, and in all indexes of a database that are compacted at a time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use List::Util 'max';
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $node = new_node('size', no_checksums => 1, conf => "shared_buffers = 128MB\nfsync = off\nwal_level = replica\n");
$node->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE t (id int, last_name text);
INSERT INTO t SELECT id, coalesce(last_name, 'Nguyen') || ' ' || substr(md5((id % 20000)::text), 1, 6) FROM people(1, 300000);
VACUUM t;
CREATE INDEX t_names ON t USING namedex (last_name) WITH (pending_list_limit = 256);
END_OF_SQL

sub size { return $node->safe_psql('postgres', "SELECT pg_relation_size('" . ($_[0] // 't_names') . "')") }

sub xid { return $node->safe_psql('postgres', 'SELECT pg_snapshot_xmax(pg_current_snapshot())') }

sub workers { return $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'namedex maintenance'") }

# One may have been started and not be seen yet.
sub workers_end {
    my $until = time + 60;
    for (my $none = 0; $none < 2 && time < $until; sleep 0.1) {
        $none = workers() == 0 ? $none + 1 : 0;
    }
}

# Times a fresh index's size, to be compared with what an index takes now.
my $fresh = size();
my $bound = 1.5;

for my $round (1, 2) {
    my $peak = 0;
    for my $part (0 .. 4) {
        $node->safe_psql('postgres', "UPDATE t SET last_name = CASE WHEN last_name = upper(last_name) THEN initcap(last_name) ELSE upper(last_name) END WHERE id % 5 = $part");
        $peak = max($peak, size());
        $node->safe_psql('postgres', 'VACUUM t');
        $peak = max($peak, size());
    }
    cmp_ok($peak, '<=', 5.5 * $fresh, sprintf('round %d: %.2f times the fresh size while every row is updated', $round, $peak / $fresh));
    $node->safe_psql('postgres', "SELECT namedex_compact('t_names')");
    my $until = time + 60;
    sleep 0.1 while size() > $bound * $fresh && time < $until;
    cmp_ok(size(), '<=', $bound * $fresh, sprintf('round %d: %.2f times after namedex_compact', $round, size() / $fresh));
    workers_end();
    is(workers(), 0, 'the worker has ended');
    is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid > 0"), 0, 'and left no lock behind');
}
is($node->safe_psql('postgres', "SELECT namedex_check('t_names', heapallindexed => true)"), '', 'namedex_check finds nothing');

# Waits until each of the indexes takes at most $bound times what it took when it was fresh.
sub shrinks {
    my ($what, $bound, %fresh) = @_;
    my $until = time + 60;
    for my $index (sort keys %fresh) {
        sleep 0.1 while size($index) > $bound * $fresh{$index} && time < $until;
        cmp_ok(size($index), '<=', $bound * $fresh{$index}, sprintf('%s: %s %.2f times a fresh one', $what, $index, size($index) / $fresh{$index}));
    }
}

# Free room in the middle of the file, before a segment and behind one: what is written there in part, and in part at the
# end, could not be moved to the front afterwards.
$node->safe_psql('postgres', <<'END_OF_SQL');
SET namedex.background_worker = off;
CREATE TABLE m (id int, last_name text) WITH (fillfactor = 100);
INSERT INTO m SELECT i, md5(i::text) FROM generate_series(1, 50000) AS i;
CREATE INDEX m_all ON m USING namedex (last_name);
CREATE TABLE m_size AS SELECT pg_relation_size('m_all') AS fresh;
DROP INDEX m_all;
DELETE FROM m WHERE id > 35000;
VACUUM m;
CREATE INDEX m_names ON m USING namedex (last_name) WITH (pending_list_limit = 1000000);
INSERT INTO m SELECT i, md5(i::text) FROM generate_series(35001, 50000) AS i;
VACUUM m;
DELETE FROM m WHERE id > 35000;
INSERT INTO m SELECT i, md5(i::text) FROM generate_series(35001, 50000) AS i;
VACUUM m;
SELECT pg_current_xact_id();
END_OF_SQL
# And a snapshot that is older than the compaction, for some seconds.
my $reader = $node->background_psql('postgres', on_error_die => 1);
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$node->safe_psql('postgres', "SELECT namedex_compact('m_names')");
sleep 3;
cmp_ok(size('m_names'), '>', $bound * $node->safe_psql('postgres', 'SELECT fresh FROM m_size'), 'what a snapshot may be reading is kept');
$reader->query_safe('COMMIT');
$reader->quit;
shrinks('room in the middle', $bound, m_names => $node->safe_psql('postgres', 'SELECT fresh FROM m_size'));

# Of several workers that are started at a time one does the work of all, also while somebody has one of the indexes
# locked, and leaves alone what is not its own: a temporary index and one that is about to be built. And after VACUUM,
# where nobody uses up a transaction id.
my %fresh;
for my $n (1 .. 4) {
    $node->safe_psql('postgres', <<"END_OF_SQL");
CREATE TABLE p$n AS SELECT i AS id, md5(i::text) AS last_name FROM generate_series(1, 20000) AS i;
CREATE INDEX p${n}_names ON p$n USING namedex (last_name);
END_OF_SQL
    $fresh{"p${n}_names"} = size("p${n}_names");
    $node->safe_psql('postgres', "SET namedex.background_worker = off; UPDATE p$n SET last_name = md5(last_name); VACUUM p$n");
}
cmp_ok(size($_), '>', $bound * $fresh{$_}, "$_ has grown") for sort keys %fresh;
my $user = $node->background_psql('postgres', on_error_die => 1);
$node->safe_psql('postgres', 'CREATE TABLE q (last_name text)');
$user->query_safe("CREATE TEMP TABLE own (last_name text); CREATE INDEX own_names ON own USING namedex (last_name)");
$user->query_safe("SET enable_seqscan = off; BEGIN; LOCK TABLE q IN ROW EXCLUSIVE MODE; SELECT count(*) FROM p3 WHERE last_name ILIKE '%abc%'");
my $builder = $node->background_psql('postgres', on_error_die => 1);
$builder->query_until(qr/begun/, "\\echo begun\nCREATE INDEX CONCURRENTLY q_names ON q USING namedex (last_name);\n");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_class WHERE relname = 'q_names'");
$node->safe_psql('postgres', 'SELECT ' . join(', ', map { "namedex_compact('$_')" } sort keys %fresh));
sleep 1;
my $before = xid();
sleep 1;
is(xid(), $before, 'to wait for a lock uses up no transaction ids');
is($node->safe_psql('postgres', "SELECT indisready FROM pg_index WHERE indexrelid = 'q_names'::regclass"), 'f', 'an index is about to be built');
$user->query_safe('COMMIT');
$builder->quit;
shrinks('compacted at a time', $bound, %fresh);
$user->quit;
unlike(slurp_file($node->logfile), qr/ERROR/, 'and no error');
workers_end();
$node->safe_psql('postgres', join('; ', map { "DELETE FROM p$_ WHERE id % 8 > 0" } 1 .. 4));
$node->safe_psql('postgres', 'VACUUM p1, p2, p3, p4');
shrinks('rows deleted', 0.5, %fresh);

# Nobody is locked out of an index whose file ends in pending rows.
$node->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE pending (last_name text);
CREATE INDEX pending_names ON pending USING namedex (last_name) WITH (pending_list_limit = 100000);
INSERT INTO pending SELECT md5(i::text) FROM generate_series(1, 30000) AS i;
END_OF_SQL
cmp_ok(size('pending_names'), '>', 1000000, 'pending rows take room');
my $from = $node->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
$node->safe_psql('postgres', 'INSERT INTO p1 SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i');
$node->safe_psql('postgres', 'VACUUM p1');
$node->safe_psql('postgres', 'DELETE FROM p1 WHERE id % 8 > 0');
$node->safe_psql('postgres', 'VACUUM p1');
workers_end();
# one such lock to be seen, and all of it written
$node->safe_psql('postgres', 'BEGIN; LOCK TABLE p1 IN ACCESS EXCLUSIVE MODE; CREATE TABLE written (); COMMIT');
my $to = $node->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn()');
my ($records) = run_command(['pg_waldump', '-p', $node->data_dir . '/pg_wal', '-r', 'Standby', '-s', $from, '-e', $to]);
my %oid = map { $_ => $node->safe_psql('postgres', "SELECT '$_'::regclass::oid") } qw(p1 pending_names);
like($records, qr/LOCK.* rel $oid{p1}\b/, 'a lock that standbys are told of');
unlike($records, qr/LOCK.* rel $oid{pending_names}\b/, 'but not of this index');

# A damaged index is in the way of no other.
workers_end();
$node->safe_psql('postgres', "SET namedex.background_worker = off; INSERT INTO p$_ SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i; VACUUM p$_; DELETE FROM p$_ WHERE id % 8 > 0; VACUUM p$_") for 1 .. 4;
my $damaged = delete $fresh{p3_names} && $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('p3_names')");
$node->stop('fast');
open(my $file, '+<:raw', $damaged) or die "$damaged: $!";
seek($file, 100, 0);
print $file 'damaged';
close $file;
$node->start;
cmp_ok(size($_), '>', $fresh{$_}, "$_ has grown again") for sort keys %fresh;
$node->safe_psql('postgres', 'SELECT ' . join(', ', map { "namedex_compact('$_')" } sort keys %fresh));
shrinks('beside a damaged one', 0.7, %fresh);
like(slurp_file($node->logfile), qr/index "p3_names" is corrupted/, 'which is reported');
$node->stop('fast');
done_testing();
