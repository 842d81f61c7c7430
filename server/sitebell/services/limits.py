"""Token buckets that bound what strangers can make us write, by site and by client network (SEC-16)."""

import ipaddress
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import Site, TokenBucket

IPV4_PREFIX = 24
IPV6_PREFIX = 64


class RateLimited(SitebellError):
    """Too many requests; `retry_after` says in how many whole seconds the next one may come."""

    def __init__(self, retry_after: int) -> None:
        message = f"Too many requests from this network or for this site: try again in {retry_after} seconds."
        super().__init__("rate_limited", message, 429, {"retry_after": retry_after})
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limit:
    """A bucket that holds `burst` requests and gains `per_second` of them each second."""

    burst: float
    per_second: float

    @property
    def full_after(self) -> timedelta:
        """The time in which an empty bucket fills up."""
        return timedelta(seconds=self.burst / self.per_second)


@dataclass(frozen=True)
class Quota:
    """The buckets of one kind of request: one for each network, and one for the site unless `site` is None.

    Two quotas with the same `name` share their buckets.
    """

    name: str
    network: Limit
    site: Limit | None


NETWORK_LIMIT = Limit(burst=120, per_second=2)
SITE_LIMIT = Limit(burst=2000, per_second=20)
EVENT_NETWORK_LIMIT = Limit(burst=600, per_second=20)  # one post for each notification that a network's browsers show
EVENT_SITE_LIMIT = Limit(burst=20_000, per_second=500)

SUBSCRIPTIONS = Quota("", NETWORK_LIMIT, SITE_LIMIT)
FAREWELLS = Quota("", NETWORK_LIMIT, None)  # no crowd may keep a visitor from unsubscribing
EVENTS = Quota("events", EVENT_NETWORK_LIMIT, EVENT_SITE_LIMIT)  # a broadcast's receipts must not close the door
LIMITS = (NETWORK_LIMIT, SITE_LIMIT, EVENT_NETWORK_LIMIT, EVENT_SITE_LIMIT)


def check(
    session: Session, site: Site, address: str, now: datetime, quota: Quota = SUBSCRIPTIONS, *, cost: int = 1
) -> None:
    """Refuse a request whose buckets hold less than it costs, without taking anything.

    It needs a reading session only: a flood is turned away without waiting for the write lock, or holding it up.

    Raises:
        RateLimited: a bucket holds less.
    """
    limits = dict(_buckets_of(quota, site, address))
    query = select(TokenBucket.name, TokenBucket.tokens, TokenBucket.updated_at).where(TokenBucket.name.in_(limits))
    for name, tokens, updated_at in session.execute(query):
        _refill(limits[name], tokens, updated_at, now, cost)


def spend(
    session: Session, site: Site, address: str, now: datetime, quota: Quota = SUBSCRIPTIONS, *, cost: int = 1
) -> None:
    """Take a request out of the bucket of the client's network and out of the site's.

    A loopback client has the site's bucket at most: behind a proxy whose hops are not configured every visitor looks
    like that. Roll the session back when this raises: a refused request then costs no token and writes nothing.

    Args:
        session: a writing session, short and of its own, so that the tokens stay spent whatever the request does next.
        site: the site that the request is about.
        address: the client's address as the proxies report it; anything else than an address counts as one network.
        now: the present moment.
        quota: the kind of the request.
        cost: how many requests this one counts as; more than a bucket's burst never passes.

    Raises:
        RateLimited: a bucket holds less than the cost.
    """
    for name, limit in _buckets_of(quota, site, address):
        bucket = _lock_or_create(session, name, limit, now)
        bucket.tokens = _refill(limit, bucket.tokens, bucket.updated_at, now, cost) - cost
        bucket.updated_at = now


def network_of(address: str) -> str | None:
    """Return the network that shares one bucket: a /24, a /64, `unknown`, or None for this machine itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return None
    prefix = IPV4_PREFIX if parsed.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def prune_buckets(session: Session, now: datetime) -> int:
    """Delete the buckets that are full again, which say the same as none at all; return how many."""
    oldest = now - max(limit.full_after for limit in LIMITS)
    result = session.execute(delete(TokenBucket).where(TokenBucket.updated_at < oldest))
    return cast("CursorResult[Any]", result).rowcount


def _buckets_of(quota: Quota, site: Site, address: str) -> Iterator[tuple[str, Limit]]:
    owner = f"{site.id}:{quota.name}" if quota.name else f"{site.id}"
    network = network_of(address)
    if network is not None:
        yield f"{owner}:{network}", quota.network
    if quota.site is not None:
        yield owner, quota.site


def _refill(limit: Limit, tokens: float, updated_at: datetime, now: datetime, cost: int) -> float:
    """Return what the bucket holds now; raises RateLimited when that is less than the cost."""
    seconds = max(0.0, (now - updated_at).total_seconds())
    held = min(limit.burst, tokens + seconds * limit.per_second)
    if held < cost:
        raise RateLimited(math.ceil((cost - held) / limit.per_second))
    return held


def _lock_or_create(session: Session, name: str, limit: Limit, now: datetime) -> TokenBucket:
    bucket = session.get(TokenBucket, name, with_for_update=True)
    if bucket is not None:
        return bucket
    bucket = TokenBucket(name=name, tokens=limit.burst, updated_at=now)
    try:
        with session.begin_nested():
            session.add(bucket)
    except IntegrityError:  # another request of this network was faster
        return session.get_one(TokenBucket, name, with_for_update=True)
    return bucket
