# CREATE INDEX CONCURRENTLY, REINDEX CONCURRENTLY, VACUUM and readers, all under writes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('concurrency', conf => "max_connections = 30\n");
$node->safe_psql('postgres', <<'END');
CREATE TABLE t (id int, last_name text, first_name text, born date);
-- Partial, so that it serves only for `id = ...`: one of all rows may be scanned from end to end instead of namedex for '%'.
CREATE INDEX t_id ON t (id) WHERE id IS NOT NULL;
INSERT INTO t SELECT * FROM people(1, 5000);
END

my %script = (
    write => <<'END',
\set n random(10000, 1000000)
\set k random(1, 6000)
INSERT INTO t SELECT id + :n, last_name, first_name, born FROM people(:k, 5) AS p;
UPDATE t SET last_name = last_name || '-' || :k % 10 WHERE id = :k;
UPDATE t SET born = born + 1 WHERE id = :k + 1;
DELETE FROM t WHERE id = :n + :k;
END
    undone => <<'END',
\set n random(10000, 1000000)
BEGIN;
INSERT INTO t SELECT id + :n, 'undone', first_name, born FROM people(1, 5) AS p;
SAVEPOINT s;
INSERT INTO t SELECT id + :n, 'undone twice', first_name, born FROM people(1, 5) AS p;
ROLLBACK TO s;
INSERT INTO t SELECT id + :n, 'undone later', first_name, born FROM people(1, 2) AS p;
ROLLBACK;
END
    # One snapshot for all scans of a comparison.
    read => <<'END',
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT CASE WHEN differences() <> '' THEN 1 / (length(differences()) * 0) END;
COMMIT;
END
    vacuum => "VACUUM (INDEX_CLEANUP ON) t;\nSELECT pg_sleep(0.05);\n",
);
for my $name (keys %script) {
    append_to_file($node->basedir . "/$name.sql", $script{$name});
}

sub load {
    my ($seconds, %clients) = @_;
    return map {
        my ($out, $err) = ('', '');
        { name => $_, err => \$err, run => IPC::Run::start(['pgbench', '-n', '-c', $clients{$_}, '-T', $seconds, '-f', $node->basedir . "/$_.sql", '-h', $node->host, '-p', $node->port, 'postgres'], '>', \$out, '2>', \$err) }
    } sort keys %clients;
}

sub finish {
    my ($what, @load) = @_;
    for my $one (@load) {
        $one->{run}->finish;
        unlike(${ $one->{err} }, qr/ERROR|aborted|server closed/, "$what: $one->{name} had no error") or diag ${ $one->{err} };
    }
}

# built while rows come and go
my @load = load(10, write => 2, undone => 1);
for my $round (1 .. 3) {
    $node->safe_psql('postgres', 'CREATE INDEX CONCURRENTLY t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id)');
    # one snapshot: rows come and go
    my ($status, $out, $err) = $node->psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT differences(); COMMIT; SELECT namedex_check('t_names', true)");
    is("$out$err" =~ s/\s+//gr, '', "CREATE INDEX CONCURRENTLY under writes, round $round");
    $node->safe_psql('postgres', 'DROP INDEX CONCURRENTLY t_names') if $round < 3;
}
finish('building', @load);
agree($node, 'the index that was built under writes, at rest');

# rebuilt while rows come and go and readers look
@load = load(12, write => 2, undone => 1, read => 1, vacuum => 1);
my $rebuilt = 0;
my $until = time + 10;
while (time < $until) {
    $node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY t_names');
    $rebuilt++;
}
finish('rebuilding', @load);
cmp_ok($rebuilt, '>', 0, "REINDEX CONCURRENTLY $rebuilt times");
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'), 0, 'no invalid index is left');
agree($node, 'the index that was rebuilt under writes, at rest');

# readers, writers and VACUUM alone: pending rows move into segments while scans are under way
$node->safe_psql('postgres', 'DROP INDEX t_names; CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64)');
@load = load(12, write => 3, undone => 1, read => 2, vacuum => 1);
finish('vacuuming', @load);
agree($node, 'after readers, writers and VACUUM');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
agree($node, 'and after one more VACUUM');

# an old snapshot keeps seeing what it saw
my ($in, $out, $err) = ('', '', '');
my $old = IPC::Run::start(['psql', '-X', '-q', '-A', '-t', '-h', $node->host, '-p', $node->port, 'postgres'], '<', \$in, '>', \$out, '2>', \$err);
$in .= "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 'before ' || count(*) FROM t WHERE last_name ILIKE '%son%';\n";
$old->pump until $out =~ /before \d+/;
$node->safe_psql('postgres', $_) for 'DELETE FROM t WHERE id % 2 = 0', 'VACUUM (INDEX_CLEANUP ON) t', 'INSERT INTO t SELECT * FROM people(2000001, 2000)', 'VACUUM (INDEX_CLEANUP ON) t';
$in .= "SET enable_seqscan = off;\nSELECT 'after ' || count(*) FROM t WHERE last_name ILIKE '%son%';\nSELECT 'differ <' || differences() || '>';\nCOMMIT;\n\\q\n";
$old->finish;
my ($before) = $out =~ /before (\d+)/;
my ($after) = $out =~ /after (\d+)/;
is($after, $before, 'an old snapshot sees the same rows after DELETE and VACUUM');
like($out, qr/differ <>/, 'and by every scan');
agree($node, 'when the old snapshot is gone');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) t');
agree($node, 'and its rows too');

$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal 11|signal 6/, 'no PANIC and no signal in the log');
done_testing();
