# SIGKILL under load, again and again. What was acknowledged is in the table and is found through the index, nothing
# else is, and the index is sound.
#
# kind       what is killed, and how it comes back
# plain      writers, VACUUM, compaction and checkpoints; crash recovery
# minimal    the same with wal_level = minimal, and tables that were made, indexed, filled and changed in one
#            transaction just before the kill: at commit their files are written out or logged whole (wal_skip_threshold);
#            that they are fsynced too is not seen, the page cache outlives the kill
# restored   the killed cluster's data directory is thrown away, but for its WAL: a base backup taken under load, the
#            archive and that WAL make a new one. What the page cache still had does not help here.
#
# NAMEDEX_KILL_CYCLES, of which NAMEDEX_KILL_MINIMAL and NAMEDEX_KILL_RESTORED; NAMEDEX_SEED.
use strict;
use warnings;
use File::Path qw(rmtree);
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use NamedexLoad;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $cycles = setting('NAMEDEX_KILL_CYCLES', 6);
my %wanted = (minimal => setting('NAMEDEX_KILL_MINIMAL', int($cycles / 3)), restored => setting('NAMEDEX_KILL_RESTORED', int($cycles / 3)));
$wanted{plain} = $cycles - $wanted{minimal} - $wanted{restored};
my $writers = 3;
# Rows that the writers of so many cycles have left are kept.
my $kept_cycles = 2;
seed();

# ---- the clusters

my $common = "shared_buffers = 24MB\nmax_wal_size = 200MB\ncheckpoint_timeout = 1h\nwal_keep_size = 0\n";
my %conf = (
    plain => "wal_level = replica\n",
    minimal => "wal_level = minimal\nmax_wal_senders = 0\n",
    # copied to another name first: a copy that a kill cuts off must not look like an archived file
    restored => sub { my $archive = $_[0]->archive_dir; "archive_command = 'cp \"%p\" \"$archive/%f.part\" && mv \"$archive/%f.part\" \"$archive/%f\"'\nrestore_command = 'cp \"$archive/%f\" \"%p\"'\n" },
);
my %node;

sub node {
    my ($kind) = @_;
    return $node{$kind} //= do {
        my $restored = $kind eq 'restored';
        my $node = new_node($kind, conf => $common . ($restored ? "shared_buffers = 24MB\n" : $conf{$kind}), init => $restored ? { allows_streaming => 1, has_archiving => 1, extra => ['-E', 'UTF8', '--locale=C.UTF-8', '--wal-segsize=4'] } : {});
        if ($restored) {
            $node->append_conf('postgresql.conf', "max_connections = 20\nmax_wal_size = 200MB\n" . $conf{$kind}->($node));
            $node->restart;
        }
        $node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id int, last_name text, first_name text, born date, n int);
-- Partial, so that it serves only for `id = ...`: one of all rows may be scanned from end to end instead of namedex for '%'.
CREATE INDEX t_id ON t (id) WHERE id IS NOT NULL;
INSERT INTO t SELECT *, 0 FROM people(1, 5000);
CREATE INDEX t_names ON t USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64);
-- made anew in the transactions of the minimal cycles
CREATE TABLE made_before (id int, last_name text, first_name text, born date);
SQL
        { node => $node, compact => has_compact($node), past => [] };
    };
}

# ---- the load

sub maintenance {
    my ($compact) = @_;
    my @kinds = (('VACUUM (INDEX_CLEANUP ON) t') x 6, 'VACUUM (FREEZE, INDEX_CLEANUP ON) t', ('CHECKPOINT') x 2, 'REINDEX INDEX t_names', ($compact ? "SELECT namedex_compact('t_names')" : ()) x 3);
    return join '', map { $kinds[rand @kinds] . ";\n" } 1 .. 2000;
}

