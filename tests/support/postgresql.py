"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, reached through a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

from support.waiting import wait_until

OWNER = "sitebell"
# What makes a server safe costs tests seconds: this one may lose everything when the machine does.
SPEED = ("autovacuum=off", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
ELSEWHERE = "timezone=America/New_York"  # as on the machine of an owner who lives there
INSTALL_LINE = "apt-get update && apt-get install -y postgresql"


class PostgreSQL:
    """A running server. A context manager; the newest version that is installed.

    Raises:
        FileNotFoundError: PostgreSQL is not installed; with the line that installs it.
    """

    def __init__(self) -> None:
        self._programs = find_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="sitebell-postgresql-"))
        self._data = self.folder / "data"
        self._account = unprivileged_account()
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        initdb = [self._programs / "initdb", "-D", self._data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale"]
        self._start([*initdb, "--no-sync"]).wait(60)
        settings = [
            f"-c{setting}"
            for setting in (*SPEED, ELSEWHERE, "listen_addresses=", f"unix_socket_directories={self.folder}")
        ]
        self._process = self._start([self._programs / "postgres", "-D", self._data, *settings])
        wait_until(self._answers, "PostgreSQL to answer", timeout=30)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed any more
            self._process.wait(30)
        shutil.rmtree(self.folder)

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql://{OWNER}@/{name}?host={self.folder}"

    def create(self, name: str, template: str = "template1") -> None:
        """Make a database, as a copy of another one that nobody is connected to."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)

    def drop(self, name: str) -> None:
        """Drop a database, and whoever is still connected to it."""
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def connect(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        """Open a connection to a database that commits each statement."""
        with psycopg.connect(user=OWNER, host=str(self.folder), dbname=name, autocommit=True) as connection:
            yield connection

    def _execute(self, statement: str, *names: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _answers(self) -> bool:
        try:
            self._execute("SELECT 1 AS {}", "one")
        except psycopg.OperationalError:
            return False
        return True

    def _start(self, command: Sequence[object]) -> subprocess.Popen[bytes]:
        """Start a program, as another user where this one is root: PostgreSQL refuses to run as root."""
        account = self._account
        who: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(list(map(str, command)), cwd="/", stdout=log, stderr=log, **who)


def find_programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps off the PATH.

    Raises:
        FileNotFoundError: there is none.
    """
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not folders:
        raise FileNotFoundError(f"The tests need PostgreSQL. Install it with this line, as root: {INSTALL_LINE}")
    return max(folders, key=lambda folder: int(folder.parent.name))


def unprivileged_account() -> pwd.struct_passwd | None:
    """Return the account under which the server runs, or None for our own."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise FileNotFoundError("Run the tests as another user than root, or add a user named postgres.")
