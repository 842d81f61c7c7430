"""What migration 0002 writes: standard fields for every database, an anonymous profile for every subscription.

The list of fields is the one of that version; services/fields.py has today's.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

ROWS_PER_STEP = 1000
# What is still to be sent was planned before there were enrollments.
OPEN_DELIVERIES = """
    UPDATE delivery SET enrollment_id = (
        SELECT min(enrollment.id) FROM enrollment WHERE enrollment.subscription_id = delivery.subscription_id
    ) WHERE state IN ('pending', 'retrying')
"""
STANDARD_FIELDS = {
    "_fname": "text",
    "_lname": "text",
    "_bdate": "date",
    "_sex": "text",
    "_regdate": "datetime",
    "_regip": "text",
    "_regcity": "text",
    "_regcountry": "text",
    "_regurl": "text",
    "_ip": "text",
    "_city": "text",
    "_country": "text",
    "_region": "text",
    "_postal_code": "text",
    "_tz": "text",
    "_browser": "text",
    "_os": "text",
    "_language": "text",
    "_vendor": "text",
}


def enroll_known_subscriptions(connection: sa.Connection) -> None:
    """Give every subscription an anonymous profile in each database of its site, so that nobody stops receiving."""
    tables = sa.MetaData()
    tables.reflect(connection, only=("database", "field", "subscription", "site_database", "profile", "enrollment"))
    fields = [
        {"database_id": row.id, "name": name, "type": kind, "is_standard": True, "is_open": False}
        for row in connection.execute(sa.select(tables.tables["database"].c.id)).all()
        for name, kind in STANDARD_FIELDS.items()
    ]
    if fields:
        connection.execute(sa.insert(tables.tables["field"]), fields)
    subscription, link = tables.tables["subscription"], tables.tables["site_database"]
    pairs = sa.select(subscription.c.id, link.c.database_id).join(link, link.c.site_id == subscription.c.site_id)
    known = connection.execute(pairs.order_by(subscription.c.id, link.c.database_id)).all()
    for start in range(0, len(known), ROWS_PER_STEP):
        _enroll(connection, tables, known[start : start + ROWS_PER_STEP])
    connection.execute(sa.text(OPEN_DELIVERIES))


def _enroll(connection: sa.Connection, tables: sa.MetaData, pairs: Any) -> None:
    profile, enrollment = tables.tables["profile"], tables.tables["enrollment"]
    now = datetime.now(UTC)
    now = now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now
    moments = {"created_at": now, "updated_at": now}
    public_ids = [secrets.token_hex(12) for _ in pairs]
    rows = [
        {"public_id": public_id, "database_id": database_id, **moments}
        for public_id, (_, database_id) in zip(public_ids, pairs, strict=True)
    ]
    connection.execute(sa.insert(profile), rows)
    made = sa.select(profile.c.public_id, profile.c.id).where(profile.c.public_id.in_(public_ids))
    ids = {row.public_id: row.id for row in connection.execute(made)}
    bound = {"status": "subscribed", "is_anonymous": True, "bound_by": "open", "bound_at": now, **moments}
    rows = [
        {"subscription_id": subscription_id, "profile_id": ids[public_id], "database_id": database_id, **bound}
        for public_id, (subscription_id, database_id) in zip(public_ids, pairs, strict=True)
    ]
    connection.execute(sa.insert(enrollment), rows)
