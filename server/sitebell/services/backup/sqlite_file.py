"""SQLite for the backup: copied while it is in use, checked, and told apart from one that a server has open."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sitebell.services.backup.archive import BackupError


def copy_database(source: Path, target: Path) -> None:
    """Copy one moment of a database, while others read and write it, into one file without a journal.

    Raises:
        BackupError: it cannot be read, or not be written there.
    """
    try:
        with closing(_connect(source, "ro")) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"The database {source} cannot be copied: {error}.") from error


def check_database(file: Path, *, quick: bool = False) -> None:
    """Read a whole database and compare it with its own structure (REL-14); `quick` leaves the indexes out.

    Raises:
        BackupError: a page is damaged.
    """
    try:
        with closing(_connect(file, "ro")) as connection:
            finding = connection.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        finding = str(error)
    if finding != "ok":
        first = finding.strip().splitlines()[0]
        raise BackupError(f"The database {file} is damaged ({first}): restore a backup with `sitebell restore`.")


def is_in_use(file: Path) -> bool:
    """Say whether another process has a database open, even idle; if none has, its journal is folded into it.

    To leave the write-ahead log, a connection must be alone with the file. One that is too damaged to be read is not in
    use, and its journal is left alone.
    """
    try:
        with closing(_connect(file, "ro")) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
        with closing(_connect(file, "rw")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, timeout=0 if mode == "rw" else 30)
