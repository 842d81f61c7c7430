"""Reads a file row by row, packed or not, in memory that does not grow with it."""

import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sitebell.errors import Invalid
from sitebell.services.importing.csv_rows import LONGEST_LINE, TOO_LONG, CsvRow, CsvRows, Line, parse_csv
from sitebell.services.importing.formats import ENDPOINT, SUBSCRIPTION
from sitebell.services.importing.rows import Record

GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
LINE_ENDS = ("\n", "\r")
REACH_ALONE = (SUBSCRIPTION, *ENDPOINT)  # columns that say by themselves how somebody is reached
NO_TEXT = "The row is not UTF-8."
HOLDS_NUL = "The row holds NUL or half of a surrogate pair, which no text has."


class SourceFile:
    """A CSV file with a head, or NDJSON. A context manager; `records` can be read once.

    columns: the names in the head of a CSV file; None for NDJSON.

    Raises:
        Invalid: `invalid_file`, it is empty or neither of both.
    """

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        try:
            self._text = self._decode()
            self._first = self._line()
            self.columns = None if self._first.lstrip().startswith("{") else self._read_head()
        except BaseException:
            self._raw.close()
            raise

    @property
    def position(self) -> int:
        """How many bytes of the file, as it lies there, have been read."""
        return self._raw.tell()

    def records(self) -> Iterator[Record]:
        """Yield the rows.

        Raises:
            Invalid: `invalid_file`, what follows cannot be read.
        """
        try:
            yield from self._json_records() if self.columns is None else self._csv_records(self.columns)
        except (OSError, EOFError) as error:
            raise Invalid("invalid_file", f"The file cannot be read to its end: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    def _decode(self) -> IO[str]:
        """Open the text; bytes that are no UTF-8 become surrogates, so that they spoil their own row alone."""
        is_packed = self._raw.read(2) == GZIP_MAGIC
        self._raw.seek(0)
        stream: Any = gzip.GzipFile(fileobj=self._raw) if is_packed else self._raw
        return io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")

    def _line(self) -> str:
        try:
            return self._text.readline(LONGEST_LINE)
        except (OSError, EOFError) as error:
            raise Invalid("invalid_file", f"The file cannot be read: {error}.") from error

    def _read_head(self) -> list[str]:
        self._delimiter = max(DELIMITERS, key=self._first.count)
        if not _is_text(self._first):
            raise Invalid("invalid_file", "The head of the file is not UTF-8: convert the file.")
        names = [name.strip() for name in parse_csv(self._first, self._delimiter) or []]
        if not all(names) or (len(names) < 2 and (not names or names[0].lower() not in REACH_ALONE)):
            raise Invalid(
                "invalid_file",
                "This is no file of subscriptions: a CSV file begins with the names of its columns, NDJSON with {.",
            )
        return names

    def _lines(self) -> Iterator[Line]:
        """Yield the lines as they stand; of one that is too long no more than its number."""
        number, text = 1, self._first
        while text:
            is_whole = len(text) < LONGEST_LINE or text.endswith(LINE_ENDS)
            while text and not text.endswith(LINE_ENDS) and not is_whole:
                text = self._text.readline(LONGEST_LINE)
            yield Line(number, text if is_whole else None)
            number, text = number + 1, self._text.readline(LONGEST_LINE)

    def _csv_records(self, columns: Sequence[str]) -> Iterator[Record]:
        lines = self._lines()
        next(lines)  # the head
        for row in CsvRows(lines, self._delimiter, len(columns)):
            yield _csv_record(row, columns)

    def _json_records(self) -> Iterator[Record]:
        for line in self._lines():
            if line.text is None:
                yield Record(line.number, None, TOO_LONG)
            elif line.text.strip():
                yield _json_record(line.number, line.text.strip())


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_record(row: CsvRow, columns: Sequence[str]) -> Record:
    cells = row.cells or []
    if not all(map(_is_text, [row.text, *cells])):
        return Record(row.line, None, NO_TEXT)
    if any("\0" in cell for cell in cells):
        return Record(row.line, None, HOLDS_NUL, json.dumps(cells, ensure_ascii=False))
    if row.cells is None:
        return Record(row.line, None, row.problem, row.text)
    return Record(row.line, dict(zip(columns, cells, strict=True)))


def _json_record(line: int, text: str) -> Record:
    if not _is_text(text):
        return Record(line, None, NO_TEXT)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return Record(line, None, "The line is no JSON.", text)
    if not isinstance(values, dict):
        return Record(line, None, "The line is no JSON object.", text)
    if "\\u" in text and not all(map(_can_be_stored, _strings(values))):
        return Record(line, None, HOLDS_NUL, text)
    return Record(line, values)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and _is_text(text)  # PostgreSQL takes neither


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names of members included."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found
