"""A site's messages as lists: those of one status and time, the newest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sitebell.models import Message, MessageStatus, Site

LARGEST_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which messages; `since` and `until` are about the moment of sending, `until` itself is left out."""

    statuses: Collection[MessageStatus] = tuple(MessageStatus)
    public_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_messages(
    session: Session, site: Site, wanted: Wanted, *, limit: int, offset: int
) -> tuple[int, Sequence[Message]]:
    """Return how many messages there are, and some of them."""
    query = select(Message).where(Message.site_id == site.id, Message.status.in_(wanted.statuses))
    if wanted.public_id is not None:
        query = query.where(Message.public_id == wanted.public_id)
    if wanted.since is not None:
        query = query.where(Message.send_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Message.send_at < wanted.until)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(Message.send_at.desc(), Message.id.desc()).limit(limit).offset(offset)
    return count, session.scalars(page).all()
