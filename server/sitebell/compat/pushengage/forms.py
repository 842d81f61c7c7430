"""Forms as PushEngage's callers send them: with `&` between fields, or in parts, which PHP's curl makes of an array."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from sitebell.web.json_body import MalformedBody

FORM = "application/x-www-form-urlencoded"
FORM_OF_PARTS = "multipart/form-data"
MOST_FIELDS = 20_000  # of one form: lists are written as a field for each entry

_IN_A_LIST = re.compile(r"(.+)\[[0-9]{0,5}\]")
_NO_FORM = f"The body is no form of at most {MOST_FIELDS} fields in UTF-8."


def read_form(body: bytes) -> dict[str, Any]:
    """Return the fields of a form: `name[]`, `name[0]` and a repeated `name` are a list under `name`.

    Raises:
        MalformedBody: it is not UTF-8, has NUL, or too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise MalformedBody(_NO_FORM) from error
    return _unite(pairs)


def read_parts(body: bytes, boundary: str) -> dict[str, Any]:
    """Return the fields of a form in parts (RFC 7578), as `read_form` does.

    Raises:
        MalformedBody: also when it holds a file.
    """
    try:
        return _unite(list(_parts(body, boundary.encode())))
    except (ValueError, RequestEntityTooLarge) as error:  # of a body that is not too large: of too many parts
        raise MalformedBody(_NO_FORM) from error


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, str]]:
    if not boundary:
        raise MalformedBody("The Content-Type names no boundary between the parts.")
    decoder = MultipartDecoder(boundary, max_parts=MOST_FIELDS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    name, value = "", b""
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, File):
            raise MalformedBody("No field takes a file: send its URL.")
        if isinstance(event, Field):
            name, value = event.name or "", b""
        elif isinstance(event, Data):
            value += event.data
            if not event.more_data:
                yield name, value.decode()


def _unite(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    lists: dict[str, list[str]] = {}
    named: set[str] = set()
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise MalformedBody("A field holds NUL: send characters that UTF-8 can write.")
        entry = _IN_A_LIST.fullmatch(name)
        lists.setdefault(entry[1] if entry else name, []).append(value)
        if entry:
            named.add(entry[1])
    return {name: values if name in named or len(values) > 1 else values[0] for name, values in lists.items()}
