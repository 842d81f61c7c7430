"""One address at which a site can reach one browser."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class SubscriptionStatus(StrEnum):
    """Whether messages may go to the address."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    GONE = "gone"
    ERASED = "erased"


class Subscription(Base):
    """A browser's push subscription (Push API), or a stored address of another channel.

    `address` is the canonical endpoint; it is found by `address_hash`, its SHA-256. `subscriber_hash` is public and
    stays the same when the endpoint changes. `status_reason` says who or what set the status.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("site_id", "provider", "address_hash"),
        CheckConstraint(
            "channel <> 'web' OR (p256dh IS NOT NULL AND auth IS NOT NULL AND vapid_key_id IS NOT NULL)",
            name="web_has_keys",
        ),
        Index("ix_subscription_audience", "site_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    channel: Mapped[str] = mapped_column(String(10), default="web")
    provider: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(Text)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    p256dh: Mapped[bytes | None] = mapped_column(LargeBinary(65))
    auth: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    vapid_key_id: Mapped[int | None] = mapped_column(ForeignKey("vapid_key.id"), index=True)
    subscriber_hash: Mapped[str] = mapped_column(String(32), unique=True)
    status: Mapped[str] = mapped_column(String(12), default=SubscriptionStatus.SUBSCRIBED)
    status_reason: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str | None] = mapped_column(String(40))
    time_zone: Mapped[str | None] = mapped_column(String(60))
    browser: Mapped[str | None] = mapped_column(String(40))
    platform: Mapped[str | None] = mapped_column(String(40))
    country: Mapped[str | None] = mapped_column(String(2))
    worker: Mapped[str | None] = mapped_column(
        String(20), doc="the vendor whose worker file the browser still runs; NULL: ours"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, doc="when the browser last spoke to us")
    clicked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when a notification was last clicked")
    first_accepted_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when its push service first accepted a message"
    )
