"""The fetch functions from Django, beside its own ways: the same objects, tuples and values."""

import unittest
from datetime import datetime, timezone
from typing import Any

from django_project import ROWS, fill, migrate  # has the settings, so it comes first

from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from django_hospital.models import Allergy, Hospital, Patient, Provider, Visit

KEYS = [40, 7, 311, 12, 10**9, 7]
FOUND = [40, 7, 311, 12, 7]


class Fetched(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        migrate()
        cls.addClassCleanup(connection.close)
        fill()
        with transaction.atomic():
            hospitals = [Hospital.objects.create(name=f"Hospital {n}") for n in range(3)]
            providers = [Provider.objects.create(name=f"Dr. {n}") for n in range(3)]
            allergies = [Allergy.objects.create(name=f"allergen {n}") for n in range(4)]
            for n in (*range(5, 15), *FOUND):
                patient = Patient.objects.get(id=n)
                patient.notes = f"{n} notes " * 1000
                patient.photo = bytes(range(256)) * n
                patient.hospital = hospitals[n % 3] if n != 12 else None
                patient.save()
                patient.allergies.set(allergies[: n % 4])
                Visit.objects.filter(patient=patient).delete()
                for m in range(n % 5):
                    Visit.objects.create(
                        id=10 * n + m,
                        patient=patient,
                        provider=providers[m] if m < 3 else None,
                        starts_at=datetime(2024, 1, 1 + n % 28, 10, m, 0, 500000, timezone.utc),
                        reason=f"reason {m}",
                    )

    def rows(self, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()

    def test_load_only(self) -> None:
        """only() and raw(): model objects with the other fields deferred."""
        plain = Patient.objects.only("last_name", "birth_date").in_bulk(KEYS)
        found = list(
            Patient.objects.raw(
                "SELECT id, last_name, birth_date"
                " FROM namedex_load_only(NULL::patients, %s, %s)",
                [KEYS, ["last_name", "birth_date"]],
            )
        )
        self.assertEqual([patient.id for patient in found], FOUND)
        for patient in found:
            twin = plain[patient.id]
            self.assertEqual(patient.get_deferred_fields(), twin.get_deferred_fields())
            self.assertEqual(
                (patient.last_name, patient.birth_date), (twin.last_name, twin.birth_date)
            )
        with CaptureQueriesContext(connection) as sent:
            self.assertEqual(found[0].notes, "40 notes " * 1000)
        self.assertEqual(len(sent), 1)

    def test_tuples(self) -> None:
        plain = Patient.objects.filter(id__in=KEYS).values_list("id", "mrn", "birth_date", "photo")
        by_key = {row[0]: row for row in plain}
        found = self.rows(
            "SELECT * FROM namedex_fetch('patients', %s, %s)"
            " AS t(id bigint, mrn varchar(12), birth_date date, photo bytea)",
            [KEYS, ["id", "mrn", "birth_date", "photo"]],
        )
        self.assertEqual(
            [(*row[:3], bytes(row[3])) for row in found],
            [(*by_key[key][:3], bytes(by_key[key][3])) for key in FOUND],
        )

    def test_related(self) -> None:
        """prefetch_related(), and what it would attach to objects that are there."""
        patients = Patient.objects.filter(id__in=KEYS).prefetch_related("visits").in_bulk()
        expected = [
            (key, {"id": visit.id, "reason": visit.reason})
            for key in FOUND
            for visit in sorted(patients[key].visits.all(), key=lambda visit: visit.id)
        ]
        found = self.rows(
            "SELECT key, record FROM namedex_related('patients', %s, 'visits', 'id,reason')", [KEYS]
        )
        self.assertGreater(len(expected), 0)
        self.assertEqual(found, expected)

    def test_fetch_json(self) -> None:
        """prefetch_related() takes a query for each relationship and level."""
        with CaptureQueriesContext(connection) as sent:
            patients = (
                Patient.objects.filter(id__in=KEYS)
                .select_related("hospital")
                .prefetch_related("visits__provider", "allergies")
            )
            trees = {
                patient.id: {
                    "id": patient.id,
                    "last_name": patient.last_name,
                    "hospital": patient.hospital and {"name": patient.hospital.name},
                    "visits": [
                        {"id": v.id, "doctor": v.provider and {"name": v.provider.name}}
                        for v in sorted(patient.visits.all(), key=lambda visit: visit.id)
                    ],
                    "allergies": [
                        {"name": a.name}
                        for a in sorted(patient.allergies.all(), key=lambda allergy: allergy.id)
                    ],
                }
                for patient in patients
            }
        self.assertEqual(len(sent), 4)
        with CaptureQueriesContext(connection) as sent:
            found = self.rows(
                "SELECT namedex_fetch_json('patients', %s, %s)",
                [
                    KEYS,
                    "id,last_name,hospital(name),visits(id,doctor:provider(name)),allergies(name)",
                ],
            )
        self.assertEqual(len(sent), 1)
        self.assertEqual([tree for (tree,) in found], [trees[key] for key in FOUND])

    def test_search_and_fetch(self) -> None:
        """A queryset finds the keys, within one statement, and the index alone answers it."""
        page = (
            Patient.objects.filter(last_name__icontains="kowalsk")
            .order_by("last_name", "id")
            .values_list("id", flat=True)[:20]
        )
        search, parameters = page.query.sql_with_params()
        statement = f"SELECT namedex_fetch_json('patients', ARRAY({search}), %s)"
        with CaptureQueriesContext(connection) as sent:
            found = self.rows(statement, [*parameters, "id,mrn,visits(id)"])
        self.assertEqual(len(sent), 1)
        self.assertEqual([tree["id"] for (tree,) in found], list(page))
        self.assertEqual(len(found), 20)
        plan = self.rows("EXPLAIN " + statement, [*parameters, "id"])
        self.assertRegex(str(plan), r"Index Only Scan using patients_names_i on patients\b")

    def test_hostile(self) -> None:
        """What was typed stays a value, or is an error with a code."""
        typed = "'; DROP TABLE patients; --"
        with self.assertRaises(DatabaseError) as raised:
            self.rows("SELECT namedex_fetch_json('patients', %s, %s)", [KEYS, typed])
        self.assertEqual(raised.exception.__cause__.pgcode, "42601")
        with self.assertRaises(DatabaseError) as raised:
            self.rows("SELECT namedex_fetch_json('patients', %s, 'id')", [[typed]])
        self.assertEqual(raised.exception.__cause__.pgcode, "22P02")
        self.assertEqual(self.rows("SELECT namedex_fetch_json('patients', %s, 'id', 'mrn')", [[typed]]), [])
        self.assertEqual(Patient.objects.count(), ROWS)
