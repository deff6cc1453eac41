# Bits flipped all over an index file, one at a time: each time searches and namedex_check run in a session of their own.
# No crash, no hang, no error but those of damage, and no wrong row where the check says that all is well.
#
# NAMEDEX_FLIPS (default 300; 20000 for make soak), NAMEDEX_SEED
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $flips = $ENV{NAMEDEX_FLIPS} // 300;
my $seed = $ENV{NAMEDEX_SEED} // int rand 1e9;
note "NAMEDEX_SEED=$seed";
my $node = new_node('flips', no_checksums => 1, conf => "restart_after_crash = off\nshared_buffers = 16MB\nmax_wal_senders = 0\nwal_level = minimal\nfsync = off\n");
$node->safe_psql('postgres', $_) for
    'CREATE EXTENSION namedex_boundary_test',
    'CREATE TABLE t (id int, last_name text, first_name text, born date)',
    'INSERT INTO t SELECT * FROM people(1, 2500)',
    'CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 100000)',
    # segments, tombstones, parked segments, and pending rows, a long one among them
    'INSERT INTO t SELECT * FROM people(10001, 800)', 'VACUUM t', 'DELETE FROM t WHERE id % 10 = 0', 'VACUUM (INDEX_CLEANUP ON) t',
    'INSERT INTO t SELECT * FROM people(20001, 300)', "INSERT INTO t VALUES (99999, repeat('Smith ', 3000), 'Ann', NULL)", 'VACUUM t',
    'INSERT INTO t SELECT * FROM people(30001, 300)', "INSERT INTO t VALUES (99998, repeat('Johnson ', 3000), 'Ann', NULL)";
agree($node, 'before anything is damaged');
$node->safe_psql('postgres', <<'END');
CREATE TABLE found (at bigint, mask int, kind text, said text);
CREATE FUNCTION look(at bigint, mask int) RETURNS void LANGUAGE plpgsql SET statement_timeout = '60s' AS $$
DECLARE
    answer text := '';
    state text;
    message text;
    checked text := '';
BEGIN
    PERFORM boundary_damage('t_names', at, mask);
    BEGIN
        answer := differences();
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        answer := 'error';
        -- The last is the server's, for a pending row's address far beyond the table's end; the check names it.
        IF state NOT IN ('XX001', 'XX002', '55000') AND message !~ 'could not open file .* \(target block \d+\): previous segment is only' THEN
            INSERT INTO found VALUES (at, mask, 'search', state || ' ' || message);
        END IF;
    END;
    BEGIN
        PERFORM namedex_check('t_names', true);
        checked := 'clean';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        IF state NOT IN ('XX001', 'XX002', '55000') THEN
            INSERT INTO found VALUES (at, mask, 'check', state || ' ' || message);
        END IF;
    END;
    IF checked = 'clean' AND answer <> '' THEN
        INSERT INTO found VALUES (at, mask, 'undetected', answer);
    END IF;
    INSERT INTO found VALUES (at, mask, CASE WHEN checked = 'clean' THEN 'harmless' ELSE 'noticed' END, NULL);
    PERFORM boundary_damage('t_names', at, mask);
END $$;
END

my $script = $node->basedir . '/flip.sql';
append_to_file($script, "\\set at random(0, " . ($node->safe_psql('postgres', "SELECT pg_relation_size('t_names')") - 1) . ")\n\\set bit random(0, 7)\nSELECT look(:at, 1 << :bit);\n");
my ($out, $err) = ('', '');
IPC::Run::run(['pgbench', '-n', '-C', '-c', 1, '-t', $flips, "--random-seed=$seed", '-f', $script, '-h', $node->host, '-p', $node->port, 'postgres'], '>', \$out, '2>', \$err);
like($out, qr{number of transactions actually processed: $flips/$flips}, "$flips flips") or diag substr($err, -2000);
is($node->safe_psql('postgres', "SELECT at, mask, said FROM found WHERE kind = 'search' LIMIT 5"), '', 'searches raise no error but those of damage');
is($node->safe_psql('postgres', "SELECT at, mask, said FROM found WHERE kind = 'check' LIMIT 5"), '', 'nor does the check');
is($node->safe_psql('postgres', "SELECT at, mask, said FROM found WHERE kind = 'undetected' LIMIT 5"), '', 'no wrong row that the check lets pass');
my ($noticed, $harmless) = split /\|/, $node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE kind = 'noticed'), count(*) FILTER (WHERE kind = 'harmless') FROM found");
cmp_ok($noticed, '>', $flips / 4, "$noticed were noticed, $harmless changed nothing that is in use");
agree($node, 'all is mended');
$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal 11|signal 6/, 'no PANIC and no signal in the log');
done_testing();
