"""Secrets at rest and the master key that opens them (SEC-51)."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from sitebell.db import Store, open_store
from sitebell.models import Installation, Site, VapidKeyPair
from sitebell.push.vapid import VapidKey
from sitebell.services.sites import create_site
from sitebell.services.vapid_keys import open_vapid_key
from sitebell.services.vault import MasterKeyError, Vault, open_vault, write_key_file
from support.databases import Databases

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'sitebell.sqlite3'}")
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.key"


def open_again(store: Store, key_file: Path) -> Vault:
    with store.writing() as session:
        return open_vault(session, key_file)


def add_sites(store: Store, vault: Vault, *names: str) -> None:
    with store.writing() as session:
        for name in names:
            create_site(session, vault, name=name, origins=["https://shop.example"], database_id=None, now=NOW)


def refusal(store: Store, key_file: Path) -> str:
    with pytest.raises(MasterKeyError) as refused:
        open_again(store, key_file)
    return refused.value.message


def test_sec_51_the_first_start_makes_a_key_for_its_owner_only(store: Store, key_file: Path) -> None:
    before = os.umask(0)
    try:
        open_again(store, key_file)
    finally:
        os.umask(before)

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert len(bytes.fromhex(key_file.read_text())) == 32


def test_sec_51_a_later_start_opens_what_was_sealed(store: Store, key_file: Path) -> None:
    sealed = open_again(store, key_file).seal("context", b"secret")

    assert open_again(store, key_file).open("context", sealed) == b"secret"


def test_sec_51_private_keys_are_not_readable_in_the_database(store: Store, key_file: Path, tmp_path: Path) -> None:
    vault = open_again(store, key_file)
    add_sites(store, vault, "Shop")
    with store.reading() as session:
        private = open_vapid_key(vault, session.scalars(select(VapidKeyPair)).one()).private
    store.close()

    content = (tmp_path / "sitebell.sqlite3").read_bytes()
    assert len(private) == 32
    assert private not in content
    assert private.hex().encode() not in content.lower()


def test_sec_51_a_lost_key_is_noticed_and_not_replaced(store: Store, key_file: Path) -> None:
    """A new key in silence would make every stored secret worthless."""
    open_again(store, key_file)
    key_file.unlink()

    message = refusal(store, key_file)
    assert "is lost" in message
    assert "Restore the file from a backup" in message
    assert not key_file.exists()


def test_sec_51_a_wrong_key_is_noticed(store: Store, key_file: Path) -> None:
    open_again(store, key_file)
    key_file.write_text("00" * 32)

    assert "not the one that this database was sealed with" in refusal(store, key_file)


@pytest.mark.parametrize("content", [b"", b"text", b"00" * 31, b"00" * 33, b"\xff\xfe"])
def test_sec_51_a_garbled_key_file_is_noticed(content: bytes, store: Store, key_file: Path) -> None:
    open_again(store, key_file)
    key_file.write_bytes(content)

    assert "it must be 64 hex digits" in refusal(store, key_file)


def test_sec_51_a_key_file_is_never_overwritten(key_file: Path) -> None:
    write_key_file(key_file, bytes(32))

    with pytest.raises(FileExistsError):
        write_key_file(key_file, bytes(32))


def test_sec_51_ciphertext_moved_to_another_row_does_not_open(store: Store, key_file: Path) -> None:
    """Else whoever can write to the database could let one site sign as another."""
    vault = open_again(store, key_file)
    add_sites(store, vault, "Shop", "Blog")
    with store.writing() as session:
        shop, blog = session.scalars(select(VapidKeyPair).order_by(VapidKeyPair.id))
        blog.private_key = shop.private_key

    with store.reading() as session, pytest.raises(MasterKeyError):
        open_vapid_key(vault, session.get_one(VapidKeyPair, blog.id))


def test_sec_51_a_receipt_key_moved_to_another_site_does_not_open(store: Store, key_file: Path) -> None:
    vault = open_again(store, key_file)
    add_sites(store, vault, "Shop", "Blog")
    with store.reading() as session:
        shop, blog = session.scalars(select(Site).order_by(Site.id))

    assert len(vault.open(f"receipt:{shop.id}", shop.receipt_key)) == 32
    with pytest.raises(MasterKeyError):
        vault.open(f"receipt:{blog.id}", shop.receipt_key)


def test_sec_51_changed_ciphertext_does_not_open() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal("context", b"secret")
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(MasterKeyError):
            vault.open("context", bytes(altered))
    for length in range(len(sealed)):
        with pytest.raises(MasterKeyError):
            vault.open("context", sealed[:length])


def test_sec_51_sealing_twice_gives_different_ciphertext() -> None:
    vault = Vault(bytes(32))
    key = VapidKey.generate().private

    assert vault.seal("context", key) != vault.seal("context", key)


def test_two_first_starts_at_once_make_one_key(databases: Databases, tmp_path: Path) -> None:
    """Web process and worker, or two machines on one database, may meet at the very beginning."""
    with databases.fresh(tmp_path) as url, ThreadPoolExecutor(4) as pool, closing(open_store(url)) as store:
        (tmp_path / "master.key").unlink()
        with store.writing() as session:
            session.execute(delete(Installation))

        vaults = list(pool.map(lambda _: open_again(store, tmp_path / "master.key"), range(4)))

        sealed = vaults[0].seal("context", b"secret")
        assert [vault.open("context", sealed) for vault in vaults] == [b"secret"] * 4
