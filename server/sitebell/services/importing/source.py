"""Cuts a file into chunks, each row read and told apart from those before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sitebell.errors import SitebellError
from sitebell.services.importing.files import SourceFile
from sitebell.services.importing.formats import Reading, read_row
from sitebell.services.importing.keys import BroughtKey, read_key
from sitebell.services.importing.own_format import VAPID_KEY, read_own_row
from sitebell.services.importing.rows import Record, Rejected, SourceRow, reject
from sitebell.services.importing.seen import Seen

ROWS_AT_ONCE = 500
CHARACTERS_AT_ONCE = 4 * 1024 * 1024  # a line more, which may be longer


@dataclass
class Rows:
    """Some rows of a file.

    Attributes:
        items: what may be imported.
        repeated: lines whose address stands further up, and where.
        keys: VAPID pairs that the file brings along.
        last: through which row of the file this is, by its number.
        size: how many characters the rows have.
    """

    items: list[tuple[Record, SourceRow]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    repeated: list[tuple[int, int]] = field(default_factory=list)
    keys: list[BroughtKey] = field(default_factory=list)
    last: int = 0
    count: int = 0
    size: int = 0


def read_rows(file: SourceFile, reading: Reading, seen: Seen, *, after: int = 0) -> Iterator[Rows]:
    """Yield the rows after the one with a number, some at a time."""
    rows = Rows()
    for record in file.records():
        if record.number <= after:
            continue
        _take(rows, record, reading, seen)
        rows.size += record.size
        if record.is_long or rows.count == ROWS_AT_ONCE or rows.size >= CHARACTERS_AT_ONCE:
            yield rows
            rows = Rows()
    if rows.last:
        yield rows


def _take(rows: Rows, record: Record, reading: Reading, seen: Seen) -> None:
    rows.last = record.number
    try:
        if record.values is not None and reading.format == "ndjson" and VAPID_KEY in record.values:
            rows.keys.append(read_key(record.values[VAPID_KEY]))
            return
        rows.count += 1
        row = _read(record, reading)
    except SitebellError as error:
        rows.rejected.append(reject(record, error))
        return
    first = seen.earlier_line(*row.place, record.line)
    if first is not None:
        rows.repeated.append((record.line, first))
    else:
        rows.items.append((record, row))


def _read(record: Record, reading: Reading) -> SourceRow:
    if reading.format == "ndjson":
        return read_own_row(record, reading.rules, reading.worker, reading.provider)
    return read_row(record, reading)