sub start_load {
    my ($kind, $cycle) = @_;
    my $its = node($kind);
    # rows of long ago go, and VACUUM has something to remove
    while (@{ $its->{past} } > $kept_cycles * $writers) {
        my $old = shift @{ $its->{past} };
        $its->{node}->safe_psql('postgres', "DELETE FROM t WHERE id BETWEEN $old->{first_id} AND " . ($old->{first_id} + $WRITER_IDS - 1));
        push @{ $its->{deleted} }, { first_id => $old->{first_id}, transactions => [], settled => 0 };
    }
    splice @{ $its->{deleted} }, 0, -$writers if @{ $its->{deleted} // [] } > $writers;
    my @load = map { new_writer(first_id => $cycle * 10 * $WRITER_IDS + $_ * $WRITER_IDS, transactions => $_ == $writers ? 350 : 4000, bulk => $_ == $writers) } 1 .. $writers;
    my $maintenance = start_psql($its->{node}, 'maintenance', maintenance($its->{compact}));
    $_->{session} = start_psql($its->{node}, 'writer', delete $_->{sql}) for @load;
    return { writers => \@load, sessions => [$maintenance, map { $_->{session} } @load] };
}

# A table and its index made, filled and changed in one transaction, which is committed when this returns; what is in
# the table then.
sub make_tables {
    my ($node, $cycle) = @_;
    my %sums;
    for my $threshold ('0', '1GB') {
        my $table = 'made_' . ($threshold eq '0' ? 'synced' : 'logged');
        # one of these in every other cycle has its files replaced instead of made
        $table = 'made_before' if rand() < 0.3;
        next if $sums{$table};
        my $rows = rand() < 0.5 ? 200 : 6000;
        my $index = "CREATE INDEX ${table}_names ON $table USING namedex (last_name, first_name) INCLUDE (born, id) WITH (pending_list_limit = 64)";
        my $fill = "INSERT INTO $table SELECT * FROM people(1, $rows)";
        my @statements = (
            $table eq 'made_before' ? ("TRUNCATE $table", "DROP INDEX IF EXISTS ${table}_names") : ("DROP TABLE IF EXISTS $table", "CREATE TABLE $table (id int, last_name text, first_name text, born date)"),
            rand() < 0.5 ? ($index, $fill) : ($fill, $index),
            # these are pending, or were flushed and merged
            "INSERT INTO $table SELECT * FROM people(100001, 900)",
            "INSERT INTO $table SELECT id, repeat(coalesce(last_name, 'x') || ' ', 1000), first_name, born FROM people(200001, 5) AS p",
            "UPDATE $table SET last_name = last_name || ' x' WHERE id % 3 = 0",
            "DELETE FROM $table WHERE id % 10 = 1",
            (rand() < 0.5 ? ('SAVEPOINT s', "INSERT INTO $table SELECT * FROM people(300001, 500)", rand() < 0.5 ? "REINDEX INDEX ${table}_names" : "TRUNCATE $table", 'ROLLBACK TO s') : ()),
            (rand() < 0.3 ? "REINDEX INDEX ${table}_names" : ()),
            (rand() < 0.3 ? ("TRUNCATE $table", $fill, "INSERT INTO $table SELECT * FROM people(400001, 300)") : ()),
        );
        remark("cycle $cycle, $table, $rows rows, wal_skip_threshold $threshold: " . join '; ', map { s/ \(id int.*| USING.*//r } @statements);
        my $sum = "SELECT count(*) || ' ' || coalesce(sum(hashtext(x::text)::bigint), 0) FROM $table AS x";
        $sums{$table} = $node->safe_psql('postgres', join(";\n", "SET wal_skip_threshold = '$threshold'", 'BEGIN', @statements, $sum, 'COMMIT;'));
        # and written to in the common way afterwards, sometimes
        $sums{$table} = $node->safe_psql('postgres', "INSERT INTO $table SELECT * FROM people(500001, 600); DELETE FROM $table WHERE id % 7 = 1; $sum") if rand() < 0.3;
    }
    return \%sums;
}

# ---- a backup, and a new cluster of it

sub take_backup {
    my ($node, $name) = @_;
    $node->backup($name, backup_options => ['-X', 'none', '--no-manifest']);
}

sub restore {
    my ($node, $name) = @_;
    my ($data, $killed) = ($node->data_dir, $node->basedir . '/killed');
    rename $data, $killed or die "rename: $!";
    rename $node->backup_dir . "/$name", $data or die "rename: $!";
    chmod 0700, $data;
    rmtree("$data/pg_wal");
    rename "$killed/pg_wal", "$data/pg_wal" or die "rename: $!";
    rmtree($killed);
    # what is archived is taken from the archive
    for my $done (glob "$data/pg_wal/archive_status/*.done") {
        my ($file) = $done =~ m{/([0-9A-F]{24})\.done$} or next;
        die "$file is not in the archive" if !-e $node->archive_dir . "/$file";
        unlink "$data/pg_wal/$file", $done;
    }
    $node->append_conf('recovery.signal', '');
    my @archived = glob $node->archive_dir . '/*';
    return scalar @archived;
}

# ---- one cycle

sub cycle {
    my ($cycle, $kind) = @_;
    my $its = node($kind);
    my $node = $its->{node};
    my $began = time;
    if ($kind eq 'restored') {
        unlink grep { !/history$/ } glob $node->archive_dir . '/*';
    }
    my $load = start_load($kind, $cycle);
    wait_for_transactions($node, 100 + int rand 1200, 3);
    my ($sums, $archived) = ({}, '');
    if ($kind eq 'restored') {
        take_backup($node, "cycle_$cycle");
        wait_for_transactions($node, 200 + int rand 1200, 3);
    }
    $sums = make_tables($node, $cycle) if $kind eq 'minimal';
    my $killed_after = time - $began;
    # every other kill is aimed at a flush, a merge or VACUUM's work on the index, which are short
    my $tried = rand() < 0.6;
    my $aimed = kill_all($node, when_moving => $tried ? 't_names' : undef);
    finish(@{ $load->{sessions} });
    $archived = ', ' . restore($node, "cycle_$cycle") . ' archived files' if $kind eq 'restored';
    my $recovery = start_again($node);

    my $what = "cycle $cycle ($kind)";
    my @new = @{ $load->{writers} };
    # a transaction that was on its way may have been committed without an answer
    my $rows = rows_by_table($node, 't', @new, @{ $its->{past} }, @{ $its->{deleted} // [] });
    my $wrong = join '', map { settle($_, $rows, acknowledged($_), acknowledged($_) + 1) } @new;
    $wrong .= join '', map { settle($_, $rows, $_->{settled}, $_->{settled}) } @{ $its->{past} }, @{ $its->{deleted} // [] };
    is($wrong, '', sprintf '%s: the table has what was acknowledged, transactions %s, and nothing else', $what, join ' ', map { acknowledged($_) } @new);
    $_->{settled} //= acknowledged($_) for @new;
    is(rows_by_values($node, 't', @new), '', "$what: the index finds these rows by their values");
    agree($node, "$what: index scans and sequential scans agree");
    for my $table (sort keys %$sums) {
        is($node->safe_psql('postgres', "SELECT count(*) || ' ' || coalesce(sum(hashtext(x::text)::bigint), 0) FROM $table AS x"), $sums->{$table}, "$what: $table is there as it was committed");
        agree($node, "$what: and its index", table => $table);
    }
    is(complaints($CUT_OFF, @{ $load->{sessions} }), '', "$what: nobody had another error than the kill");
    remark(sprintf '%s: %.1f s, killed after %.1f s%s, recovery %.1f s%s, %s', $what, time - $began, $killed_after, $aimed ? ' while rows were moved' : '', $recovery, $archived,
        index_size($node));
    push @{ $its->{past} }, map { condensed($_) } @new;
    return (grep { acknowledged($_) < @{ $_->{transactions} } } @new) + 0, $tried ? 1 : 0, $aimed ? 1 : 0;
}

# The kinds as evenly mixed as their counts allow.
my %done = map { $_ => 0 } keys %wanted;
my ($cut_off, $tried, $aimed) = (0, 0, 0);
for my $cycle (1 .. $cycles) {
    my ($kind) = sort { $done{$a} / $wanted{$a} <=> $done{$b} / $wanted{$b} || $a cmp $b } grep { $done{$_} < $wanted{$_} } keys %wanted;
    my ($more, $try, $met) = cycle($cycle, $kind);
    $cut_off += $more;
    $tried += $try;
    $aimed += $met;
    $done{$kind}++;
    my $failed = grep { !$_ } Test::More->builder->summary;
    if ($failed) {
        diag "ends after cycle $cycle, so that what is wrong can be looked at";
        last;
    }
}
cmp_ok($cut_off, '>', 0, "$cut_off writers were cut off in their work");
# should the index's locks look otherwise one day, this says so
ok($aimed > 0 || $tried < 5, "$aimed of $tried kills that were aimed at rows being moved met such a moment");
remark(join ', ', map { "$done{$_} $_" } sort keys %done);
for my $kind (sort keys %node) {
    $node{$kind}{node}->stop('fast');
    log_is_clean($node{$kind}{node});
}
done_testing();
