"""A site's subscriptions page by page, in the order of their making, by work that does not grow with the site."""

from sqlalchemy import ColumnElement, Select, select, union_all

from sitebell.models import Site, Subscription, SubscriptionStatus

KEPT = [status for status in SubscriptionStatus if status is not SubscriptionStatus.ERASED]


def page_of_subscriptions(site: Site, *where: ColumnElement[bool], after: int, limit: int) -> Select[Subscription]:
    """Return the query for at most `limit` that were not erased, behind an id.

    Each status is asked for by itself: the index has it before the id, and all of a site would be sorted for each page.
    """
    mine = select(Subscription.id).where(Subscription.site_id == site.id, Subscription.id > after, *where)
    firsts = [
        mine.where(Subscription.status == status).order_by(Subscription.id).limit(limit).subquery() for status in KEPT
    ]
    ids = union_all(*(select(first.c.id) for first in firsts)).subquery()
    page = select(ids.c.id).order_by(ids.c.id).limit(limit)
    return select(Subscription).where(Subscription.id.in_(page)).order_by(Subscription.id)
