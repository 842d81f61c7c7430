"""Cuts lines into the rows of a CSV file (RFC 4180), so that a stray quote spoils its own row alone."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 20  # of one row, in which quoted cells hold line breaks
LONGEST_LINE = 256 * 1024  # characters, of a row as well; endpoint and keys take a hundredth of that
QUOTE = '"'
STRAY_QUOTE = (
    "A quote is out of place: one that begins a cell is closed before the next delimiter, and one inside is doubled."
    f" A quoted cell goes on for {MOST_LINES} lines at most, of which but one may look like a row."
)
TOO_LONG = f"The line is longer than {LONGEST_LINE} characters."

csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True)
class Line:
    """A line as it stands in the file, with its end; `text` is None when it is too long."""

    number: int
    text: str | None


@dataclass(frozen=True)
class CsvRow:
    """A row: where it begins, its cells or why there are none, and its text."""

    line: int
    cells: list[str] | None
    problem: str = ""
    text: str = ""


class CsvRows:
    """The rows of a file whose head names `width` columns. Lines are looked at ahead, and few of them at once."""

    def __init__(self, lines: Iterator[Line], delimiter: str, width: int) -> None:
        self._lines, self._delimiter, self._width = lines, delimiter, width
        self._ahead: deque[Line] = deque()

    def __iter__(self) -> Iterator[CsvRow]:
        while (line := self._look(0)) is not None:
            self._ahead.popleft()
            if line.text is None:
                yield CsvRow(line.number, None, TOO_LONG)
            elif line.text.strip("\r\n "):
                yield self._row(line.number, line.text)

    def _row(self, number: int, text: str) -> CsvRow:
        cells = parse_csv(text, self._delimiter) or self._join(text)
        if cells is None:
            return CsvRow(number, None, STRAY_QUOTE, text.rstrip("\r\n"))
        if len(cells) != self._width:
            problem = f"The row has {len(cells)} cells and the head {self._width}."
            return CsvRow(number, None, problem, text.rstrip("\r\n"))
        return CsvRow(number, cells)

    def _join(self, first: str) -> list[str] | None:
        """Return the cells of a row with line breaks in a quoted cell, and pass over its lines; None: it is no row.

        Where a second line has delimiters enough to be a row, a stray quote is likelier than a cell with line breaks.
        """
        text, alike, count = first, self._looks_like_a_row(first), 0
        while text.count(QUOTE) % 2 and count + 1 < MOST_LINES:
            line = self._look(count)
            if line is None or line.text is None or len(text) + len(line.text) > LONGEST_LINE:
                return None
            text, alike, count = text + line.text, alike + self._looks_like_a_row(line.text), count + 1
            if alike > 1:
                return None
        cells = parse_csv(text, self._delimiter)
        if cells is None or len(cells) != self._width:
            return None
        for _ in range(count):
            self._ahead.popleft()
        return cells

    def _looks_like_a_row(self, text: str) -> int:
        return int(text.count(self._delimiter) >= self._width - 1)

    def _look(self, place: int) -> Line | None:
        """Return a line ahead, the next one at 0; None after the last."""
        while len(self._ahead) <= place:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]


def parse_csv(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of a row; None when its quotes do not fit together."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
