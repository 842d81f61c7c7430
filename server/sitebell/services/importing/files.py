"""Reads a file row by row, packed or not, in memory that does not grow with it."""

import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sitebell.errors import Invalid
from sitebell.services.importing.csv_rows import LONGEST_LINE, CsvRow, CsvRows, Line, parse_csv
from sitebell.services.importing.formats import ENDPOINT, SUBSCRIPTION
from sitebell.services.importing.own_format import LONGEST_JSON
from sitebell.services.importing.rows import Record

GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
LINE_ENDS = ("\n", "\r")
REACH_ALONE = (SUBSCRIPTION, *ENDPOINT)  # columns that say by themselves how somebody is reached
PIECE = 64 * 1024  # characters that are held of what a line has too many
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
            self._longest = LONGEST_LINE
            self._first = self._read_first()
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
            raise _breaks_off(error) from error

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

    def _read_first(self) -> str:
        """Return the first line, which also says how long those of this file may be."""
        try:
            first = self._text.readline(LONGEST_LINE)
            if first.lstrip().startswith("{"):
                self._longest = LONGEST_JSON
            return first if first.endswith(LINE_ENDS) else first + self._text.readline(self._longest - len(first))
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
        """Yield the lines as they stand; the rest of one that is too long is passed over if nobody reads it."""
        number, text = 1, self._first
        while text:
            is_whole = len(text) < self._longest or text.endswith(LINE_ENDS)
            rest = None if is_whole else self._rest()
            yield Line(number, text, rest)
            for _ in rest or ():
                pass
            number, text = number + 1, self._text.readline(self._longest)

    def _rest(self) -> Iterator[str]:
        piece = "…"
        while piece and not piece.endswith(LINE_ENDS):
            try:
                piece = self._text.readline(PIECE)
            except (OSError, EOFError) as error:
                raise _breaks_off(error) from error
            yield piece

    def _csv_records(self, columns: Sequence[str]) -> Iterator[Record]:
        lines = self._lines()
        next(lines)  # the head
        for row in CsvRows(lines, self._delimiter, len(columns)):
            problem = self._problem(row.line)
            yield _csv_record(row, columns) if problem is None else _unreadable(row.line, problem)

    def _json_records(self) -> Iterator[Record]:
        for line in self._lines():
            if (problem := self._problem(line)) is not None:
                yield _unreadable(line, problem)
            elif line.text.strip():
                yield _json_record(line)

    def _problem(self, line: Line) -> str | None:
        """Return why a line cannot be read, whatever it says."""
        if line.rest is not None:
            return f"The line is longer than {self._longest} characters."
        return None if _is_text(line.text) else NO_TEXT


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _breaks_off(error: Exception) -> Invalid:
    return Invalid("invalid_file", f"The file cannot be read to its end: {error}.")


def _csv_record(row: CsvRow, columns: Sequence[str]) -> Record:
    if row.cells is None:
        return _unreadable(row.line, row.problem)
    if "\0" in row.line.text:
        return _unreadable(row.line, HOLDS_NUL)
    return Record(row.line.number, dict(zip(columns, row.cells, strict=True)), size=len(row.line.text))


def _json_record(line: Line) -> Record:
    try:
        values = json.loads(line.text)
    except (ValueError, RecursionError):
        return _unreadable(line, "The line is no JSON.")
    if not isinstance(values, dict):
        return _unreadable(line, "The line is no JSON object.")
    if "\\u" in line.text and not all(map(_can_be_stored, _strings(values))):
        return _unreadable(line, HOLDS_NUL)
    return Record(line.number, values, size=len(line.text))


def _unreadable(line: Line, problem: str) -> Record:
    is_long = line.rest is not None
    return Record(line.number, None, problem, _as_it_stands(line), is_long=is_long, size=len(line.text))


def _as_it_stands(line: Line) -> Iterator[str]:
    for piece in chain([line.text], line.rest or ()):
        yield piece.rstrip("\r\n")  # at its end alone: a piece with a line's end is the last one


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
