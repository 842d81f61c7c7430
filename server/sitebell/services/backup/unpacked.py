"""A backup taken out of its file and checked, so that nothing is restored that would not run."""

from dataclasses import dataclass
from pathlib import Path

from sitebell.db import REVISIONS
from sitebell.services.backup.archive import DATABASES, MASTER_KEY, BackupError, Manifest, read_archive
from sitebell.services.backup.postgresql_dump import check_dump
from sitebell.services.backup.sqlite_file import check_database


@dataclass(frozen=True)
class Unpacked:
    """The members of a backup in a folder of their own."""

    manifest: Manifest
    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file or the PostgreSQL dump."""
        return self.folder / DATABASES[self.manifest.database]

    @property
    def master_key(self) -> Path:
        """The key file that opens the database's secrets."""
        return self.folder / MASTER_KEY


def unpack(file: Path, folder: Path) -> Unpacked:
    """Extract a backup into an empty folder and check that it is whole.

    Raises:
        BackupError: it is missing, damaged, altered, or made by a newer Sitebell.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    unpacked = Unpacked(read_archive(file, folder), folder)
    _check_revision(unpacked.manifest)
    if unpacked.manifest.database == "sqlite":
        check_database(unpacked.database)
    else:
        check_dump(unpacked.database)
    return unpacked


def _check_revision(manifest: Manifest) -> None:
    if manifest.revision not in REVISIONS:
        raise BackupError(
            f"This backup was made by Sitebell {manifest.version}, which is newer than this one: install that version,"
            " then restore."
        )
