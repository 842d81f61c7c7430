"""The wire formats that the double codes by hand."""

import pytest

from support.push_service import base64url, protobuf


def test_protobuf_examples_of_its_documentation() -> None:
    """The examples of protobuf.dev/programming-guides/encoding."""
    assert protobuf.message((1, 150)) == bytes.fromhex("089601")
    assert protobuf.message((2, "testing")) == bytes.fromhex("120774657374696e67")
    assert protobuf.varint(-2) == bytes.fromhex("feffffffffffffffff01")


def test_protobuf_round_trip() -> None:
    coded = protobuf.message((1, 0), (2, 1 << 62), (3, "é"), (3, b"\x00" * 200), (7, protobuf.Fixed64(5)))
    assert protobuf.parse(coded) == {1: [0], 2: [1 << 62], 3: ["é".encode(), b"\x00" * 200], 7: [5]}


def test_protobuf_reads_fixed_32() -> None:
    assert protobuf.parse(b"\x0d\x2a\x00\x00\x00\x08\x01") == {1: [42, 1]}


@pytest.mark.parametrize("data", [b"\x08", b"\x08\x80", b"\x12\x05abc", b"\x09\x00", b"\x0b"])
def test_protobuf_refuses_what_is_cut_or_unknown(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"truncated|wire type"):
        protobuf.parse(data)


def test_base64url() -> None:
    assert base64url.encode(b"\xfb\xff\xfe") == "-__-"
    assert base64url.decode("YQ") == base64url.decode("YQ==") == b"a"
    for wrong in ("+/", "a b", "a"):
        with pytest.raises(ValueError):
            base64url.decode(wrong)
