"""The private memory of a backend that fetches a million keys, beside that of an idle one.

RssAnon of /proc is looked at every few milliseconds while a statement runs; the highest value
counts. Each statement has a connection of its own, so that none profits from another's memory. The
array lies in a table, for a literal would take memory for its text and its parse tree. Rows are
counted in the server: what a client keeps is its own.

Large values are tried in the row, where whoever keeps rows keeps all of their bytes, and out of line,
where tuples hold pointers, and JSON and rows of a composite type the bytes. Peaks repeat to the page where
allocation is the same each time.
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import psycopg2

import databases
from figures import Table

KEYS = 10**6
ROWS = 20000  # every key comes up fifty times: a million rows of 8 kB would not fit the machine
WORK_MEM_MB = 4
ARRAY_MB = KEYS * 8 / 2**20
LIMIT_MB = 2 * ARRAY_MB + WORK_MEM_MB + 16

# Each has the rows' large column among those asked for, and one child for every row.
CALLS = {
    "load_only, streaming": "SELECT count(r) FROM (SELECT namedex_load_only(NULL::{table}, keys,"
    " ARRAY['id', 'content']) AS r FROM held OFFSET 0) AS s",
    "load_only in FROM": "SELECT count(content) FROM held,"
    " namedex_load_only(NULL::{table}, keys, ARRAY['id', 'content'])",
    "fetch in FROM": "SELECT count(content) FROM held,"
    " namedex_fetch('{table}', keys, ARRAY['id', 'content']) AS t(id bigint, content text)",
    "fetch_json, streaming": "SELECT count(r) FROM (SELECT namedex_fetch_json('{table}', keys,"
    " 'id,content') AS r FROM held OFFSET 0) AS s",
    "fetch_json with children, streaming": "SELECT count(r) FROM (SELECT namedex_fetch_json('{table}',"
    " keys, 'id,content,{table}_child(id)') AS r FROM held OFFSET 0) AS s",
    "fetch_json in FROM": "SELECT count(r) FROM held, namedex_fetch_json('{table}', keys,"
    " 'id,content') AS r",
    "related in FROM": "SELECT count(record) FROM held, namedex_related('{table}', keys,"
    " '{table}_child', 'id')",
}
# What holds all rows at once: if this does not show, nothing does.
HOLDING = "SELECT cardinality(array_agg(content)) FROM held, unnest(keys) AS k JOIN narrow ON id = k"


def load(database: str) -> None:
    statements = []
    for table, words, storage in (
        ("narrow", 2, "PLAIN"),
        ("wide", 252, "PLAIN"),
        ("toasted", 256, "EXTERNAL"),
    ):
        statements += [
            f"CREATE TABLE {table} (id bigint PRIMARY KEY, content text)",
            f"ALTER TABLE {table} ALTER content SET STORAGE {storage}",
            f"CREATE TABLE {table}_child (id bigint PRIMARY KEY, parent_id bigint REFERENCES {table})",
            f"INSERT INTO {table} SELECT n, (SELECT string_agg(md5(n::text || m), '')"
            f" FROM generate_series(1, {words}) AS m) FROM generate_series(1, {ROWS}) AS n",
            f"INSERT INTO {table}_child SELECT id, id FROM {table}",
            f"CREATE INDEX ON {table}_child (parent_id)",
        ]
    statements += [
        "CREATE TABLE held (keys bigint[])",
        f"INSERT INTO held SELECT array_agg(1 + n * 7919::bigint % {ROWS})"
        f" FROM generate_series(1, {KEYS}) AS n",
        "VACUUM (FREEZE, ANALYZE)",
    ]
    databases.run(database, *statements)


class Backend:
    def __init__(self, database: str) -> None:
        self.connection = psycopg2.connect(dbname=database)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        # The compiler takes memory of its own, whatever is compiled.
        self.cursor.execute(f"SET jit = off; SET work_mem = '{WORK_MEM_MB}MB'; SELECT 1")
        self.status = Path(f"/proc/{self.connection.get_backend_pid()}/status")

    def private_mb(self) -> float:
        found = re.search(r"^RssAnon:\s+(\d+) kB$", self.status.read_text(), re.MULTILINE)
        assert found is not None
        return int(found.group(1)) / 1024

    def peak_mb(self, statement: str) -> float:
        """The highest of what was seen while the statement ran."""
        seen = [self.private_mb()]
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                seen.append(self.private_mb())
                time.sleep(0.003)

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            self.cursor.execute(statement)
            assert self.cursor.fetchone() == (KEYS,), statement
        finally:
            done.set()
            watcher.join()
        return max(seen)


def measure(table: Table, database: str) -> None:
    load(database)
    # The first connection to a database writes a cache file that later ones read.
    Backend(database).connection.close()
    idle = Backend(database)
    held = Backend(database).peak_mb(HOLDING) - idle.private_mb()
    assert held > 2 * LIMIT_MB, held
    for rows, name in (
        ("narrow", "100 bytes"),
        ("wide", "8 kB in the row"),
        ("toasted", "8 kB out of line"),
    ):
        table.head(f"private memory at {KEYS:,} keys, rows of {name}, less an idle backend's")
        for call, statement in CALLS.items():
            backend = Backend(database)
            peak = backend.peak_mb(statement.format(table=rows))
            backend.connection.close()
            table.figure(call, peak - idle.private_mb(), most=LIMIT_MB, unit=" MB")
