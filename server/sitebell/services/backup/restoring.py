"""Puts a backup in the place of an installation, so that a crash on the way leaves the old one or the new one."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from sitebell.db import open_store, sqlite_file
from sitebell.models import Batch, Message, MessageStatus, WorkerHeartbeat
from sitebell.services.backup.archive import BackupError
from sitebell.services.backup.postgresql_dump import check_empty, load_database
from sitebell.services.backup.sqlite_file import is_in_use
from sitebell.services.backup.unpacked import Unpacked
from sitebell.services.vault import write_key_file

SQLITE_JOURNALS = ("-wal", "-shm", "-journal")
REASON = "restored from a backup: some recipients may have it already; resume or cancel it"


@dataclass(frozen=True)
class Place:
    """Where an installation keeps its database and its master key."""

    database_url: str
    master_key: Path

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return make_url(self.database_url).get_backend_name()

    @property
    def folder(self) -> Path:
        """Where a backup is unpacked: on the disk of the file that it replaces, so that a rename is enough."""
        return (sqlite_file(self.database_url) or self.master_key).absolute().parent

    def existing_files(self) -> list[Path]:
        """Return the files of the installation that are there."""
        files = (sqlite_file(self.database_url), self.master_key)
        return [file for file in files if file is not None and file.exists()]


def stage(unpacked: Unpacked, place: Place) -> str:
    """Make the backup's database usable beside the present one and return its URL.

    An SQLite file is used where it was unpacked; a PostgreSQL dump is loaded into the database of `place`, which must
    be empty.

    Raises:
        BackupError: the backup is of the other kind, or the database is not empty, or does not load.
    """
    if unpacked.manifest.database != place.kind:
        raise BackupError(
            f"This backup holds a {unpacked.manifest.database} database, and SITEBELL_DATABASE_URL names {place.kind}:"
            " change the setting."
        )
    if place.kind == "sqlite":
        return f"sqlite:///{unpacked.database}"
    store = open_store(place.database_url)
    try:
        check_empty(store.engine)
    finally:
        store.close()
    load_database(place.database_url, unpacked.database)
    return place.database_url


def pause_unfinished(session: Session) -> list[str]:
    """Pause every message that is scheduled or going out, forget the workers of then, and return the messages' ids.

    The backup does not know who got them after it was made. Without this, a worker would send them again.
    """
    unfinished = Message.status.in_((MessageStatus.SCHEDULED, MessageStatus.SENDING))
    public_ids = list(session.scalars(select(Message.public_id).where(unfinished).order_by(Message.id)))
    session.execute(update(Message).where(unfinished).values(status=MessageStatus.PAUSED, status_reason=REASON))
    session.execute(update(Batch).values(lease_until=None, lease_owner=None, lease_token=0))
    session.execute(delete(WorkerHeartbeat))
    return public_ids


def install(unpacked: Unpacked, place: Place, now: datetime) -> list[Path]:
    """Put database and master key in their places and return the names under which the former ones are kept.

    The database comes first: until its key follows, the canary keeps every command from starting.

    Raises:
        BackupError: a program has the present database open.
    """
    suffix = f".before-restore-{now:%Y%m%dT%H%M%SZ}"
    kept = []
    file = sqlite_file(place.database_url)
    if file is not None:
        refuse_open_database(file)
        kept += _replace(file, unpacked.database, suffix)
    key = place.master_key.with_name(f"{place.master_key.name}.restoring")
    key.unlink(missing_ok=True)
    write_key_file(key, bytes.fromhex(unpacked.master_key.read_text()))
    return kept + _replace(place.master_key, key, suffix)


def refuse_open_database(file: Path) -> None:
    """Make sure that no program has an SQLite database open, or would go on writing to the one put aside.

    Raises:
        BackupError: one has.
    """
    if file.exists() and is_in_use(file):
        raise BackupError(f"The database {file} is open in another program: stop the server first.")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: Path, source: Path, suffix: str) -> list[Path]:
    """Rename `source` to `target`; a former one gets a second name before, so there is one at every moment."""
    former = target.with_name(target.name + suffix)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    if target.exists():
        os.link(target, former)
    for ending in SQLITE_JOURNALS:  # left by a database that is damaged or was deleted: poison for the new one
        journal = target.with_name(target.name + ending)
        if journal.exists():
            journal.rename(former.with_name(former.name + ending))
    source.replace(target)
    sync_folder(target.parent)
    return [former] if former.exists() else []
