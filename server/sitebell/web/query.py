"""Reads what stands behind the ? of a URL as strictly as bodies are read: a misspelt name is not lost in silence."""

import re
from collections.abc import Container, Mapping
from typing import Any

from flask import request

from sitebell.errors import Invalid

LONGEST_VALUE = 500
DEFAULT_LIMIT = 50

LIMIT = "limit"
CURSOR = "cursor"
CURSOR_FORM = "[0-9]{1,18}"


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return the OpenAPI object of one parameter; it is a text unless `schema` says otherwise."""
    shape = schema or {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": shape}


def paging(largest: int) -> list[dict[str, Any]]:
    """Return the OpenAPI objects of the parameters by which a list is walked."""
    size = {"type": "integer", "minimum": 1, "maximum": largest, "default": DEFAULT_LIMIT}
    return [
        parameter(LIMIT, "How many at most.", **size),
        parameter(CURSOR, "`next_cursor` of the page before.", type="string", pattern=f"^{CURSOR_FORM}$"),
    ]


def read_query(*names: str, repeated: Container[str] = ()) -> Mapping[str, str]:
    """Return the parameters of this request; of those that may be repeated, the first value.

    Raises:
        Invalid: `invalid`, one is unknown, given twice, empty or too long, or holds NUL.
    """
    complaints: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in names and name not in repeated:
            complaints[name[:80]] = "Unknown parameter."
        elif len(values) > 1 and name not in repeated:
            complaints[name] = "Give it once."
        elif not all(1 <= len(value) <= LONGEST_VALUE and "\0" not in value for value in values):  # nor does PostgreSQL
            complaints[name] = f"Write 1 to {LONGEST_VALUE} characters, none of them NUL."
    if complaints:
        name, sentence = next(iter(complaints.items()))
        raise Invalid("invalid", f"{name}: {sentence}", dict(list(complaints.items())[:20]))
    return request.args.to_dict()


def read_limit(query: Mapping[str, str], largest: int) -> int:
    """Return how many rows are wanted; raises Invalid `invalid` outside 1 to `largest`."""
    return read_number(query, LIMIT, default=DEFAULT_LIMIT, smallest=1, largest=largest)


def read_cursor(query: Mapping[str, str]) -> int:
    """Return the key that the page before ended with, 0 for the first page; raises Invalid `invalid_cursor`."""
    written = query.get(CURSOR, "0")
    if not re.fullmatch(CURSOR_FORM, written):
        raise Invalid("invalid_cursor", "A cursor is what next_cursor of the page before said.")
    return int(written)


def read_flag(query: Mapping[str, str], name: str) -> bool:
    """Return whether something is wanted, which it is not by default; raises Invalid `invalid` for other words."""
    written = query.get(name, "false")
    if written not in ("true", "false"):
        raise Invalid("invalid", f"{name}: Write true or false.", {name: "Neither true nor false."})
    return written == "true"


def read_number(query: Mapping[str, str], name: str, *, default: int, largest: int, smallest: int = 0) -> int:
    """Return a whole number; raises Invalid `invalid` outside `smallest` to `largest`."""
    written = query.get(name, str(default))
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(largest))
    if not (is_number and smallest <= int(written) <= largest):
        raise Invalid("invalid", f"{name}: Write a whole number from {smallest} to {largest}.", {name: "Not in range."})
    return int(written)
