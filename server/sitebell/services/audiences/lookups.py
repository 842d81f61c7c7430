"""One lookup for each candidate, by an index: what keeps a step's cost apart from the size of the tables."""

from typing import Any

from sqlalchemy import ColumnElement, Select


def finds_a_row(query: Select[Any], candidate: Any) -> ColumnElement[bool]:
    """Return the condition that a query, which selects a column that is never null, finds a row for a candidate.

    It is a scalar and no EXISTS: PostgreSQL would turn that into a join, and read all of a table in every step.
    """
    return query.correlate(candidate).limit(1).scalar_subquery().is_not(None)
