"""An index class for Django 3.2 and later; copy it into a project.

    class Patient(models.Model):
        ...
        class Meta:
            indexes = [
                # contains, startswith, endswith, exact, in, isnull
                NamedexIndex(fields=["last_name", "first_name"], name="patient_names", include=["id", "mrn"]),
                # icontains, istartswith, iendswith, iexact
                NamedexIndex(
                    Upper("last_name"), Upper("first_name"), name="patient_names_i",
                    include=["id", "last_name", "first_name"],
                ),
            ]

For values_list("id", "last_name") to come out of an index over expressions alone, its columns must be
included, also the one that the expression is made of.

The extension comes by a migration before: TrigramExtension(), then CreateExtension("namedex"), both
of django.contrib.postgres.operations.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import PostgresIndex


class NamedexIndex(PostgresIndex):
    """USING namedex; pending_list_limit in kB."""

    suffix = "namedex"  # the access method's name, as in Django's own classes

    def __init__(self, *expressions: Any, pending_list_limit: int | None = None, **kwargs: Any) -> None:
        super().__init__(*expressions, **kwargs)
        self.pending_list_limit = pending_list_limit

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        if self.pending_list_limit is not None:
            kwargs["pending_list_limit"] = self.pending_list_limit
        return path, args, kwargs

    def get_with_params(self) -> list[str]:
        if self.pending_list_limit is None:
            return []
        return [f"pending_list_limit = {int(self.pending_list_limit)}"]
