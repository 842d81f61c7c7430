"""The database: one declarative base, and the only two ways to open a transaction, reading and writing."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import OperationalError
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    Integer,
    MetaData,
    TypeDecorator,
    create_engine,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Session

from sitebell.connections import ENGINE_OPTIONS, patient, prepare
from sitebell.errors import SitebellError
from sitebell.turns import Turns

if TYPE_CHECKING:
    from flask import Flask

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
LONGEST_TRUNCATION_MS = 250  # other writers wait meanwhile
MIGRATION_LOCK = 0x5173BE11  # any number, as long as every Sitebell uses the same one
QUIET: dict[str, Any] = {"synchronize_session": False}  # of a statement about rows that its session does not hold

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in a plain INTEGER key


class Base(DeclarativeBase):
    """The base of every stored noun."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, also on SQLite, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments and hand SQLite the bare UTC time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment must carry its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give every moment back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Store:
    """An open database.

    `reading()` never waits for a writer and cannot write; `writing()` is exclusive from its beginning
    (`BEGIN IMMEDIATE` on SQLite), so a transaction never finds out at its end that it may not write.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turns = Turns(float(str(engine.url.query.get("timeout", 0)))) if engine.dialect.name == "sqlite" else None
        is_sqlite = engine.dialect.name == "sqlite"  # where a transaction sees one moment anyhow
        isolation = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._readers = engine.execution_options(sitebell_reading=True, postgresql_readonly=True, **isolation)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that sees one moment of the database and refuses to write."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that commits when the block ends and rolls back when it raises."""
        with (
            self._turns.take() if self._turns else nullcontext(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()  # waits for its turn here, so that a clock read in the block is not stale
            yield session

    @contextmanager
    def erasing(self) -> Iterator[Session]:
        """Open a session as `writing()` does, and leave what it overwrites in no file where that can be done now.

        SQLite's write-ahead log keeps former pages; whoever reads a moment of before hinders its truncation by the
        first erase, and not by the next one.
        """
        with self.writing() as session:
            yield session
        if self._turns:
            with self._turns.take(), closing(self.engine.raw_connection()) as connection:
                patience = connection.cursor().execute("PRAGMA busy_timeout").fetchone()[0]
                connection.cursor().execute(f"PRAGMA busy_timeout={LONGEST_TRUNCATION_MS}")
                with suppress(OperationalError):  # the erase is committed, whatever becomes of this
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                connection.cursor().execute(f"PRAGMA busy_timeout={patience}")

    def is_at_head(self) -> bool:
        """Say whether every migration has been applied."""
        return self._revision() == REVISIONS[-1]

    def upgrade(self, revision: str = REVISIONS[-1]) -> None:
        """Apply the missing migrations, up to a revision; safe when several processes start at once.

        Raises:
            SitebellError: `invalid_settings`, a newer Sitebell has migrated it.
        """
        current = self._revision()
        if current == revision:
            return
        if current is not None and current not in REVISIONS:
            sentence = (
                "This database was made by a newer Sitebell: install that version, or restore a backup of this one."
            )
            raise SitebellError("invalid_settings", sentence, 500)
        import alembic.command  # noqa: PLC0415  (it is large, and needed once in the life of a version)
        import alembic.config  # noqa: PLC0415

        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, revision)

    def _revision(self) -> str | None:
        """Return the last migration that was applied, or None for an empty database."""
        with self._readers.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision

    def close(self) -> None:
        """Return every connection."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at an SQLAlchemy URL, outside Flask: worker, supervisor and command line."""
    engine = create_engine(patient(url), **ENGINE_OPTIONS)
    prepare(engine)
    return Store(engine)


def attach_store(app: "Flask", url: str) -> Store:
    """Open the database for a web application; Flask-SQLAlchemy owns the engine and its end."""
    from flask_sqlalchemy import SQLAlchemy  # noqa: PLC0415  (with Flask: only who serves loads it)

    app.config["SQLALCHEMY_DATABASE_URI"] = patient(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = ENGINE_OPTIONS
    extension = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)
    extension.init_app(app)
    with app.app_context():
        engine = extension.engine
    prepare(engine)
    return Store(engine)


def serialise(session: Session, names: Iterable[int]) -> None:
    """Let nobody else pass the same names until the transaction ends.

    A writing transaction of SQLite is alone anyhow; PostgreSQL keeps a lock for each name (64 bits, signed), taken in
    one order so that two transactions cannot wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(set(names)):
            session.execute(select(func.pg_advisory_xact_lock(name)))


def sqlite_file(url: str) -> Path | None:
    """Return the file behind an SQLite URL, or None for another kind of database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)
