"""namedex's fetch functions for models of SQLAlchemy 1.4 and 2.0; copy it into a project.

    keys = [7, 3, 11]
    session.scalars(load_only(keys, Patient.id, Patient.last_name)).all()     # Patient objects
    session.execute(fetch(keys, Patient.id, Patient.last_name)).all()         # tuples
    session.scalars(fetch_json(Patient, keys, "id,last_name,visits(id)")).all()           # dicts
    load_related(session, patients, Patient.visits, Visit.id, Visit.starts_at)  # patient.visits

Keys are values of the primary key, which is one column, or a statement that selects them, as in
fetch(select(Patient.id).where(Patient.last_name.ilike("%kow%")).limit(20), …). Results come in the
order of the keys. All values are bound, names too.
"""

from __future__ import annotations

from typing import Any, Iterable

from sqlalchemy import JSON, cast, column, func, inspect, literal, null, orm, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Select
from sqlalchemy.types import ARRAY, Text, UserDefinedType

_preparer = postgresql.dialect().identifier_preparer


class _RowOf(UserDefinedType):
    """The row type of a table, as in NULL::patients."""

    cache_ok = True

    def __init__(self, table: str) -> None:
        self.table = table

    def get_col_spec(self, **_: Any) -> str:
        return self.table


def load_only(keys: Any, *attributes: Any) -> Select:
    """Selects objects with these attributes (and the key) loaded and the others deferred."""
    mapper = inspect(attributes[0].class_)
    names = [_column(attribute).name for attribute in attributes]
    call = func.namedex_load_only(_null_row(mapper), _keys(mapper, keys), _names(names))
    found = orm.aliased(mapper, _rows(call, mapper), adapt_on_names=True)
    return select(found).options(
        orm.load_only(*(getattr(found, attribute.key) for attribute in attributes))
    )


def fetch(keys: Any, *attributes: Any) -> Select:
    """Selects tuples of these attributes' values."""
    mapper = inspect(attributes[0].class_)
    columns = [_column(attribute) for attribute in attributes]
    call = func.namedex_fetch(
        _relation(mapper), _keys(mapper, keys), _names([item.name for item in columns])
    )
    rows = call.table_valued(*(column(item.name, item.type) for item in columns))
    return select(*rows.render_derived(with_types=True).c)


def fetch_json(model: Any, keys: Any, select_list: str) -> Select:
    """Selects one dict for each key, with related rows in it as the select list says."""
    mapper = inspect(model)
    return select(
        func.namedex_fetch_json(_relation(mapper), _keys(mapper, keys), select_list, type_=JSON)
    )


def load_related(
    session: orm.Session,
    parents: Iterable[Any],
    relationship: Any,
    *attributes: Any,
    constraint: str | None = None,
) -> None:
    """Loads one relationship of many objects by one statement, with these attributes (and the key)
    of the related objects. The constraint tells which foreign key is meant where several lead to
    the same table.
    """
    parents = list(parents)
    if not parents:
        return
    mapper, target = inspect(relationship.class_), relationship.property.mapper
    (key,) = mapper.primary_key
    key_of = mapper.get_property_by_column(key).key
    name = quoted(target.local_table.name)
    if constraint is not None:
        name += "!" + quoted(constraint)
    # Without its key an object is none.
    columns = dict.fromkeys([*target.primary_key, *map(_column, attributes)])
    related = func.namedex_related(
        _relation(mapper),
        _keys(mapper, [getattr(parent, key_of) for parent in parents]),
        name,
        ",".join(quoted(item.name) for item in columns),
    ).table_valued(column("key", key.type), column("record", JSON))
    rows = _rows(func.json_populate_record(_null_row(target), related.c.record), target)
    child = orm.aliased(target, rows, adapt_on_names=True)
    children: dict[Any, list[Any]] = {}
    for parent_key, found in session.execute(
        select(related.c.key, child)
        .select_from(related)
        .join(child, true())
        .options(orm.load_only(*(getattr(child, attribute.key) for attribute in attributes)))
    ):
        children.setdefault(parent_key, []).append(found)
    for parent in parents:
        found = children.get(getattr(parent, key_of), [])
        if not relationship.property.uselist:
            found = found[0] if found else None
        orm.attributes.set_committed_value(parent, relationship.key, found)


def quoted(name: str) -> str:
    """A name for a select list, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'


def _column(attribute: Any) -> Any:
    return attribute.property.columns[0]


def _relation(mapper: orm.Mapper) -> Any:
    return cast(_preparer.format_table(mapper.local_table), postgresql.REGCLASS)


def _null_row(mapper: orm.Mapper) -> Any:
    return cast(null(), _RowOf(_preparer.format_table(mapper.local_table)))


def _keys(mapper: orm.Mapper, keys: Any) -> Any:
    if isinstance(keys, Select):
        return func.array(keys.scalar_subquery())
    (key,) = mapper.primary_key
    return _array(list(keys), key.type)


def _names(names: list[str]) -> Any:
    return _array(names, Text())


def _array(values: list[Any], element: Any) -> Any:
    return cast(literal(values, ARRAY(element)), ARRAY(element))


def _rows(call: Any, mapper: orm.Mapper) -> Any:
    """A function's rows, which are the mapped table's."""
    return call.table_valued(*(column(item.name, item.type) for item in mapper.local_table.c))
