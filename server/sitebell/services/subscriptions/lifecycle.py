"""A browser's subscription: registered, refreshed, rotated, ended. The subscription itself is the credential."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, NotFound
from sitebell.models import Event, EventType, Site, Subscription, SubscriptionStatus
from sitebell.push.encryption import SubscriptionKeys
from sitebell.push.endpoint import Endpoint, EndpointRules
from sitebell.services.binding.crowding import push_out_surplus
from sitebell.services.locks import lock_subscriptions
from sitebell.services.tombstones import Tombstones
from sitebell.services.vapid_keys import choose_vapid_key
from sitebell.services.vault import Vault
from sitebell.services.webhooks.telling import record_event

CONFLICT = "This endpoint is known with other keys: unsubscribe in the browser and subscribe again."


@dataclass(frozen=True)
class Address:
    """Endpoint and keys as the browser's `PushSubscription` gives them, checked."""

    endpoint: Endpoint
    keys: SubscriptionKeys

    @property
    def hash(self) -> bytes:
        """The 32 bytes by which the address is found."""
        return hashlib.sha256(self.endpoint.url.encode()).digest()


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a browser says when it subscribes (`intent` subscribe) or visits again (refresh).

    `topics` are the names of all that the visitor chose; None leaves the choice as it is.
    """

    address: Address
    intent: str = "subscribe"
    previous: Address | None = None
    vapid_public_key: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    topics: Sequence[str] | None = None

    @property
    def is_explicit(self) -> bool:
        """The visitor asked to subscribe just now; a refresh is a visit like any other."""
        return self.intent == "subscribe"


def parse_address(rules: EndpointRules, endpoint: str, p256dh: str, auth: str) -> Address:
    """Check endpoint and keys.

    Raises:
        Invalid: `invalid_endpoint` or `invalid_keys`.
    """
    return Address(rules.parse(endpoint), SubscriptionKeys.parse(p256dh, auth))


def put_subscription(
    session: Session, vault: Vault, site: Site, registration: Registration, now: datetime
) -> tuple[Subscription, bool]:
    """Register or refresh a subscription; return its row and whether it is new.

    A new endpoint that proves the one it replaces takes that row over: same hash, no second row. Only the intent
    `subscribe` brings back what the visitor ended; a refresh revives at most what a push service called gone. For an
    erased browser it stores nothing and returns a row with the status erased that is in no database.

    Raises:
        Conflict: `subscription_conflict`, the endpoint is known with other keys; nothing was changed.
        Invalid: `unknown_vapid_key`.
    """
    pair = choose_vapid_key(session, site, registration.vapid_public_key)
    existing, previous = _find_both(session, site, registration)
    if existing is not None:
        if not _proves(existing, registration.address):
            raise Conflict("subscription_conflict", CONFLICT)
        if previous is not None and previous.id != existing.id and previous.status == SubscriptionStatus.SUBSCRIBED:
            _end(previous, SubscriptionStatus.GONE, "replaced by another endpoint", now)
            record_change(session, previous, EventType.UNSUBSCRIBED, now)
        if registration.vapid_public_key is not None:
            existing.vapid_key_id = pair.id
        return _refresh(session, existing, registration, now), False
    if _stays_erased(session, vault, site, registration, now):
        return Subscription(subscriber_hash=secrets.token_hex(16), status=SubscriptionStatus.ERASED), False
    if previous is not None:
        return _move(session, vault, site, previous, registration, pair.id, now)
    return _create(session, vault, site, registration, pair.id, now)


def prove_subscription(session: Session, site: Site, address: Address, *, lock: bool = True) -> Subscription:
    """Return the subscription whose endpoint and both keys the caller knows (SEC-12), locked unless it is only read.

    Raises:
        NotFound: unknown or not matching, which answer the same.
    """
    row = _find_proven(session, site, address, lock=lock)
    if row is None:
        raise NotFound("subscription_not_found", "This site has no such subscription: subscribe first.")
    return row


def unsubscribe(
    session: Session, subscription: Subscription, now: datetime, *, reason: str = "unsubscribed by the visitor"
) -> None:
    """End a subscription by its visitor's wish, or another `reason`; doing it again changes nothing."""
    if subscription.status != SubscriptionStatus.UNSUBSCRIBED:
        _end(subscription, SubscriptionStatus.UNSUBSCRIBED, reason, now)
        record_change(session, subscription, EventType.UNSUBSCRIBED, now)


def revive(session: Session, subscription: Subscription, now: datetime) -> None:
    """Let a subscription that had ended begin again."""
    subscription.status, subscription.status_reason, subscription.updated_at = SubscriptionStatus.SUBSCRIBED, "", now
    push_out_surplus(session, [subscription.id], now)
    record_change(session, subscription, EventType.SUBSCRIBED, now)


