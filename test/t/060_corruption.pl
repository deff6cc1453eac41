# Damaged files: an error that says REINDEX, or rows that are right, never a crash and never a
# wrong row where the check says that all is well.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('corruption', no_checksums => 1, conf => "restart_after_crash = off\nshared_buffers = 16MB\n");
$node->safe_psql('postgres', $_) for
    'CREATE TABLE t (id int, last_name text, first_name text, born date)',
    'INSERT INTO t SELECT * FROM people(1, 6000)',
    'CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id)',
    'DELETE FROM t WHERE id % 10 = 0',
    'VACUUM (INDEX_CLEANUP ON) t',
    'INSERT INTO t SELECT * FROM people(20001, 400)';
agree($node, 'before anything is damaged');

my $path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t_names')");
my $blocks = $node->safe_psql('postgres', "SELECT pg_relation_size('t_names') / 8192");
$node->stop('fast');
my $whole = slurp_file($path);
cmp_ok($blocks, '>', 2, "the index has $blocks blocks");

sub write_file {
    my ($bytes) = @_;
    open my $out, '>:raw', $path or die "$path: $!";
    print $out $bytes;
    close $out or die $!;
}

# Everything that reads the index; what it writes is rolled back, as the next round has the first file again.
my $reads = <<'END';
\set ON_ERROR_STOP off
\set VERBOSITY verbose
SET statement_timeout = '60s';
SELECT 'wrong: ' || differences();
SELECT namedex_check('t_names', true);
SELECT 1 FROM namedex_stats('t_names');
BEGIN;
INSERT INTO t SELECT * FROM people(30001, 3);
ROLLBACK;
VACUUM (INDEX_CLEANUP ON) t;
END

sub look {
    my ($what) = @_;
    $node->start;
    my ($status, $out, $err) = $node->psql('postgres', $reads, on_error_stop => 0);
    my $alive = $node->psql('postgres', 'SELECT 1') == 0;
    $node->stop('fast', fail_ok => 1);
    return { status => $status, out => $out, err => $err, alive => $alive };
}

# the metapage: magic, version
sub with_bytes {
    my ($at, $bytes) = @_;
    my $copy = $whole;
    substr($copy, $at, length $bytes) = $bytes;
    return $copy;
}

sub metapage_case {
    my ($what, $bytes, $expected) = @_;
    write_file($bytes);
    my $seen = look($what);
    ok($seen->{alive}, "$what: the server is alive");
    like($seen->{err}, $expected, "$what: the error");
    like($seen->{err}, qr/HINT:  .*REINDEX INDEX public\.t_names;/, "$what: the hint");
    unlike($seen->{err}, qr/XX000/, "$what: not an internal error");
}

my $magic_at = 24;    # after the page header: magic, then version
metapage_case('a wrong magic number', with_bytes($magic_at, "\xDE\xAD\xBE\xEF"), qr/ERROR:  XX002: index "t_names" is corrupted/);
my $version = unpack 'V', substr $whole, $magic_at + 4, 4;
cmp_ok($version, '>', 0, "the format version is $version");
metapage_case('a newer version', with_bytes($magic_at + 4, pack 'V', $version + 1), qr/ERROR:  55000: index "t_names" .*version/);
metapage_case('an older version', with_bytes($magic_at + 4, pack 'V', $version - 1), qr/ERROR:  55000: index "t_names" .*version/);
metapage_case('a zeroed metapage', with_bytes(0, "\0" x 8192), qr/ERROR:  XX00[12]: /);

# single bytes and bits all over the file, and whole pages gone or in the wrong place
srand(4711);
my ($errors, $silent, $crashes, $internal, $undetected, $bad_hint) = (0, 0, 0, 0, 0, 0);
my @said;
my $rounds = $ENV{NAMEDEX_CORRUPTIONS} // 60;
for my $round (1 .. $rounds) {
    my $copy = $whole;
    my $what;
    my $kind = $round % 6;
    my $block = int rand $blocks;
    if ($kind <= 2) {
        my $used = 24 + int rand(8192 - 24);
        my $at = $block * 8192 + $used;
        my $byte = ord substr $copy, $at, 1;
        substr($copy, $at, 1) = chr($byte ^ (1 << int rand 8));
        $what = "a bit of block $block at $used";
    }
    elsif ($kind == 3) {
        my $at = $block * 8192 + 24 + int rand(8000);
        substr($copy, $at, 64) = join '', map { chr int rand 256 } 1 .. 64;
        $what = "64 random bytes in block $block";
    }
    elsif ($kind == 4) {
        substr($copy, $block * 8192, 8192) = "\0" x 8192;
        $what = "block $block zeroed";
    }
    else {
        my $other = int rand $blocks;
        substr($copy, $block * 8192, 8192) = substr $whole, $other * 8192, 8192;
        $what = "block $other in the place of block $block";
    }
    next if $copy eq $whole;
    write_file($copy);
    my $seen = look($what);
    if (!$seen->{alive} || $seen->{err} =~ /server closed the connection|terminated/) {
        $crashes++;
        push @said, "$what: crash: $seen->{err}";
        # the server is started afresh for the next round
        $node->{_pid} = undef if !$seen->{alive};
        next;
    }
    my @states = $seen->{err} =~ /ERROR:  (\w{5}): (.*)/g;
    if (@states) {
        $errors++;
    }
    else {
        $silent++;
    }
    # Core's own page check (XX001) speaks before namedex can; an internal error says nothing.
    if ($seen->{err} =~ /ERROR:  (?!XX002|XX001|55000)(\w{5}): (.*)/) {
        $internal++;
        push @said, "$what: $1: $2";
    }
    my $own = () = $seen->{err} =~ /ERROR:  XX002/g;
    my $hints = () = $seen->{err} =~ /HINT:  .*REINDEX INDEX/g;
    if ($own > $hints) {
        $bad_hint++;
        push @said, "$what: no hint: $seen->{err}";
    }
    # Wrong rows are damage; what matters is that the check says so.
    if ($seen->{out} =~ /wrong: \S/ && $seen->{err} !~ /namedex_check|is corrupted/) {
        $undetected++;
        push @said, "$what: wrong rows and a check that passes: $seen->{out}";
    }
}
diag join "\n", map { substr $_, 0, 600 } @said if @said;
is($crashes, 0, "$rounds damaged files: no crash");
is($internal, 0, 'every error is index_corrupted, data_corrupted or a version');
is($bad_hint, 0, 'every index_corrupted has its REINDEX hint');
is($undetected, 0, 'no wrong rows that namedex_check lets pass');
cmp_ok($errors, '>', $rounds / 4, "damage is found ($errors found, $silent without effect)");

# REINDEX mends it
write_file(with_bytes($magic_at, "\xDE\xAD\xBE\xEF"));
$node->start;
$node->safe_psql('postgres', 'REINDEX INDEX t_names');
agree($node, 'REINDEX of a damaged index');
# and a truncated file
$path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('t_names')");
$node->stop('fast');
$whole = slurp_file($path);
write_file(substr $whole, 0, 8192 * 2);
my $seen = look('a truncated file');
ok($seen->{alive}, 'a truncated file: the server is alive');
like($seen->{err}, qr/ERROR:  XX00[12]: /, 'a truncated file: an error');
$node->start;
$node->safe_psql('postgres', 'REINDEX INDEX t_names');
agree($node, 'REINDEX of a truncated index');
$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP:|signal 11|signal 6/, 'no PANIC and no signal in the log');
done_testing();
