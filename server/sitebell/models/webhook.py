"""What a site wants to be told, and the calls that tell it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime
from sitebell.work_queue import Queued


class Webhook(Base):
    """A URL of the site's back end that is told of events (Standard Webhooks)."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[list[str]] = mapped_column(JSON, doc="names such as subscribe and click")
    secret: Mapped[bytes] = mapped_column(LargeBinary, doc="sealed by the master key")
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary, doc="still signs during a rotation; sealed")
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when the previous secret ends")
    is_enabled: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str] = mapped_column(String(200), default="")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="the first failure since the last success")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebhookEvent(Base):
    """An event that waits to be told, written with the event itself; a call takes the rows away."""

    __tablename__ = "webhook_event"
    __table_args__ = (Index("ix_webhook_event_webhook_id", "webhook_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(BigInteger, doc="no foreign key: no visitor waits for one that is removed")
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CallState(StrEnum):
    """Where a call stands; the last three are final."""

    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    FAILED = "failed"
    ERASED = "erased"


class WebhookCall(Queued, Base):
    """Some events on their way to a webhook, and what became of them: the delivery log.

    `body` lists `{"subscription_id", "event"}`; the event is what is told, the id is for us alone.
    """

    __tablename__ = "webhook_call"
    __table_args__ = (
        Index("ix_webhook_call_due", "due_at", "id"),
        Index("ix_webhook_call_webhook_id", "webhook_id", "id"),
        Index("ix_webhook_call_created_at", "created_at"),
        Index("ix_webhook_call_state", "webhook_id", "state"),
    )

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    public_id: Mapped[str] = mapped_column(String(40), unique=True, doc="the header webhook-id")
    body: Mapped[list[dict[str, Any]]] = mapped_column(JSON, doc="an erase takes out what speaks of the erased")
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default=CallState.PENDING)
    http_status: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookCallSubscription(Base):
    """Which subscriptions a call speaks of, so that an erase finds it."""

    __tablename__ = "webhook_call_subscription"

    subscription_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("webhook_call.id"), primary_key=True, index=True)
