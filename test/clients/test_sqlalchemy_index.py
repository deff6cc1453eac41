"""A namedex index through SQLAlchemy: declared, created, reflected, created again, searched.

Matches are counted in Python over the same rows, so that a search that loses some is seen, and
plans are those of the very statements that were sent.
"""

import unittest
from typing import Any, Callable

import sqlalchemy
from sqlalchemy import (
    ARRAY,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    any_,
    create_engine,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Session

import databases
from hospital import Base, Patient, fill_names
from statements import Recorder, nodes

DATABASE = "namedex_sqlalchemy"
ROWS = 20000

SQLALCHEMY_2 = not sqlalchemy.__version__.startswith("1.")


class IndexTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        databases.create(DATABASE)
        cls.engine = create_engine(f"postgresql+psycopg2:///{DATABASE}", future=True)
        cls.addClassCleanup(cls.engine.dispose)
        Base.metadata.create_all(cls.engine)

    def definitions(self) -> dict[str, str]:
        """Of all indexes, as the server prints them."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
            )
            return {row.indexname: row.indexdef for row in rows}


class Declared(IndexTest):
    def test_created_as_declared(self) -> None:
        self.assertEqual(
            self.definitions()["patients_names"],
            "CREATE INDEX patients_names ON public.patients USING namedex (last_name, first_name)"
            " INCLUDE (id, mrn, birth_date)",
        )

    def test_inspected(self) -> None:
        indexes = {index["name"]: index for index in inspect(self.engine).get_indexes("patients")}
        index = indexes["patients_names"]
        self.assertEqual(index["column_names"], ["last_name", "first_name"])
        self.assertFalse(index["unique"])
        options = index["dialect_options"]
        self.assertEqual(options["postgresql_using"], "namedex")
        self.assertEqual(options["postgresql_include"], ["id", "mrn", "birth_date"])

    def test_reflected_and_created_again(self) -> None:
        declared = MetaData()
        Table(
            "again",
            declared,
            Column("id", Integer, primary_key=True),
            Column("last_name", Text),
            Column("Mixed Case", Text),
            Index("again_include", "last_name", postgresql_using="namedex", postgresql_include=["id"]),
            Index("again_mixed", "Mixed Case", "last_name", postgresql_using="namedex"),
            Index(
                "again_option",
                "last_name",
                postgresql_using="namedex",
                postgresql_with={"pending_list_limit": 512},
            ),
        )
        declared.create_all(self.engine)
        self.addCleanup(declared.drop_all, self.engine)
        before = self.definitions()
        self.assertIn("WITH (pending_list_limit='512')", before["again_option"])
        self.assertIn("INCLUDE (id)", before["again_include"])
        self.assertIn('("Mixed Case", last_name)', before["again_mixed"])

        reflected = MetaData()
        reflected.reflect(self.engine)
        reflected.drop_all(self.engine)
        self.assertEqual(self.definitions(), {})
        reflected.create_all(self.engine)
        self.assertEqual(self.definitions(), before)

    def test_expression(self) -> None:
        """Declared by every version; 1.4 passes over expressions when it reflects, 2.0 does not."""
        declared = MetaData()
        table = Table("folded", declared, Column("id", Integer, primary_key=True), Column("name", Text))
        Index("folded_lower", func.lower(table.c.name), postgresql_using="namedex")
        declared.create_all(self.engine)
        self.addCleanup(declared.drop_all, self.engine)
        before = self.definitions()["folded_lower"]
        self.assertIn("USING namedex (lower(name))", before)
        if not SQLALCHEMY_2:
            return
        reflected = MetaData()
        reflected.reflect(self.engine, only=["folded"])
        reflected.drop_all(self.engine)
        reflected.create_all(self.engine)
        self.assertEqual(self.definitions()["folded_lower"], before)

    def test_concurrently(self) -> None:
        index = Index(
            "patients_mrn",
            Patient.__table__.c.mrn,
            postgresql_using="namedex",
            postgresql_concurrently=True,
        )
        self.addCleanup(Patient.__table__.indexes.discard, index)
        with self.engine.connect() as connection:
            index.create(connection.execution_options(isolation_level="AUTOCOMMIT"))
            self.assertIn("USING namedex (mrn)", self.definitions()["patients_mrn"])
            index.drop(connection)


class Searched(IndexTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        with cls.engine.begin() as connection:
            fill_names(connection, ROWS)
        databases.run(
            DATABASE,
            "CREATE INDEX patients_lower ON patients"
            " USING namedex (lower(last_name)) INCLUDE (id, last_name)",
            "VACUUM (ANALYZE) patients",
        )
        with cls.engine.connect() as connection:
            cls.rows = connection.execute(
                select(Patient.id, Patient.mrn, Patient.last_name, Patient.first_name)
            ).all()
        assert len(cls.rows) == ROWS

    def search(self, condition: Any, matches: Callable[[Any], bool], index: str = "patients_names") -> None:
        """The condition's rows are those that match, and come out of the index alone."""
        with Session(self.engine) as session:
            with Recorder(self.engine) as sent:
                found = session.execute(
                    select(Patient.id, Patient.last_name).where(condition)
                ).all()
            statement, parameters = sent.sent[0]
            top = nodes(session.connection(), statement, parameters)[0]
        expected = [(row.id, row.last_name) for row in self.rows if matches(row)]
        self.assertGreater(len(expected), 0, statement)
        self.assertCountEqual([tuple(row) for row in found], expected, statement)
        self.assertEqual(
            (top["Node Type"], top.get("Index Name")), ("Index Only Scan", index), statement
        )

    def test_ilike(self) -> None:
        self.search(Patient.last_name.ilike("%kowalsk%"), lambda row: "kowalsk" in row.last_name.lower())
        self.search(Patient.last_name.ilike("smi%"), lambda row: row.last_name.lower().startswith("smi"))
        self.search(Patient.last_name.ilike("ÅNG%"), lambda row: row.last_name.startswith("Ång"))

    def test_like(self) -> None:
        self.search(Patient.last_name.like("%owalsk_"), lambda row: "owalsk" in row.last_name)
        self.search(Patient.last_name.endswith("rien"), lambda row: row.last_name.endswith("rien"))

    def test_marks_of_patterns_as_themselves(self) -> None:
        for typed in ("50%", "x_y", "k\\s", "O'B", 'c"Q'):
            with self.subTest(typed=typed):
                self.search(
                    Patient.last_name.contains(typed, autoescape=True),
                    lambda row: typed in row.last_name,
                )

    def test_two_columns(self) -> None:
        self.search(
            Patient.last_name.ilike("%mcd%") & Patient.first_name.ilike("first1%"),
            lambda row: row.last_name == "McDonald" and (row.first_name or "").startswith("First1"),
        )
        self.search(
            Patient.last_name.startswith("McD") & Patient.first_name.is_(None),
            lambda row: row.last_name == "McDonald" and row.first_name is None,
        )

    def test_lists(self) -> None:
        self.search(
            Patient.last_name.in_(["Groß", "Müller", "nobody"]),
            lambda row: row.last_name in ("Groß", "Müller"),
        )
        patterns = literal(["kowal%", "%brien"], ARRAY(Text))
        self.search(
            Patient.last_name.ilike(any_(patterns)),
            lambda row: row.last_name in ("Kowalski", "Kowalska", "O'Brien"),
        )

    def test_icontains(self) -> None:
        """SQLAlchemy 2.0's; in 1.4 the same is written ilike."""
        if SQLALCHEMY_2:
            contains, starts = Patient.last_name.icontains, Patient.last_name.istartswith
        else:
            contains = lambda typed, **_: Patient.last_name.ilike(f"%{typed}%")
            starts = lambda typed, **_: Patient.last_name.ilike(f"{typed}%")
        self.search(contains("KOWALSK", autoescape=True), lambda row: "Kowalsk" in row.last_name)
        self.search(starts("SMI"), lambda row: row.last_name.lower().startswith("smi"))

    def test_lower(self) -> None:
        self.search(
            func.lower(Patient.last_name).contains("mith"),
            lambda row: "mith" in row.last_name.lower(),
            index="patients_lower",
        )

    def test_own_changes_are_found(self) -> None:
        """Before the commit, and not after a rollback."""
        search = select(Patient.mrn).where(Patient.last_name.ilike("%zebrowsk%"))
        with Session(self.engine) as session:
            session.add(Patient(id=ROWS + 1, mrn="new", last_name="Żebrowska-Zebrowski"))
            with Recorder(self.engine) as sent:
                self.assertEqual(session.scalars(search).all(), ["new"])
            plan = nodes(session.connection(), *sent.sent[-1])
            self.assertEqual(plan[0].get("Index Name"), "patients_names")
            session.rollback()
            self.assertEqual(session.scalars(search).all(), [])
