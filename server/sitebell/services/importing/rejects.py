"""The file of rejected rows: as they stood, with the reason, so that it can be mended and imported."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sitebell.errors import Invalid
from sitebell.services.importing.csv_rows import QUOTE
from sitebell.services.importing.private_files import open_private
from sitebell.services.importing.rows import Rejected

CHANGED = (
    "is not what the interrupted import has written: put it back, or begin anew with --restart, which finds every"
    " rejected row again."
)
_BLOCK = 1024 * 1024
LONGEST_ROW = 8 * _BLOCK  # bytes: the head of a CSV file; lines of JSON say what they are at their beginning
ADDED = ("rejected_line", "rejected_reason")


@dataclass(frozen=True)
class Written:
    """How many bytes of a file are written for good, and their SHA-256, hex."""

    size: int
    digest: str


class RejectedFile:
    """Begins with the first rejected row. It holds browsers' keys, so nobody else may read it (0600).

    Args:
        columns: those of the CSV file; None writes NDJSON.
        earlier: what an earlier run has written for good; None begins anew, and takes an older file away.

    Raises:
        Invalid: `invalid_file`, what the earlier run has written is not there any more as it was, or what is there is
            something else than rejected rows.
    """

    def __init__(self, path: Path, columns: Sequence[str] | None, earlier: Written | None = None) -> None:
        self.path = path
        self._columns = None if columns is None else [name for name in columns if name.lower() not in ADDED]
        self._size, self._digest = 0, hashlib.sha256()
        if earlier is not None and earlier.size:
            self._go_on(earlier)
        elif path.is_file():
            _take_away(path)

    @property
    def written(self) -> Written:
        """What is on the disk by now."""
        return Written(self._size, self._digest.hexdigest())

    def write(self, rejected: Sequence[Rejected]) -> None:
        """Append rows, which are on the disk when this returns."""
        if not rejected:
            return
        descriptor = open_private(self.path, appends=bool(self._size))
        with os.fdopen(descriptor, "wb") as file:
            for piece in chain([self._head()], chain.from_iterable(map(self._row, rejected))):
                text = piece.encode(errors="surrogateescape")  # what was no UTF-8 is the bytes again that it was
                file.write(text)
                self._digest.update(text)
                self._size += len(text)
            file.flush()
            if self.path.is_file():
                os.fsync(file.fileno())

    def _go_on(self, earlier: Written) -> None:
        self._size = earlier.size
        if self.path.exists() and not self.path.is_file():
            return  # a pipe or a device, of which nothing can be read again
        if self.path.exists():
            with self.path.open("rb") as file:
                for start in range(0, earlier.size, _BLOCK):
                    self._digest.update(file.read(min(_BLOCK, earlier.size - start)))
        if self.written != earlier:
            raise Invalid("invalid_file", f"{self.path} {CHANGED}")
        os.truncate(self.path, earlier.size)

    def _head(self) -> str:
        return "" if self._size or self._columns is None else _csv_line([*self._columns, *ADDED])

    def _row(self, rejected: Rejected) -> Iterator[str]:
        """Yield a row in pieces; one that cannot be read stands whole in the first column, or in `rejected_text`."""
        record, columns = rejected.record, self._columns
        added = dict(zip(ADDED, (record.line, rejected.reason), strict=True))
        if record.values is None and columns is None:
            yield _json(added)[:-1] + ', "rejected_text": "'
            yield from (_json(piece)[1:-1] for piece in record.pieces)
            yield '"}\n'
        elif columns is None:
            yield _json({**added, **(record.values or {}), **added}) + "\n"
        elif record.values is None:
            yield QUOTE
            yield from (piece.replace(QUOTE, 2 * QUOTE) for piece in record.pieces)
            yield QUOTE + "," + _csv_line([*[""] * (len(columns) - 1), *map(str, added.values())])
        else:
            yield _csv_line(
                [str(record.values.get(name, "")) for name in columns] + [str(one) for one in added.values()]
            )


def _take_away(path: Path) -> None:
    """Remove an older file of rejected rows; what else has its name is kept."""
    with path.open("rb") as file:
        first = file.readline(LONGEST_ROW)
    if first and ADDED[0].encode() not in first:
        raise Invalid("invalid_file", f"{path} is no file of rejected rows: name another with --rejected.")
    path.unlink()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
