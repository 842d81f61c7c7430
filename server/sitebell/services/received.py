"""What a browser has received, for a list in the site's own page: only what was meant for who is there now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Delivery, DeliveryState, Enrollment, Message, Subscription
from sitebell.services.delivery.eligibility import may_be_named
from sitebell.services.personalisation.filling import fill_in, is_personal, names_of
from sitebell.services.personalisation.values import load_values

MOST = 50  # of one browser, the newest ones


@dataclass(frozen=True)
class Received:
    """A notification as this browser's visitor would get it now, and when the push service took it."""

    message: str
    sent_at: datetime
    notification: dict[str, Any]


def list_received(session: Session, row: Subscription) -> list[Received]:
    """Return the newest notifications that went to whoever is present at a browser, the newest first.

    What was sent to somebody who has left it since is theirs, and not shown to who came after them.
    """
    present = select(Enrollment.id).where(Enrollment.subscription_id == row.id, Enrollment.left_at.is_(None))
    query = (
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(
            Delivery.subscription_id == row.id,
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.enrollment_id.in_(present),
        )
        .order_by(Delivery.message_id.desc())
        .limit(MOST)
    )
    return [shown for delivery, message in session.execute(query) for shown in _show(session, delivery, message)]


def _show(session: Session, delivery: Delivery, message: Message) -> Sequence[Received]:
    notification = message.notification
    if is_personal(notification):
        mine = and_(Delivery.message_id == message.id, Delivery.subscription_id == delivery.subscription_id)
        values = load_values(session, mine, names_of(notification), may_be_named(session, message))
        try:
            notification = fill_in(notification, values.get(delivery.subscription_id, {}))
        except Invalid:  # the profile has changed since, and the text cannot be made any more
            return []
    return [Received(message.public_id, delivery.finished_at or message.send_at, notification)]
