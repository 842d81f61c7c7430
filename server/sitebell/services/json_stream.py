"""Writes a JSON object whose lists nobody has to hold in memory."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any


def write_object(members: Mapping[str, Any]) -> Iterator[str]:
    """Yield an object in pieces, an iterator among its members as a list, row by row; moments in ISO 8601."""
    separator = "{"
    for name, value in members.items():
        yield f"{separator}{json.dumps(name)}:"
        separator = ","
        if isinstance(value, Iterator):
            yield "["
            yield from (("," if place else "") + _dump(row) for place, row in enumerate(value))
            yield "]"
        else:
            yield _dump(value)
    yield "}"


def _dump(value: Any) -> str:
    return json.dumps(value, default=datetime.isoformat)
