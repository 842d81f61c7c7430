"""How many browsers a message would reach now, found out by the walk that sending makes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Enrollment, Message, Profile, Site, Subscription
from sitebell.services.audiences.checking import check_audience
from sitebell.services.audiences.walking import Recipient, count_listed, last_subscription_id, next_page

SAMPLE_SIZE = 10
PAGE_SIZE = 2000
LONGEST = timedelta(seconds=5)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Preview:
    """Distinct subscriptions that would get the message, and some of them as (subscriber hash, profile id)."""

    count: int
    sample: Sequence[tuple[str, str]]


def preview_audience(
    session: Session, site: Site, audience: dict[str, Any], clock: Clock, *, is_verified: bool = False
) -> Preview:
    """Walk an audience as a message sent at this moment would.

    A web thread must not be lost to it: before each further step it asks whether there is time left.

    Raises:
        Invalid: as `check_audience` does; or `too_slow`, the walk did not end within `LONGEST` by the `clock`.
    """
    now = clock()
    imagined = Message(
        site_id=site.id,
        audience=check_audience(session, site, audience, now),
        is_verified=is_verified,
        send_at=now,
        planned_through=0,
        planned_until=last_subscription_id(session, site.id),
    )
    walk = _distinct(session, imagined, clock)
    first = list(islice(walk, SAMPLE_SIZE))
    return Preview(len(first) + sum(1 for _ in walk), _describe(session, first))


def _distinct(session: Session, imagined: Message, clock: Clock) -> Iterator[Recipient]:
    """Yield each recipient once; only those that were found by lists, which are short, have to be remembered."""
    listed: set[int] = set()
    is_last, after, deadline = False, 0, imagined.send_at + LONGEST
    while not is_last:
        place = imagined.planned_through
        page = next_page(session, imagined, PAGE_SIZE, after)
        new = [recipient for recipient in page.recipients if recipient.subscription_id not in listed]
        yield from new
        if place < count_listed(imagined.audience):
            listed.update(recipient.subscription_id for recipient in new)
        after = page.recipients[-1].subscription_id if page.through == place and page.recipients else 0
        imagined.planned_through, is_last = page.through, page.is_last
        if not is_last and clock() >= deadline:
            sentence = f"The audience could not be counted in {LONGEST.seconds} seconds: ask for less. It can be sent."
            raise Invalid("too_slow", sentence)


def _describe(session: Session, recipients: Sequence[Recipient]) -> list[tuple[str, str]]:
    query = (
        select(Subscription.subscriber_hash, Profile.public_id)
        .join(Enrollment, Enrollment.subscription_id == Subscription.id)
        .join(Profile, Profile.id == Enrollment.profile_id)
        .where(Enrollment.id.in_([recipient.enrollment_id for recipient in recipients]))
        .order_by(Subscription.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
