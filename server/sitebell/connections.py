"""How connections to the two databases are set up, whoever opens them."""

from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.engine import make_url

ENGINE_OPTIONS: dict[str, Any] = {
    "hide_parameters": True,  # or a failed statement would log endpoints and keys
    "pool_pre_ping": True,  # a database server may have been restarted
}


def patient(url: str) -> str:
    """Let SQLite wait 30 seconds for another writer, unless the URL says `?timeout=` otherwise (REL-11)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and "timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"timeout": "30"})
    return parsed.render_as_string(hide_password=False)


def prepare(engine: Engine) -> None:
    """Give every connection of an engine the settings of its database; once, before the first."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _configure_postgresql)
        event.listen(engine, "handle_error", _keep_values_out)


def _keep_values_out(context: ExceptionContext) -> None:
    """Cut a complaint of PostgreSQL to its first line: the others quote rows and keys, and complaints get logged."""
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    line = getattr(getattr(original, "diag", None), "message_primary", None)
    if line is not None and wrapped is not None:
        original.args = (line,)
        wrapped.args = (f"({type(original).__name__}) {line}",)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not open transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _configure_postgresql(connection: Any, _record: object) -> None:
    """Speak UTC, whatever zone the server is set to: moments near the years 1 and 9999 exist in no other."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("sitebell_reading", False)
    connection.exec_driver_sql(f"PRAGMA query_only={int(reading)}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
