"""One comparison of `where`: which operations a type knows, what its values are, and the SQL for them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

from sitebell.models import Field, FieldType
from sitebell.services.audiences.trees import Leaf
from sitebell.services.fields.values import Cell, to_cell

MOST_DAYS = 36_500
_EQUAL = {"eq", "ne", "in", "exists"}
_ORDER = {"gt", "gte", "lt", "lte"}
OPERATIONS_OF: dict[FieldType, set[str]] = {
    FieldType.TEXT: _EQUAL | _ORDER | {"begins_with"},
    FieldType.INTEGER: _EQUAL | _ORDER,
    FieldType.DECIMAL: _EQUAL | _ORDER,
    FieldType.BOOLEAN: {"eq", "ne", "exists"},
    FieldType.DATE: _EQUAL | _ORDER | {"before", "after"},
    FieldType.DATETIME: _EQUAL | _ORDER | {"before", "after"},
    FieldType.LIST: {"contains", "exists"},
}
_SQL: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda column, cell: column == cell,
    "contains": lambda column, cell: column == cell,
    "gt": lambda column, cell: column > cell,
    "after": lambda column, cell: column > cell,
    "gte": lambda column, cell: column >= cell,
    "lt": lambda column, cell: column < cell,
    "before": lambda column, cell: column < cell,
    "lte": lambda column, cell: column <= cell,
    "begins_with": lambda column, cell: func.substr(column, 1, len(cell)) == cell,  # LIKE of SQLite ignores case
}


def check_operation(leaf: Leaf, known: set[str]) -> None:
    """Raise Invalid `invalid_where` when a comparison is not one of its field's."""
    if leaf.op not in known:
        raise leaf.refuse(f"this field knows {', '.join(sorted(known))}.")


def read_cells(leaf: Leaf, field: Field, now: datetime) -> list[Cell]:
    """Return the value of a comparison as a field stores it; several for `in`, none for `exists`.

    Moments may be relative: `{"days_ago": n}` is counted from `now`, for dates from its day in UTC.

    Raises:
        Invalid: `invalid_value`, it is not of the field's type; `invalid_where`, for an operation that it has not.
    """
    check_operation(leaf, OPERATIONS_OF[FieldType(field.type)])
    if leaf.op == "exists":
        return []
    values = leaf.value if leaf.op == "in" else [leaf.value]
    return [_read_cell(leaf, field, value, now) for value in values]


def compare(
    column: ColumnElement[Any] | InstrumentedAttribute[Any], op: str, cells: Sequence[Cell]
) -> ColumnElement[bool]:
    """Return the comparison of a column with cells of its own type; `ne` is not known here, but made of `eq`."""
    if op == "exists":
        return column.is_not(None)
    if op == "in":
        return column.in_(cells)
    return _SQL[op](column, cells[0])


def _read_cell(leaf: Leaf, field: Field, value: Any, now: datetime) -> Cell:
    if field.type not in (FieldType.DATE, FieldType.DATETIME) or not isinstance(value, dict):
        cell = to_cell(field, value)
        if leaf.op == "begins_with" and cell == "":
            raise leaf.refuse("everything begins with nothing: give at least one character.")
        return cell
    days = value.get("days_ago")
    if set(value) != {"days_ago"} or isinstance(days, bool) or not isinstance(days, int) or abs(days) > MOST_DAYS:
        raise leaf.refuse(f'a relative moment is {{"days_ago": n}}, whole days, at most {MOST_DAYS}.')
    moment = now - timedelta(days=days)
    return datetime.combine(moment.astimezone(UTC), time(), UTC) if field.type == FieldType.DATE else moment
