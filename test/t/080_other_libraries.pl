# Another ICU or C library under the same data: a library put before the server's says that it has another version,
# or folds a letter otherwise, or both. Versions are part of what an index remembers of its folds.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('libraries');
my $suffix = slurp_file($node->config_data('--bindir') . '/postgres') =~ /\0u_strToLower(_\d+)?\0/ ? $1 // '' : undef;
my $source = $node->basedir . '/other.c';
my $library = $node->basedir . '/other.so';
append_to_file($source, <<'END');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <wctype.h>
#define NEXT(type, name) ((type) dlsym(RTLD_NEXT, name))
static wint_t other(wint_t c) { return c == 0xF8 && getenv("OTHER_FOLDS") ? 'o' : c; }
wint_t towlower(wint_t c) { return other(NEXT(wint_t (*)(wint_t), "towlower")(c)); }
wint_t towlower_l(wint_t c, locale_t locale) { return other(NEXT(wint_t (*)(wint_t, locale_t), "towlower_l")(c, locale)); }
const char *gnu_get_libc_version(void) { return getenv("OTHER_VERSION") ? "9.99" : NEXT(const char *(*)(void), "gnu_get_libc_version")(); }
END
append_to_file($source, <<"END") if defined $suffix;
typedef int32_t (*ToLower)(uint16_t *, int32_t, const uint16_t *, int32_t, const char *, int *);
int32_t u_strToLower$suffix(uint16_t *to, int32_t capacity, const uint16_t *from, int32_t size, const char *locale, int *error)
{
    int32_t length = NEXT(ToLower, "u_strToLower$suffix")(to, capacity, from, size, locale, error);
    for (int32_t i = 0; i < length && i < capacity; i++) to[i] = other(to[i]);
    return length;
}
void u_getVersion$suffix(uint8_t *version)
{
    NEXT(void (*)(uint8_t *), "u_getVersion$suffix")(version);
    if (getenv("OTHER_VERSION")) version[0]++;
}
END
plan skip_all => 'there is no C compiler, or another C library than glibc' if system("cc -shared -fPIC -o '$library' '$source' -ldl 2>/dev/null") != 0;

sub start_with {
    my (@other) = @_;
    $node->stop('fast');
    local @ENV{'LD_PRELOAD', @other} = ($library, map { 1 } @other);
    $node->start;
}
sub count {
    my ($table, $off) = @_;
    my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET $off = off; SET enable_bitmapscan = off; SELECT count(id) FROM $table WHERE last_name ILIKE 'sorensen'");
    return "$out$err";
}

for my $provider (['libc', 'default'], defined $suffix ? ['icu', 'und-x-icu'] : ()) {
    my ($name, $collation) = @$provider;
    $node->safe_psql('postgres', <<"END");
CREATE TABLE $name (id int, last_name text COLLATE "$collation", first_name text COLLATE "$collation", born date);
INSERT INTO $name SELECT * FROM people(1, 500);
CREATE TABLE plain_$name (LIKE $name);
INSERT INTO plain_$name SELECT * FROM $name;
INSERT INTO $name VALUES (1001, 'SØRENSEN', 'Ann', NULL);
CREATE INDEX ${name}_names ON $name USING namedex (last_name, first_name) INCLUDE (born, id);
CREATE INDEX plain_${name}_names ON plain_$name USING namedex (last_name, first_name) INCLUDE (born, id);
END
    agree($node, "$name: the library that built the index", table => $name);
    start_with('OTHER_VERSION');
    agree($node, "$name: another version that folds alike: the index serves on", table => $name);
    start_with('OTHER_FOLDS', 'OTHER_VERSION');
    is(count($name, 'enable_indexscan'), 1, "$name: another version folds a letter otherwise");
    my $error = count($name, 'enable_seqscan');
    like($error, qr/ERROR:  55000: index "${name}_names" must be rebuilt: a stored word no longer folds as it did/, "$name: an error, not a missing row");
    like($error, qr/HINT:  REINDEX INDEX public\.${name}_names;/, "$name: with the way out");
    agree($node, "$name: an index without such a word serves on", table => "plain_$name");
    $node->safe_psql('postgres', "REINDEX INDEX ${name}_names");
    is(count($name, 'enable_seqscan'), 1, "$name: rebuilt, the row is found");
    agree($node, "$name: and the index is right", table => $name);
    start_with();
    like(count($name, 'enable_seqscan'), qr/index "${name}_names" must be rebuilt/, "$name: the library of before has to rebuild it again");
}

# An ICU of another major version than the module was compiled against has its functions under other names: its
# version cannot be asked for, so nothing may be taken to fold as it did.
SKIP: {
    my $module = slurp_file($node->config_data('--pkglibdir') . '/namedex.so');
    skip 'the module asks no ICU with a version in its names', 3 if !defined $suffix || $module !~ s/\0u_getVersion_\d/\0u_getVersion_x/;
    my $other = $node->basedir . '/namedex_other_icu.so';
    append_to_file($other, $module);
    $node->safe_psql('postgres', "UPDATE pg_proc SET probin = '$other' WHERE probin = '\$libdir/namedex'");
    $node->safe_psql('postgres', 'REINDEX INDEX icu_names');
    is(count('icu', 'enable_seqscan'), 0, 'an ICU without a version: the index serves');
    agree($node, 'an ICU without a version', table => 'icu');
    start_with('OTHER_FOLDS');
    like(count('icu', 'enable_seqscan'), qr/index "icu_names" must be rebuilt/, 'an ICU without a version folds otherwise: it is noticed');
}

$node->stop('fast');
done_testing();
