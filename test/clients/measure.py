"""What the fetch functions cost beside what they stand in for. See measure.

    measure.py [--rounds N] [SECTION]...      tuples toast eager orm memory; default: all of them

5,000 patients with a text of 8 kB, out of line, and a jsonb of 1 kB; 25,000 visits; all warm, in
one run. Times are medians of rivals that take turns. *Client* is the time from sending a prepared
statement to having every row in psycopg2; *server* is the execution time of EXPLAIN (ANALYZE, TIMING
OFF), which computes every row and sends none. After five executions the server chooses a generic plan
for the plain statements; *custom plans* are the same statements made to be planned for the keys each
time, for comparison.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Callable

import psycopg2
import psycopg2.extras
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, load_only, selectinload

import databases
import measure_memory
import namedex_sqlalchemy as namedex
from figures import Table, clock, medians
from hospital import Base, Patient, Visit
from statements import Recorder

DATABASE = "namedex_measure"
PARENTS = 5000
CHILDREN = 5

LOAD = [
    "INSERT INTO hospitals SELECT n, 'Hospital ' || n, 'City' FROM generate_series(1, 20) AS n",
    # md5 is not compressed further: the text lies out of line in four chunks or more.
    f"""
    INSERT INTO patients (id, hospital_id, mrn, last_name, first_name, birth_date, details, notes)
    SELECT n, 1 + n % 20, 'MRN' || n, 'Lastname' || n, 'First' || n % 100, date '1950-01-01' + n,
        jsonb_build_object('text', (SELECT string_agg(md5(n || ' ' || m), '')
                                    FROM generate_series(1, 31) AS m)),
        (SELECT string_agg(md5(n || '-' || m), '') FROM generate_series(1, 256) AS m)
    FROM generate_series(1, {PARENTS}) AS n
    """,
    f"""
    INSERT INTO visits (id, patient_id, starts_at, reason)
    SELECT n, 1 + n % {PARENTS}, timestamp '2024-01-01' + n * interval '1 minute', 'reason ' || n % 50
    FROM generate_series(1, {PARENTS * CHILDREN}) AS n
    """,
    # It holds all the columns fetched: the table would not be read.
    "DROP INDEX patients_names",
    "VACUUM (FREEZE, ANALYZE)",
]

COLUMNS = "id, last_name, first_name, birth_date"
NAMES = "ARRAY['id', 'last_name', 'first_name', 'birth_date']"
TYPES = "id bigint, last_name varchar(80), first_name text, birth_date date"
TREE = "'id,last_name,first_name,birth_date,visits(id,starts_at,reason)'"
PATIENT_PAIRS = ", ".join(f"'{name}', p.{name}" for name in COLUMNS.split(", "))

PREPARED = {
    "plain": f"SELECT {COLUMNS} FROM patients WHERE id = ANY ($1)",
    "ordered": f"SELECT {COLUMNS} FROM unnest($1) WITH ORDINALITY AS k(id, n)"
    " JOIN patients USING (id) ORDER BY k.n",
    "fetch": f"SELECT * FROM namedex_fetch('patients', $1, {NAMES}) AS t({TYPES})",
    "load_only": f"SELECT {COLUMNS} FROM namedex_load_only(NULL::patients, $1, {NAMES})",
    "visits": "SELECT patient_id, id, starts_at, reason FROM visits WHERE patient_id = ANY ($1)",
    "json": f"SELECT namedex_fetch_json('patients', $1, {TREE})",
    "lateral": f"""
        SELECT json_build_object({PATIENT_PAIRS}, 'visits', v.visits)
        FROM unnest($1) WITH ORDINALITY AS k(id, n) JOIN patients AS p USING (id)
        CROSS JOIN LATERAL (
            SELECT coalesce(json_agg(json_build_object('id', v.id, 'starts_at', v.starts_at,
                                                       'reason', v.reason) ORDER BY v.id), '[]') AS visits
            FROM visits AS v WHERE v.patient_id = p.id) AS v
        ORDER BY k.n
    """,
}


class Client:
    """A psycopg2 connection with the statements prepared, and keys for them."""

    def __init__(self, plans: str = "auto") -> None:
        self.connection = psycopg2.connect(dbname=DATABASE)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        # JSON as it comes; what a caller does with it is measured apart.
        psycopg2.extras.register_default_json(self.connection, loads=lambda written: written)
        self.cursor.execute("SET plan_cache_mode = %s", [plans])
        for name, statement in PREPARED.items():
            self.cursor.execute(f'PREPARE "{name}" (bigint[]) AS {statement}')
        # Every key, not in the table's order.
        self.cursor.execute(
            "SELECT array_agg(n ORDER BY md5(n::text)) FROM generate_series(1, %s) AS n", [PARENTS]
        )
        self.key_list = self.cursor.fetchone()[0]
        self.keys = "{" + ",".join(map(str, self.key_list)) + "}"

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(f'EXECUTE "{name}" (%s)', [self.keys])
        return self.cursor.fetchall()

    def timed(self, side: str, *names: str) -> Callable[[], float]:
        if side == "client":
            return lambda: clock(lambda: [self.rows(name) for name in names])
        return lambda: sum(map(self._execution, names))

    def _execution(self, name: str) -> float:
        self.cursor.execute(
            f'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE "{name}" (%s)', [self.keys]
        )
        return json.loads(self.cursor.fetchone()[0])[0]["Execution Time"]


def tuples(table: Table, rounds: int) -> None:
    client, custom = Client(), Client("force_custom_plan")
    expected = client.rows("ordered")
    assert len(expected) == PARENTS
    assert expected == client.rows("fetch") == client.rows("load_only")
    assert sorted(expected) == sorted(client.rows("plain"))
    plain = ("plain", "ordered")
    ours = ("fetch", "load_only")
    for side, against, most in (("client", "plain", 1.05), ("server", "ordered", 1.3)):
        table.head(f"four columns of 5,000 patients, {side}")
        rivals = {name: client.timed(side, name) for name in plain + ours}
        rivals.update({f"{name}, custom plans": custom.timed(side, name) for name in plain})
        taken = medians(rivals, rounds)
        report(table, taken)
        for name in ours:
            table.figure(f"{name} / {against}", taken[name] / taken[against], most=most)
            rival = f"{against}, custom plans"
            table.figure(f"{name} / {rival}", taken[name] / taken[rival])


def report(table: Table, taken: dict[str, float]) -> None:
    for name, milliseconds in taken.items():
        table.line(name, f"{milliseconds:.2f} ms")


def toast(table: Table, rounds: int) -> None:
    table.head("blocks of patients' TOAST table and index, read or hit")
    client = Client()

    def blocks(run: Callable[[], Any]) -> int:
        """Counters go to shared memory when they are told to, and at the end of a transaction."""
        counts = []
        for action in (lambda: None, run):
            action()
            client.cursor.execute("SELECT pg_stat_force_next_flush()")
            client.cursor.execute(
                "SELECT toast_blks_read + toast_blks_hit + tidx_blks_read + tidx_blks_hit"
                " FROM pg_statio_user_tables WHERE relname = 'patients'"
            )
            counts.append(client.cursor.fetchone()[0])
        return counts[1] - counts[0]

    client.cursor.execute("SET stats_fetch_consistency = none")
    seen = blocks(lambda: client.cursor.execute("SELECT sum(length(reverse(notes))) FROM patients"))
    table.line("reading the text, for comparison", str(seen))
    assert seen > 4 * PARENTS
    for name in ("fetch", "load_only", "json"):
        table.figure(name, blocks(lambda: client.rows(name)), most=0)


def eager(table: Table, rounds: int) -> None:
    client, custom = Client(), Client("force_custom_plan")
    trees = [json.loads(row[0]) for row in client.rows("json")]
    assert len(trees) == PARENTS and sum(len(tree["visits"]) for tree in trees) == PARENTS * CHILDREN
    assert trees == [json.loads(row[0]) for row in client.rows("lateral")], "not the same JSON"
    for side in ("client", "server"):
        table.head(f"5,000 patients with 25,000 visits, {side}")
        rivals = {
            "json": client.timed(side, "json"),
            "two queries": client.timed(side, "plain", "visits"),
            "two queries, custom plans": custom.timed(side, "plain", "visits"),
            "lateral": client.timed(side, "lateral"),
            "lateral, custom plans": custom.timed(side, "lateral"),
        }
        taken = medians(rivals, rounds)
        report(table, taken)
        # On the server, only one of the two has written its values out.
        most = 1.3 if side == "client" else None
        table.figure("json / two queries", taken["json"] / taken["two queries"], most=most)
        rival = "two queries, custom plans"
        table.figure(f"json / {rival}", taken["json"] / taken[rival])
        fastest = min(taken["lateral"], taken["lateral, custom plans"])
        table.figure("lateral, the faster / json", fastest / taken["json"], least=1.8)

    def decoded() -> float:
        return clock(lambda: [json.loads(row[0]) for row in client.rows("json")])

    taken = medians({"json, decoded in Python, client": decoded}, rounds)
    report(table, taken)


def orm(table: Table, rounds: int) -> None:
    table.head("5,000 patients with 25,000 visits, SQLAlchemy")
    engine = create_engine(f"postgresql+psycopg2:///{DATABASE}", future=True)
    keys = Client().key_list
    columns = (Patient.id, Patient.last_name, Patient.first_name, Patient.birth_date)
    of_visits = (Visit.id, Visit.starts_at, Visit.reason)

    def lazy(session: Session) -> Any:
        return session.scalars(
            select(Patient).options(load_only(*columns)).where(Patient.id.in_(keys))
        ).all()

    def selectin(session: Session) -> Any:
        return session.scalars(
            select(Patient)
            .options(load_only(*columns), selectinload(Patient.visits).load_only(*of_visits))
            .where(Patient.id.in_(keys))
        ).all()

    def objects(session: Session) -> Any:
        patients = session.scalars(namedex.load_only(keys, *columns)).all()
        namedex.load_related(session, patients, Patient.visits, *of_visits)
        return patients

    def trees(session: Session) -> Any:
        return session.scalars(
            namedex.fetch_json(
                Patient, keys, "id,last_name,first_name,birth_date,visits(id,starts_at,reason)"
            )
        ).all()

    def shown(found: Any) -> dict[int, Any]:
        """What a page would show: names and visits of each patient."""
        if isinstance(found[0], dict):
            return {
                tree["id"]: (tree["last_name"], [visit["reason"] for visit in tree["visits"]])
                for tree in found
            }
        return {p.id: (p.last_name, [visit.reason for visit in p.visits]) for p in found}

    def run(way: Callable[[Session], Any]) -> dict[int, Any]:
        with Session(engine, future=True) as session:
            return shown(way(session))

    ways = {"lazy": lazy, "selectinload": selectin, "load_only + load_related": objects,
            "fetch_json": trees}
    expected = run(lazy)
    statements = {}
    for name, way in ways.items():
        with Recorder(engine) as sent:
            assert run(way) == expected
        statements[name] = len(sent)
    assert statements["lazy"] == 1 + PARENTS
    taken = medians(
        {name: (lambda way=way: clock(lambda: run(way))) for name, way in ways.items()}, rounds
    )
    for name, milliseconds in taken.items():
        table.line(name, f"{milliseconds:.0f} ms", f"{statements[name]} statements")
    for name in ("load_only + load_related", "fetch_json"):
        table.figure(f"{name}, statements", statements[name], most=2)
        table.figure(f"lazy / {name}", taken["lazy"] / taken[name])
        table.figure(f"selectinload / {name}", taken["selectinload"] / taken[name])


def memory(table: Table, rounds: int) -> None:
    measure_memory.measure(table, DATABASE)


SECTIONS = {"tuples": tuples, "toast": toast, "eager": eager, "orm": orm, "memory": memory}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("sections", nargs="*", metavar="SECTION", default=list(SECTIONS))
    arguments = parser.parse_args()
    databases.create(DATABASE)
    engine = create_engine(f"postgresql+psycopg2:///{DATABASE}", future=True)
    Base.metadata.create_all(engine)
    engine.dispose()
    databases.run(DATABASE, *LOAD)
    connection = psycopg2.connect(dbname=DATABASE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        print(cursor.fetchone()[0])
    connection.close()
    table = Table()
    for name in arguments.sections:
        SECTIONS[name](table, arguments.rounds)
    print(f"\n{table.missed} limits missed")
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
