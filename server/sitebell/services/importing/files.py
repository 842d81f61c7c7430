"""Reads a file row by row, packed or not, in memory that does not grow with it."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sitebell.errors import Invalid
from sitebell.services.importing.rows import Record

LONGEST_LINE = 256 * 1024  # characters; endpoint and keys take a hundredth of that
GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = (",", ";", "\t")
NO_TEXT = "The row is not UTF-8."
HOLDS_NUL = "The row holds NUL or half of a surrogate pair, which no text has."

csv.field_size_limit(LONGEST_LINE)


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
        except (OSError, EOFError, csv.Error) as error:
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
        head = self._first
        self._delimiter = max(DELIMITERS, key=head.count)
        try:
            names = next(csv.reader([head], delimiter=self._delimiter), [])
        except csv.Error as error:
            raise Invalid("invalid_file", f"The head of the file cannot be read: {error}.") from error
        if len([name for name in names if name.strip()]) < len(names) or len(names) < 2:
            raise Invalid(
                "invalid_file",
                "This is no file of subscriptions: a CSV file begins with the names of its columns, NDJSON with {.",
            )
        return [name.strip() for name in names]

    def _csv_records(self, columns: Sequence[str]) -> Iterator[Record]:
        rows = csv.reader(self._text, delimiter=self._delimiter)
        line = 2
        for cells in rows:
            if cells:
                yield _csv_record(line, columns, cells)
            line = rows.line_num + 2

    def _json_records(self) -> Iterator[Record]:
        line, text = 1, self._first
        while text:
            if len(text) >= LONGEST_LINE and not text.endswith("\n"):
                while text and not text.endswith("\n"):
                    text = self._text.readline(LONGEST_LINE)
                yield Record(line, None, f"The line is longer than {LONGEST_LINE} characters.")
            elif text.strip():
                yield _json_record(line, text.strip())
            line, text = line + 1, self._text.readline(LONGEST_LINE)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_record(line: int, columns: Sequence[str], cells: list[str]) -> Record:
    if not all(map(_is_text, cells)):
        return Record(line, None, NO_TEXT)
    if len(cells) != len(columns):
        problem = f"The row has {len(cells)} cells and the head {len(columns)}."
        return Record(line, None, problem, json.dumps(cells, ensure_ascii=False))
    if any("\0" in cell for cell in cells):
        return Record(line, None, HOLDS_NUL, json.dumps(cells, ensure_ascii=False))
    return Record(line, dict(zip(columns, cells, strict=True)))


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
