"""What a browser has received, for a list in the site's own page: only what was meant for who is there now.

Values of the recipient are not filled in, or whoever once claimed to be somebody could go on reading about them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Delivery, DeliveryState, Enrollment, Message, Subscription
from sitebell.services.personalisation.filling import fill_in, is_personal

MOST = 50  # of one browser, the newest ones


@dataclass(frozen=True)
class Received:
    """A notification as somebody of whom nothing is known gets it, and when the push service took it."""

    message: str
    sent_at: datetime
    notification: dict[str, Any]


def list_received(session: Session, row: Subscription) -> list[Received]:
    """Return the newest notifications that went to whoever is present at a browser, the newest first.

    What was sent to somebody who has left it since is theirs, and not shown to who came after them; visitors without a
    name share one profile, so theirs begins with the last time that it was taken.
    """
    query = (
        select(Delivery.finished_at, Message)
        .join(Message, Message.id == Delivery.message_id)
        .join(Enrollment, Enrollment.id == Delivery.enrollment_id)
        .where(
            Delivery.subscription_id == row.id,
            Delivery.state == DeliveryState.ACCEPTED,
            Enrollment.left_at.is_(None),
            or_(Enrollment.is_anonymous.is_(False), Delivery.finished_at >= Enrollment.bound_at),
        )
        .order_by(Delivery.message_id.desc())
        .limit(MOST)
    )
    return [shown for finished_at, message in session.execute(query) for shown in _show(finished_at, message)]


def _show(finished_at: datetime | None, message: Message) -> Iterator[Received]:
    notification = message.notification
    try:
        notification = fill_in(notification, {}) if is_personal(notification) else notification
    except Invalid:  # without a value there is no title, or no URL
        return
    yield Received(message.public_id, finished_at or message.send_at, notification)
