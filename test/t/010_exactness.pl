# Index scans and sequential scans give the same rows: test/exactness/run against a cluster of its own.
#
# NAMEDEX_EXACTNESS_PAIRS=200000 chooses the long version, NAMEDEX_EXACTNESS_SECONDS another time for
# the short one, NAMEDEX_EXACTNESS_SEED its seed. A failure prints the command that repeats its round.
use strict;
use warnings;
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('exactness');
$node->init(extra => ['-E', 'UTF8', '--locale=C.UTF-8']);
$node->append_conf('postgresql.conf', <<'END');
log_statement = none
autovacuum = off
shared_buffers = 64MB
max_wal_size = 4GB
END
$node->start;

# The comparison finds what differs: an index over a table that lacks a row, has one row more, or has
# another value in one, is told from the table it should be like.
my $exactness = dirname(__FILE__) . '/../exactness';
$node->safe_psql('postgres', <<"END");
CREATE EXTENSION namedex CASCADE;
\\i $exactness/compare.sql
CREATE TABLE truth AS SELECT n AS id, 'Ann ' || n % 10 AS a FROM generate_series(1, 300) AS n;
INSERT INTO exact.cases (no, flags, clause, op, col, pat)
    SELECT n, '', format('a ILIKE %L', '%' || n % 10), 'ILIKE', 'a', '%' || n % 10 FROM generate_series(1, 32) AS n;
END
my %difference = (
    'the same rows' => '',
    'a row that is missing' => 'DELETE FROM t WHERE id = 17',
    'a row too many' => "INSERT INTO t VALUES (1000, 'Ann 7')",
    'another value' => "UPDATE t SET a = 'Ann 8' WHERE id = 17",
    'a row twice' => "INSERT INTO t VALUES (17, 'Ann 7')",
);
for my $what (sort keys %difference) {
    my $wrong = $node->safe_psql('postgres', <<"END");
SET client_min_messages = error;
DROP TABLE IF EXISTS t;
CREATE TABLE t AS TABLE truth;
$difference{$what};
CREATE INDEX t_idx ON t USING namedex (a);
SELECT wrong FROM exact.compare('difference', 't', 'truth', 't_idx');
END
    if ($difference{$what} eq '') {
        is($wrong, 0, "$what: no difference");
    }
    else {
        cmp_ok($wrong, '>', 0, "$what: found");
    }
}
is($node->safe_psql('postgres', <<'END'), 't', 'a plan that does not use the index is found');
SET client_min_messages = error;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t (id);
SELECT wrong > 0 FROM exact.compare('no index', 't', 't', 't_idx');
END

my @amount = $ENV{NAMEDEX_EXACTNESS_PAIRS} ? ('--pairs', $ENV{NAMEDEX_EXACTNESS_PAIRS}) : ('--seconds', $ENV{NAMEDEX_EXACTNESS_SECONDS} // 75);
push @amount, '--seed', $ENV{NAMEDEX_EXACTNESS_SEED} if $ENV{NAMEDEX_EXACTNESS_SEED};
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
my ($out, $err) = ('', '');
my $ok = IPC::Run::run [$^X, "$exactness/run", '--jobs', 2, @amount], '>', \$out, '2>', \$err;
note $out;
diag $err if $err ne '';
if (!$ok) {
    my @wrong = grep { !/^#/ } split /\n/, $out;
    splice @wrong, 60;
    diag join "\n", @wrong;
}
ok($ok, 'the run ended well');
my ($pairs, $matched, $raised, $wrong) = $out =~ /^(\d+) pairs, (\d+) with rows, (\d+) raised, (\d+) wrong$/m;
is($wrong, 0, 'no difference in ' . ($pairs // 'no') . ' pairs');
cmp_ok($pairs // 0, '>=', $ENV{NAMEDEX_EXACTNESS_PAIRS} // 2000, 'enough pairs');
# The conditions are made to find something, and some to raise.
cmp_ok($matched // 0, '>', ($pairs // 0) * 0.3, 'many of them with rows');
cmp_ok($raised // 0, '>', 0, 'some of them raise');
for my $kind (qw(utf8 utf8_c utf8_icu latin1 euc_kr)) {
    like($out, qr/^# $kind: collations /m, "database $kind took part");
}
$node->stop('immediate');
done_testing();
