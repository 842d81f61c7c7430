"""PostgreSQL for the backup: its own programs dump and load a database."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import make_url

from sitebell.services.backup.archive import BackupError


def dump_database(url: str, target: Path) -> None:
    """Write one moment of a database to a file in PostgreSQL's custom format.

    Raises:
        BackupError: pg_dump is missing or refuses.
    """
    _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load_database(url: str, source: Path) -> None:
    """Load a dump into an empty database, as a whole or not at all.

    Raises:
        BackupError: pg_restore is missing or refuses.
    """
    options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    _run(url, "pg_restore", *options, str(source))


def check_dump(file: Path) -> None:
    """Read a dump's table of contents.

    Raises:
        BackupError: it cannot be read.
    """
    _run(None, "pg_restore", "--list", str(file))


def check_empty(engine: Engine) -> None:
    """Refuse a database that has tables.

    Raises:
        BackupError: it has some.
    """
    if inspect(engine).get_table_names():
        raise BackupError(
            "This PostgreSQL database is not empty, and a restore replaces none: create a new one, let"
            " SITEBELL_DATABASE_URL name it and restore again. The old one stays as it is."
        )


def _run(url: str | None, program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise BackupError(
            f"{program} is not installed: install the PostgreSQL client programs of your server's version."
        )
    environment, target = dict(os.environ), []
    if url is not None:
        parsed = make_url(url)
        target = ["--dbname", parsed.set(drivername="postgresql", password=None).render_as_string()]
        if parsed.password is not None:
            environment["PGPASSWORD"] = parsed.password  # an argument could be read by everyone on this machine
    command = [path, "--no-password", *target, *arguments] if url is not None else [path, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode != 0:
        complaint = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BackupError(f"{program} failed: {complaint}")
