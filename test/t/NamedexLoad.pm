# What the tests under load share: writers that know what they wrote, other sessions in the background, and the
# end of all processes of a server at once.
#
# A writer is a psql that works through a list of transactions which touch rows of its own only. Behind each
# transaction its number is echoed, so the writer's output is a log, on the client's side, of what the server has
# acknowledged; and what its rows must be after each transaction is known without asking the server.
package NamedexLoad;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Exporter 'import';
use FindBin;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

our @EXPORT = qw(setting seed remark start_psql start_loop start_pgbench finish complaints new_writer acknowledged rows_by_table rows_by_values settle condensed has_compact install_searches index_size
    wait_for_transactions kill_all start_again log_is_clean $WRITER_IDS $CUT_OFF);

# So many ids are a writer's own.
our $WRITER_IDS = 100_000;
# What psql says when its server is gone.
our $CUT_OFF = qr/server closed the connection|connection to server was lost|could not (receive|send) data|unexpected postmaster exit/;

# A number from the environment, or what `make check` takes.
sub setting {
    my ($name, $default) = @_;
    return defined $ENV{$name} && $ENV{$name} ne '' ? $ENV{$name} : $default;
}

# A note that test/check leaves out where it shows failures.
sub remark { note "- $_[0]" }

# What is drawn at random can be drawn again; what the server makes of it at what time cannot.
sub seed {
    my $seed = setting('NAMEDEX_SEED', int(rand(2**31)));
    remark("NAMEDEX_SEED=$seed");
    return srand $seed;
}

# ---- sessions in the background

my $sessions = 0;

sub session {
    my ($node, $name, $script, @command) = @_;
    my $base = $node->basedir . '/' . $name . '_' . ++$sessions;
    my %session = (name => $name, script => "$base.sql", out => "$base.out", err => "$base.err", stop => "$base.stop");
    append_to_file($session{script}, $script) if defined $script;
    $session{run} = IPC::Run::start([map { ref $_ ? $session{$$_} : $_ } @command], '<', \undef, '>', $session{out}, '2>', $session{err});
    return \%session;
}

