"""What tests say to the web application: its settings, its parts, and the shape of a browser's subscription."""

import base64
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import select

from sitebell.config import Config
from sitebell.db import Base, Store
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


def stored_rows(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, except what rate limits remember: equal before and after, nothing changed."""
    return rows_of(parts(app).store)


def rows_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, except what rate limits remember."""
    with store.reading() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
            if name != "token_bucket"
        }


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
