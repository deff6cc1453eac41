"""The six methods of loading less, each the plain ORM way and the namedex way, side by side.

Both ways must come to the same objects, tuples or values. Statements are counted where they reach
the driver, so that a way which asks once for each row is seen.
"""

import datetime
import decimal
import functools
import json
import random
import unittest
from typing import Any

from sqlalchemy import JSON, create_engine, func, inspect, select, text
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

import databases
import namedex_sqlalchemy as namedex
from hospital import Allergy, Base, Hospital, PATIENTS, Patient, Provider, Visit, fill
from statements import Recorder

DATABASE = "namedex_sqlalchemy"


def loaded(entity: Any) -> dict[str, Any]:
    """An object's class, and the columns of it that are loaded."""
    state = inspect(entity)
    values = {
        attribute.key: getattr(entity, attribute.key)
        for attribute in state.mapper.column_attrs
        if attribute.key not in state.unloaded
    }
    return {"class": type(entity), **values}


def as_json(value: Any) -> Any:
    """A column's value as to_json writes it, read again."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        # The server leaves trailing zeros of a second's fraction out.
        written = value.isoformat()
        return written.rstrip("0") if "." in written else written
    if isinstance(value, (bytes, memoryview)):
        return "\\x" + bytes(value).hex()
    return value


class MethodTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls) -> None:
        databases.create(DATABASE)
        cls.engine = create_engine(
            f"postgresql+psycopg2:///{DATABASE}",
            future=True,
            # A numeric stays one in JSON too.
            json_deserializer=functools.partial(json.loads, parse_float=decimal.Decimal),
        )
        cls.addClassCleanup(cls.engine.dispose)
        Base.metadata.create_all(cls.engine)
        with Session(cls.engine) as session:
            fill(session)
        # Not the table's order, so that the keys' order shows.
        cls.keys = random.Random(5).sample(range(1, PATIENTS + 1), 60)

    def setUp(self) -> None:
        self.session = Session(self.engine, future=True)
        self.addCleanup(self.session.close)

    def sent(self) -> Recorder:
        return Recorder(self.engine)


class LoadFewerFields(MethodTest):
    columns = (Patient.id, Patient.last_name, Patient.birth_date, Patient.balance)

    def plain(self, session: Session) -> list[Patient]:
        found = session.scalars(
            select(Patient).options(load_only(*self.columns)).where(Patient.id.in_(self.keys))
        ).all()
        # IN says nothing of an order.
        return sorted(found, key=lambda patient: self.keys.index(patient.id))

    def test_same_objects(self) -> None:
        with Session(self.engine) as session, self.sent() as sent:
            plain = [loaded(patient) for patient in self.plain(session)]
        self.assertEqual(len(sent), 1)
        with self.sent() as sent:
            patients = self.session.scalars(namedex.load_only(self.keys, *self.columns)).all()
        self.assertEqual(len(sent), 1)
        self.assertEqual([patient.id for patient in patients], self.keys)
        self.assertEqual([loaded(patient) for patient in patients], plain)
        self.assertEqual(set(plain[0]), {"class", "id", "last_name", "birth_date", "balance"})

    def test_other_columns_are_loaded_when_asked_for(self) -> None:
        (patient,) = self.session.scalars(namedex.load_only([17], *self.columns)).all()
        with self.sent() as sent:
            notes, photo = patient.notes, bytes(patient.photo)
        self.assertGreater(len(sent), 0)
        with Session(self.engine) as session:
            whole = session.get(Patient, 17)
            self.assertEqual((notes, photo), (whole.notes, bytes(whole.photo)))

    def test_objects_can_be_changed(self) -> None:
        """What was not loaded is not written: the row keeps it."""
        (patient,) = self.session.scalars(namedex.load_only([17], *self.columns)).all()
        patient.last_name = "Changed"
        with self.sent() as sent:
            self.session.flush()
        self.assertEqual(len(sent), 1)
        self.assertNotIn("notes", next(iter(sent)))
        self.assertEqual(
            self.session.scalar(select(func.length(Patient.notes)).where(Patient.id == 17)), 8192
        )
        self.session.rollback()

    def test_from_statement(self) -> None:
        """Without a helper: the columns that the statement does not name stay unloaded."""
        with Session(self.engine) as session:
            plain = [loaded(patient) for patient in self.plain(session)]
        statement = text(
            "SELECT id, last_name, birth_date, balance"
            " FROM namedex_load_only(NULL::patients, :keys, :columns)"
        )
        with self.sent() as sent:
            patients = self.session.scalars(
                select(Patient).from_statement(statement),
                {"keys": self.keys, "columns": ["last_name", "birth_date", "balance"]},
            ).all()
        self.assertEqual(len(sent), 1)
        self.assertEqual([loaded(patient) for patient in patients], plain)

    def test_binary_and_structured(self) -> None:
        columns = (Patient.photo, Patient.details, Patient.notes)
        whole = {patient.id: patient for patient in self.plain(self.session)}
        with Session(self.engine) as session:
            for patient in session.scalars(namedex.load_only(self.keys[:5], *columns)):
                twin = whole[patient.id]
                self.assertEqual(bytes(patient.photo), bytes(twin.photo))
                self.assertEqual(patient.details, twin.details)
                self.assertEqual(patient.notes, twin.notes)


class SkipTheOrm(MethodTest):
    columns = (
        *(Patient.id, Patient.mrn, Patient.last_name, Patient.first_name),
        *(Patient.birth_date, Patient.balance, Patient.details, Patient.hospital_id),
    )

    def test_same_tuples(self) -> None:
        with self.sent() as sent:
            plain = (
                self.session.query(Patient)
                .with_entities(*self.columns)
                .filter(Patient.id.in_(self.keys))
                .all()
            )
            tuples = self.session.execute(namedex.fetch(self.keys, *self.columns)).all()
        self.assertEqual(len(sent), 2)
        plain = sorted(plain, key=lambda row: self.keys.index(row.id))
        self.assertEqual([tuple(row) for row in tuples], [tuple(row) for row in plain])
        self.assertEqual(
            [[type(value) for value in row] for row in tuples],
            [[type(value) for value in row] for row in plain],
        )
        self.assertEqual(tuples[0]._fields, plain[0]._fields)

    def test_order_duplicates_and_what_is_not_there(self) -> None:
        keys = [9, 4, 10**12, None, 9, -1, 200]
        tuples = self.session.execute(namedex.fetch(keys, Patient.mrn, Patient.id)).all()
        self.assertEqual(
            [tuple(row) for row in tuples],
            [(f"MRN{n:07}", n) for n in (9, 4, 9, 200)],
        )
        self.assertEqual(self.session.execute(namedex.fetch([], Patient.id)).all(), [])

    def test_as_a_table(self) -> None:
        """The tuples may be joined, filtered and ordered like any other rows."""
        rows = namedex.fetch(self.keys, Patient.id, Patient.hospital_id).subquery()
        joined = (
            select(rows.c.id, Hospital.name)
            .join(Hospital, Hospital.id == rows.c.hospital_id)
            .where(Hospital.city == "City 1")
            .order_by(rows.c.id)
        )
        plain = (
            select(Patient.id, Hospital.name)
            .join(Patient.hospital)
            .where(Hospital.city == "City 1", Patient.id.in_(self.keys))
            .order_by(Patient.id)
        )
        expected = self.session.execute(plain).all()
        self.assertGreater(len(expected), 0)
        self.assertEqual(self.session.execute(joined).all(), expected)


class LazyLoading(MethodTest):
    def test_one_statement_instead_of_one_for_each(self) -> None:
        with Session(self.engine) as session:
            patients = session.scalars(select(Patient).where(Patient.id.in_(self.keys))).all()
            with self.sent() as lazy:
                plain = {p.id: [loaded(visit) for visit in p.visits] for p in patients}
        self.assertEqual(len(lazy), len(self.keys))
        self.assertIn([], plain.values())

        columns = [getattr(Visit, attribute.key) for attribute in inspect(Visit).column_attrs]
        patients = self.session.scalars(namedex.load_only(self.keys, Patient.id)).all()
        with self.sent() as sent:
            namedex.load_related(self.session, patients, Patient.visits, *columns)
            related = {p.id: [loaded(visit) for visit in p.visits] for p in patients}
        self.assertEqual(len(sent), 1)
        self.assertEqual(related, plain)

    def test_to_one_and_many_to_many(self) -> None:
        with Session(self.engine) as session:
            patients = session.scalars(select(Patient).where(Patient.id.in_(self.keys))).all()
            plain = {
                p.id: (p.hospital and p.hospital.name, [allergy.name for allergy in p.allergies])
                for p in patients
            }
        patients = self.session.scalars(namedex.load_only(self.keys, Patient.id)).all()
        with self.sent() as sent:
            namedex.load_related(self.session, patients, Patient.hospital, Hospital.name)
            namedex.load_related(self.session, patients, Patient.allergies, Allergy.name)
            related = {
                p.id: (p.hospital and p.hospital.name, [allergy.name for allergy in p.allergies])
                for p in patients
            }
        self.assertEqual(len(sent), 2)
        self.assertEqual(related, plain)
        self.assertIn(None, [hospital for hospital, _ in plain.values()])
        self.assertIn([], [allergies for _, allergies in plain.values()])

    def test_records(self) -> None:
        """Without a helper: pairs of a key and a child as JSON, in order of both."""
        statement = text(
            "SELECT key, record FROM namedex_related('patients', CAST(:keys AS bigint[]),"
            " 'visits', 'id,starts_at,reason,provider_id')"
        ).columns(record=JSON)
        records = self.session.execute(statement, {"keys": self.keys}).all()
        expected = []
        for key in self.keys:
            for visit in self.session.get(Patient, key).visits:
                names = ("id", "starts_at", "reason", "provider_id")
                expected.append((key, {name: as_json(getattr(visit, name)) for name in names}))
        self.assertEqual([tuple(row) for row in records], expected)


class EagerLoading(MethodTest):
    select_list = (
        "id,last_name,birth_date,balance,"
        "hospital(id,name),"
        "visits(id,starts_at,provider(name,home:hospital(name))),"
        "allergies(name)"
    )

    def tree(self, patient: Patient) -> dict[str, Any]:
        """What the select list asks for, out of objects."""
        return {
            "id": patient.id,
            "last_name": patient.last_name,
            "birth_date": as_json(patient.birth_date),
            "balance": patient.balance,
            "hospital": patient.hospital
            and {"id": patient.hospital.id, "name": patient.hospital.name},
            "visits": [
                {
                    "id": visit.id,
                    "starts_at": as_json(visit.starts_at),
                    "provider": visit.provider
                    and {
                        "name": visit.provider.name,
                        "home": {"name": visit.provider.hospital.name},
                    },
                }
                for visit in patient.visits
            ],
            "allergies": [{"name": allergy.name} for allergy in patient.allergies],
        }

    def trees(self, session: Session, *options: Any) -> tuple[list[dict[str, Any]], int]:
        """By objects, and the number of statements."""
        with self.sent() as sent:
            patients = session.scalars(
                select(Patient).where(Patient.id.in_(self.keys)).options(*options)
            )
            trees = {patient.id: self.tree(patient) for patient in patients.unique()}
        return [trees[key] for key in self.keys], len(sent)

    def test_same_values(self) -> None:
        with self.sent() as sent:
            fetched = self.session.scalars(
                namedex.fetch_json(Patient, self.keys, self.select_list)
            ).all()
        self.assertEqual(len(sent), 1)

        ways = {
            "lazy": (),
            "selectin": (
                selectinload(Patient.hospital),
                selectinload(Patient.visits)
                .selectinload(Visit.provider)
                .selectinload(Provider.hospital),
                selectinload(Patient.allergies),
            ),
            "joined": (
                joinedload(Patient.hospital),
                joinedload(Patient.visits).joinedload(Visit.provider).joinedload(Provider.hospital),
                joinedload(Patient.allergies),
            ),
        }
        statements = {}
        for way, options in ways.items():
            with self.subTest(way=way), Session(self.engine) as session:
                trees, statements[way] = self.trees(session, *options)
                self.assertEqual(fetched, trees)
        # Visits and allergies of each patient, and each hospital and provider once.
        self.assertGreater(statements["lazy"], 1 + 2 * len(self.keys))
        # One for each relationship, where providers' hospitals are those of patients already.
        self.assertIn(statements["selectin"], (5, 6))
        self.assertEqual(statements["joined"], 1)

    def test_same_objects_in_two_statements(self) -> None:
        """Patients and their visits as objects: as many statements as selectinload takes."""
        with Session(self.engine) as session, self.sent() as plain_sent:
            patients = session.scalars(
                select(Patient)
                .where(Patient.id.in_(self.keys))
                .options(
                    load_only(Patient.id, Patient.last_name),
                    selectinload(Patient.visits).load_only(Visit.id, Visit.starts_at),
                )
            ).all()
            plain = {p.id: (p.last_name, [(v.id, v.starts_at) for v in p.visits]) for p in patients}
        with self.sent() as sent:
            patients = self.session.scalars(
                namedex.load_only(self.keys, Patient.id, Patient.last_name)
            ).all()
            namedex.load_related(self.session, patients, Patient.visits, Visit.id, Visit.starts_at)
            found = {p.id: (p.last_name, [(v.id, v.starts_at) for v in p.visits]) for p in patients}
        self.assertEqual((len(sent), len(plain_sent)), (2, 2))
        self.assertEqual(found, plain)

    def test_every_column(self) -> None:
        """* is all columns, each as to_json writes it: large text, bytes, numbers and JSON too."""
        (fetched,) = self.session.scalars(namedex.fetch_json(Patient, [self.keys[0]], "*"))
        patient = self.session.get(Patient, self.keys[0])
        self.assertEqual(
            fetched,
            {column.key: as_json(getattr(patient, column.key)) for column in Patient.__table__.c},
        )
        self.assertEqual(list(fetched), [column.key for column in Patient.__table__.c])
