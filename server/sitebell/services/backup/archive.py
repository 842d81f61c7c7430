"""The backup file itself: a gzipped tar of a manifest, the database and the master key."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sitebell.errors import SitebellError

FORMAT = 1
MANIFEST = "manifest.json"
MASTER_KEY = "master.key"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
CHUNK = 1 << 20
COMPRESSION = 3  # of gzip's 9: a database is mostly random keys, more effort saves little
DAMAGE = (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError)


class BackupError(SitebellError):
    """A backup cannot be written or restored; the installation is as it was before."""

    def __init__(self, message: str) -> None:
        super().__init__("backup", message, 500)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup says about itself.

    `version` is that of the Sitebell which wrote it, `revision` the newest migration in its database, `database` is
    `sqlite` or `postgresql`, and `members` maps each of the other files to its SHA-256 in hex.
    """

    version: str
    created_at: datetime
    revision: str
    database: str
    members: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the content of manifest.json."""
        return {
            "format": FORMAT,
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "revision": self.revision,
            "database": self.database,
            "members": self.members,
        }


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_archive(target: Path, manifest: Manifest, folder: Path) -> None:
    """Write the manifest and its members, which lie in `folder`, to a new file of mode 0600, synced to the disk."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION, format=tarfile.PAX_FORMAT) as archive:
            text = json.dumps(manifest.as_json(), indent=2).encode()
            archive.addfile(_entry(MANIFEST, len(text), manifest), io.BytesIO(text))
            for name in manifest.members:
                with (folder / name).open("rb") as member:
                    archive.addfile(_entry(name, (folder / name).stat().st_size, manifest), member)
        file.flush()
        os.fsync(file.fileno())


def read_archive(file: Path, folder: Path) -> Manifest:
    """Extract the members into `folder`, mode 0600, and compare each with its checksum.

    Only names that a backup has are extracted, so a path in the archive can lead nowhere.

    Raises:
        BackupError: the file is no backup, is cut off or was altered.
        OSError: it cannot be read, or the folder cannot be written.
    """
    try:
        with gzip.open(file) as stream:
            manifest = _extract(stream, folder)
            while stream.read(CHUNK):  # gzip's own checksum stands at the very end
                pass
    except DAMAGE as error:
        raise BackupError(f"{file} is damaged, or not a backup made by Sitebell; nothing was changed.") from error
    return manifest


def _extract(stream: gzip.GzipFile, folder: Path) -> Manifest:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        manifest = None
        found = {}
        for entry in archive:
            source = archive.extractfile(entry)
            if source is None:
                raise ValueError("an entry is no file")
            if manifest is None:
                manifest = _parse(entry.name, source.read(CHUNK))
                continue
            name = _expected(entry.name, manifest)
            with open(folder / name, "wb", opener=_private) as target:
                shutil.copyfileobj(source, target, CHUNK)
            found[name] = sha256(folder / name)
    if manifest is None or found != manifest.members:
        raise ValueError("the members are not those of the manifest")
    return manifest


def _parse(name: str, text: bytes) -> Manifest:
    if name != MANIFEST:
        raise ValueError("the first entry is no manifest")
    content = json.loads(text)
    if content["format"] != FORMAT:
        raise BackupError("This backup was made by a newer Sitebell: install that version, then restore.")
    manifest = Manifest(
        version=str(content["version"]),
        created_at=datetime.fromisoformat(content["created_at"]),
        revision=str(content["revision"]),
        database=content["database"],
        members=dict(content["members"]),
    )
    if set(manifest.members) != {DATABASES[manifest.database], MASTER_KEY}:
        raise ValueError("the manifest names other members than a backup has")
    return manifest


def _expected(name: str, manifest: Manifest) -> str:
    if name not in manifest.members:
        raise ValueError("an entry that the manifest does not name")
    return name


def _entry(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, manifest.created_at.timestamp()
    return entry


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
