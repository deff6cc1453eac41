"""namedex under Django: the index class through migrations, and searches by Django's lookups."""

import unittest
from typing import Any, Callable

from django_project import ROWS, fill, made_migrations, migrate  # has the settings, so it comes first

from django.core.checks import run_checks
from django.db import connection, transaction

from django_hospital.models import Patient


class Migrated(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.state = migrate()
        cls.addClassCleanup(connection.close)

    def definition(self, index: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [index])
            return cursor.fetchone()[0]

    def test_system_checks(self) -> None:
        self.assertEqual(run_checks(databases=["default"]), [])

    def test_created_as_declared(self) -> None:
        self.assertEqual(
            self.definition("patients_names"),
            "CREATE INDEX patients_names ON public.patients USING namedex (last_name, first_name)"
            " INCLUDE (id, mrn, birth_date) WITH (pending_list_limit='512')",
        )
        self.assertEqual(
            self.definition("patients_names_i"),
            "CREATE INDEX patients_names_i ON public.patients USING namedex"
            " (upper((last_name)::text), upper(first_name))"
            " INCLUDE (id, last_name, first_name)",
        )

    def test_nothing_to_migrate_afterwards(self) -> None:
        self.assertEqual(made_migrations(self.state), [])

    def test_introspected(self) -> None:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "patients")
        self.assertTrue(found["patients_names"]["index"])
        self.assertEqual(found["patients_names"]["type"], "namedex")
        self.assertEqual(found["patients_names"]["options"], ["pending_list_limit=512"])
        self.assertEqual(found["patients_names"]["columns"][:2], ["last_name", "first_name"])

    def test_removed_and_added(self) -> None:
        index = next(index for index in Patient._meta.indexes if index.name == "patients_names")
        before = self.definition(index.name)
        with connection.schema_editor() as editor:
            editor.remove_index(Patient, index)
            editor.add_index(Patient, index)
        self.assertEqual(self.definition(index.name), before)


class Searched(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        migrate()
        cls.addClassCleanup(connection.close)
        fill()
        cls.rows = list(Patient.objects.values_list("id", "last_name", "first_name", named=True))
        assert len(cls.rows) == ROWS

    def search(self, index: str, matches: Callable[[Any], bool], **lookups: Any) -> None:
        """The lookups find the rows that match, out of the index alone."""
        found = Patient.objects.filter(**lookups).values_list("id", "last_name")
        expected = [(row.id, row.last_name) for row in self.rows if matches(row)]
        self.assertGreater(len(expected), 0)
        self.assertCountEqual(list(found), expected)
        plan = found.explain()
        self.assertRegex(plan, rf"^Index Only Scan using {index} on patients\b", str(found.query))

    def test_contains(self) -> None:
        self.search("patients_names", lambda row: "owalsk" in row.last_name, last_name__contains="owalsk")
        self.search("patients_names", lambda row: row.last_name[:2] == "Mc", last_name__startswith="Mc")
        self.search("patients_names", lambda row: row.last_name == "Groß", last_name__endswith="oß")

    def test_icontains(self) -> None:
        self.search(
            "patients_names_i",
            lambda row: "kowalsk" in row.last_name.lower(),
            last_name__icontains="KOWalsk",
        )
        self.search(
            "patients_names_i",
            lambda row: row.last_name.lower().startswith("smi"),
            last_name__istartswith="smi",
        )
        self.search(
            "patients_names_i",
            lambda row: row.last_name.lower().endswith("erg"),
            last_name__iendswith="ERG",
        )
        self.search(
            "patients_names_i", lambda row: row.last_name == "O'Brien", last_name__iexact="o'brien"
        )

    def test_marks_of_patterns_as_themselves(self) -> None:
        for typed in ("50%", "x_y", "k\\s", "O'B", 'c"Q'):
            with self.subTest(typed=typed):
                self.search(
                    "patients_names", lambda row: typed in row.last_name, last_name__contains=typed
                )
                self.search(
                    "patients_names_i", lambda row: typed in row.last_name, last_name__icontains=typed
                )

    def test_two_columns(self) -> None:
        self.search(
            "patients_names_i",
            lambda row: row.last_name == "Müller" and "ann" in (row.first_name or "").lower(),
            last_name__icontains="müll",
            first_name__icontains="ann",
        )
        self.search(
            "patients_names",
            lambda row: row.last_name == "Müller" and row.first_name is None,
            last_name__startswith="Müll",
            first_name__isnull=True,
        )

    def test_lists(self) -> None:
        self.search(
            "patients_names",
            lambda row: row.last_name in ("Groß", "王"),
            last_name__in=["Groß", "王", "nobody"],
        )

    def test_own_changes_are_found(self) -> None:
        found = Patient.objects.filter(last_name__icontains="zebrowsk").values_list("mrn", flat=True)
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            Patient.objects.create(id=ROWS + 1, mrn="new", last_name="Żebrowska-Zebrowski")
            self.assertEqual(list(found.all()), ["new"])
            self.assertIn("patients_names_i", found.explain())
            raise ZeroDivisionError
        self.assertEqual(list(found.all()), [])
