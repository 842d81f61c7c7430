"""Web applications on installations of their own, emptied and used again.

Making one costs more than most tests do: a tenth of a second for its routes, and again for every statement that its new
engine has to compile.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, insert, select, text
from werkzeug.test import TestResponse

from sitebell.app import create_app
from sitebell.clock import Clock
from sitebell.config import Config
from sitebell.db import Base
from sitebell.models import Installation
from sitebell.web.context import install
from support.databases import Databases
from support.web_application import parts, settings_in

# Whatever a test could have made or taken away beside rows, and what PostgreSQL was told of them by ANALYZE.
SHAPES = {
    "sqlite": "SELECT sql FROM sqlite_master UNION ALL SELECT version_num FROM alembic_version ORDER BY 1",
    "postgresql": "SELECT relname || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    " UNION ALL SELECT version_num FROM alembic_version"
    " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " UNION ALL SELECT relname FROM pg_stat_user_tables WHERE last_analyze IS NOT NULL ORDER BY 1",
}
# Deleted rows go on taking up pages, by which PostgreSQL's planner guesses how many rows there are.
SWOLLEN = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND relname <> 'alembic_version' AND pg_relation_size(oid) > 65536"
)


class ClosingClient(FlaskClient):
    """Reads every answer to its end, as a server's caller does: what a stream holds open is closed."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send a request; `buffered=False` leaves a stream to the test."""
        return super().open(*args, **{"buffered": True, **options})


def application(config: Config, clock: Clock) -> Flask:
    """Return the web application as `sitebell serve` runs it, going by a clock of the tests."""
    app = create_app(config, clock=clock)
    app.test_client_class = ClosingClient
    return app


@dataclass(frozen=True)
class Pooled:
    """An application, what gives its database back, and how everything was before the first test had it."""

    app: Flask
    database: ExitStack
    settings: dict[str, Any]
    rules: int
    files: dict[str, bytes]
    shape: list[str]
    installation: dict[str, Any]


class Applications:
    """The applications on databases of one kind. A context manager."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self._folder = folder
        self._databases = databases
        self._free: dict[frozenset[tuple[str, Any]], list[Pooled]] = defaultdict(list)
        self._made = 0

    @contextmanager
    def fresh(self, clock: Clock, **settings: Any) -> Iterator[Flask]:
        """Give an application on an empty installation, with these settings beside the usual ones."""
        free = self._free[frozenset(settings.items())]
        pooled = free.pop() if free else self._make(clock, settings)
        app = pooled.app
        install(app, replace(parts(app), clock=clock))
        try:
            yield app
        finally:
            if is_emptied(pooled):
                free.append(pooled)
            else:
                close(pooled)

    def __enter__(self) -> Self:
        """Hand over the applications."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End all that are not in use."""
        for pooled in chain.from_iterable(self._free.values()):
            close(pooled)

    def _make(self, clock: Clock, settings: dict[str, Any]) -> Pooled:
        self._made += 1
        folder = self._folder / f"{self._databases.kind}-{self._made}"
        database = ExitStack()
        url = database.enter_context(self._databases.fresh(folder))
        values = {"database_url": url, "metrics_token": "metrics-token-of-tests", **settings}
        app = application(settings_in(folder, **values), clock)
        stop_waiting_for_disks(parts(app).store.engine)
        with parts(app).store.engine.connect() as connection:
            row = connection.execute(select(Installation)).mappings().one()
            shape = shape_of(connection)
        return Pooled(app, database, dict(app.config), rules_of(app), keys_in(folder), shape, dict(row))


def stop_waiting_for_disks(engine: Engine) -> None:
    """Let SQLite commit without waiting until a disk has it: only the machine's end could lose it."""
    if engine.dialect.name == "sqlite":
        engine.dispose()  # what is open already waits
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))


def is_emptied(pooled: Pooled) -> bool:
    """Bring an application back to what it was; False when a test changed more of it than rows and settings."""
    app = pooled.app
    folder = parts(app).config.data
    app.config.clear()
    app.config.update(pooled.settings)
    try:
        if rules_of(app) != pooled.rules or keys_in(folder) != pooled.files:
            return False
        leave_only_database(folder)
        with parts(app).store.engine.begin() as connection:
            if shape_of(connection) != pooled.shape:
                return False
            empty(connection)
            connection.execute(insert(Installation).values(**pooled.installation))
    except Exception:  # noqa: BLE001  (whatever is broken here, a new one is whole)
        return False
    return True


def empty(connection: Connection) -> None:
    """Delete all rows, in any order, and let ids begin anew."""
    deletes = [f'DELETE FROM "{table}"' for table in Base.metadata.tables]
    if connection.dialect.name == "postgresql":
        reset = "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
        quick = ["SET LOCAL lock_timeout = '3s'", "SET LOCAL session_replication_role = replica"]
        connection.exec_driver_sql("; ".join([*quick, *deletes, reset]))
        swollen = connection.exec_driver_sql(SWOLLEN).scalars().all()
        if swollen:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(swollen)} CASCADE")
        return
    for statement in ("PRAGMA defer_foreign_keys = ON", *deletes):
        connection.exec_driver_sql(statement)


def shape_of(connection: Connection) -> list[str]:
    """Return what a database is made of, to see whether it is still the migrated one."""
    return list(connection.scalars(text(SHAPES[connection.dialect.name])))


def rules_of(app: Flask) -> int:
    """Return how many routes an application has."""
    return sum(1 for _ in app.url_map.iter_rules())


def keys_in(folder: Path) -> dict[str, bytes]:
    """Return the key files of an installation."""
    return {file.name: file.read_bytes() for file in folder.glob("*.key")}


def leave_only_database(folder: Path) -> None:
    """Take away what commands and workers have put beside database and key."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".key" and not path.name.startswith("sitebell.sqlite3"):
            path.unlink()


def close(pooled: Pooled) -> None:
    """Give up an application and its database."""
    parts(pooled.app).store.close()
    pooled.database.close()
