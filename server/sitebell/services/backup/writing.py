"""Writes a backup: a copy of one moment, packed, then opened again before it gets its name."""

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.orm import Session

from sitebell.db import open_store, sqlite_file
from sitebell.services.backup.archive import DATABASES, MASTER_KEY, BackupError, Manifest, sha256, write_archive
from sitebell.services.backup.postgresql_dump import dump_database
from sitebell.services.backup.restoring import Place, sync_folder
from sitebell.services.backup.sqlite_file import copy_database
from sitebell.services.backup.unpacked import Unpacked, unpack
from sitebell.services.vault import open_vault


def write_backup(session: Session, place: Place, target: Path, *, version: str, now: datetime) -> Manifest:
    """Write the installation at `place` to a new file of mode 0600; the server may go on meanwhile.

    Args:
        session: on the installation's database, which is at the newest migration.
        target: the file; what is written appears under this name only after it was verified.
        version: of this Sitebell.

    Raises:
        BackupError: the file exists, or the database cannot be copied, or the result does not open.
        MasterKeyError: the key file does not open the database that was copied.
    """
    if target.exists():
        raise BackupError(f"{target} exists: choose another name, such as one with today's date.")
    if not target.parent.is_dir():
        raise BackupError(f"The folder {target.parent} does not exist: create it, or choose another.")
    revision = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    with TemporaryDirectory(dir=target.parent, prefix=".sitebell-backup-") as name:
        packed = Path(name) / "packed"
        manifest = _pack(place, packed, revision=revision, version=version, now=now)
        _verify(packed, Path(name) / "opened")
        packed.rename(target)
    sync_folder(target.parent)
    return manifest


def _pack(place: Place, packed: Path, *, revision: str, version: str, now: datetime) -> Manifest:
    folder = packed.with_name("copied")
    folder.mkdir()
    kind = place.kind
    copy = folder / DATABASES[kind]
    file = sqlite_file(place.database_url)
    if file is not None:
        copy_database(file, copy)
    elif kind == "sqlite":
        raise BackupError("This database lives in memory only: there is nothing to back up.")
    else:
        dump_database(place.database_url, copy)
    shutil.copyfile(place.master_key, folder / MASTER_KEY)
    members = {name: sha256(folder / name) for name in (copy.name, MASTER_KEY)}
    manifest = Manifest(version=version, created_at=now, revision=revision, database=kind, members=members)
    write_archive(packed, manifest, folder)
    shutil.rmtree(folder)
    return manifest


def _verify(packed: Path, folder: Path) -> None:
    folder.mkdir()
    unpacked = unpack(packed, folder)
    if unpacked.manifest.database == "sqlite":
        _open_canary(unpacked)


def _open_canary(unpacked: Unpacked) -> None:
    store = open_store(f"sqlite:///{unpacked.database}")
    try:
        with store.reading() as session:
            open_vault(session, unpacked.master_key)
    finally:
        store.close()
