"""`sitebell backup` and `sitebell restore`: the whole installation as one file, and back (REL-13)."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy.exc import SQLAlchemyError

from sitebell.cli.installation import OPERATOR, open_installation, read_settings
from sitebell.cli.output import json_option, print_json, show_count, show_moment
from sitebell.clock import utcnow
from sitebell.config import Config
from sitebell.db import open_store, sqlite_file
from sitebell.services.audit import Action, record
from sitebell.services.backup import BackupError, Place, install, pause_unfinished, stage, unpack, write_backup
from sitebell.services.backup.restoring import refuse_open_database
from sitebell.services.erasure import Erased, Ledger, erase_again
from sitebell.services.erasure.ledger import FILE as FILE_OF_ERASURES
from sitebell.services.heartbeats import has_living_worker
from sitebell.services.vault import open_vault
from sitebell.version import __version__

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@json_option
def backup(*, file: Path, as_json: bool) -> None:
    """Write the whole installation to FILE and check it.

    The server may go on meanwhile. The file holds database and master key and opens every secret of this
    installation: keep it as safe as the server itself.
    """
    with open_installation() as installation, installation.store.reading() as session:
        place = _place(installation.config)
        manifest = write_backup(session, place, file, version=__version__, now=utcnow())
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "size": size, **manifest.as_json()})
        return
    click.echo(f"Written and checked: {file}, {show_count(size)} bytes.")
    click.echo("It holds the master key and opens every secret of this installation: keep it as safe as the server.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace an installation; it is kept aside under a new name.")
@json_option
def restore(*, file: Path, force: bool, as_json: bool) -> None:
    """Put the backup in FILE in place of this installation.

    Messages that were unfinished when the backup was made come back paused, so that nobody gets one twice. Who was
    erased since then is erased again. Stop the server first, and run this as the user that the server runs as.
    """
    config = read_settings()
    place, now = _place(config), utcnow()
    _check_free(place, now, force=force)
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=place.folder, prefix=".sitebell-restore-") as folder:
        unpacked = unpack(file, Path(folder))
        paused, erased = _settle(stage(unpacked, place), unpacked.master_key, Ledger(config.data))
        kept = install(unpacked, place, now)
    created_at = unpacked.manifest.created_at
    if as_json:
        again = {"profiles": erased.profiles, "subscriptions": erased.subscriptions}
        names = [str(path) for path in kept]
        print_json({"created_at": created_at, "paused_messages": paused, "erased_again": again, "kept": names})
        return
    click.echo(f"Restored the backup of {show_moment(created_at)}.")
    if paused:
        click.echo("These messages were unfinished and are paused, since some recipients may have them already:")
        click.echo("\n".join(f"  {public_id}" for public_id in paused))
    if erased.profiles or erased.subscriptions:
        click.echo(
            f"Erased again, as {FILE_OF_ERASURES} says: {erased.profiles} profiles, {erased.subscriptions} browsers."
        )
    for path in kept:
        click.echo(f"The former installation is kept: {path}")


def _place(config: Config) -> Place:
    return Place(config.database_url, config.master_key_file)


def _check_free(place: Place, now: datetime, *, force: bool) -> None:
    """Refuse to touch an installation that is running, or that nobody said may be replaced.

    Raises:
        BackupError: with what to do.
    """
    database = sqlite_file(place.database_url)
    if force:
        if database is not None:
            refuse_open_database(database)
        return
    if _is_running(place, now):
        raise BackupError("A worker of this installation was seen within the last 30 seconds: stop the server first.")
    existing = place.existing_files()
    if existing:
        raise BackupError(f"There is an installation already ({existing[0]}): --force replaces it and keeps it aside.")


def _is_running(place: Place, now: datetime) -> bool:
    file = sqlite_file(place.database_url)
    if file is not None and not file.exists():
        return False
    store = open_store(place.database_url)
    try:
        with store.reading() as session:
            return has_living_worker(session, now)
    except SQLAlchemyError:  # damaged, empty or not there: what a restore is for
        return False
    finally:
        store.close()


def _settle(url: str, master_key: Path, ledger: Ledger) -> tuple[list[str], Erased]:
    """Bring a restored database to this version, try its key, pause what was under way and erase who was erased.

    Return the ids of the paused messages, and how many went.
    """
    store = open_store(url)
    try:
        store.upgrade()
        with store.writing() as session:
            vault = open_vault(session, master_key)
            paused = pause_unfinished(session)
            erased = erase_again(session, vault, ledger, utcnow())
            record(session, vault, Action.RESTORED, actor=OPERATOR, now=utcnow())
            return paused, erased
    finally:
        store.close()
