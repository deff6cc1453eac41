# Hostile strings in every argument of the fetch functions: each is an error of a code that is foreseen or a value, never
# an internal error, never a crash; nothing in the database changes, and the session works on.
#
# The strings are bound (EXECUTE ... USING), as an application binds what somebody typed. They are made by hand, of
# fragments of lists and of SQL, by damaging lists that are right, and of random characters. The fixed seed is printed;
# NAMEDEX_SEED and NAMEDEX_HOSTILE (how many strings) choose others.
use strict;
use warnings;
no warnings 'qw';
use utf8;
use Encode qw(encode);
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use NamedexLoad;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $how_many = setting('NAMEDEX_HOSTILE', 800);
my $seed = setting('NAMEDEX_SEED', 20240229);
srand($seed);
note "seed $seed";

# ---- strings

my @lists = (
    'id,last_name,hospital(id,name),visits(id,starts_at,provider(name))', '*', 'id,"Odd ""name""":last_name', 'h:hospital(*),visits!visits_patient(id)', 'tags(label)', 'chief(chief(chief(id)))', 'id', 'last_name', 'hospital', 'visits!visits_patient', '1', '{1,2}', 'patients', 'suite.patients', '"x; drop table y"',
);
my @fragments = (
    qw(id last_name hospital visits tags provider chief patients suite public pg_catalog pg_class select from where union drop table null true NULL current_user ctid tableoid count sum inner left x y),
    qw/( ) ( ) , , : ! * " "" ' '' ; . .. ... :: -> ->> = [ ] { } < > | & % # @ ~ ` ^ ? - -- + \\ \\\\ $ $1 $2 $$ $x$ () (*)/, '/*', '*/', ' ', "\t", "\n", "\r", "\x{1}", "\x{7f}", "\x{a0}", "\x{2028}", "\x{feff}", "\x{301}", "\x{202e}", 'é', 'İ', 'ſ', '日本', '😀', '\0', '\x00', '\u0000', '%00', '%s', '%n', '%I', '0', '1', '-1', '1e999', '9223372036854775808',
);
# what somebody would type who wants more than the answer
my @injections = (
    q{'; DROP TABLE victims; --}, q{"; DROP TABLE victims; --}, q{); DROP TABLE victims; --}, q{1); DELETE FROM victims; --}, q{1 OR 1=1}, q{' OR ''='}, q{" OR ""="}, q{id FROM patients; DELETE FROM victims; SELECT id}, q{id, evil()}, q{id,evil()}, q{evil()}, q{(SELECT evil())}, q{id,(SELECT evil())}, q{id"||evil()||"}, q{'||evil()||'}, q{$1; DROP TABLE victims},
    q{$$; DROP TABLE victims; $$}, q{E'\\'; DROP TABLE victims; --}, q{\'; DROP TABLE victims; --}, q{patients; DROP TABLE victims}, q{patients"; DROP TABLE victims; --}, q{patients, LATERAL (SELECT evil()) AS e}, q{patients WHERE evil() IS NULL --}, q{id)) AS t; DROP TABLE victims; --}, q{id" = evil() --}, q{/**/id/**/}, q{id/*}, q{id--}, q{U&"\0069d"}, q{U&'\0069d'}, q{x; drop table y}, q{"x; drop table y"},
    q{pg_sleep(10)}, q{id,pg_sleep(10)}, q{pg_read_file('/etc/passwd')}, q{COPY victims TO PROGRAM 'true'}, q{"}, q{""}, q{""""}, q{'}, q{}, q{ }, q{*}, q{**}, q{()}, q{(}, q{)}, q{,}, q{:}, q{!}, q{id:id:id}, q{!inner}, q{hospital!inner(id)}, q{...hospital(id)}, q{id::text}, q{info->a}, q{info->>a}, q{count()}, q{id.sum()},
    q{NULL}, q{{NULL}}, q{{{{{1}}}}}, q|{"|, q|{"a|, q|}|, q|{|, q|{1,2|, q|{1}}|, q|[0:1]={1,2}|, q|[2147483647:2147483647]={1}|, q|[-2147483648:2147483647]={1}|, q|{(1,2)}|, q|{"(1,2)"}|, q|{"(,)"}|, q|(1,2)|, q|(|, q|(,,,,)|, q|1::int|, q|0x1|, q|1_0|, q|٣|, q|１|, q|-0|, q|+1|, q|1.0|, q|NaN|, q|Infinity|, q|epoch|, q|now|, q|'1'|,
    'pg_toast.pg_toast_1255', 'pg_class', 'pg_catalog.pg_authid', 'pg_authid', 'information_schema.tables', 'pg_stat_activity', 'pg_shadow', '0', '1', '16384', '4294967295', '-1', '99999999999', 'a.b.c', 'a.b.c.d', 'nosuch.patients', 'postgres.suite.patients', 'other.suite.patients', '.', '..', 'suite.', '.patients', '"', '"suite"."patients"', '"suite.patients"', 'SUITE.PATIENTS', 'Suite.Patients', 'patients_pkey', 'numbers', 'pair', 'small',
    "id\x{1}", "\x{feff}id", "id\x{200b}", "\x{202e}id", "\x{301}", "i\x{307}d", 'ıd', 'ID', 'Id', 'ｉｄ', '😀' x 20, 'x' x 63, 'x' x 64, 'é' x 32, 'é' x 31 . 'x', 'xé' . 'é' x 31,
);
my $mega = 1 << 20;
my @large = (
    'x' x $mega, '(' x $mega, ')' x $mega, '"' x $mega, ',' x $mega, '*' x $mega, ' ' x $mega, ':' x $mega, '!' x $mega, '{' x $mega, '\\' x $mega, "'" x $mega, 'é' x ($mega / 2), '9' x $mega, '-' x $mega, '.' x $mega, 'id,' x ($mega / 3), 'chief(' x ($mega / 6), 'chief(' x 100000 . 'id' . ')' x 100000, 'hospital(' x 8 . 'id' . ')' x 8,
    join(',', map { "a$_:id" } 1 .. 100000), join(',', map { "a$_:chief(id)" } 1 .. 2000), '{' . join(',', 1 .. 150000) . '}', '{' . join(',', ('NULL') x 200000) . '}', '"' . 'x' x $mega . '"', '"' . '""' x ($mega / 2) . '"', 'a:' x ($mega / 2), 'id /* ' . 'x' x $mega, '{' x 6 . '1' . '}' x 6, '{' x 7 . '1' . '}' x 7, 'x.' x 100000, '{"' . '\\' x 1000001 . '"}',
);

sub pick { return $_[rand @_] }

sub random_character {
    my $kind = rand;
    return chr(1 + int rand 126) if $kind < 0.6;
    return chr(0x80 + int rand 0x780) if $kind < 0.8;
    my $code = 0x800 + int rand 0x10f800;
    return $code >= 0xd800 && $code <= 0xdfff ? '?' : chr $code;
}

sub damaged {
    my ($text) = @_;
    for (0 .. int rand 3) {
        my $at = int rand(1 + length $text);
        substr $text, $at, int(rand 3), pick('', random_character(), pick(@fragments), pick(@fragments));
    }
    return $text;
}

sub random_string {
    my $kind = rand;
    return damaged(pick(@lists)) if $kind < 0.4;
    return join '', map { pick(@fragments) } 0 .. rand 12 if $kind < 0.75;
    return damaged(pick(@injections)) if $kind < 0.85;
    return join '', map { random_character() } 0 .. rand 40;
}

my @strings = (@lists, @fragments, @injections, map { random_string() } 1 .. $how_many);

# ---- tables, and how the strings get to them

my $node = new_node('hostile', conf => "statement_timeout = 60s\n");
$node->safe_psql('postgres', <<'END');
CREATE SCHEMA suite;
ALTER DATABASE postgres SET search_path = suite, public;
SET search_path = suite, public;
CREATE TABLE hospitals (id int PRIMARY KEY, name text);
CREATE TABLE providers (id int PRIMARY KEY, name text, chief_id int REFERENCES providers);
CREATE TABLE patients (id bigint PRIMARY KEY, last_name text UNIQUE, born date UNIQUE, info jsonb, hospital_id int REFERENCES hospitals, chief_id bigint REFERENCES patients);
CREATE TABLE visits (id int PRIMARY KEY, patient_id bigint CONSTRAINT visits_patient REFERENCES patients, provider_id int REFERENCES providers, starts_at timestamptz);
CREATE TABLE tags (id int, label text, PRIMARY KEY (id, label));
CREATE TABLE patient_tags (patient bigint REFERENCES patients, tag int, label text, PRIMARY KEY (patient, tag, label), FOREIGN KEY (tag, label) REFERENCES tags);
CREATE TABLE "x; drop table y" ("a""b" int PRIMARY KEY, "; --" text);
CREATE TABLE y (id int PRIMARY KEY);
CREATE TABLE victims (id int PRIMARY KEY);
CREATE VIEW seen AS SELECT id, last_name FROM patients;
CREATE SEQUENCE numbers;
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN small AS int CHECK (VALUE < 100);
INSERT INTO hospitals SELECT i, 'hospital ' || i FROM generate_series(1, 3) AS i;
INSERT INTO providers SELECT i, 'provider ' || i, nullif(i - 1, 0) FROM generate_series(1, 12) AS i;
INSERT INTO patients SELECT i, 'name ' || i, date '2000-01-01' + i, '{"a": 1}', 1 + i % 3, nullif(i - 1, 0) FROM generate_series(1, 50) AS i;
INSERT INTO visits SELECT i, 1 + i % 50, 1 + i % 12, 'epoch' FROM generate_series(1, 100) AS i;
INSERT INTO tags SELECT i, 'label ' || i FROM generate_series(1, 5) AS i;
INSERT INTO patient_tags SELECT p, 1 + p % 5, 'label ' || 1 + p % 5 FROM generate_series(1, 50) AS p;
INSERT INTO "x; drop table y" VALUES (1, 'there');
INSERT INTO victims SELECT generate_series(1, 10);
-- what an injected call would leave behind
CREATE TABLE evil_was_here (at timestamptz);
CREATE FUNCTION evil() RETURNS text LANGUAGE sql AS 'INSERT INTO evil_was_here VALUES (now()); SELECT ''evil''';
CREATE FUNCTION evil(text) RETURNS text LANGUAGE sql AS 'SELECT evil()';

CREATE SCHEMA work;
CREATE TABLE work.strings (n int GENERATED ALWAYS AS IDENTITY, s text);
CREATE TABLE work.calls (argument text, call text, at_most int DEFAULT 10000000);
CREATE TABLE work.outcomes (argument text, code text, example text);
INSERT INTO work.calls VALUES
    ('rel', 'SELECT count(*) FROM namedex_fetch_json($1::regclass, ''{1}'', ''*'')'), ('rel, quoted', 'SELECT count(*) FROM namedex_fetch_json(quote_ident($1)::regclass, ''{1}'', ''*'')'),
    ('rel of fetch', 'SELECT count(*) FROM namedex_fetch($1::regclass, ''{1}'', ''{id}'') AS t (id bigint)'), ('rel of related', 'SELECT count(*) FROM namedex_related($1::regclass, ''{1}'', ''visits'')'),
    ('text key', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ARRAY[$1, ''1''], ''id'')'), ('text key of load_only', 'SELECT count(*) FROM namedex_load_only(NULL::patients, ARRAY[$1], ''{id}'')'),
    ('text key of fetch', 'SELECT count(*) FROM namedex_fetch(''patients'', ARRAY[NULL, $1], ''{id}'') AS t (id bigint)'), ('text key of related', 'SELECT count(*) FROM namedex_related(''patients'', ARRAY[$1], ''visits'')'),
    ('key of a text column', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ARRAY[$1], ''id'', ''last_name'')'), ('key of a date column', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ARRAY[$1], ''id'', ''born'')'),
    ('key of a view', 'SELECT count(*) FROM namedex_fetch_json(''seen'', ARRAY[$1], ''id'', ''last_name'')'), ('field of a record', 'SELECT count(*) FROM namedex_fetch_json(''tags'', ARRAY[ROW($1, $1)], ''id'')'), ('field of a record, text', 'SELECT count(*) FROM namedex_fetch_json(''tags'', ARRAY[ROW(1, $1)], ''id'')'),
    ('array literal', 'SELECT count(*) FROM namedex_fetch_json(''patients'', $1::text[], ''id'')'), ('array literal of numbers', 'SELECT count(*) FROM namedex_fetch_json(''patients'', $1::int[], ''id'')'), ('array literal of pairs', 'SELECT count(*) FROM namedex_fetch_json(''tags'', $1::pair[], ''id'')'),
    ('column', 'SELECT count(*) FROM namedex_fetch(''patients'', ''{1}'', ARRAY[$1]::name[]) AS t (x text)'), ('column of a type', 'SELECT count(*) FROM namedex_fetch(''patients'', ''{1}'', ARRAY[''id'', $1]::name[]) AS t (i bigint, j jsonb)'), ('column of load_only', 'SELECT count(*) FROM namedex_load_only(NULL::patients, ''{1}'', ARRAY[$1]::name[])'),
    ('columns literal', 'SELECT count(*) FROM namedex_load_only(NULL::patients, ''{1}'', $1::name[])'), ('key_column', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ''{1}'', ''id'', $1::name)'), ('key_column of a view', 'SELECT count(*) FROM namedex_fetch(''seen'', ''{1}'', ''{id}'', $1::name) AS t (id bigint)'),
    ('key_column of load_only', 'SELECT count(*) FROM namedex_load_only(NULL::patients, ''{1}'', ''{id}'', $1::name)'), ('key_column of related', 'SELECT count(*) FROM namedex_related(''patients'', ''{1}'', ''visits'', ''id'', $1::name)'),
    ('select_list', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ''{1,2}'', $1)'), ('select_list in a SELECT list', 'SELECT namedex_fetch_json(''patients'', ''{1,2}'', $1) LIMIT 1'), ('select_list in parentheses', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ''{1,2}'', ''id,chief(chief('' || $1 || ''))'')'),
    ('quoted in select_list', 'SELECT count(*) FROM namedex_fetch_json(''patients'', ''{1,2}'', ''"'' || replace($1, ''"'', ''""'') || ''":id'')'), ('select_list of odd names', 'SELECT count(*) FROM namedex_fetch_json(''"x; drop table y"'', ''{1}'', $1)'),
    ('relationship', 'SELECT count(*) FROM namedex_related(''patients'', ''{1,2}'', $1)'), ('constraint', 'SELECT count(*) FROM namedex_related(''patients'', ''{1,2}'', ''visits!'' || $1)'), ('select_list of related', 'SELECT count(*) FROM namedex_related(''patients'', ''{1,2}'', ''visits'', $1)');
-- the server's own reading of a regclass takes a time that is quadratic in its quotes
UPDATE work.calls SET at_most = 10000 WHERE argument ~ '^rel\M';
CREATE PROCEDURE work.try(what text, call text, s text) LANGUAGE plpgsql AS $$
DECLARE answer text; code text := 'value'; said text := '';
BEGIN
    BEGIN
        EXECUTE call INTO answer USING s;
    EXCEPTION WHEN OTHERS THEN
        code := SQLSTATE;
        said := SQLERRM || ' <- ';
    END;
    INSERT INTO work.outcomes VALUES (what, code, left(said || s, 200));
END $$;
CREATE PROCEDURE work.try_all() LANGUAGE plpgsql AS $$
DECLARE s text; c work.calls;
BEGIN
    FOR s IN SELECT strings.s FROM work.strings ORDER BY n LOOP
        FOR c IN SELECT * FROM work.calls LOOP
            CALL work.try(c.argument, c.call, left(s, c.at_most));
        END LOOP;
    END LOOP;
END $$;
-- rows of all tables but the records of this test, and of the catalogs that name them
CREATE FUNCTION work.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text := ''; t regclass; sum text;
BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'S') AND (relnamespace = 'suite'::regnamespace OR oid IN ('pg_class'::regclass, 'pg_attribute'::regclass, 'pg_proc'::regclass, 'pg_namespace'::regclass, 'pg_constraint'::regclass, 'pg_type'::regclass, 'pg_authid'::regclass, 'pg_db_role_setting'::regclass)) ORDER BY oid::regclass::text COLLATE "C" LOOP
        EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(hashtextextended(ROW(x.*)::text, 0)), 0) FROM %s AS x', t) INTO sum;
        answer := answer || t || ': ' || sum || E'\n';
    END LOOP;
    RETURN answer;
END $$;
END

sub load_strings {
    my $file = $node->basedir . '/strings';
    open my $out, '>:raw', $file or die "$file: $!";
    for my $s (@_) {
        my $line = encode('UTF-8', $s) =~ s/\\/\\\\/gr =~ s/\t/\\t/gr =~ s/\n/\\n/gr =~ s/\r/\\r/gr;
        print $out "$line\n";
    }
    close $out;
    chmod 0644, $file;
    $node->safe_psql('postgres', "DELETE FROM work.strings; COPY work.strings (s) FROM '$file'");
}

my $right = q{SELECT json_agg(j) FROM namedex_fetch_json('patients', '{2,1}', 'id,last_name,hospital(name),visits(id),tags(label)') AS j};
my $before = $node->safe_psql('postgres', 'SELECT work.state()');
my $answer = $node->safe_psql('postgres', $right);

# A session that tries them, and works on; its process is the same one at the end.
sub tries {
    my ($what, $sql) = @_;
    my ($status, $out, $err) = $node->psql('postgres', "SELECT pg_backend_pid() AS first \\gset\n$sql;\n$right;\nSELECT pg_backend_pid() = :first;", timeout => 300);
    is("$status $err", '0 ', "$what: the session had no error outside of the calls");
    is($out, "$answer\nt", "$what: and works on");
}

load_strings(@strings);
tries(scalar(@strings) . ' strings', 'CALL work.try_all()');
load_strings(@large);
tries(scalar(@large) . ' large ones', 'CALL work.try_all()');

# ---- relations and row types that are not for this, and arguments that do not go together

tries('every relation, its row type, and OIDs of nothing', <<'END');
DO $$
DECLARE r record; call text;
BEGIN
    FOR r IN SELECT oid, relkind, reltype FROM pg_class UNION ALL SELECT oid, '?', 0 FROM unnest('{0,1,16383,2147483648,4294967295}'::oid[]) AS oid LOOP
        FOREACH call IN ARRAY ARRAY['SELECT count(*) FROM namedex_fetch_json($1::oid::regclass, ''{1}'', ''*'')', 'SELECT count(*) FROM namedex_fetch_json($1::oid::regclass, ''{1}'', ''*'', ''oid'')', 'SELECT count(*) FROM namedex_fetch($1::oid::regclass, ''{1}'', ''{oid}'') AS t (oid oid)', 'SELECT count(*) FROM namedex_related($1::oid::regclass, ''{1}'', ''pg_class'')'] LOOP
            CALL work.try('relation ' || r.relkind::text, call, r.oid::text);
        END LOOP;
    END LOOP;
    FOR r IN SELECT oid::regtype AS t FROM pg_type WHERE typtype <> 'p' AND (typnamespace = 'suite'::regnamespace OR oid < 16384) LOOP
        CALL work.try('row type', format('SELECT count(*) FROM namedex_load_only(NULL::%s, ARRAY[$1], ''{}'')', r.t), '1');
        CALL work.try('row type', format('SELECT count(*) FROM namedex_load_only(NULL::%s, ARRAY[$1], ''{oid}'', ''oid'')', r.t), '1');
        CALL work.try('keys of a type', format('SELECT count(*) FROM namedex_fetch_json(''patients'', ARRAY[NULL::%s], ''id'')', r.t), '1');
        CALL work.try('keys of a type', format('SELECT count(*) FROM namedex_fetch_json(''tags'', ARRAY[NULL::%s], ''id'')', r.t), '1');
        CALL work.try('columns of a type', format('SELECT count(*) FROM namedex_fetch(''patients'', ''{1}'', ''{id}'') AS t (id %s)', r.t), '1');
    END LOOP;
END $$;
END

tries('arrays', <<'END');
DO $$
DECLARE call text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        $c$SELECT count(*) FROM namedex_fetch_json('patients', ARRAY(SELECT generate_series(1, 500000)), 'id')$c$, $c$SELECT count(*) FROM namedex_fetch_json('patients', ARRAY(SELECT 1 FROM generate_series(1, 100000)), 'id,visits(id)')$c$, $c$SELECT count(*) FROM namedex_fetch_json('patients', array_fill(NULL::int, '{500000}'), 'id')$c$,
        $c$SELECT count(*) FROM namedex_fetch_json('patients', array_fill(1, '{2,2,2,2,2,2}'), 'id')$c$, $c$SELECT count(*) FROM namedex_fetch_json('patients', array_fill(1, '{3}', '{2147483640}'), 'id')$c$, $c$SELECT count(*) FROM namedex_fetch_json('patients', '[-2147483648:-2147483647]={1,2}'::int[], 'id')$c$,
        $c$SELECT count(*) FROM namedex_load_only(NULL::patients, '{1}', array_fill('id'::name, '{100000}'))$c$, $c$SELECT count(*) FROM namedex_load_only(NULL::patients, '{1}', ARRAY(SELECT ('c' || i)::name FROM generate_series(1, 100000) AS i))$c$, $c$SELECT count(*) FROM namedex_fetch('patients', '{1}', array_fill('id'::name, '{100000}')) AS t (id bigint)$c$,
        $c$SELECT count(*) FROM namedex_fetch_json('patients', '{1}', (SELECT string_agg('a' || i || ':id', ',') FROM generate_series(1, 5000) AS i))$c$, $c$SELECT count(*) FROM namedex_fetch_json('tags', array_fill(ROW(), '{3}'), 'id')$c$, $c$SELECT count(*) FROM namedex_fetch_json('tags', ARRAY[ROW(ROW(ROW(1)), ARRAY[1])], 'id')$c$, $c$SELECT count(*) FROM namedex_fetch_json('patients', ARRAY[ROW(1)], 'id')$c$,
        $c$SELECT count(*) FROM namedex_fetch_json('tags', ARRAY[ROW(1, NULL), ROW(NULL, 'x'), NULL, ROW(1, 'label 1')], 'id')$c$, $c$SELECT count(*) FROM namedex_related('patients', ARRAY(SELECT 1 FROM generate_series(1, 50000)), 'visits')$c$, $c$SELECT count(*) FROM namedex_fetch_json('pg_class'::regclass, ARRAY(SELECT oid FROM pg_class), '*')$c$, $c$SELECT count(*) FROM namedex_fetch_json('pg_attribute'::regclass, ARRAY(SELECT ROW(attrelid, attnum) FROM pg_attribute), 'attname')$c$,
        $c$SELECT count(*) FROM namedex_load_only(NULL::pg_attribute, ARRAY(SELECT ROW(attrelid, attnum) FROM pg_attribute), '{attname}')$c$, $c$SELECT count(*) FROM namedex_fetch('patients', '{1}', '{}') AS t ()$c$, $c$SELECT namedex_fetch('patients', ARRAY[$1], '{id}')$c$, $c$SELECT ARRAY(SELECT namedex_fetch('patients', ARRAY[$1], '{id}'))$c$, $c$SELECT * FROM namedex_fetch('patients', ARRAY[$1], '{id}') AS t (id record)$c$] LOOP
        CALL work.try('array', call, '1');
    END LOOP;
END $$;
END

# ---- what came of it

my %foreseen = map { $_ => 1 } qw(value 0A000 22004 22003 22007 22008 22009 22023 2202E 22P02 42501 42601 42602 42701 42703 42704 42804 42809 42P01 42P09 42P10 3F000), qw(54000 54011 42P16 42846 42883 55000);
my @outcomes = map { [split /\t/, $_, 4] } split /\n/, $node->safe_psql('postgres', q{SELECT argument, code, count(*), left(regexp_replace(min(example COLLATE "C"), '[^ -~]', '?', 'g'), 160) FROM work.outcomes GROUP BY argument, code ORDER BY argument COLLATE "C", code}, extra_params => ['-F', "\t"]);
is(join('', map { join(' | ', @$_) . "\n" } grep { !$foreseen{ $_->[1] } } @outcomes), '', 'every error has a code that is foreseen');
my ($calls, $values) = (0, 0);
for (@outcomes) {
    $calls += $_->[2];
    $values += $_->[2] if $_->[1] eq 'value';
}
cmp_ok($calls, '>=', 5000, "$calls calls, of which $values have a value");
cmp_ok($values, '>', 100, 'some of them are right ones');
my %codes;
$codes{ $_->[1] } += $_->[2] for @outcomes;
note join ', ', map { "$_: $codes{$_}" } sort keys %codes;
is($node->safe_psql('postgres', 'SELECT work.state()'), $before, 'nothing in the database has changed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM evil_was_here'), 0, 'and nothing that was typed has been run');
is($node->safe_psql('postgres', q{SELECT * FROM namedex_fetch_json('"x; drop table y"', '{1}', '"a""b","; --"')}), '{"a\"b":1,"; --":"there"}', 'a table named "x; drop table y" works');

$node->stop('fast');
log_is_clean($node);
done_testing();
