"""Reads a file row by row, packed or not, in memory that does not grow with it."""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sitebell.errors import Invalid
from sitebell.services.importing.columns import DELIMITERS, Head, read_head, told_delimiter
from sitebell.services.importing.csv_rows import LINE_ENDS, LONGEST_LINE, CsvRow, CsvRows, Line
from sitebell.services.importing.json_array import JsonArray
from sitebell.services.importing.own_format import LONGEST_JSON
from sitebell.services.importing.rows import Record

GZIP_MAGIC = b"\x1f\x8b"
BLANK = " \t\r\n" + "".join(DELIMITERS)  # all that an empty row of a spreadsheet holds
PIECE = 64 * 1024  # characters that are held of what a line has too many
NO_TEXT = "The row is not UTF-8."
HOLDS_NUL = "The row holds NUL or half of a surrogate pair, which no text has."


class SourceFile:
    """A CSV file with a head, NDJSON, or a JSON array. A context manager; `records` can be read once.

    columns: the names in the head of a CSV file; None for JSON.
    counts: what the number of a record says: which `line` it is, or which `entry` of an array.

    Raises:
        Invalid: `invalid_file`, it is empty or none of these.
    """

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        try:
            self._text = self._decode()
            self._number, self._is_cut, self._longest = 1, False, LONGEST_LINE
            self._first = self._next(LONGEST_LINE)
            self._skip_blank()
            begin = self._first.lstrip()[:1]
            self._is_array = begin == "["
            self._head = None if begin in ("{", "[") else self._read_head()
            if self._head is None:
                self._longest = LONGEST_JSON
            if not self._is_array and not self._first.endswith(LINE_ENDS):
                self._first += self._next(self._longest - len(self._first))
        except BaseException:
            self._raw.close()
            raise
        self.columns = None if self._head is None else [name for name in self._head.names if name]
        self.counts = "entry" if self._is_array else "line"

    @property
    def position(self) -> int:
        """How many bytes of the file, as it lies there, have been read."""
        return self._raw.tell()

    def records(self) -> Iterator[Record]:
        """Yield the rows.

        Raises:
            Invalid: `invalid_file`, what follows cannot be read.
        """
        yield from self._json_records() if self._head is None else self._csv_records(self._head)

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

    def _next(self, longest: int) -> str:
        """Return the next line, or its first characters."""
        try:
            text = self._text.readline(longest)
            if text == "\n" and self._is_cut:  # the other half of the last line's end
                text = self._text.readline(longest)
        except (OSError, EOFError, zlib.error) as error:
            raise Invalid("invalid_file", f"The file cannot be read to its end: {error}.") from error
        self._is_cut = text.endswith("\r")
        return text

    def _skip_blank(self) -> None:
        """Pass over the empty lines, however long, that stand before the first one."""
        while self._first and not self._first.strip(BLANK):
            self._number += self._first.endswith(LINE_ENDS)
            self._first = self._next(LONGEST_LINE)

    def _read_head(self) -> Head:
        told = told_delimiter(self._first)
        if told is not None:
            self._number, self._first = self._number + 1, self._next(LONGEST_LINE)
            self._skip_blank()
        if not _is_text(self._first):
            raise Invalid("invalid_file", "The head of the file is not UTF-8: convert the file.")
        return read_head(self._first, told)

    def _lines(self) -> Iterator[Line]:
        """Yield the lines as they stand; the rest of one that is too long is passed over if nobody reads it."""
        number, text = self._number, self._first
        while text:
            is_whole = len(text) < self._longest or text.endswith(LINE_ENDS)
            rest = None if is_whole else self._rest()
            yield Line(number, text, rest)
            for _ in rest or ():
                pass
            number, text = number + 1, self._next(self._longest)

    def _rest(self) -> Iterator[str]:
        piece = "…"
        while piece and not piece.endswith(LINE_ENDS):
            piece = self._next(PIECE)
            yield piece

    def _pieces(self) -> Iterator[tuple[int, str]]:
        """Yield the lines of an array with their numbers; long ones, as it may be one itself, in pieces."""
        number, piece = self._number, self._first
        while piece:
            yield number, piece
            number, piece = number + piece.endswith(LINE_ENDS), self._next(PIECE)

    def _csv_records(self, head: Head) -> Iterator[Record]:
        lines = self._lines()
        next(lines)  # the head
        for row in CsvRows(lines, head.delimiter, head.width, len(head.names) - head.width):
            problem = self._problem(row.line)
            yield _csv_record(row, head) if problem is None else _unreadable(row.line, problem)

    def _json_records(self) -> Iterator[Record]:
        for line in JsonArray(self._pieces(), self._longest) if self._is_array else self._lines():
            if (problem := self._problem(line)) is not None:
                yield _unreadable(line, problem)
            elif line.text.strip():
                yield _json_record(line)

    def _problem(self, line: Line) -> str | None:
        """Return why a line cannot be read, whatever it says."""
        if line.rest is not None:
            return f"The {line.kind} is longer than {self._longest} characters."
        return None if _is_text(line.text) else NO_TEXT


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_record(row: CsvRow, head: Head) -> Record:
    if row.cells is None:
        return _unreadable(row.line, row.problem)
    if "\0" in row.line.text:
        return _unreadable(row.line, HOLDS_NUL)
    values = {name: cell for name, cell in zip(head.names, row.cells, strict=False) if name}
    return Record(row.line.number, values, size=len(row.line.text))


def _json_record(line: Line) -> Record:
    try:
        values = json.loads(line.text)
    except (ValueError, RecursionError):
        return _unreadable(line, f"The {line.kind} is no JSON.")
    if not isinstance(values, dict):
        return _unreadable(line, f"The {line.kind} is no JSON object.")
    if "\\u" in line.text and not all(map(_can_be_stored, _strings(values))):
        return _unreadable(line, HOLDS_NUL)
    return Record(line.number, values, size=len(line.text), entry=line.entry)


def _unreadable(line: Line, problem: str) -> Record:
    is_long = line.rest is not None
    as_it_stands = _as_it_stands(line) if line.entry is None else chain([line.text], line.rest or ())
    return Record(line.number, None, problem, as_it_stands, is_long=is_long, size=len(line.text), entry=line.entry)


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
