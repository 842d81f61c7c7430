"""What a backup file must hold before anything is restored from it, and what becomes of its messages (REL-13)."""

import gzip
import hashlib
import io
import json
import random
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sitebell.db import Store, open_store
from sitebell.errors import SitebellError
from sitebell.services.backup import BackupError, Place, check_database, unpack, write_backup
from sitebell.services.backup.postgresql_dump import dump_database
from sitebell.services.sites import create_site
from sitebell.services.vault import MasterKeyError, open_vault

NOW = datetime(2026, 11, 22, tzinfo=UTC)
Members = dict[str, bytes]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path / 'sitebell.sqlite3'}", tmp_path / "master.key")


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An installation with one site."""
    store = open_store(place.database_url)
    store.upgrade()
    with store.writing() as session:
        vault = open_vault(session, place.master_key)
        create_site(session, vault, name="Shop", origins=["https://shop.example"], database_id=None, now=NOW)
    yield store
    store.close()


@pytest.fixture
def backup(store: Store, place: Place, tmp_path: Path) -> Path:
    """A sound backup of it."""
    with store.reading() as session:
        write_backup(session, place, tmp_path / "bell.backup", version="1", now=NOW)
    return tmp_path / "bell.backup"


def refusal(file: Path, folder: Path) -> str:
    """Try to unpack a backup and return why it is refused."""
    folder.mkdir(exist_ok=True)
    with pytest.raises(BackupError) as refused:
        unpack(file, folder)
    return refused.value.message


def gunzip(content: bytes) -> bytes | None:
    """Return what a gzip file holds, or None when it is broken."""
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error):
        return None


def repack(file: Path, change: Callable[[Members], Members]) -> None:
    """Rewrite a backup as somebody would who can make a flawless archive."""
    with tarfile.open(file) as archive:
        sources = {entry.name: archive.extractfile(entry) for entry in archive}
        members = {name: source.read() for name, source in sources.items() if source is not None}
    with tarfile.open(file, "w:gz") as archive:
        for name, content in change(members).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def with_manifest(archived: Members, /, **changes: object) -> Members:
    """Return the members with some values of the manifest changed."""
    manifest = json.loads(archived["manifest.json"])
    return archived | {"manifest.json": json.dumps(manifest | changes).encode()}


def with_member(members: Members, name: str, content: bytes) -> Members:
    """Return the members with one replaced, its checksum too."""
    sums = json.loads(members["manifest.json"])["members"] | {name: hashlib.sha256(content).hexdigest()}
    return with_manifest(members, members=sums) | {name: content}


def test_a_backup_unpacks_to_what_was_packed(backup: Path, place: Place, tmp_path: Path) -> None:
    (tmp_path / "opened").mkdir()
    unpacked = unpack(backup, tmp_path / "opened")

    assert unpacked.master_key.read_bytes() == place.master_key.read_bytes()
    assert unpacked.manifest.created_at == NOW
    with closing(sqlite3.connect(unpacked.database)) as database:
        assert database.execute("SELECT name FROM site").fetchall() == [("Shop",)]


def test_rel_13_a_backup_cut_off_anywhere_is_refused(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    for length in [0, 1, 10, len(whole) // 3, len(whole) // 2, len(whole) - 9, len(whole) - 1]:
        backup.write_bytes(whole[:length])
        assert "damaged, or not a backup" in refusal(backup, tmp_path / "opened"), length


def test_rel_13_a_backup_with_one_flipped_bit_is_refused(backup: Path, tmp_path: Path) -> None:
    """Unless the bit means nothing: deflate can write a run of zeros in many ways."""
    whole = backup.read_bytes()
    seed = random.randrange(1 << 32)
    refused = 0
    for at in random.Random(seed).sample(range(len(whole)), 100):
        altered = bytearray(whole)
        altered[at] ^= 1 << at % 8
        if gunzip(bytes(altered)) == gunzip(whole):
            continue
        backup.write_bytes(altered)
        assert "damaged, or not a backup" in refusal(backup, tmp_path / "opened"), f"seed {seed}, byte {at}"
        refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b""), gzip.compress(b"text" * 1000)],
    ids=["empty", "text", "empty_gzip", "gzip_of_text"],
)
def test_what_is_no_backup_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)

    assert "damaged, or not a backup" in refusal(file, tmp_path / "opened")


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members | {"master.key": b"0" * 64},
        lambda members: {name: members[name] for name in ("manifest.json", "master.key")},
        lambda members: {name: members[name] for name in ("database.sqlite3", "master.key")},
        lambda members: members | {"extra": b""},
        lambda members: with_manifest(members, database="mysql"),
        lambda members: with_manifest(members, members={}),
        lambda members: with_manifest(members, members=None),
        lambda members: with_manifest(members, created_at=5),
        lambda members: members | {"manifest.json": b"[]"},
        lambda members: members | {"manifest.json": b"\xff"},
    ],
)
def test_members_that_are_not_those_of_the_manifest_are_refused(
    change: Callable[[Members], Members], backup: Path, tmp_path: Path
) -> None:
    repack(backup, change)

    assert "damaged, or not a backup" in refusal(backup, tmp_path / "opened")


@pytest.mark.parametrize("name", ["../planted", "{outside}/planted"])
def test_no_path_in_the_archive_leads_out_of_the_folder(name: str, backup: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    name = name.format(outside=outside)
    for change in (
        lambda members: members | {name: b"planted"},
        lambda members: with_member(members, name, b"planted"),
    ):
        repack(backup, change)
        refusal(backup, outside / "opened")
        assert not (outside / "planted").exists()


def test_a_damaged_database_is_refused_although_its_checksum_is_right(backup: Path, tmp_path: Path) -> None:
    def damage(members: Members) -> Members:
        content = bytearray(members["database.sqlite3"])
        content[4096:8192] = bytes(4096)
        return with_member(members, "database.sqlite3", bytes(content))

    repack(backup, damage)
    assert "is damaged" in refusal(backup, tmp_path / "opened")


@pytest.mark.parametrize("changes", [{"format": 2}, {"revision": "9999", "version": "9.9"}])
def test_a_backup_of_a_newer_sitebell_names_the_way_out(
    changes: dict[str, object], backup: Path, tmp_path: Path
) -> None:
    repack(backup, lambda members: with_manifest(members, **changes))

    assert "install that version, then restore" in refusal(backup, tmp_path / "opened")


def test_a_backup_is_written_only_if_its_key_opens_its_database(store: Store, place: Place, tmp_path: Path) -> None:
    """SEC-51: a backup without the right key would be found out on the worst of days."""
    place.master_key.write_text("0" * 64)

    with store.reading() as session, pytest.raises(MasterKeyError):
        write_backup(session, place, tmp_path / "bell.backup", version="1", now=NOW)
    assert not (tmp_path / "bell.backup").exists()


def test_a_damaged_database_is_not_backed_up(store: Store, place: Place, tmp_path: Path) -> None:
    """The copy is read back whole before it gets its name."""
    store.close()
    file = tmp_path / "sitebell.sqlite3"
    content = bytearray(file.read_bytes())
    content[-4096:] = b"\xff" * 4096
    file.write_bytes(content)

    with store.reading() as session, pytest.raises(BackupError, match="damaged"):
        write_backup(session, place, tmp_path / "bell.backup", version="1", now=NOW)
    assert not (tmp_path / "bell.backup").exists()


@pytest.mark.parametrize("quick", [True, False])
def test_rel_14_a_damaged_page_is_found(store: Store, tmp_path: Path, *, quick: bool) -> None:
    file = tmp_path / "sitebell.sqlite3"
    store.close()
    check_database(file, quick=quick)
    content = bytearray(file.read_bytes())
    content[-4096:] = b"\xff" * 4096
    file.write_bytes(content)

    with pytest.raises(BackupError, match="is damaged"):
        check_database(file, quick=quick)


def test_a_missing_pg_dump_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SitebellError, match="pg_dump is not installed: install the PostgreSQL client programs"):
        dump_database("postgresql://bell@127.0.0.1/bell", tmp_path / "dump")
