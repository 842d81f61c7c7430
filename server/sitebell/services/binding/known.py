"""Whether somebody is known at a browser: one answer for logins and logouts, links and erases."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import Enrollment, Profile, ProfilePhone, Subscription


def is_known(stay: Any = Enrollment) -> ColumnElement[bool]:
    """Return the condition that an enrollment (or an alias of it) is somebody's.

    Nobody's is one that was bound without a word about who it is, as long as its profile got no name either: whoever
    wrote an e-mail address or a phone number there said who they are.
    """
    profile = aliased(Profile)
    phones = exists().where(ProfilePhone.profile_id == profile.id)
    nameless = and_(profile.external_id.is_(None), profile.email.is_(None), ~phones)
    condition: ColumnElement[bool] = ~(stay.is_anonymous & exists().where(profile.id == stay.profile_id, nameless))
    return condition


def is_nobodys(session: Session, subscription: Subscription, database_id: int) -> bool:
    """Say whether a subscription stands in a database, and with its anonymous profile alone."""
    query = select(is_known()).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.database_id == database_id,
        Enrollment.left_at.is_(None),
    )
    return set(session.scalars(query)) == {False}
