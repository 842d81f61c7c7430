"""What browsers report: shown, clicked and closed of a delivery, and a site's own events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Delivery, Event, EventType, Site, Subscription, SubscriptionStatus
from sitebell.services.locks import lock_subscriptions
from sitebell.services.receipts import Receipts
from sitebell.services.subscriptions.lifecycle import Address, have_address, prove_subscription
from sitebell.services.vault import Vault
from sitebell.services.visitors.facts import NOBODY, Visitor, note_click
from sitebell.services.webhooks.telling import record_event

RECEIPT_EVENTS = (EventType.SHOWN, EventType.CLICKED, EventType.CLOSED)
CLICKS_PER_DELIVERY = 100
EVENTS_PER_MOMENT = 100
CLOCK_TOLERANCE = timedelta(days=1)
DAYS_OF_REPETITIONS = 8  # where the sender's clock is ahead


@dataclass(frozen=True, kw_only=True)
class Report:
    """One event as a browser reports it, with the credential that fits its type; without `at` the moment is ours."""

    type: str
    receipt: str | None
    address: Address | None
    at: datetime | None
    action: str | None
    data: dict[str, Any] | None


def record_events(
    session: Session, vault: Vault, site: Site, reports: Sequence[Report], now: datetime, visitor: Visitor = NOBODY
) -> tuple[int, int]:
    """Store what is new and return how many were accepted and how many ignored; a click shows its `visitor`.

    Ignored are repetitions, and reports whose credential is forged, expired or another site's: one bad report must not
    cost the good ones beside it. Their browsers are locked first, so that an erase comes before all of it or after.
    """
    receipts = Receipts.of_site(vault, site)
    claims = [receipts.read(report.receipt or "", now) for report in reports]
    _lock_browsers(session, site, reports, claims)
    accepted = 0
    for report, claim in zip(reports, claims, strict=True):
        if report.type not in RECEIPT_EVENTS:
            accepted += _record_proven(session, site, report, now)
        elif claim is not None:
            accepted += _record_receipt(session, claim, site, report, now, visitor)
    return accepted, len(reports) - accepted


def _lock_browsers(
    session: Session, site: Site, reports: Sequence[Report], claims: Sequence[tuple[int, int] | None]
) -> None:
    told = {claim[1] for claim in claims if claim is not None}
    addresses = [report.address for report in reports if report.address is not None]
    conditions = [Subscription.id.in_(told)] if told else []
    if told or addresses:
        lock_subscriptions(session, or_(*conditions, *([have_address(site, addresses)] if addresses else [])))


def _record_receipt(
    session: Session, claim: tuple[int, int], site: Site, report: Report, now: datetime, visitor: Visitor
) -> bool:
    delivery = session.get(Delivery, claim, with_for_update=True, populate_existing=True)
    if delivery is None or _is_of_erased(session, delivery):
        return False
    at = _plausible(report.at, now)
    if not _is_new(session, delivery, report.type, at, is_replaced=at != report.at):
        return False
    is_first = getattr(delivery, f"{report.type}_at") is None
    if is_first:
        setattr(delivery, f"{report.type}_at", at)
    event = Event(
        site_id=site.id,
        subscription_id=delivery.subscription_id,
        message_id=delivery.message_id,
        type=report.type,
        at=at,
        received_at=now,
        action=report.action if delivery.enrollment_id is not None else None,  # the person may have been erased
    )
    record_event(session, event, delivery=delivery, is_first=is_first)
    if report.type == EventType.CLICKED:
        note_click(session, site, delivery.subscription_id, visitor, at)
    return True


def _is_of_erased(session: Session, delivery: Delivery) -> bool:
    """Say whether the browser was erased since: what it still tells must not be kept."""
    if delivery.enrollment_id is not None:  # an erase takes it out
        return False
    status = session.scalar(select(Subscription.status).where(Subscription.id == delivery.subscription_id))
    return status == SubscriptionStatus.ERASED


def _is_new(session: Session, delivery: Delivery, kind: str, at: datetime, *, is_replaced: bool) -> bool:
    """Shown and closed happen once; a click happens again when its moment differs, unless that moment is ours."""
    known = getattr(delivery, f"{kind}_at")
    if known is None:
        return True
    if kind != EventType.CLICKED or is_replaced:
        return False
    query = select(func.count(), func.count().filter(Event.at == at)).where(
        Event.subscription_id == delivery.subscription_id,
        Event.message_id == delivery.message_id,
        Event.type == kind,
    )
    total, same = session.execute(query).one()
    return same == 0 and total < CLICKS_PER_DELIVERY


def _record_proven(session: Session, site: Site, report: Report, now: datetime) -> bool:
    if report.address is None:
        return False
    try:
        subscription = prove_subscription(session, site, report.address)
    except NotFound:
        return False
    return record_custom(session, subscription, report.action, report.data, now, at=report.at or now)


def record_custom(
    session: Session,
    subscription: Subscription,
    action: str | None,
    data: dict[str, Any] | None,
    now: datetime,
    *,
    at: datetime,
) -> bool:
    """Store an event of the site's own at a locked subscription; False when it is a repetition.

    It is known by the sender's own moment. Of one moment and name a hundred are kept, which bounds the comparison.
    """
    plausible = _turned_back(at, now)
    days = DAYS_OF_REPETITIONS if at > now else 1  # or an event at the same time of another day would be lost
    known = select(Event.at, Event.received_at, Event.data).where(
        Event.subscription_id == subscription.id,
        Event.message_id.is_(None),
        Event.type == EventType.CUSTOM,
        Event.action.is_not_distinct_from(action),
        Event.at.in_([plausible - timedelta(days=number) for number in range(days)]),
    )
    rows = session.execute(known.limit(EVENTS_PER_MOMENT)).all()
    same_moment = [row.data for row in rows if row.at == _turned_back(at, row.received_at)]
    if len(rows) == EVENTS_PER_MOMENT or data in same_moment:
        return False
    whose = {"site_id": subscription.site_id, "subscription_id": subscription.id}
    what = {"type": EventType.CUSTOM, "action": action, "data": data}
    record_event(session, Event(**whose, **what, at=plausible, received_at=now))
    return True


def _turned_back(at: datetime, received_at: datetime) -> datetime:
    """Keep the sender's moment, unless its clock is ahead by more than a day: then by whole days to the nearest one.

    What was received when is enough to tell what became of a moment, so a repetition is known on another day, too.
    """
    if at <= received_at + CLOCK_TOLERANCE:
        return at
    return at - timedelta(days=round((at - received_at) / timedelta(days=1)))


def _plausible(at: datetime | None, now: datetime) -> datetime:
    """Keep the browser's moment, by which a repetition is known, unless its clock is ahead by more than a day."""
    return at if at is not None and at <= now + CLOCK_TOLERANCE else now
