"""The one order in which rows are locked, so that nobody waits in a circle, and the locks that several services take.

0. addresses of devices that may not be stored yet, all at once (`addresses.lock_addresses`);
1. subscriptions, by id;
2. identities of a database, all at once (`matching.lock_identities`);
3. profiles, by database and id;
4. messages, by id;
5. deliveries, by message, batch and subscription;
6. what waits for webhooks, by webhook and id, and then their calls, by id.

Enrollments and events have no place of their own: who changes them has locked the subscription, or its profile. Who
finds out late that an earlier row is needed begins anew, or leaves alone what somebody else holds (`are_free`).

Subscriptions and profiles are locked so that rows may still refer to them: the planner, which holds a message, waits
for no visitor, and whoever goes from one profile to another does not wait for who writes the first. Only who ends a
profile, or writes its external id, keeps such rows out.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sitebell.models import Delivery, Message, Profile, Subscription

DEADLOCK = "40P01"  # among the states of the SQL standard and PostgreSQL
PROFILE_GONE = "The database has no profile with this id."


def is_deadlock(error: DBAPIError) -> bool:
    """Say whether PostgreSQL ended a transaction since it and others waited in a circle: it may be made again."""
    return getattr(error.orig, "sqlstate", None) == DEADLOCK


def lock_subscriptions(session: Session, *which: ColumnElement[bool], are_free: bool = False) -> set[int]:
    """Lock subscriptions in their order and return their ids; `are_free` leaves out those that somebody else holds."""
    query = select(Subscription.id).where(*which).order_by(Subscription.id)
    return set(session.scalars(query.with_for_update(key_share=True, skip_locked=are_free)))


def lock_profile(session: Session, profile: Profile) -> bool:
    """Lock a profile and read it again; False when it is gone."""
    query = select(Profile).where(Profile.id == profile.id).with_for_update(key_share=True)
    if session.scalars(query, execution_options={"populate_existing": True}).one_or_none() is None:
        session.expunge(profile)
        return False
    return True


def lock_profiles_by_id(session: Session, ids: Collection[int]) -> set[int]:
    """Lock profiles in their order and return the ids of those that are there still."""
    query = select(Profile.id).where(Profile.id.in_(ids)).order_by(Profile.database_id, Profile.id)
    return set(session.scalars(query.with_for_update(key_share=True)))


def lock_messages(session: Session, ids: Collection[int]) -> None:
    """Lock messages in their order."""
    session.execute(select(Message.id).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()).all()


def lock_deliveries(session: Session, subscription_ids: Collection[int]) -> None:
    """Lock what was planned for locked subscriptions, in the order in which workers write down their answers."""
    query = select(Delivery.message_id).where(Delivery.subscription_id.in_(subscription_ids))
    query = query.order_by(Delivery.message_id, Delivery.batch_id, Delivery.subscription_id)
    session.execute(query.with_for_update()).all()
