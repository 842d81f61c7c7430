"""Fresh databases of each kind that Sitebell runs on, already migrated, for tests that each want their own."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
from psycopg import sql

from sitebell.cli.installation import open_installation
from support.postgresql import PostgreSQL
from support.web_application import settings_in

KINDS = ("sqlite", "postgresql")


class Databases(Protocol):
    """Makes databases of one kind."""

    kind: str

    def fresh(self, folder: Path) -> AbstractContextManager[str]:
        """Give the URL of an empty, migrated database whose master key is put into a folder; gone with the block."""

    def blank(self, folder: Path) -> AbstractContextManager[str]:
        """Give the URL of a database that no migration has seen; gone with the block."""


class SqliteDatabases:
    """Each database is a copy of one migrated file."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._model = folder / "model"
        make_installation(self._model, file_url(self._model))

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        """Copy file and master key into a folder."""
        shutil.copytree(self._model, folder, dirs_exist_ok=True)
        yield file_url(folder)

    @contextmanager
    def blank(self, folder: Path) -> Iterator[str]:
        """Name a file that does not exist yet."""
        yield file_url(folder)


class PostgresqlDatabases:
    """Copies of one migrated database of a server of our own, emptied and used again: a copy costs half a second."""

    kind = "postgresql"

    def __init__(self, folder: Path, server: PostgreSQL) -> None:
        self._model = folder / "model"
        self._server = server
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        server.create("model")
        make_installation(self._model, server.url("model"))
        with server.connect("model") as connection:
            self._shape = shape_of(connection)
            self._canary = connection.execute("SELECT canary FROM installation").fetchone()

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        """Give an empty database, and copy the master key into a folder."""
        shutil.copytree(self._model, folder, dirs_exist_ok=True)
        name = self._free.pop() if self._free else self._create()
        try:
            yield self._server.url(name)
        finally:
            if self._emptied(name):
                self._free.append(name)
            else:
                self._server.drop(name)

    @contextmanager
    def blank(self, folder: Path) -> Iterator[str]:  # noqa: ARG002
        """Make a database with nothing in it."""
        self._server.create("blank")
        try:
            yield self._server.url("blank")
        finally:
            self._server.drop("blank")

    def _create(self) -> str:
        name = f"test{next(self._numbers)}"
        self._server.create(name, template="model")
        return name

    def _emptied(self, name: str) -> bool:
        """Delete all rows; False when a test changed the tables themselves, or what the query planner knows of them."""
        with self._server.connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            statistics = connection.execute(
                "SELECT 1 FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL"
            ).fetchone()
            if statistics is not None or shape_of(connection) != self._shape:
                return False
            connection.execute("SET session_replication_role = replica")  # in any order, whatever refers to what
            for table in self._shape.tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            connection.execute("SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences")
            connection.execute("INSERT INTO installation (id, canary) VALUES (1, %s)", self._canary)
        return True


class Shape(NamedTuple):
    """The tables with rows of ours, and everything else that a statement of a test could have made or taken away."""

    tables: list[str]
    others: list[tuple[str, ...]]


def shape_of(connection: psycopg.Connection[Any]) -> Shape:
    """Return the shape of a database, to see whether it is still the migrated one."""
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    others = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " UNION ALL SELECT 'version', version_num FROM alembic_version ORDER BY 1, 2"
    ).fetchall()
    return Shape([name for (name,) in tables if name != "alembic_version"], others)


def make_installation(folder: Path, url: str) -> None:
    """Migrate a database and give it a master key, as the first start of a server does."""
    folder.mkdir(parents=True)
    with open_installation(settings_in(folder, database_url=url)):
        pass


def file_url(folder: Path) -> str:
    """Return the URL of the SQLite file in a folder."""
    return f"sqlite:///{folder / 'sitebell.sqlite3'}"
