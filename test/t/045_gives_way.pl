# DDL does not wait for a worker's merge: the worker gives it up.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Namedex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('gives_way');
$node->safe_psql('postgres', <<'END');
SET namedex.background_worker = off;
CREATE TABLE wide (last_name text);
-- most of the index: what is merged is small beside it
INSERT INTO wide SELECT md5(i::text) || ' ' || md5((-i)::text) FROM generate_series(1000001, 1900000) AS i;
CREATE INDEX wide_names ON wide USING namedex (last_name) WITH (pending_list_limit = 1000000);
INSERT INTO wide SELECT md5(i::text) || ' ' || md5((-i)::text) FROM generate_series(1, 66000) AS i;
VACUUM wide;
INSERT INTO wide SELECT md5(i::text) || ' ' || md5((-i)::text) FROM generate_series(66001, 132000) AS i;
VACUUM wide;
INSERT INTO wide SELECT md5(i::text) || ' ' || md5((-i)::text) FROM generate_series(132001, 198000) AS i;
VACUUM wide;
INSERT INTO wide SELECT md5(i::text) || ' ' || md5((-i)::text) FROM generate_series(198001, 264000) AS i;
ALTER INDEX wide_names SET (pending_list_limit = 4096);
END
# once a worker has the merge lock
my $ddl = <<'END';
INSERT INTO wide SELECT md5(i::text) FROM generate_series(1, 1000) AS i;
DO $$
BEGIN
    FOR i IN 1 .. 10000 LOOP
        IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_class'::regclass AND objid = 'wide_names'::regclass AND objsubid = 2 AND granted) THEN RETURN; END IF;
        PERFORM pg_sleep(0.001);
    END LOOP;
    RAISE 'no merge is seen';
END $$;
BEGIN;
DROP INDEX wide_names;
ROLLBACK;
SELECT segments FROM namedex_stats('wide_names');
END
is($node->safe_psql('postgres', $ddl), 5, 'a merge by a worker is given up for DROP INDEX');
is($node->safe_psql('postgres', "SELECT namedex_check('wide_names', heapallindexed => true)"), '', 'and has left nothing behind');
$node->stop('fast');
done_testing();
