"""What happened at a browser."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class EventType(StrEnum):
    """The kinds of events; the first three are reported with a receipt."""

    SHOWN = "shown"
    CLICKED = "clicked"
    CLOSED = "closed"
    SUBSCRIBED = "subscribed"
    UPDATED = "updated"
    UNSUBSCRIBED = "unsubscribed"
    CUSTOM = "custom"


class Event(Base):
    """One thing that happened; the unique key makes a repeated report one event."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("subscription_id", "message_id", "type", "at"),
        Index("ix_event_retention", "site_id", "received_at"),
        Index("ix_event_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    message_id: Mapped[int | None] = mapped_column(BigInteger, doc="no foreign key: an event outlives its message")
    type: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime, doc="by the browser's clock, to the millisecond")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str | None] = mapped_column(String(100))
    data: Mapped[dict[str, Any] | None] = mapped_column(JSON)
