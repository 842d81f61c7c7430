"""What a batch's notifications need to know of their recipients, read in at most three queries."""

from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from sitebell.models import OPEN_STATES, Batch, Delivery, Enrollment, Field, FieldValue, Profile, ProfilePhone
from sitebell.services.fields.values import from_rows

ValuesByRecipient = dict[int, dict[str, Any]]


def load_values(
    session: Session, batch: Batch, names: frozenset[str], may_be_named: ColumnElement[bool]
) -> ValuesByRecipient:
    """Return the named members of each recipient's profile, by subscription; what a profile lacks is left out.

    The profile is that of the enrollment for which the delivery was planned, where `may_be_named` holds of it.
    """
    values: ValuesByRecipient = {}
    own = sorted(names & {"email", "external_id"})
    if own:
        query = _recipients(batch, may_be_named, *(getattr(Profile, name) for name in own))
        for subscription_id, *row in session.execute(query.join(Profile, Profile.id == Enrollment.profile_id)):
            values.setdefault(subscription_id, {}).update(zip(own, row, strict=True))
    if "phones" in names:
        query = _recipients(batch, may_be_named, ProfilePhone.phone).join(
            ProfilePhone, ProfilePhone.profile_id == Enrollment.profile_id
        )
        for subscription_id, phone in session.execute(query.order_by(ProfilePhone.position)):
            values.setdefault(subscription_id, {}).setdefault("phones", []).append(phone)
    fields = names - {"email", "external_id", "phones"}
    if fields:
        _load_fields(session, batch, fields, values, may_be_named)
    return values


def _load_fields(
    session: Session,
    batch: Batch,
    names: frozenset[str],
    values: ValuesByRecipient,
    may_be_named: ColumnElement[bool],
) -> None:
    query = (
        _recipients(batch, may_be_named, Field, FieldValue)
        .join(FieldValue, FieldValue.profile_id == Enrollment.profile_id)
        .join(Field, Field.id == FieldValue.field_id)
        .where(Field.name.in_(names))
        .order_by(Delivery.subscription_id, Field.id, FieldValue.position)
    )
    for (subscription_id, field), group in groupby(session.execute(query), key=lambda row: (row[0], row[1])):
        values.setdefault(subscription_id, {})[field.name] = from_rows(field, [row[2] for row in group])


def _recipients(batch: Batch, may_be_named: ColumnElement[bool], *columns: Any) -> Select[Any]:
    """Select from the enrollments for which the batch's open deliveries were planned."""
    query = select(Delivery.subscription_id, *columns).select_from(Delivery)
    query = query.join(Enrollment, Enrollment.id == Delivery.enrollment_id)
    return query.where(Delivery.batch_id == batch.id, Delivery.state.in_(OPEN_STATES), may_be_named)
