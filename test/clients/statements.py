"""What SQLAlchemy sends to the server: statements counted, and the plan of each of them."""

from typing import Any, Iterator

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine


class Recorder:
    """Statements with their parameters, as handed to the driver, while the block runs.

    with Recorder(engine) as sent:
        session.scalars(select(Patient)).all()
    assert len(sent) == 1
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sent: list[tuple[str, Any]] = []

    def __enter__(self) -> "Recorder":
        event.listen(self.engine, "before_cursor_execute", self._record)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._record)

    def _record(
        self, connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object
    ) -> None:
        self.sent.append((statement, parameters))

    def __len__(self) -> int:
        return len(self.sent)

    def __iter__(self) -> Iterator[str]:
        return (statement for statement, _ in self.sent)


def nodes(connection: Connection, statement: str, parameters: Any) -> list[dict[str, Any]]:
    """The plan's nodes, top first, of the statement with its parameters, by the same connection."""
    plan = connection.exec_driver_sql("EXPLAIN (FORMAT JSON) " + statement, parameters).scalar()

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", []):
            yield from walk(child)

    return list(walk(plan[0]["Plan"]))
