"""A Django project made here: settings, the app's migrations in memory, and many patients.

Import it before any model.
"""

from typing import Any

import django
from django.conf import settings

import databases
from hospital import FIRST_NAMES, LAST_NAMES

DATABASE = "namedex_django"
ROWS = 20000

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": DATABASE}},
    INSTALLED_APPS=["django.contrib.postgres", "django_hospital"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

# What follows needs the settings when it is imported.
from django.apps import apps  # noqa: E402
from django.contrib.postgres.operations import CreateExtension, TrigramExtension  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations import Migration  # noqa: E402
from django.db.migrations.autodetector import MigrationAutodetector  # noqa: E402
from django.db.migrations.graph import MigrationGraph  # noqa: E402
from django.db.migrations.questioner import MigrationQuestioner  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402
from django.db.migrations.writer import MigrationWriter  # noqa: E402


def made_migrations(state: ProjectState) -> list[Migration]:
    """What makemigrations would write for the app's models, coming from a state; written, and read."""
    asked = MigrationQuestioner(specified_apps={"django_hospital"})
    detector = MigrationAutodetector(state, ProjectState.from_apps(apps), asked)
    read = []
    for migration in detector.changes(MigrationGraph()).get("django_hospital", []):
        names: dict[str, Any] = {}
        exec(MigrationWriter(migration).as_string(), names)
        read.append(names["Migration"](migration.name, "django_hospital"))
    return read


def apply(migration: Migration, state: ProjectState) -> ProjectState:
    with connection.schema_editor(atomic=True) as editor:
        return migration.apply(state, editor)


def migrate() -> ProjectState:
    """An empty database becomes the app's, extension included; gives the state that is reached."""
    connection.close()
    databases.create(DATABASE, extension=False)
    extension = Migration("0000_extension", "django_hospital")
    extension.operations = [TrigramExtension(), CreateExtension("namedex")]
    state = apply(extension, ProjectState())
    for migration in made_migrations(ProjectState()):
        state = apply(migration, state)
    return state


def fill() -> None:
    """Few rows of each name that is looked for: for more the planner may rightly read the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients (id, mrn, last_name, first_name, birth_date, notes, photo)"
            " SELECT n, 'MRN' || n,"
            " CASE WHEN n %% 500 < %s THEN (%s::text[])[1 + n %% 500] ELSE 'Filler' || n END,"
            " (%s::text[])[1 + n %% 9], date '1950-01-01' + n, '', ''"
            " FROM generate_series(1, %s) AS n",
            [len(LAST_NAMES), LAST_NAMES, FIRST_NAMES, ROWS],
        )
    databases.run(DATABASE, "VACUUM (ANALYZE) patients")
