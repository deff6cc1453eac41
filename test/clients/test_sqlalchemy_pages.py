"""Search and fetch in one statement: the keys of a page come out of the index alone, and go into a
fetch function. Pages follow one another by the last row seen, not by an offset.
"""

import unittest
from typing import Any

from sqlalchemy import create_engine, select, tuple_
from sqlalchemy.orm import Session

import databases
import namedex_sqlalchemy as namedex
from hospital import Base, Patient, fill_names
from statements import Recorder, nodes

DATABASE = "namedex_sqlalchemy"
ROWS = 20000
PAGE = 20


def page(after: tuple[str, int] | None = None) -> Any:
    """The keys of a page: what an application writes for a search by name."""
    keys = select(Patient.id).where(Patient.last_name.ilike("%kowalsk%"))
    if after is not None:
        keys = keys.where(tuple_(Patient.last_name, Patient.id) > tuple_(*after))
    return keys.order_by(Patient.last_name, Patient.id).limit(PAGE)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        databases.create(DATABASE)
        cls.engine = create_engine(f"postgresql+psycopg2:///{DATABASE}", future=True)
        cls.addClassCleanup(cls.engine.dispose)
        Base.metadata.create_all(cls.engine)
        with cls.engine.begin() as connection:
            fill_names(connection, ROWS)
        databases.run(DATABASE, "VACUUM (ANALYZE) patients")

    def setUp(self) -> None:
        self.session = Session(self.engine, future=True)
        self.addCleanup(self.session.close)
        found = self.session.execute(
            select(Patient.id, Patient.mrn, Patient.last_name)
            .where(Patient.last_name.in_(["Kowalska", "Kowalski"]))
            .order_by(Patient.last_name, Patient.id)
        ).all()
        self.expected = [tuple(row) for row in found]
        self.assertGreater(len(self.expected), 3 * PAGE)

    def read(self, session: Session, fetch: Any) -> list[Any]:
        """All pages, each by one statement whose search reads the index alone."""
        rows: list[Any] = []
        after = None
        while True:
            with Recorder(self.engine) as sent:
                found = session.execute(fetch(page(after))).all()
            self.assertEqual(len(sent), 1)
            plan = nodes(session.connection(), *sent.sent[0])
            (scan,) = [node for node in plan if "Relation Name" in node]
            self.assertEqual(
                (scan["Node Type"], scan["Index Name"]), ("Index Only Scan", "patients_names")
            )
            self.assertIn("last_name ~~* '%kowalsk%'", scan["Index Cond"].replace(")::text", ""))
            if not found:
                return rows
            rows += found
            after = self.last(found[-1])

    def last(self, row: Any) -> tuple[str, int]:
        (found,) = row if len(row) == 1 else (row,)
        if isinstance(found, dict):
            return found["last_name"], found["id"]
        return found.last_name, found.id

    def test_tuples(self) -> None:
        found = self.read(
            self.session,
            lambda keys: namedex.fetch(keys, Patient.id, Patient.mrn, Patient.last_name),
        )
        self.assertEqual([tuple(row) for row in found], self.expected)

    def test_objects(self) -> None:
        found = self.read(
            self.session, lambda keys: namedex.load_only(keys, Patient.mrn, Patient.last_name)
        )
        self.assertEqual([(p.id, p.mrn, p.last_name) for (p,) in found], self.expected)

    def test_trees(self) -> None:
        found = self.read(
            self.session,
            lambda keys: namedex.fetch_json(Patient, keys, "id,mrn,last_name,visits(id)"),
        )
        self.assertEqual([(t["id"], t["mrn"], t["last_name"]) for (t,) in found], self.expected)
