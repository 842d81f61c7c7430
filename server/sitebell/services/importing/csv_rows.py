"""Cuts lines into the rows of a CSV file (RFC 4180), so that a stray quote spoils its own row alone."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 20  # of one row, in which quoted cells hold line breaks
LONGEST_LINE = 256 * 1024  # characters, of a row as well; endpoint and keys take a hundredth of that
QUOTE = '"'
LINE_ENDS = ("\n", "\r")
STRAY_QUOTE = (
    "A quote is out of place: one that begins a cell is closed before the next delimiter, and one inside is doubled."
    f" A quoted cell goes on for {MOST_LINES} lines at most, of which but one may look like a row."
)

csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True)
class Line:
    """A line as it stands in the file, with its end; one that is too long has a `rest`, to be read before the next.

    entry: of an entry of a JSON array, which has no end of a line: its number among them. `number` is its first line's.
    """

    number: int
    text: str
    rest: Iterator[str] | None = None
    entry: int | None = None

    @property
    def kind(self) -> str:
        """What it is called."""
        return "line" if self.entry is None else "entry"


@dataclass(frozen=True)
class CsvRow:
    """A row: the line that it is or its lines in one, its cells or why there are none."""

    line: Line
    cells: list[str] | None
    problem: str = ""


class CsvRows:
    """The rows of a file whose head names `width` columns. Lines are looked at ahead, and few of them at once.

    spare: how many columns without a name follow; a row may end with as many cells, if they are empty.
    """

    def __init__(self, lines: Iterator[Line], delimiter: str, width: int, spare: int = 0) -> None:
        self._lines, self._delimiter, self._width, self._spare = lines, delimiter, width, spare
        self._ahead: deque[Line] = deque()

    def __iter__(self) -> Iterator[CsvRow]:
        while (line := self._look(0)) is not None:
            self._ahead.popleft()
            if line.rest is not None:
                yield CsvRow(line, None)
            elif line.text.strip("\r\n "):
                yield self._row(line)

    def _row(self, line: Line) -> CsvRow:
        cells = parse_csv(line.text, self._delimiter)
        if not cells:
            return self._join(line) or CsvRow(line, None, STRAY_QUOTE)
        if (fitted := self._fitted(cells)) is None:
            return CsvRow(line, None, f"The row has {len(cells)} cells and the head {self._width}.")
        return CsvRow(line, fitted)

    def _fitted(self, cells: list[str]) -> list[str] | None:
        """Return the cells up to the last one that the head has a name for; None: they do not fit under it."""
        more = cells[self._width :]
        fits = len(cells) >= self._width and len(more) <= self._spare and not any(map(str.strip, more))
        return cells[: self._width] if fits else None

    def _join(self, first: Line) -> CsvRow | None:
        """Return a row with line breaks in a quoted cell, and pass over its lines; None: it is no row.

        Where a second line has delimiters enough to be a row, a stray quote is likelier than a cell with line breaks.
        """
        text, alike, count = first.text, self._looks_like_a_row(first.text), 0
        while text.count(QUOTE) % 2 and count + 1 < MOST_LINES:
            line = self._look(count)
            if line is None or line.rest is not None or len(text) + len(line.text) > LONGEST_LINE:
                return None
            text, alike, count = text + line.text, alike + self._looks_like_a_row(line.text), count + 1
            if alike > 1:
                return None
        cells = self._fitted(parse_csv(text, self._delimiter) or [])
        if cells is None:
            return None
        for _ in range(count):
            self._ahead.popleft()
        return CsvRow(Line(first.number, text), cells)

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
