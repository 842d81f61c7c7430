"""Writes down at whose profiles subscriptions stand, by whose word, and what is known about those people."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Field, FieldValue, Profile, ProfilePhone, ProfileTag, Subscription
from sitebell.services.fields.values import from_rows
from sitebell.services.tags import is_on

Json = dict[str, Any]


def people_at(session: Session, rows: Sequence[Subscription], now: datetime) -> dict[int, list[Json]]:
    """Return the profiles of some subscriptions, by the subscription's id; what was left is history, and stays here."""
    columns = (
        Enrollment.subscription_id,
        Enrollment.database_id,
        Enrollment.status,
        Enrollment.suspended_by,
        Enrollment.suspended_until,
        Enrollment.is_anonymous,
        Enrollment.bound_by,
        Profile.id.label("profile_id"),
        Profile.public_id,
        Profile.external_id,
        Profile.email,
    )
    query = select(*columns).join(Profile, Profile.id == Enrollment.profile_id).where(Enrollment.left_at.is_(None))
    mine = query.where(Enrollment.subscription_id.in_([row.id for row in rows])).order_by(Enrollment.id)
    found = session.execute(mine).all()
    ids = {entry.profile_id for entry in found}
    about = [_phones(session, ids), *_tags(session, ids, now), _fields(session, ids)]
    names = ("phones", "tags", "tags_until", "fields")
    people: dict[int, list[Json]] = {}
    for entry in found:
        known = {name: values.get(entry.profile_id) for name, values in zip(names, about, strict=True)}
        people.setdefault(entry.subscription_id, []).append(_person(entry, known))
    return people


def count_values(session: Session, rows: Sequence[Subscription]) -> dict[int, int]:
    """Return how many values of fields the people at some subscriptions have, by the subscription's id."""
    query = select(Enrollment.subscription_id, func.count()).join(
        FieldValue, FieldValue.profile_id == Enrollment.profile_id
    )
    mine = query.where(Enrollment.subscription_id.in_([row.id for row in rows]), Enrollment.left_at.is_(None))
    return dict(session.execute(mine.group_by(Enrollment.subscription_id)).all())


def _person(entry: Any, about: Json) -> Json:
    until = entry.suspended_until
    facts = {
        "database_id": entry.database_id,
        "id": entry.public_id,
        "external_id": entry.external_id,
        "email": entry.email,
        **about,
        "status": entry.status,
        "suspended_by": entry.suspended_by,
        "suspended_until": until.isoformat() if until else None,
        "bound_by": None if entry.is_anonymous else entry.bound_by,
        "is_anonymous": entry.is_anonymous or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _phones(session: Session, ids: Collection[int]) -> dict[int, Any]:
    query = select(ProfilePhone.profile_id, ProfilePhone.phone).where(ProfilePhone.profile_id.in_(ids))
    phones: dict[int, Any] = {}
    for id_, phone in session.execute(query.order_by(ProfilePhone.profile_id, ProfilePhone.position)):
        phones.setdefault(id_, []).append(phone)
    return phones


def _tags(session: Session, ids: Collection[int], now: datetime) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the tags that stay, and those that come off by themselves with their ends."""
    query = select(ProfileTag.profile_id, ProfileTag.tag, ProfileTag.expires_at)
    mine = query.where(ProfileTag.profile_id.in_(ids), is_on(now))
    lasting: dict[int, Any] = {}
    lapsing: dict[int, Any] = {}
    for id_, tag, end in session.execute(mine.order_by(ProfileTag.profile_id, ProfileTag.tag)):
        if end is None:
            lasting.setdefault(id_, []).append(tag)
        else:
            lapsing.setdefault(id_, {})[tag] = end.isoformat()
    return lasting, lapsing


def _fields(session: Session, ids: Collection[int]) -> dict[int, Any]:
    """Return the values of fields by their names, those of lists in their order."""
    cells = (FieldValue.text, FieldValue.number, FieldValue.time)
    query = select(FieldValue.profile_id, Field, *cells).join(Field, Field.id == FieldValue.field_id)
    mine = query.where(FieldValue.profile_id.in_(ids))
    rows = session.execute(mine.order_by(FieldValue.profile_id, Field.name, FieldValue.position)).all()
    fields: dict[int, Any] = {}
    for (id_, field), values in groupby(rows, lambda row: (row.profile_id, row.Field)):
        fields.setdefault(id_, {})[field.name] = from_rows(field, list[Any](values))
    return fields
