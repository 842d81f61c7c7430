"""The JSON loader by itself: what it takes, what it refuses, and that no text takes it long."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitebell.services.fields.values import LARGEST_INTEGER
from sitebell.web.json_body import MAX_DEPTH, MalformedBody, hash_json, read_json

REFUSED = {
    "not_json": b"{title: 1}",
    "nothing": b"",
    "blanks": b" \n",
    "two_values": b"1 2",
    "not_utf8": b'{"title": "\xff"}',
    "utf16": '{"title": "x"}'.encode("utf-16"),
    "byte_order_mark": b'\xef\xbb\xbf{"a": 1}',
    "nested_30000": b"[" * 30_000,
    "nested_33": b"[" * 33 + b"]" * 33,
    "nested_objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "integer_of_5000_digits": b'{"a": ' + b"9" * 5000 + b"}",
    "integer_beyond_javascript": str(LARGEST_INTEGER + 1).encode(),
    "negative_beyond_javascript": str(-LARGEST_INTEGER - 1).encode(),
    "nan": b'{"a": NaN}',
    "infinity": b"[-Infinity]",
    "float_beyond_double": b"1e999",
    "nul": b'{"a": "x\\u0000y"}',
    "nul_in_a_name": b'{"x\\u0000": 1}',
    "raw_nul": b'{"a": "x\x00y"}',
    "lone_surrogate": b'{"a": "\\ud800"}',
    "lone_surrogate_in_a_list": b'[["\\udfff"]]',
    "duplicate_keys": b'{"a": 1, "a": 2}',
    "duplicate_keys_in_disguise": b'{"a": 1, "\\u0061": 2}',
    "many_members": json.dumps({str(number): 0 for number in range(101)}).encode(),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_sec_37_is_refused_as_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody) as caught:
        read_json(body)

    assert (caught.value.code, caught.value.status) == ("malformed", 400)
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, -2.5, true, null, "\xc3\xa9"]}', {"a": [1, -2.5, True, None, "é"]}),
        (b'"\\ud83d\\udd14"', "\U0001f514"),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (str(LARGEST_INTEGER).encode(), LARGEST_INTEGER),
        (b'["[[[[", "\\"[{\\\\"]', ["[[[[", '"[{\\']),
        (("[" + '"[",' * 50 + '"]"]').encode(), ["["] * 50 + ["]"]),
    ],
)
def test_sound_json_is_read(body: bytes, value: object) -> None:
    read = read_json(body)

    assert value is None or read == value


numbers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


@given(values)
def test_what_was_written_is_read_back(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_sec_37_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else is raised, so nothing answers 500."""
    with contextlib.suppress(MalformedBody):
        read_json(body)


@pytest.mark.parametrize("pattern", [b'"', b'\\"', b'"\\"', b"[", b"\\", b"{}", b"1", b'"\\u0000",'])
def test_sec_37_a_megabyte_of_anything_takes_no_time(pattern: bytes) -> None:
    """A scan that begins anew at every quote would take hours; the bound is generous so that only that fails."""
    body = pattern * (2**20 // len(pattern))
    begin = time.process_time()

    with pytest.raises(MalformedBody):
        read_json(body)

    assert time.process_time() - begin < 5


def test_the_hash_forgets_order_and_spacing_and_nothing_else() -> None:
    assert hash_json(read_json(b'{"a": 1, "b": [2]}')) == hash_json(read_json(b'{"b":[2],"a":1}'))
    assert hash_json({"a": [1, 2]}) != hash_json({"a": [2, 1]})
