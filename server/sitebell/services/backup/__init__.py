"""A whole installation in one file, checked when it is written and again before it replaces anything (REL-13)."""

from sitebell.services.backup.archive import BackupError, Manifest
from sitebell.services.backup.restoring import Place, install, pause_unfinished, stage
from sitebell.services.backup.sqlite_file import check_database
from sitebell.services.backup.unpacked import Unpacked, unpack
from sitebell.services.backup.writing import write_backup

__all__ = [
    "BackupError",
    "Manifest",
    "Place",
    "Unpacked",
    "check_database",
    "install",
    "pause_unfinished",
    "stage",
    "unpack",
    "write_backup",
]
