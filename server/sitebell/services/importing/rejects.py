"""The file of rejected rows: as they stood, with the reason, so that it can be mended and imported."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sitebell.errors import Invalid
from sitebell.services.importing.private_files import open_private
from sitebell.services.importing.rows import Rejected

CHANGED = (
    "is not what the interrupted import has written: put it back, or begin anew with --restart, which finds every"
    " rejected row again."
)
_BLOCK = 1024 * 1024
LONGEST_ROW = 8 * _BLOCK  # bytes; a line of 256 Ki characters, escaped
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
        self._columns = None if columns is None else [name for name in columns if name not in ADDED]
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
            text = (self._head() + "".join(map(self._row, rejected))).encode()
            file.write(text)
            file.flush()
            if self.path.is_file():
                os.fsync(file.fileno())
        self._digest.update(text)
        self._size += len(text)

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

    def _row(self, rejected: Rejected) -> str:
        record = rejected.record
        added = dict(zip(ADDED, (record.line, rejected.reason), strict=True))
        if self._columns is None:
            values = {"rejected_text": record.text} if record.values is None else record.values
            return json.dumps({**values, **added}, ensure_ascii=False) + "\n"
        values = {self._columns[0]: record.text} if record.values is None else record.values
        return _csv_line(
            [str(values.get(name, "")) for name in self._columns] + [str(value) for value in added.values()]
        )


def _take_away(path: Path) -> None:
    """Remove an older file of rejected rows; what else has its name is kept."""
    with path.open("rb") as file:
        first = file.readline(LONGEST_ROW)
    if first and ADDED[0].encode() not in first:
        raise Invalid("invalid_file", f"{path} is no file of rejected rows: name another with --rejected.")
    path.unlink()


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
