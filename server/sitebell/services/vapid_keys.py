"""A site's keyring of VAPID pairs (RFC 8292): the current one signs new subscriptions, the others their own."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Site, Subscription, SubscriptionStatus, VapidKeyPair
from sitebell.push.vapid import VapidKey, check_subject
from sitebell.services.vault import Vault


def add_vapid_key(session: Session, vault: Vault, site: Site, now: datetime) -> VapidKeyPair:
    """Generate a pair and make it the site's current one; subscriptions of older pairs keep working."""
    return _keep(session, vault, site, VapidKey.generate(), now, current_since=now)


def import_vapid_key(
    session: Session, vault: Vault, site: Site, key: VapidKey, now: datetime, *, is_current: bool = False
) -> tuple[VapidKeyPair, bool]:
    """Put a pair that another system made into the keyring; return it and whether it is new there.

    It signs for the subscriptions that were made with it. `is_current`: new subscriptions are made with it, too.
    """
    session.refresh(site, with_for_update=True)  # two imports of one pair at once
    query = select(VapidKeyPair).where(VapidKeyPair.site_id == site.id, VapidKeyPair.public_key == key.public_text)
    pair = session.scalars(query).one_or_none()
    if pair is None:
        return _keep(session, vault, site, key, now, current_since=now if is_current else None), True
    if is_current and pair is not current_vapid_key(session, site):
        pair.current_since = now
        session.flush()
    return pair, False


def _keep(
    session: Session, vault: Vault, site: Site, key: VapidKey, now: datetime, *, current_since: datetime | None
) -> VapidKeyPair:
    pair = VapidKeyPair(
        site_id=site.id,
        public_key=key.public_text,
        private_key=vault.seal(f"vapid:{site.id}:{key.public_text}", key.private),
        created_at=now,
        current_since=current_since,
    )
    session.add(pair)
    session.flush()
    return pair


def list_vapid_keys(session: Session, site: Site) -> Sequence[VapidKeyPair]:
    """Return the keyring: the current pair, those that were it before, the latest first, and those brought along."""
    query = select(VapidKeyPair).where(VapidKeyPair.site_id == site.id)
    order = (VapidKeyPair.current_since.desc().nulls_last(), VapidKeyPair.id.desc())
    return session.scalars(query.order_by(*order)).all()


def current_vapid_key(session: Session, site: Site) -> VapidKeyPair:
    """Return the pair that new subscriptions are made with."""
    return list_vapid_keys(session, site)[0]


def choose_vapid_key(session: Session, site: Site, public_key: str | None) -> VapidKeyPair:
    """Return the pair that a subscription was made with: the one it names, or the current one.

    Raises:
        Invalid: `unknown_vapid_key`, the site does not have the named key.
    """
    if public_key is None:
        return current_vapid_key(session, site)
    for pair in list_vapid_keys(session, site):
        if pair.public_key == public_key.rstrip("="):
            return pair
    raise Invalid(
        "unknown_vapid_key",
        "This subscription was made with a key that the site does not have: subscribe again with the site's current"
        " vapid_public_key.",
    )


def open_vapid_key(vault: Vault, pair: VapidKeyPair) -> VapidKey:
    """Unseal a pair's private key for signing."""
    context = f"vapid:{pair.site_id}:{pair.public_key}"
    return VapidKey.from_private(vault.open(context, pair.private_key))


def count_subscriptions(session: Session, site: Site) -> dict[int, int]:
    """Return how many subscriptions that are subscribed each pair carries, by the pair's id; none: no entry."""
    query = select(Subscription.vapid_key_id, func.count()).where(
        Subscription.site_id == site.id,
        Subscription.status == SubscriptionStatus.SUBSCRIBED,
    )
    rows = session.execute(query.group_by(Subscription.vapid_key_id))
    return {pair_id: count for pair_id, count in rows if pair_id is not None}


def resolve_subject(base_url: str, subject: str | None, *, allow_local: bool) -> str:
    """Return how push services can reach the operator (RFC 8292 section 2.1): the setting, else this server's address.

    Args:
        base_url: the setting SITEBELL_BASE_URL.
        subject: the setting SITEBELL_VAPID_SUBJECT, or None.
        allow_local: take localhost and the like; only the demo may.

    Raises:
        Invalid: `invalid_vapid_subject`, with the setting to change.
    """
    try:
        return check_subject(subject or re.sub(r"\Ahttp:", "https:", base_url), allow_local=allow_local)
    except Invalid as error:
        way_out = "Set SITEBELL_VAPID_SUBJECT=mailto:you@example.com with your own address"
        if subject is None:
            way_out += ", or SITEBELL_BASE_URL to the public address of this server"
        raise Invalid(error.code, f"{error.message} {way_out}.") from error
