# Another ICU under the same data: a library put before the server's ICU says that it has another version, or folds
# a letter otherwise, or both. The version is part of what an index remembers of its folds.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('icu');
my $server = slurp_file($node->config_data('--bindir') . '/postgres');
plan skip_all => 'the server has no ICU' if $server !~ /\0u_strToLower(_\d+)?\0/;
my $suffix = $1 // '';
my $source = $node->basedir . '/other.c';
my $library = $node->basedir . '/other.so';
append_to_file($source, <<"END");
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
typedef int32_t (*ToLower)(uint16_t *, int32_t, const uint16_t *, int32_t, const char *, int *);
int32_t u_strToLower$suffix(uint16_t *to, int32_t capacity, const uint16_t *from, int32_t size, const char *locale, int *error)
{
    int32_t length = ((ToLower) dlsym(RTLD_NEXT, "u_strToLower$suffix"))(to, capacity, from, size, locale, error);
    for (int32_t i = 0; getenv("OTHER_FOLDS") && i < length && i < capacity; i++)
        if (to[i] == 0xF8) to[i] = 'o';
    return length;
}
void u_getVersion$suffix(uint8_t *version)
{
    ((void (*)(uint8_t *)) dlsym(RTLD_NEXT, "u_getVersion$suffix"))(version);
    if (getenv("OTHER_VERSION")) version[0]++;
}
END
plan skip_all => 'there is no C compiler' if system("cc -shared -fPIC -o '$library' '$source' -ldl 2>/dev/null") != 0;

$node->safe_psql('postgres', <<'END');
CREATE TABLE t (id int, last_name text COLLATE "und-x-icu", first_name text COLLATE "und-x-icu", born date);
INSERT INTO t SELECT * FROM people(1, 500);
INSERT INTO t VALUES (1001, 'SØRENSEN', 'Ann', NULL);
CREATE TABLE s (LIKE t);
INSERT INTO s SELECT * FROM people(1, 500);
CREATE INDEX t_names ON t USING namedex (last_name, first_name);
CREATE INDEX s_names ON s USING namedex (last_name, first_name);
END
agree($node, 'the ICU that built the index');

sub start_with {
    my (@other) = @_;
    $node->stop('fast');
    local @ENV{'LD_PRELOAD', @other} = ($library, map { 1 } @other);
    $node->start;
}
my $by_table = 'SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(id) FROM t WHERE last_name ILIKE $$sorensen$$';
my $by_index = 'SET enable_seqscan = off; SELECT count(id) FROM t WHERE last_name ILIKE $$sorensen$$';

start_with('OTHER_VERSION');
agree($node, 'another version that folds alike: the index serves on');
start_with('OTHER_FOLDS', 'OTHER_VERSION');
is($node->safe_psql('postgres', $by_table), 1, 'another version folds a letter otherwise');
my ($status, $out, $err) = $node->psql('postgres', '\set VERBOSITY verbose' . "\n$by_index");
like($err, qr/ERROR:  55000: index "t_names" must be rebuilt: a stored word no longer folds as it did/, 'a word folds otherwise: an error, not a missing row');
like($err, qr/HINT:  REINDEX INDEX public\.t_names;/, 'with the way out');
agree($node, 'an index without such a word serves on', table => 's');
$node->safe_psql('postgres', 'REINDEX INDEX t_names');
is($node->safe_psql('postgres', $by_index), 1, 'rebuilt, the row is found');
agree($node, 'and the index is right');
start_with();
($status, $out, $err) = $node->psql('postgres', $by_index);
like($err, qr/index "t_names" must be rebuilt/, 'the ICU of before has to rebuild it again');

$node->stop('fast');
done_testing();
