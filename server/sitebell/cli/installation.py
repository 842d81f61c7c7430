"""Opens the installation that the settings describe: database at the newest migration, vault under the right key."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from sitebell.clock import utcnow
from sitebell.config import Config, load_config
from sitebell.db import Store, open_store, sqlite_file
from sitebell.errors import SitebellError
from sitebell.models import Installation, Site
from sitebell.services.audit import Action, Actor, record
from sitebell.services.vault import Vault, open_vault

OPERATOR = Actor("cli")


@dataclass(frozen=True)
class OpenInstallation:
    """What a command works on."""

    config: Config
    store: Store
    vault: Vault

    def audit(self, session: Session, action: Action, *, site: Site | None = None, subject: str = "") -> None:
        """Write down an act of the operator; last in its transaction."""
        site_id = site.id if site else None
        record(session, self.vault, action, actor=OPERATOR, site_id=site_id, subject=subject, now=utcnow())


def read_settings(*, demo: bool = False) -> Config:
    """Read the environment and warn about names that are no setting.

    Raises:
        ConfigError: one or more settings cannot be used.
    """
    config = load_config(demo=demo)
    if config.unknown:
        names = ", ".join(config.unknown)
        click.echo(f"Warning: no such setting, ignored: {names} (docs/operating.md lists all).", err=True)
    return config


@contextmanager
def open_installation(config: Config | None = None) -> Iterator[OpenInstallation]:
    """Open the installation, made on the first start, and close it when the block ends.

    Raises:
        ConfigError: one or more settings cannot be used.
        MasterKeyError: the master key is lost or another one.
    """
    config = config or read_settings()
    file = sqlite_file(config.database_url)
    if file is not None:
        _make_folder(file.parent)
    store = open_store(config.database_url)
    try:
        if file is not None:
            _make_file(file)
        store.upgrade()
        yield OpenInstallation(config, store, _open_vault(store, config.master_key_file))
    finally:
        store.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SitebellError(
            "invalid_settings", f"The folder {folder} cannot be made ({error.strerror}): change SITEBELL_DATA.", 500
        ) from error


def _make_file(file: Path) -> None:
    """Let nobody else read the subscribers' keys; SQLite gives its -wal and -shm the mode of the file beside them."""
    with suppress(OSError):  # it is there, or SQLite says in its own words why it cannot be
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _open_vault(store: Store, key_file: Path) -> Vault:
    """Open the vault; only the first start writes, so that a command does not wait for a busy writer."""
    with store.reading() as session:
        is_new = session.get(Installation, 1) is None
    with store.writing() if is_new else store.reading() as session:
        return open_vault(session, key_file)
