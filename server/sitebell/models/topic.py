"""Interests that visitors choose."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class Topic(Base):
    """An interest that a site offers its visitors."""

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)


class SubscriptionTopic(Base):
    """A visitor's choice of a topic, in one browser."""

    __tablename__ = "subscription_topic"
    __table_args__ = (Index("ix_subscription_topic_topic_id", "topic_id", "subscription_id"),)

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
