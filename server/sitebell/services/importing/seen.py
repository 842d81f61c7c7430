"""Which addresses a file has named so far: on disk, since a million of them would fill the memory."""

import sqlite3
from types import TracebackType
from typing import Self


class Seen:
    """Remembers the line of each address's first row. A context manager; its file goes away with it."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # SQLite's own temporary file, which only a full cache is written to
        self._database.execute("PRAGMA cache_size = -8000")
        self._database.execute("CREATE TABLE seen (place BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def earlier_line(self, provider: str, address_hash: bytes, line: int) -> int | None:
        """Return where an address stood first; None: it is here."""
        place = provider.encode() + b":" + address_hash
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (place, line)).rowcount
        if added:
            return None
        [first] = self._database.execute("SELECT line FROM seen WHERE place = ?", (place,)).fetchone()
        return int(first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
