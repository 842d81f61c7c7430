"""The part of the protobuf wire format that Chromium's check-in and MCS messages use, without .proto files."""

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Parsed = dict[int, list[Any]]


@dataclass(frozen=True)
class Fixed64:
    """An integer that travels as eight bytes instead of a varint."""

    value: int


Value = int | str | bytes | Fixed64


def varint(number: int) -> bytes:
    """Encode an integer, seven bits a byte, the lowest first; negative ones as 64-bit two's complement."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    return bytes([*out, number])


def message(*fields: tuple[int, Value]) -> bytes:
    """Encode (field number, value) pairs: int as varint, str and bytes with their length, Fixed64 as eight bytes."""
    return b"".join(_field(number, value) for number, value in fields)


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, Fixed64):
        return varint(number << 3 | 1) + struct.pack("<Q", value.value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def parse(data: bytes) -> Parsed:
    """Return {field number: [values]}: ints, and bytes for everything with a length.

    Raises:
        ValueError: truncated, or a wire type that is not in use.
    """
    fields: Parsed = {}
    stream = iter(data)
    for byte in stream:
        key = _varint_from(stream, byte)
        fields.setdefault(key >> 3, []).append(_value(stream, key & 7))
    return fields


def _value(stream: Iterator[int], wire_type: int) -> int | bytes:
    if wire_type == 0:
        return _varint_from(stream, _take(stream, 1)[0])
    if wire_type == 1:
        return int.from_bytes(_take(stream, 8), "little")
    if wire_type == 2:
        return _take(stream, _varint_from(stream, _take(stream, 1)[0]))
    if wire_type == 5:
        return int.from_bytes(_take(stream, 4), "little")
    raise ValueError(f"wire type {wire_type} is not in use")


def _varint_from(stream: Iterator[int], first: int) -> int:
    number, shift, byte = first & 0x7F, 7, first
    while byte & 0x80:
        byte = _take(stream, 1)[0]
        number |= (byte & 0x7F) << shift
        shift += 7
    return number


def _take(stream: Iterator[int], count: int) -> bytes:
    data = bytes(itertools.islice(stream, count))
    if len(data) < count:
        raise ValueError("truncated message")
    return data
