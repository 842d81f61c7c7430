"""A message, the batches in which it is worked off, and what became of it at each subscription."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime
from sitebell.work_queue import Queued


class MessageStatus(StrEnum):
    """Where a message stands; a draft is stored and goes nowhere until it is sent."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Where one message stands at one subscription. All but the first two are final."""

    PENDING = "pending"
    RETRYING = "retrying"
    ACCEPTED = "accepted"
    FAILED = "failed"
    GONE = "gone"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OPEN_STATES = (DeliveryState.PENDING, DeliveryState.RETRYING)


class Message(Base):
    """Content, audience, schedule and push options of one message.

    `planned_through` is the planner's place in the audience and `planned_until` the last subscription that existed
    when it began. `known_answers` and `known_losses` count answers from subscriptions that had accepted before.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_due", "status", "send_at"),
        Index("ix_message_replace", "site_id", "replace_key", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    status: Mapped[str] = mapped_column(String(12), default=MessageStatus.SCHEDULED)
    status_reason: Mapped[str] = mapped_column(String(500), default="")
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    notification: Mapped[dict[str, Any]] = mapped_column(JSON)
    ttl: Mapped[int] = mapped_column(doc="seconds from send_at")
    urgency: Mapped[str] = mapped_column(String(10))
    replace_key: Mapped[str | None] = mapped_column(String(200))
    send_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    planned_through: Mapped[int] = mapped_column(BigInteger, default=0)
    planned_until: Mapped[int | None] = mapped_column(BigInteger)
    is_planned: Mapped[bool] = mapped_column(default=False)
    known_answers: Mapped[int] = mapped_column(default=0)
    known_losses: Mapped[int] = mapped_column(default=0)
    is_verified: Mapped[bool] = mapped_column(
        default=False, server_default=false(), doc="only to browsers whose profile was proved"
    )
    losses_accepted: Mapped[bool] = mapped_column(default=False, doc="the operator resumed past the self-pause")
    final_counts: Mapped[dict[str, int] | None] = mapped_column(JSON, doc="kept when the deliveries were pruned")


class Batch(Queued, Base):
    """Some hundred deliveries of one message, leased together."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_due", "due_at", "id"),
        Index("ix_batch_message_id", "message_id", "due_at"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))


class Delivery(Base):
    """One message to one subscription: the primary key makes a second row impossible.

    `reason` explains a state that is not `accepted`; `attempts` counts requests that were answered or timed out.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_batch_id", "batch_id", "state"),
        Index("ix_delivery_subscription_id", "subscription_id"),
        {"sqlite_with_rowid": False},
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), primary_key=True)
    enrollment_id: Mapped[int | None] = mapped_column(BigInteger, doc="for whom it was planned; None after an erase")
    batch_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="not before this moment; None: at once")
    http_status: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clicked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lane(Base):
    """What one push host last said to one site, when it asked to be left alone; site 0 means every site."""

    __tablename__ = "lane"

    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    closed_until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")


class IdempotencyKey(Base):
    """The message that a site's Idempotency-Key stands for, and the hash of the request that made it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("site_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    key: Mapped[str] = mapped_column(String(255), doc="SHA-256 of the header, hex")
    request_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
