"""Which tables a database reads from end to end to answer queries: the rule behind "an index lookup"."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

Statement = tuple[str, Any]


@contextmanager
def watched(engine: Engine) -> Iterator[list[Statement]]:
    """Collect the statements, with their values, that reach the database in the block."""
    statements: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def tables_walked(session: Session, statements: list[Statement]) -> set[str]:
    """Return the tables that these queries read row by row; an index that holds all they need is no table."""
    plans = plan_of(session, statements)
    if session.get_bind().dialect.name == "sqlite":
        return {plan.split()[1] for plan in plans if plan.startswith("SCAN") and "COVERING INDEX" not in plan}
    return {found[1] for plan in plans if (found := re.search(r"Seq Scan on (\w+)", plan))}


def plan_of(session: Session, statements: list[Statement]) -> list[str]:
    """Return how the database answers these queries, line by line."""
    queries = [(sql, values) for sql, values in statements if sql.startswith("SELECT")]
    if session.get_bind().dialect.name == "sqlite":
        return [str(row[3]) for row in _explained(session, "EXPLAIN QUERY PLAN", queries)]
    session.connection().exec_driver_sql("SET enable_seqscan = off")  # or it walks through small tables for good reason
    return [str(row[0]) for row in _explained(session, "EXPLAIN", queries)]


def _explained(session: Session, explain: str, queries: list[Statement]) -> Iterator[Any]:
    for sql, values in queries:
        yield from session.connection().exec_driver_sql(f"{explain} {sql}", values)
