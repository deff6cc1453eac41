# A cancel is answered within 100 ms, whatever the index is doing, and the session works on.
#
# What is measured is the time from the timeout that asks for the cancel to the error. The bound
# allows for a slow machine: NAMEDEX_CANCEL_MS, by default 400; the figures are in the log.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $bound = $ENV{NAMEDEX_CANCEL_MS} // 400;
my $node = new_node('cancel', conf => "shared_buffers = 256MB\nmaintenance_work_mem = 256MB\n");
$node->safe_psql('postgres', <<'END');
CREATE TABLE t AS SELECT * FROM people(1, 400000);
-- words that all differ, so that the lexicon is large, and values that make the matcher work
CREATE TABLE wide AS SELECT i AS id, md5(i::text) || ' ' || md5((i + 1)::text) AS a FROM generate_series(1, 200000) AS i;
CREATE TABLE slow AS SELECT i AS id, repeat('a-', 500) || 'b' AS a FROM generate_series(1, 3000) AS i;
CREATE TABLE long (a text);
CREATE INDEX long_a ON long USING namedex (a);
CREATE FUNCTION cancelled_after(statement text, timeout int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    EXECUTE statement;
    -- done in time
    DROP INDEX IF EXISTS x;
    RETURN NULL;
EXCEPTION WHEN query_canceled THEN
    RETURN round(extract(epoch FROM clock_timestamp() - started)::numeric * 1000 - timeout);
END $$;
END

# The statement is cancelled after each timeout; undef if it was done before.
sub cancelled {
    my ($statement, $timeout) = @_;
    # statement_timeout counts from the outer statement's start, which is the function's start
    my ($status, $late, $err) = $node->psql('postgres', <<"END");
SET client_min_messages = warning; SET max_parallel_workers_per_gather = 0; SET enable_seqscan = off; SET jit = off;
SET statement_timeout = $timeout;
SELECT cancelled_after(\$q\$$statement\$q\$, $timeout);
END
    # a timeout of a few milliseconds may strike before the statement has begun
    die $err if $err ne '' && $err !~ /canceling statement/;
    return $late eq '' ? undef : $late;
}

sub answers_cancel {
    my ($what, $statement, $whole, @timeouts) = @_;
    my ($worst, $cancelled) = (0, 0);
    for my $timeout (@timeouts) {
        my $late = cancelled($statement, $timeout);
        next if !defined $late;
        $cancelled++;
        $worst = $late if $late > $worst;
        # a quick statement may be done in time; a build is not
        note "$what: timeout $timeout ms, answered $late ms after it";
    }
    cmp_ok($worst, '<=', $bound, "$what: $cancelled of " . @timeouts . " cancelled, the slowest $worst ms late");
    cmp_ok($cancelled, '>=', $whole, "$what: cancelled") if $whole;
}

answers_cancel('CREATE INDEX on two columns', 'CREATE INDEX x ON t USING namedex (last_name, first_name)', 2, 20, 60, 150, 300, 500, 900, 1500);
answers_cancel('CREATE INDEX on distinct words', 'CREATE INDEX x ON wide USING namedex (a)', 2, 20, 60, 150, 300, 500, 900, 1500);
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname = 'x'"), 0, 'no index is left');

# Much memory and nothing but distinct words: the table of words is built anew, twice as large, whenever it is two
# thirds full, the last time for the 2,796,203rd word. A build is cancelled just then (a block's rows are taken
# when the scan has come to the next block), and while it writes, where sorting, grams and much else takes long.
$node->safe_psql('postgres', <<'END');
CREATE TABLE uniq WITH (parallel_workers = 0) AS SELECT md5(i::text) AS a FROM generate_series(1, 2900000) AS i;
-- Cancels the build in `phase` that has come to `block`, `wait` seconds later, and says how long it took.
CREATE FUNCTION cancel_build(phase text, block bigint, wait numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    build record;
    started timestamptz;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT p.* INTO build FROM pg_stat_progress_create_index AS p;
        EXIT WHEN build.phase LIKE '%: ' || cancel_build.phase AND build.blocks_done >= block;
        PERFORM pg_sleep(0.001);
    END LOOP;
    PERFORM pg_sleep(wait);
    started := clock_timestamp();
    PERFORM pg_cancel_backend(build.pid);
    LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_progress_create_index);
        PERFORM pg_sleep(0.001);
    END LOOP;
    RETURN round(extract(epoch FROM clock_timestamp() - started)::numeric * 1000);
END $$;
END
my $growth = 1 + $node->safe_psql('postgres', "SELECT (a.ctid::text::point)[0] FROM (SELECT ctid FROM uniq OFFSET 2796203 + 31 LIMIT 1) AS a");
for my $moment (['scanning table', $growth, 0], map { ['writing segment', 0, $_] } 0.01, 0.6, 1.4, 2.5) {
    my ($phase, $block, $wait) = @$moment;
    my $build = IPC::Run::start(['psql', '-X', '-h', $node->host, '-p', $node->port, '-c', "SET maintenance_work_mem = '1GB'", '-c', 'CREATE INDEX x ON uniq USING namedex (a)', 'postgres'], '>', \my $out, '2>', \my $err);
    my $late = $node->safe_psql('postgres', "SET statement_timeout = '180s'; SELECT cancel_build('$phase', $block, $wait)");
    $build->finish;
    like($err, qr/canceling statement/, "a build of distinct words, '$phase' at block $block and $wait s: cancelled");
    cmp_ok($late, '<=', $bound, "and that $late ms after it was asked to");
}
$node->safe_psql('postgres', 'DROP TABLE uniq');

$node->safe_psql('postgres', $_) for
    'CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id)',
    'CREATE INDEX wide_a ON wide USING namedex (a)',
    'CREATE INDEX slow_a ON slow USING namedex (a)';
my $adversarial = '%a%a%a%a%a%a%a%a%a%a%a_-%-a%a%a%b_';
answers_cancel('a pattern that makes the matcher go back', "SELECT count(*) FROM slow WHERE a ILIKE '$adversarial'", 1, 2, 5, 20, 60, 200);
# One value and one match, which takes seconds: pending, and then in a segment.
for my $where ('pending', 'in a segment') {
    $node->safe_psql('postgres', $where eq 'pending' ? "INSERT INTO long SELECT repeat('a', 1000000)" : 'VACUUM long');
    is($node->safe_psql('postgres', "SELECT pending FROM namedex_stats('long_a')"), $where eq 'pending' ? 1 : 0, "a long value is $where");
    answers_cancel("one LIKE over a long value $where", "SELECT count(*) FROM long WHERE a LIKE '%' || repeat('a_', 1000) || 'b%'", 2, 20, 50, 300);
    answers_cancel("a long piece of a pattern over a long value $where", "SELECT count(*) FROM long WHERE a LIKE '%' || repeat('a', 400000) || 'b%'", 1, 50, 300);
}
answers_cancel('every value is verified', "SELECT count(*) FROM wide WHERE a ILIKE '%_a_%b_%c_ %d_e%f_'", 0, 2, 10, 30, 100, 200);
answers_cancel('every word is looked at', "SELECT count(*) FROM wide WHERE a ILIKE ANY (ARRAY(SELECT '%' || chr(97 + n % 6) || n % 10 || '_' || n % 7 || '%' FROM generate_series(1, 200) AS n))", 1, 5, 20, 60, 200);
my $in_parallel = 'SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_index_scan_size = 0; SET LOCAL enable_bitmapscan = off; ';
my $by_many = "SELECT count(*) FROM t AS a WHERE last_name ILIKE '%n%' AND length(repeat(last_name, 2000)) > 0";
like($node->safe_psql('postgres', "BEGIN; SET LOCAL enable_seqscan = off; $in_parallel EXPLAIN $by_many; COMMIT"), qr/Parallel Index Only Scan/, 'a parallel scan');
answers_cancel('a parallel scan', "$in_parallel $by_many", 1, 5, 20, 60, 200);
answers_cancel('rescans', "SELECT count(*) FROM wide AS o, LATERAL (SELECT FROM wide AS w WHERE w.a ILIKE '%' || substr(o.a, 3, 4) || '%zz' LIMIT 1) AS x", 1, 20, 100, 300);
$node->safe_psql('postgres', "INSERT INTO t SELECT * FROM people(1000001, 60000)");
answers_cancel('pending rows', "SELECT count(*) FROM t WHERE last_name ILIKE '%a%_%n%q'", 0, 1, 3, 10, 30);
answers_cancel('INSERT', "INSERT INTO t SELECT * FROM people(2000001, 300000)", 1, 30, 100, 300);
answers_cancel('namedex_check', "SELECT namedex_check('wide_a', true)", 0, 5, 30, 100, 200);
agree($node, 'the index agrees after so many cancelled statements');

# VACUUM cannot run in a function: from outside.
$node->safe_psql('postgres', 'DELETE FROM t WHERE id % 3 = 0');
for my $timeout (5, 30, 100, 300) {
    my $started = time;
    my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = $timeout;\nVACUUM (INDEX_CLEANUP ON) t;");
    my $late = (time - $started) * 1000 - $timeout;
    like($err, qr/^$|canceling statement/, "VACUUM with a timeout of $timeout ms ends cleanly");
    cmp_ok($late, '<=', $bound + 200, sprintf 'and in time: %d ms after it, with the connection', $late) if $err ne '';
}
agree($node, 'the index agrees after cancelled VACUUMs');
$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal 11|signal 6/, 'no PANIC and no signal in the log');
done_testing();
