"""What tests say to the web application: its settings, its parts, and the shape of a browser's subscription."""

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import select

from sitebell.config import Config
from sitebell.db import Base, Store
from sitebell.services.sites import NewSite, create_site
from sitebell.web.context import Context

Json = dict[str, Any]


def settings_in(folder: Path, **changes: Any) -> Config:
    """Return the settings of an installation whose database and master key lie in `folder`."""
    values = {"base_url": "https://bell.example.com", "database_url": f"sqlite:///{folder / 'sitebell.sqlite3'}"}
    return Config(data=folder, **(values | changes))


def parts(app: Flask) -> Context:
    """Return what an application works with: store, vault, settings, rules, clock."""
    context: Context = app.extensions["sitebell"]
    return context


def make_site(app: Flask, origin: str = "https://www.example.com") -> NewSite:
    """Make a site whose pages are on an origin."""
    context = parts(app)
    values: Json = {"name": "Example", "origins": [origin], "database_id": None, "now": context.clock()}
    with context.store.writing() as session:
        return create_site(session, context.vault, **values)


def stored_rows(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, except what rate limits remember: equal before and after, nothing changed."""
    return rows_of(parts(app).store)


def rows_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, except what rate limits remember.

    Values are as the driver gives them: a statement of the ORM for each table costs twenty times as much.
    """
    names = [name for name in Base.metadata.tables if name != "token_bucket"]
    with store.reading() as session:
        connection = session.connection().connection.dbapi_connection
        assert connection is not None
        cursor: Any = connection.cursor()
        found = _in_one_answer(cursor, names) if store.engine.dialect.name == "postgresql" else _in_turn(cursor, names)
        return {name: sorted(rows, key=repr) for name, rows in zip(names, found, strict=True)}


def _in_turn(cursor: Any, names: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    for name in names:
        yield cursor.execute(f'SELECT * FROM "{name}"').fetchall()


def _in_one_answer(cursor: Any, names: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Ask PostgreSQL once: most of the time goes to the way there and back."""
    for _ in cursor.execute("; ".join(f'SELECT * FROM "{name}"' for name in names)).results():
        yield cursor.fetchall()


def rows(app: Flask, table: Any) -> list[Any]:
    """Return the rows of a table in the order of creation."""
    with parts(app).store.reading() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def refusal(response: Any) -> tuple[int, str]:
    """Return status and error code of an answer; assert that it has a sentence."""
    error = response.json["error"]
    assert len(error["message"]) > 10
    return response.status_code, error["code"]


def new_subscription() -> Json:
    """Return a push subscription as a browser's `toJSON()` writes it; no other browser has it."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{secrets.token_urlsafe(24)}",
        "expirationTime": None,
        "keys": {"p256dh": _base64url(point), "auth": _base64url(secrets.token_bytes(16))},
    }


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
