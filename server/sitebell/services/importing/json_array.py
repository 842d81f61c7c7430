"""Cuts a JSON array (RFC 8259) into its entries, on however few lines they stand, and holds one of them at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from sitebell.errors import Invalid
from sitebell.services.importing.csv_rows import LINE_ENDS, Line

DEEPEST = 1_000_000  # brackets in brackets that are told apart; json.loads gives up long before
_OPENED_BY = {"]": b"[", "}": b"{"}
_OUTSIDE, _IN_TEXT = re.compile(r'["\[\]{},]'), re.compile(r'["\\]')


@dataclass(frozen=True)
class _Part:
    """A part of an entry that stands on one line; the last one of it `ends` it."""

    number: int
    text: str
    ends: bool


class JsonArray:
    """The entries of an array, each a `Line` with its number among them, which may go on for several lines.

    Args:
        pieces: lines with their numbers, or parts of lines; the first one begins with the array's bracket.
        longest: characters of an entry; what a longer one has beyond is its `rest`, to be read before the next entry.
    """

    def __init__(self, pieces: Iterator[tuple[int, str]], longest: int) -> None:
        number, first = next(pieces)
        self._pieces = chain([(number, first[first.index("[") + 1 :])], pieces)
        self._longest = longest
        self._open = bytearray()  # the brackets around a place

    def __iter__(self) -> Iterator[Line]:
        """Yield the entries.

        Raises:
            Invalid: `invalid_file`, the array has no end, or something stands behind it.
        """
        parts, entry = self._parts(), 0
        for part in parts:
            if not part.text.strip():
                continue
            number, held, size, entry = part.number, [part.text], len(part.text), entry + 1
            while not part.ends and size <= self._longest:
                part = next(parts)  # noqa: PLW2901
                held.append(part.text)
                size += len(part.text)
            rest = None if part.ends and size <= self._longest else _rest(part, parts)
            yield Line(number, "".join(held).strip(), rest, entry)
            for _ in rest or ():
                pass

    def _parts(self) -> Iterator[_Part]:
        """Yield every part, also the blanks between two entries."""
        number, in_text, skips = 0, False, 0
        for number, piece in self._pieces:
            start, at = 0, skips
            while (found := (_IN_TEXT if in_text else _OUTSIDE).search(piece, at)) is not None:
                at, sign = found.end(), found[0]
                if sign == '"':
                    in_text = not in_text
                elif sign == "\\":
                    at += 1  # whatever it is that comes next
                elif self._separates(sign):
                    yield _Part(number, piece[start : at - 1], ends=True)
                    start = at
                    if sign == "]":
                        self._end(number, piece[at:])
                        return
            skips = max(0, at - len(piece))
            in_text = in_text and not piece.endswith(LINE_ENDS)  # no text holds one, so a quote was out of place
            yield _Part(number, piece[start:], ends=False)
        raise Invalid("invalid_file", f"The file cannot be read to its end: its array is open in line {number}.")

    def _separates(self, sign: str) -> bool:
        """Say whether a sign ends an entry; where brackets do not fit together, the array's own one does."""
        opener = _OPENED_BY.get(sign)
        if opener is not None:
            place = self._open.rfind(opener)
            if place >= 0:
                del self._open[place:]
                return False
            return sign == "]"
        if sign != "," and len(self._open) < DEEPEST:
            self._open += sign.encode()
        return sign == "," and not self._open

    def _end(self, number: int, behind: str) -> None:
        for place, text in chain([(number, behind)], self._pieces):
            if text.strip():
                raise Invalid("invalid_file", f"Something stands behind the end of the array, in line {place}.")


def _rest(part: _Part, parts: Iterator[_Part]) -> Iterator[str]:
    while not part.ends:
        part = next(parts)
        yield part.text