def _stays_erased(session: Session, vault: Vault, site: Site, registration: Registration, now: datetime) -> bool:
    """Decide after the row was looked for: an erase that held it meanwhile has left its tombstone by then.

    A wish to subscribe lifts the tombstone of the address that it is made with. Nobody can prove to have had the
    previous one, for its keys are gone: that one stays, and a refresh hands it on from address to address.
    """
    tombstones, address = Tombstones.of_site(vault, site), registration.address.endpoint.url
    if registration.is_explicit:
        tombstones.remove(session, address)
        return False
    previous = registration.previous.endpoint.url if registration.previous else None
    return tombstones.cover(session, address) or tombstones.follow(session, address, previous, now)


def have_address(site: Site, addresses: Iterable[Address]) -> ColumnElement[bool]:
    """Return the condition that a subscription of a site has one of some addresses, answered by their index."""
    return or_(*(_has_address(site, address) for address in addresses))


def _find_both(
    session: Session, site: Site, registration: Registration
) -> tuple[Subscription | None, Subscription | None]:
    """Lock and return what has the address, and what proves to have had the previous one."""
    if registration.previous is None:
        return _find(session, site, registration.address), None
    lock_subscriptions(session, have_address(site, [registration.address, registration.previous]))
    return _find(session, site, registration.address), _find_proven(session, site, registration.previous)


def _find(session: Session, site: Site, address: Address, *, lock: bool = True) -> Subscription | None:
    query = select(Subscription).where(_has_address(site, address))
    return session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()


def _has_address(site: Site, address: Address) -> ColumnElement[bool]:
    return and_(
        Subscription.site_id == site.id,
        Subscription.provider == address.endpoint.service,
        Subscription.address_hash == address.hash,
    )


def _find_proven(session: Session, site: Site, address: Address, *, lock: bool = True) -> Subscription | None:
    row = _find(session, site, address, lock=lock)
    return row if row is not None and _proves(row, address) else None


def _proves(row: Subscription, address: Address) -> bool:
    return hmac.compare_digest((row.p256dh or b"") + (row.auth or b""), address.keys.p256dh + address.keys.auth)


def _move(
    session: Session,
    vault: Vault,
    site: Site,
    row: Subscription,
    registration: Registration,
    vapid_key_id: int,
    now: datetime,
) -> tuple[Subscription, bool]:
    try:
        with session.begin_nested():
            _set_address(row, registration.address, vapid_key_id)
    except IntegrityError:  # the new endpoint was registered on its own meanwhile
        if _find(session, site, registration.address) is None:
            raise
        return put_subscription(session, vault, site, registration, now)
    record_change(session, row, EventType.UPDATED, now)
    return _refresh(session, row, registration, now), False


def _create(
    session: Session, vault: Vault, site: Site, registration: Registration, vapid_key_id: int, now: datetime
) -> tuple[Subscription, bool]:
    row = Subscription(
        site_id=site.id,
        channel="web",
        subscriber_hash=secrets.token_hex(16),
        status=SubscriptionStatus.SUBSCRIBED,
        locale=registration.locale,
        time_zone=registration.time_zone,
        created_at=now,
        updated_at=now,
        seen_at=now,
    )
    _set_address(row, registration.address, vapid_key_id)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # the same browser was faster in another request
        if _find(session, site, registration.address) is None:
            raise
        return put_subscription(session, vault, site, registration, now)
    record_change(session, row, EventType.SUBSCRIBED, now)
    return row, True


def _refresh(session: Session, row: Subscription, registration: Registration, now: datetime) -> Subscription:
    row.seen_at, row.worker = now, None  # it is our SDK that speaks
    row.locale = registration.locale or row.locale
    row.time_zone = registration.time_zone or row.time_zone
    ended_by_visitor = row.status == SubscriptionStatus.UNSUBSCRIBED
    if row.status != SubscriptionStatus.SUBSCRIBED and (registration.is_explicit or not ended_by_visitor):
        revive(session, row, now)
    return row


def _set_address(row: Subscription, address: Address, vapid_key_id: int) -> None:
    row.provider, row.address, row.address_hash = address.endpoint.service, address.endpoint.url, address.hash
    row.p256dh, row.auth = address.keys.p256dh, address.keys.auth
    row.vapid_key_id = vapid_key_id


def _end(row: Subscription, status: SubscriptionStatus, reason: str, now: datetime) -> None:
    row.status, row.status_reason, row.updated_at = status, reason, now


def record_change(session: Session, row: Subscription, event: EventType, now: datetime) -> None:
    """Tell of a subscription that it began, moved or ended."""
    event_row = Event(site_id=row.site_id, subscription_id=row.id, type=event, at=now, received_at=now)
    record_event(session, event_row)
