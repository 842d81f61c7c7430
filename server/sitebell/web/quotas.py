"""Takes what a stranger's request costs out of the buckets of its network and of the site (SEC-16)."""

from flask import request

from sitebell.models import Site
from sitebell.services import limits
from sitebell.web.context import now, store


def spend(site: Site, quota: limits.Quota = limits.SUBSCRIPTIONS, *, cost: int = 1) -> None:
    """Take `cost` tokens before the work, in a transaction of its own: they stay spent when the work is refused.

    Raises:
        RateLimited: a bucket holds less.
    """
    address, moment = request.remote_addr or "", now()
    with store().reading() as session:
        limits.check(session, site, address, moment, quota, cost=cost)
    with store().writing() as session:
        limits.spend(session, site, address, moment, quota, cost=cost)
