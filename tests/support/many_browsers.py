"""A person with more browsers than pages could subscribe in the time of a test."""

import secrets
from datetime import datetime

from flask import Flask
from sqlalchemy import func, insert, select

from sitebell.models import Enrollment, Event, EventType, Profile, Subscription
from support.web_application import parts


def add_browsers(
    app: Flask, profile_id: str, count: int, *, other: str | None = None, bound_at: datetime | None = None
) -> None:
    """Copy a person's first browser, with an event at each copy; at every second one `other`, a profile, was before.

    The copies were bound when the first was, or at `bound_at`.
    """
    with parts(app).store.writing() as session:
        people = {row.public_id: row.id for row in session.scalars(select(Profile))}
        stays = select(Enrollment).where(Enrollment.profile_id == people[profile_id]).order_by(Enrollment.id)
        stay = session.scalars(stays.limit(1)).one()
        browser = session.get_one(Subscription, stay.subscription_id)
        first = (session.scalar(select(func.max(Subscription.id))) or 0) + 1
        copies = [_copy(browser) | _address(number) for number in range(first, first + count)]
        ids = session.scalars(insert(Subscription).returning(Subscription.id), copies).all()
        mine = _copy(stay) | {"subscription_id": 0, "bound_at": bound_at or stay.bound_at}
        session.execute(insert(Enrollment), [mine | {"subscription_id": row_id} for row_id in ids])
        if other is not None:
            theirs = mine | {"profile_id": people[other], "left_at": stay.bound_at}
            session.execute(insert(Enrollment), [theirs | {"subscription_id": row_id} for row_id in ids[::2]])
        happened = {"site_id": browser.site_id, "type": EventType.CUSTOM, "at": stay.bound_at, "action": "x" * 100}
        event = happened | {"received_at": stay.bound_at, "data": {"words": "y" * 4000}}
        session.execute(insert(Event), [event | {"subscription_id": row_id} for row_id in ids])


def _copy(row: Subscription | Enrollment) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "id"}


def _address(number: int) -> dict[str, object]:
    return {
        "address": f"https://fcm.googleapis.com/fcm/send/{number}",
        "address_hash": secrets.token_bytes(32),
        "subscriber_hash": secrets.token_hex(16),
    }