sub psql_command {
    my ($node, $database) = @_;
    return ('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', $database // 'postgres');
}

# A psql that runs a script once.
sub start_psql {
    my ($node, $name, $script, $database) = @_;
    return session($node, $name, $script, psql_command($node, $database), '-f', \'script');
}

# The same again and again, in a new session each time, until finish asks it to stop or the test's folder is gone; the
# script goes on after errors.
sub start_loop {
    my ($node, $name, $script) = @_;
    return session($node, $name, $script, 'sh', '-c', 'stop=$1 script=$2; shift 2; while [ -e "$script" ] && [ ! -e "$stop" ]; do "$@" -f "$script" || sleep 0.1; done', 'sh', \'stop', \'script', psql_command($node), '-v', 'ON_ERROR_STOP=0', '-v', 'VERBOSITY=verbose');
}

# pgbench with scripts by weight: [weight, text]...
sub start_pgbench {
    my ($node, $name, $seconds, $clients, @scripts) = @_;
    my @files;
    for my $script (@scripts) {
        my $file = $node->basedir . '/' . $name . '_' . @files . '.sql';
        unlink $file;
        append_to_file($file, $script->[1]);
        push @files, '-f', "$file\@$script->[0]";
    }
    return session($node, $name, undef, 'pgbench', '-n', '-c', $clients, '-j', 1, '-T', $seconds, @files, '-h', $node->host, '-p', $node->port, 'postgres');
}

# Waits for a session's end; its output is then in {said}, its errors in {complained}.
sub finish {
    for my $session (@_) {
        append_to_file($session->{stop}, '');
        $session->{run}->finish;
        $session->{said} = slurp_file($session->{out});
        $session->{complained} = slurp_file($session->{err});
    }
}

# The errors and warnings of finished sessions, each with what follows it, but for those that match what is allowed.
sub complaints {
    my ($allowed, @sessions) = @_;
    my $all = '';
    for my $session (@sessions) {
        my @lines = split /\n/, $session->{complained};
        for my $i (0 .. $#lines) {
            next if $lines[$i] !~ /\b(ERROR|FATAL|PANIC|WARNING):|\berror:/ || $lines[$i] =~ $allowed;
            $all .= "$session->{name}: " . join("\n    ", @lines[$i .. min($i + 4, $#lines)]) . "\n";
        }
    }
    return length $all > 5000 ? substr($all, 0, 5000) . '...' : $all;
}

# ---- writers

my @last_names = ('Smith', 'Smithson', 'SMITH', 'Johnson', "O'Brien", 'Anne-Marie', 'Mac Donald', 'son', 'Ann Smith', 'kowalska', 'Kowalski', 'de la Cruz', 'Zzyzx', 'Sonnenfeld', "Stra\x{df}er", "\x{141}ukasz");
my @first_names = ('Ann', 'ANNA', 'John', 'Mary Ann', 'Jean-Luc');

sub quoted { return "'" . $_[0] =~ s/'/''/gr . "'" }

sub random_value {
    my ($id) = @_;
    my $last_name = $last_names[rand @last_names];
    # words of one row only
    $last_name .= "-$id" if rand() < 0.5;
    return { last_name => $last_name, first_name => $first_names[rand @first_names], n => 0 };
}

sub digest {
    my ($value) = @_;
    my $bytes = "$value->{last_name}/$value->{first_name}";
    utf8::encode($bytes);
    return "$value->{n}|" . md5_hex($bytes);
}

# A writer of the table {table} (id, last_name, first_name, n, ...) with the ids from {first_id} on; a {bulk} one
# inserts and deletes some hundred rows at a time.
sub new_writer {
    my (%param) = @_;
    my $table = $param{table} // 't';
    my %writer = (first_id => $param{first_id}, transactions => []);
    my (%rows, @ids, %place);
    my $next = $param{first_id};
    my $sql;
    my $effects;
    my $insert = sub {
        my ($how_many, $long) = @_;
        my @values;
        for (1 .. $how_many) {
            my $id = $next++;
            my $value = random_value($id);
            # a pending row of more than 2,000 bytes lies elsewhere
            $value->{last_name} .= ' lang' x (300 + rand 1000) if $long;
            push @values, "($id, " . quoted($value->{last_name}) . ', ' . quoted($value->{first_name}) . ', 0)';
            $effects->{$id} = $value;
        }
        $sql .= "INSERT INTO $table (id, last_name, first_name, n) VALUES " . join(', ', @values) . ";\n";
    };
    # rows that were there when the transaction began, each once
    my $some = sub {
        my ($how_many) = @_;
        my %chosen;
        $chosen{ $ids[rand @ids] } = 1 for 1 .. (@ids ? 1 + int rand $how_many : 0);
        return sort { $a <=> $b } grep { !exists $effects->{$_} } keys %chosen;
    };
    my $update = sub {
        for my $id ($some->(4)) {
            my $value = { %{ $rows{$id} }, last_name => random_value($id)->{last_name} };
            $sql .= "UPDATE $table SET last_name = " . quoted($value->{last_name}) . " WHERE id = $id;\n";
            $effects->{$id} = $value;
        }
    };
    my $update_n = sub {
        for my $id ($some->(4)) {
            $effects->{$id} = { %{ $rows{$id} }, n => $rows{$id}{n} + 1 };
            $sql .= "UPDATE $table SET n = n + 1 WHERE id = $id;\n";
        }
    };
    my $delete = sub {
        for my $id ($some->(6)) {
            $sql .= "DELETE FROM $table WHERE id = $id;\n";
            $effects->{$id} = undef;
        }
    };
    my @batches;
    my $insert_many = sub {
        push @batches, $next;
        $insert->(200);
    };
    my $delete_many = sub {
        my $first = shift @batches;
        my $last = $first + 199;
        $sql .= "DELETE FROM $table WHERE id BETWEEN $first AND $last;\n";
        $effects->{$_} = undef for grep { exists $rows{$_} } $first .. $last;
    };
    for my $number (1 .. $param{transactions}) {
        ($sql, $effects) = ("BEGIN;\n", {});
        my $end = 'COMMIT';
        my $dice = rand;
        my $what =
              $param{bulk} ? do { $update->() if @ids; $delete_many->() if @batches > 6; $insert_many->(); 'bulk' }
            : $dice < 0.42 ? do { $insert->(1 + int rand 12); 'insert' }
            : $dice < 0.60 ? do { $update->(); 'update' }
            : $dice < 0.70 ? do { $update_n->(); 'update of n' }
            : $dice < 0.84 ? do { $delete->(); 'delete' }
            : $dice < 0.91 ? do { $insert->(1 + int rand 12); $update->(); $delete->(); ($effects, $end) = ({}, 'ROLLBACK'); 'rollback' }
            : $dice < 0.98 ? do {
                $insert->(2);
                my $kept = { %$effects };
                $sql .= "SAVEPOINT s;\n";
                $insert->(5);
                $update->();
                $delete->();
                $sql .= "ROLLBACK TO s;\n";
                $effects = $kept;
                $update->();
                'savepoint';
            }
            : do { $insert->(1, 1); 'long value' };
        push @{ $writer{transactions} }, { what => $what, sql => "$sql$end;\n\\echo $number\n", effects => $effects };
        for my $id (sort keys %$effects) {
            if (!defined $effects->{$id}) {
                delete $rows{$id};
                my $last = pop @ids;
                ($ids[$place{$id}], $place{$last}) = ($last, $place{$id}) if $last != $id;
                next;
            }
            push(@ids, $id), $place{$id} = $#ids if !exists $rows{$id};
            $rows{$id} = $effects->{$id};
        }
        last if $next > $param{first_id} + $WRITER_IDS - 300;
    }
    $writer{sql} = join '', map { $_->{sql} } @{ $writer{transactions} };
    utf8::encode($writer{sql});
    return \%writer;
}

# How many transactions the server has acknowledged to a writer whose session is finished.
sub acknowledged {
    my ($writer) = @_;
    return ($writer->{session}{said} =~ /(\d+)\n\z/)[0] // 0;
}

# The writers' rows, id => digest of the value, by a sequential scan.
sub rows_by_table {
    my ($node, $table, @writers) = @_;
    return {} if !@writers;
    my $of_writers = join ' OR ', map { "id BETWEEN $_->{first_id} AND " . ($_->{first_id} + $WRITER_IDS - 1) } @writers;
    my $out = $node->safe_psql('postgres', "SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT id, n, md5(last_name || '/' || first_name) FROM $table WHERE $of_writers");
    return { map { /^(\d+)\|(.*)/ } split /\n/, $out };
}

# A settled writer's rows, id => value.
sub final_rows {
    my ($writer) = @_;
    my %rows;
    for my $transaction (@{ $writer->{transactions} }[0 .. $writer->{settled} - 1]) {
        $rows{$_} = $transaction->{effects}{$_} for keys %{ $transaction->{effects} };
    }
    delete @rows{ grep { !defined $rows{$_} } keys %rows };
    return \%rows;
}

# A settled writer that has done its work, as one with a single transaction that leaves the same rows: a long run would
# keep too much of the others.
sub condensed {
    my ($writer) = @_;
    return { first_id => $writer->{first_id}, settled => 1, transactions => [{ what => 'of a cycle before', effects => final_rows($writer) }] };
}

# Which of the writers' rows, as they are after so many transactions as {settled} says, the index scans do not find by
# their values, or find without there being one; an empty text if all is well.
sub rows_by_values {
    my ($node, $table, @writers) = @_;
    my ($script, @expected) = ('SET enable_seqscan = off;');
    my $plain = 1;
    for my $writer (@writers) {
        my %rows = %{ final_rows($writer) };
        my %values = map { $_->{last_name} => 1 } values %rows;
        my $array = 'ARRAY[' . join(', ', map { quoted($_) } sort keys %values) . ']::text[]';
        my ($on, $off) = $plain ? ('indexscan', 'bitmapscan') : ('bitmapscan', 'indexscan');
        $plain = !$plain;
        my $query = "SELECT '$writer->{first_id}:' || coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM $table WHERE last_name = ANY ($array) AND id BETWEEN $writer->{first_id} AND " . ($writer->{first_id} + $WRITER_IDS - 1);
        $script .= "SET enable_$on = on; SET enable_$off = off; $query;\n";
        push @expected, { on => $on, line => "$writer->{first_id}:" . join(' ', sort { $a <=> $b } keys %rows) };
    }
    utf8::encode($script);
    # a file, because a psql that ends early breaks the pipe of a long script
    my $session = start_psql($node, 'values', $script);
    finish($session);
    return "by values: $session->{complained}" if $session->{complained} ne '';
    my @found = split /\n/, $session->{said};
    my $wrong = '';
    for my $i (0 .. $#expected) {
        next if ($found[$i] // '') eq $expected[$i]{line};
        my (%is, %should);
        $is{$_}++ for ($found[$i] // '') =~ /(?<=[: ])\d+/g;
        $should{$_}++ for $expected[$i]{line} =~ /(?<=[: ])\d+/g;
        my %groups = (missing => [grep { !$is{$_} } sort keys %should], extra => [grep { !$should{$_} } sort keys %is], 'found more than once' => [grep { $is{$_} > 1 } sort keys %is]);
        $wrong .= "by $expected[$i]{on} of values: " . join('; ', map { my @ids = @{ $groups{$_} }; @ids . " $_ (@ids[0 .. min(4, $#ids)])" } sort keys %groups) . "\n";
    }
    return $wrong;
}

sub min { return $_[0] < $_[1] ? $_[0] : $_[1] }

# After how many transactions, between $from and $to, a writer's rows are what they are in the table. Notes it in
# {settled} and returns an empty text; or says what is wrong with them, compared with $from.
sub settle {
    my ($writer, $rows, $from, $to) = @_;
    my $last = $writer->{first_id} + $WRITER_IDS - 1;
    my %is = map { $_ => $rows->{$_} } grep { $_ >= $writer->{first_id} && $_ <= $last } keys %$rows;
    my (%should, %by, $differing);
    my $wrong = sub { ($should{ $_[0] } // '') ne ($is{ $_[0] } // '') };
    my $different = keys %is;
    my $transactions = $writer->{transactions};
    $to = @$transactions if $to > @$transactions;
    for my $done (0 .. $to) {
        if ($done > 0) {
            my $effects = $transactions->[$done - 1]{effects};
            for my $id (keys %$effects) {
                $different -= $wrong->($id) ? 1 : 0;
                $should{$id} = defined $effects->{$id} ? digest($effects->{$id}) : undef;
                $by{$id} = $done;
                $different += $wrong->($id) ? 1 : 0;
            }
        }
        if ($done >= $from && $different == 0) {
            $writer->{settled} = $done;
            return '';
        }
        if ($done == $from) {
            my @ids = sort { $a <=> $b } grep { $wrong->($_) } keys %{ { %is, %should } };
            $differing = join '', map {
                my $transaction = $by{$_} ? "transaction $by{$_}, $transactions->[$by{$_} - 1]{what}" : 'never written';
                "    row $_ is " . ($is{$_} // 'not there') . ', should be ' . ($should{$_} // 'not there') . " ($transaction)\n"
            } @ids[0 .. min(9, $#ids)];
            $differing = @ids . " rows are not as after transaction $from\n$differing";
        }
    }
    return "the writer from $writer->{first_id} on: $differing    nor as after any other up to $to\n";
}

# ---- the server

sub install_searches {
    my ($node) = @_;
    $node->safe_psql('postgres', slurp_file("$FindBin::RealBin/searches.sql"));
}

# What the index t_names holds, for the log.
sub index_size {
    my ($node) = @_;
    my ($status, $out) = $node->psql('postgres', "SELECT format('%s segments, %s rows, %s dead, %s pending, %s kB', segments, rows, dead, pending, pg_relation_size('t_names') / 1024) FROM namedex_stats('t_names')");
    return $out;
}

sub has_compact {
    my ($node) = @_;
    return $node->safe_psql('postgres', "SELECT to_regprocedure('namedex_compact(regclass)') IS NOT NULL") eq 't';
}

# Waits until so many transactions (of their ids) have begun, or so many seconds are over.
sub wait_for_transactions {
    my ($node, $how_many, $seconds) = @_;
    my $until = time + $seconds;
    my $now = sub { $node->safe_psql('postgres', 'SELECT pg_snapshot_xmax(pg_current_snapshot())') };
    my $first = $now->();
    while (time < $until) {
        return if $now->() - $first >= $how_many;
        sleep 0.02;
    }
}

# All living processes below one; zombies are dead.
sub family {
    my ($root) = @_;
    my %children;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $stat, '<', $file or next;
        my ($pid, $state, $parent) = (<$stat> // '') =~ /^(\d+) \(.*\) (\S) (\d+)/s or next;
        push @{ $children{$parent} }, $pid if $state !~ /[ZX]/;
    }
    my @family = ($root);
    for (my $i = 0; $i < @family; $i++) {
        push @family, @{ $children{ $family[$i] } // [] };
    }
    return @family;
}

# A letter, empty if the process is gone.
sub state_of {
    my ($pid) = @_;
    open my $stat, '<', "/proc/$pid/stat" or return '';
    return (<$stat> // '') =~ /^\d+ \(.*\) (\S)/s ? $1 : '';
}

sub lives { return state_of($_[0]) =~ /[^ZX]/ }

# SIGKILL for the postmaster and all its children at once, and waits until they are gone. {when_moving}: at a moment
# at which rows of that index are being moved, or marked dead, which shows by the index's own locks (docs/concurrency.md),
# or at most two seconds later. True if that moment was met.
sub kill_all {
    my ($node, %param) = @_;
    my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
    my $met = $param{when_moving} ? wait_for_lock($node, $param{when_moving}) : '';
    # All are stopped first, so that nobody does, begets or reports anything between looking and killing: the archiver
    # would log that its copying child was killed. Whoever was about to beget has when all are found stopped; so they are
    # looked for once more. Who waits in the kernel, maybe for a child that is stopped (vfork), stops before it does
    # anything more, if it has been told to.
    kill 'STOP', $postmaster, @{ $met ? $met->{family} : [] };
    my (@family, %told);
    my $until = time + 60;
    for (my $all_stopped = 0; $all_stopped < 2; sleep 0.002) {
        die 'a process of the server does not stop' if time > $until;
        @family = family($postmaster);
        my %moving = map { $_ => state_of($_) } @family;
        delete @moving{ grep { $moving{$_} !~ /[^TtZX]/ } keys %moving };
        $all_stopped = (grep { $moving{$_} ne 'D' || !$told{$_} } keys %moving) ? 0 : $all_stopped + 1;
        kill 'STOP', keys %moving;
        $told{$_} = 1 for keys %moving;
    }
    kill 'KILL', @family;
    $node->kill9;
    $until = time + 60;
    while (grep { lives($_) } @family) {
        die 'a process of the server outlives SIGKILL' if time > $until;
        sleep 0.005;
    }
    # they may name a process that is left as a zombie
    unlink $node->data_dir . '/postmaster.pid', $node->host . '/.s.PGSQL.' . $node->port . '.lock';
    eval { $met->{run}->finish } if $met;
    return $met && $met->{seen};
}

# Waits until somebody holds a lock on the index as an object, looking from inside the server.
sub wait_for_lock {
    my ($node, $index) = @_;
    my ($out, $err) = ('', '');
    my $look = <<"END";
DO \$\$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_class'::regclass AND objid = '$index'::regclass AND granted) THEN RETURN; END IF;
        PERFORM pg_sleep(0.0007);
    END LOOP;
    RAISE NOTICE 'not seen';
END \$\$;
\\echo now
END
    my $run = IPC::Run::start([psql_command($node)], '<', \$look, '>', \$out, '2>', \$err);
    my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
    my @family = family($postmaster);
    eval { $run->pump until $out =~ /now/ };
    # not always at the beginning
    sleep rand 0.008;
    return { family => \@family, seen => $err !~ /not seen/, run => $run };
}

# Starts a server that was killed; how long that took.
sub start_again {
    my ($node) = @_;
    my $began = time;
    $node->start;
    # a restored one is ready for readers before it is for writers
    $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'recovery does not end';
    return time - $began;
}

sub log_is_clean {
    my ($node) = @_;
    my @bad = grep { /PANIC|TRAP:|inconsistent page found|AddressSanitizer|terminated by signal|segfault|could not (read|open) .*namedex|XX00[012]/ } split /\n/, slurp_file($node->logfile);
    is(join("\n", @bad[0 .. min(9, $#bad)]), '', $node->name . ': no PANIC, no inconsistent page, no signal in the log');
}

1;
