"""VAPID pairs that a file brings along, and which of them goes on as the current one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import Site, Subscription
from sitebell.push.vapid import VapidKey
from sitebell.services.vapid_files import read_vapid_values
from sitebell.services.vapid_keys import current_vapid_key, import_vapid_key
from sitebell.services.vault import Vault


@dataclass(frozen=True)
class BroughtKey:
    """A pair of a file; `was_current`: new subscriptions were made with it where it comes from."""

    key: VapidKey
    was_current: bool


def read_key(values: Any) -> BroughtKey:
    """Return the pair of a line; raises Invalid `invalid_vapid_key`."""
    was_current = isinstance(values, Mapping) and values.get("is_current") is True
    return BroughtKey(read_vapid_values(values), was_current)


def goes_on(session: Session, site: Site, brought: BroughtKey) -> bool:
    """Say whether a pair stays the current one here: then nobody has to be subscribed anew at a visit.

    So only where nobody would have to be for the other one: the site's own pair has no subscriptions so far.
    """
    if not brought.was_current:
        return False
    current = current_vapid_key(session, site)
    carried = select(Subscription.id).where(Subscription.vapid_key_id == current.id).limit(1)
    return current.public_key == brought.key.public_text or session.scalars(carried).first() is None


def bring_key(session: Session, vault: Vault, site: Site, brought: BroughtKey, now: datetime) -> bool:
    """Put a pair into the keyring; return whether it is the current one."""
    is_current = goes_on(session, site, brought)
    import_vapid_key(session, vault, site, brought.key, now, is_current=is_current)
    return is_current
