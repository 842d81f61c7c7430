"""The file of rejected rows: as they stood, with the reason, so that it can be mended and imported."""

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from sitebell.services.importing.private_files import open_private
from sitebell.services.importing.rows import Rejected

ADDED = ("rejected_line", "rejected_reason")


class RejectedFile:
    """Begins with the first rejected row. It holds browsers' keys, so nobody else may read it (0600).

    Args:
        columns: those of the CSV file; None writes NDJSON.
        size: how much of it an earlier run has written for good; None begins anew.
    """

    def __init__(self, path: Path, columns: Sequence[str] | None, size: int | None = None) -> None:
        self.path = path
        self._columns = None if columns is None else [name for name in columns if name not in ADDED]
        self.size = size or 0
        if size is not None and path.exists():
            os.truncate(path, size)

    def write(self, rejected: Sequence[Rejected]) -> None:
        """Append rows, which are on the disk when this returns."""
        if not rejected:
            return
        descriptor = open_private(self.path, appends=bool(self.size))
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(self._head() + "".join(map(self._row, rejected)))
            file.flush()
            os.fsync(file.fileno())
            self.size = os.fstat(file.fileno()).st_size

    def _head(self) -> str:
        return "" if self.size or self._columns is None else _csv_line([*self._columns, *ADDED])

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


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
