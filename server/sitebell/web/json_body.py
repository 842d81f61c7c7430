"""Our own JSON loader: Python's takes what others refuse, and fails in three ways on what strangers send (SEC-37)."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from sitebell.errors import SitebellError
from sitebell.services.fields.values import LARGEST_INTEGER

MAX_DEPTH = 32
MAX_MEMBERS = 100
MAX_NUMBER_LENGTH = 40

# A whole string, also an unterminated one, so that the scan stays linear whatever the text is.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_NUL_OR_SURROGATE = re.compile("[\x00\ud800-\udfff]")


class MalformedBody(SitebellError):
    """The body is not JSON as RFC 8259 wants it for exchange between strangers (400)."""

    def __init__(self, message: str) -> None:
        super().__init__("malformed", message, 400)


def read_json(body: bytes) -> Any:
    """Return the value that a request body holds.

    Raises:
        MalformedBody: not UTF-8, not JSON, nested deeper than 32, an object with more than 100 members or with one
            twice, a number that is not finite or that JavaScript cannot hold, NUL or a lone surrogate in a string.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not UTF-8: see byte {error.start}.") from error
    if not text.strip():
        raise MalformedBody("The body is empty: send JSON.")
    _check_depth(text)
    value = _decode(text)
    if "\\u" in text and any(_NUL_OR_SURROGATE.search(string) for string in _strings(value)):
        raise MalformedBody("A string holds NUL or half of a surrogate pair: send characters that UTF-8 can write.")
    return value


def hash_json(value: Any) -> bytes:
    """Return the SHA-256 of a JSON value, whatever order and spacing it came in."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            raise MalformedBody(f"The body is nested too deeply: at most {MAX_DEPTH} levels.")


def _decode(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_not_finite,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: see line {error.lineno}, column {error.colno}.") from error


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_LENGTH or abs(int(digits)) > LARGEST_INTEGER:
        raise MalformedBody("A whole number is beyond 2^53 - 1: send it as a string.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _not_finite(digits)
    return number


def _not_finite(_name: str) -> NoReturn:
    raise MalformedBody("A number is not finite: JSON has neither NaN nor Infinity.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise MalformedBody(f"An object has more than {MAX_MEMBERS} members.")
    members = dict(pairs)
    if len(members) < len(pairs):
        raise MalformedBody("An object has the same member twice.")
    return members


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _strings(item)
