"""Reads what stands behind the ? of a URL as strictly as bodies are read: a misspelt name is not lost in silence."""

from collections.abc import Mapping
from typing import Any

from flask import request

from sitebell.errors import Invalid

LONGEST_VALUE = 500
DEFAULT_LIMIT = 50

LIMIT = "limit"
CURSOR = "cursor"


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return the OpenAPI object of one parameter; it is a text unless `schema` says otherwise."""
    shape = schema or {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": shape}


def paging(largest: int) -> list[dict[str, Any]]:
    """Return the OpenAPI objects of the parameters by which a list is walked."""
    size = {"type": "integer", "minimum": 1, "maximum": largest, "default": DEFAULT_LIMIT}
    return [
        parameter(LIMIT, "How many at most.", **size),
        parameter(CURSOR, "`next_cursor` of the page before.", type="string", pattern="^[0-9]{1,18}$"),
    ]


def read_query(*names: str) -> Mapping[str, str]:
    """Return the parameters of this request.

    Raises:
        Invalid: `invalid`, one is unknown, given twice, empty or too long, or holds NUL.
    """
    complaints: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in names:
            complaints[name[:80]] = "Unknown parameter."
        elif len(values) > 1:
            complaints[name] = "Give it once."
        elif not 1 <= len(values[0]) <= LONGEST_VALUE or "\0" in values[0]:  # PostgreSQL takes no NUL
            complaints[name] = f"Write 1 to {LONGEST_VALUE} characters, none of them NUL."
    if complaints:
        name, sentence = next(iter(complaints.items()))
        raise Invalid("invalid", f"{name}: {sentence}", dict(list(complaints.items())[:20]))
    return request.args.to_dict()


def read_limit(query: Mapping[str, str], largest: int) -> int:
    """Return how many rows are wanted; raises Invalid `invalid` outside 1 to `largest`."""
    written = query.get(LIMIT, str(DEFAULT_LIMIT))
    if not (written.isascii() and written.isdigit() and len(written) <= 6 and 1 <= int(written) <= largest):
        raise Invalid("invalid", f"limit: Write a whole number from 1 to {largest}.", {LIMIT: "Not in range."})
    return int(written)
