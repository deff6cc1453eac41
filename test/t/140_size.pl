# How large an index gets while all its rows are changed, and that it gets small again: merged segments' blocks are
# used again, what lies at the file's end is moved to its front, and the end is cut off, twice in a row.
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

my $node = new_node('size', conf => "shared_buffers = 128MB\nfsync = off\n");
$node->safe_psql('postgres', <<'END_OF_SQL');
CREATE TABLE t (id int, last_name text);
INSERT INTO t SELECT id, coalesce(last_name, 'Nguyen') || ' ' || substr(md5((id % 20000)::text), 1, 6) FROM people(1, 300000);
VACUUM t;
CREATE INDEX t_names ON t USING namedex (last_name) WITH (pending_list_limit = 256);
END_OF_SQL

sub size { return $node->safe_psql('postgres', "SELECT pg_relation_size('t_names')") }

sub workers { return $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'namedex maintenance'") }

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
    cmp_ok($peak, '<=', 4.5 * $fresh, sprintf('round %d: %.2f times the fresh size while every row is updated', $round, $peak / $fresh));
    $node->safe_psql('postgres', "SELECT namedex_compact('t_names')");
    my $until = time + 60;
    sleep 0.1 while size() > $bound * $fresh && time < $until;
    cmp_ok(size(), '<=', $bound * $fresh, sprintf('round %d: %.2f times after namedex_compact', $round, size() / $fresh));
    sleep 0.1 while workers() > 0 && time < $until;
    is(workers(), 0, 'the worker has ended');
    is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid > 0"), 0, 'and left no lock behind');
}
is($node->safe_psql('postgres', "SELECT namedex_check('t_names', heapallindexed => true)"), '', 'namedex_check finds nothing');
$node->stop('fast');
done_testing();
