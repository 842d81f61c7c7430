"""Addresses of other channels than the web: tokens of a site's apps, stored and matched like every subscription.

No transport carries anything to them: what is planned for one is skipped, and the message's counts say so.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.db import serialise
from sitebell.errors import Invalid
from sitebell.models import EventType, Site, Subscription, SubscriptionStatus
from sitebell.push.endpoint import Endpoint
from sitebell.services.fields.contact import normalise_email
from sitebell.services.locks import lock_subscriptions
from sitebell.services.subscriptions.lifecycle import record_change, revive
from sitebell.services.tombstones import Tombstones
from sitebell.services.vault import Vault

CHANNEL = "mobile"
EMAIL = "email"  # channel and provider of an e-mail address
LONGEST_ADDRESS = 4096
PROVIDERS = (
    "android-firebase",
    "android-huawei",
    "android-rustore",
    "ios-apns",
    "ios-firebase",
    "ios-huawei",
    "yandex-Appmetrica-android-token",
    "yandex-Appmetrica-device-id-android",
    "yandex-Appmetrica-device-id-ios",
    "yandex-Appmetrica-google-aid",
    "yandex-Appmetrica-ios-ifa",
    "yandex-Appmetrica-ios-token",
)


@dataclass(frozen=True)
class NativeAddress:
    """The token by which a provider knows one device. Whoever knows it may change what it is bound to.

    An e-mail address is stored likewise, in a channel of its own; only the site's back end speaks for it.
    """

    provider: str
    token: str
    channel: str = CHANNEL

    @property
    def hash(self) -> bytes:
        """The 32 bytes by which the address is found."""
        return hashlib.sha256(self.token.encode()).digest()


def parse_native_address(provider: str, token: str) -> NativeAddress:
    """Check provider and token.

    Raises:
        Invalid: `unknown_provider`, or `invalid_address`, the token has not 1 to 4096 characters.
    """
    if provider not in PROVIDERS:
        raise Invalid("unknown_provider", f"The provider is one of {', '.join(PROVIDERS)}.")
    if not 1 <= len(token) <= LONGEST_ADDRESS:
        raise Invalid("invalid_address", f"A device's token has 1 to {LONGEST_ADDRESS} characters.")
    return NativeAddress(provider, token)


def parse_email_address(address: str) -> NativeAddress:
    """Return an e-mail address in the form in which it is stored and found.

    Raises:
        Invalid: `invalid_email`.
    """
    return NativeAddress(EMAIL, normalise_email(address), EMAIL)


def lock_addresses(session: Session, addresses: Collection[tuple[Site, NativeAddress | Endpoint]]) -> None:
    """Lock the subscriptions of sites' devices and browsers in their order, before one call changes several of them.

    Who names one of the same devices waits here even while it is not stored: two calls that store the same ones, each
    in its own order, would wait for each other.
    """
    serialise(session, [_lock_name(site, one) for site, one in addresses if isinstance(one, NativeAddress)])
    if addresses:
        lock_subscriptions(session, or_(*(_has_address(site, one) for site, one in addresses)))


def find_address(session: Session, site: Site, address: NativeAddress) -> Subscription | None:
    """Return a site's subscription of an address, locked; None when it is not known."""
    return _find(session, site, address)


def find_endpoint(session: Session, site: Site, endpoint: Endpoint) -> Subscription | None:
    """Return a browser's subscription by its endpoint alone, locked: for a back end, whose word needs no keys."""
    return _find(session, site, endpoint)


def put_address(
    session: Session, vault: Vault, site: Site, address: NativeAddress, now: datetime
) -> tuple[Subscription, bool]:
    """Store an address by its device's wish to subscribe; return its locked row and whether it begins, or begins again.

    As with a browser, that wish alone brings back what was ended or erased.
    """
    row, is_new = note_address(session, vault, site, address, now)
    if is_new:
        record_change(session, row, EventType.SUBSCRIBED, now)
        return row, True
    has_ended = row.status != SubscriptionStatus.SUBSCRIBED
    if has_ended:
        revive(session, row, now)
    return row, has_ended


def note_address(
    session: Session, vault: Vault, site: Site, address: NativeAddress, now: datetime
) -> tuple[Subscription, bool]:
    """Store an address, or note that it was named again; return its locked row and whether it is new.

    Nothing that has ended begins again and nobody is told: what this means is the caller's to say.
    """
    row = find_address(session, site, address)
    if row is not None:
        row.seen_at = now
        return row, False
    Tombstones.of_site(vault, site).remove(session, address.token)
    row = _new_row(site, address, now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another request about the same address was faster
        if find_address(session, site, address) is None:
            raise
        return note_address(session, vault, site, address, now)
    return row, True


def _find(session: Session, site: Site, address: NativeAddress | Endpoint) -> Subscription | None:
    query = select(Subscription).where(_has_address(site, address)).with_for_update(key_share=True)
    return session.scalars(query).one_or_none()


def _has_address(site: Site, address: NativeAddress | Endpoint) -> ColumnElement[bool]:
    if isinstance(address, NativeAddress):
        provider, digest = address.provider, address.hash
    else:
        provider, digest = address.service, hashlib.sha256(address.url.encode()).digest()
    return and_(Subscription.site_id == site.id, Subscription.provider == provider, Subscription.address_hash == digest)


def _lock_name(site: Site, address: NativeAddress) -> int:
    digest = hashlib.sha256(f"address {site.id}:{address.provider}:".encode() + address.hash).digest()
    return int.from_bytes(digest[:8], signed=True)


def _new_row(site: Site, address: NativeAddress, now: datetime) -> Subscription:
    return Subscription(
        site_id=site.id,
        channel=address.channel,
        provider=address.provider,
        address=address.token,
        address_hash=address.hash,
        subscriber_hash=secrets.token_hex(16),
        status=SubscriptionStatus.SUBSCRIBED,
        created_at=now,
        updated_at=now,
        seen_at=now,
    )
