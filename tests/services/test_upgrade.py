"""An upgrade of a database with subscribers: nobody stops receiving, and what was under way still goes out."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sitebell.db import MIGRATIONS, REVISIONS, Base, Store, open_store
from sitebell.models import Delivery, Enrollment, Field, IdentityMode, Message, Profile, Site
from sitebell.services.audiences import next_page
from sitebell.services.fields.defining import STANDARD_FIELDS
from sitebell.services.keys import find_api_keys
from support.databases import Databases

NOW = datetime(2026, 11, 1, tzinfo=UTC)
API_KEY = "sb_of-the-first-version"
SUBSCRIBERS = 1200  # more than one step of the migration


@pytest.fixture
def store(databases: Databases, tmp_path: Path) -> Iterator[Store]:
    """A database as version 0001 left it: a site, its subscribers, and a message of which one delivery is open."""
    with databases.blank(tmp_path) as url, closing(open_store(url)) as store:
        store.upgrade("0001")
        with store.engine.begin() as connection:
            fill(connection)
        yield store


def fill(connection: sa.Connection) -> None:
    """Write the rows of the first version."""
    tables = sa.MetaData()
    tables.reflect(connection)
    now = NOW.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOW

    def add(table: str, *rows: dict[str, Any]) -> None:
        connection.execute(sa.insert(tables.tables[table]), list(rows))

    add("database", {"id": 1, "name": "Shop", "created_at": now})
    site = {"token": "t", "name": "Shop", "worker_path": "/w.js", "worker_scope": "/", "retention_days": 90}
    add("site", {"id": 1, **site, "receipt_key": b"x", "created_at": now})
    add("site_database", {"site_id": 1, "database_id": 1})
    key = {"name": "shop", "prefix": "sb_0", "key_hash": hashlib.sha256(API_KEY.encode()).digest()}
    add("api_key", {"id": 7, "site_id": 1, **key, "scopes": "send read", "created_at": now, "revoked_at": None})
    add("vapid_key", {"id": 1, "site_id": 1, "public_key": "p", "private_key": b"x", "created_at": now})
    add("subscription", *(subscription(number, now) for number in range(1, SUBSCRIBERS + 1)))
    message = {"public_id": "m", "site_id": 1, "status": "sending", "status_reason": "", "ttl": 60, "urgency": "normal"}
    counters = {"planned_through": 0, "planned_until": SUBSCRIBERS, "is_planned": False, "losses_accepted": False}
    counters |= {"known_answers": 0, "known_losses": 0}
    content = {"audience": {"everyone": True}, "notification": {"title": "Hello"}}
    times = dict.fromkeys(("send_at", "expires_at", "created_at"), now)
    add("message", {"id": 1, **message, **counters, **content, **times})
    delivery = {"message_id": 1, "batch_id": 1, "attempts": 0, "reason": ""}
    add("delivery", {**delivery, "subscription_id": 1, "state": "pending"})
    add("delivery", {**delivery, "subscription_id": 2, "state": "accepted"})


def subscription(number: int, now: datetime) -> dict[str, Any]:
    """Return the row of one browser."""
    moments = dict.fromkeys(("created_at", "updated_at", "seen_at"), now)
    return {
        "id": number,
        "site_id": 1,
        "channel": "web",
        "provider": "fcm",
        "address": f"https://fcm.googleapis.com/fcm/send/{number}",
        "address_hash": secrets.token_bytes(32),
        "p256dh": bytes(65),
        "auth": bytes(16),
        "vapid_key_id": 1,
        "subscriber_hash": secrets.token_hex(16),
        "status": "subscribed",
        "status_reason": "",
        **moments,
    }


def test_every_subscriber_is_still_reached(store: Store) -> None:
    store.upgrade()

    with store.reading() as session:
        message = session.get_one(Message, 1)
        page = next_page(session, message, SUBSCRIBERS + 1)
        profiles = session.scalar(sa.select(sa.func.count()).select_from(Profile))
        anonymous = session.scalar(sa.select(sa.func.count()).where(Enrollment.is_anonymous))
    assert {recipient.subscription_id for recipient in page.recipients} >= set(range(3, SUBSCRIBERS + 1))
    assert (profiles, anonymous) == (SUBSCRIBERS, SUBSCRIBERS)


def test_a_delivery_that_was_under_way_has_an_enrollment_and_a_finished_one_needs_none(store: Store) -> None:
    store.upgrade()

    with store.reading() as session:
        first, second = [session.get_one(Delivery, (1, number)).enrollment_id for number in (1, 2)]
        assert first is not None
        assert session.get_one(Enrollment, first).subscription_id == 1
    assert second is None


@pytest.mark.parametrize("mode", IdentityMode)
def test_sec_22_a_signed_site_is_strict_since_the_upgrade(store: Store, mode: IdentityMode) -> None:
    """What its browsers wrote before may be from when it was open."""
    store.upgrade("0007")
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE site SET identity = :mode"), {"mode": mode})

    store.upgrade()

    with store.reading() as session:
        since = session.get_one(Site, 1).strict_since
    assert (since is not None) == (mode == IdentityMode.SIGNED)


def test_an_api_key_opens_its_site_as_before(store: Store) -> None:
    store.upgrade()

    with store.reading() as session:
        (key,) = find_api_keys(session, API_KEY)
    assert (key.id, key.site_id, key.scopes, key.created_at) == (7, 1, "send read", NOW)


def test_a_database_of_the_first_version_gets_the_standard_fields(store: Store) -> None:
    store.upgrade()

    with store.reading() as session:
        found = {field.name: field.type for field in session.scalars(sa.select(Field))}
    assert found == {name: kind.value for name, kind in STANDARD_FIELDS.items()}


def test_the_migrations_make_the_tables_that_the_models_describe(store: Store) -> None:
    store.upgrade()

    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_revision_is_the_one_that_alembic_would_go_to() -> None:
    """Starts look at file names, and load alembic only when there is something to do."""
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISIONS[-1]]
