"""A subscription bound to a profile: whose browser it is."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class EnrollmentStatus(StrEnum):
    """Whether messages for the profile may go to the subscription. The order gives the numbers, from 0."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    HARDBOUNCED = "hardbounced"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "suspended"
    INVALID = "invalid"

    @property
    def number(self) -> int:
        """The number that other systems know this status by: subscribed 0 to invalid 6."""
        return list(EnrollmentStatus).index(self)


class SuspendedBy(StrEnum):
    """The cause of a suspension, which decides what ends it: binding back (the first two), the visitor, the operator.

    Both is the operator's suspension of a browser that its visitor has paused: each of them is lifted by itself.
    """

    REBIND = "rebind"
    CROWD = "crowd"
    VISITOR = "visitor"
    OPERATOR = "operator"
    BOTH = "both"


PAUSED = (SuspendedBy.VISITOR, SuspendedBy.BOTH)
STOPPED = (SuspendedBy.OPERATOR, SuspendedBy.BOTH)


class BoundBy(StrEnum):
    """Who said that the browser belongs to the profile, from the weakest word to the strongest."""

    OPEN = "open"
    LINK = "link"
    IMPORT = "import"
    SIGNED = "signed"
    BACKEND = "backend"


PROVEN = (BoundBy.IMPORT, BoundBy.SIGNED, BoundBy.BACKEND)
NAMING = (BoundBy.LINK, *PROVEN)  # a forwarded link proves nothing; on a signed site it tells more than a claim


class Enrollment(Base):
    """One subscription at one profile. Those that were not left are present; only subscribed ones receive."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("subscription_id", "profile_id"),
        # Not with the status: PostgreSQL without statistics would read all of that index for each subscription.
        Index("ix_enrollment_profile_id", "profile_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"))
    status: Mapped[str] = mapped_column(String(12), default=EnrollmentStatus.SUBSCRIBED)
    suspended_by: Mapped[str | None] = mapped_column(String(8))
    suspended_until: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="a visitor's pause ends by itself")
    ended_by_backend: Mapped[bool] = mapped_column(
        default=False,
        server_default=false(),
        doc="unsubscribed or complained by its word alone, which it may take back",
    )
    is_anonymous: Mapped[bool] = mapped_column(default=False, doc="bound without a word about who it is")
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when another profile took its place")
    bound_by: Mapped[str] = mapped_column(String(7), default=BoundBy.OPEN)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    token_issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="iat of the newest token that bound it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @hybrid_property
    def seems_subscribed(self) -> bool:
        """Whether its page is told that it is subscribed: newer browsers of the person change nothing of that."""
        return self.status == EnrollmentStatus.SUBSCRIBED or self.suspended_by == SuspendedBy.CROWD

    @seems_subscribed.inplace.expression
    @classmethod
    def _seems_subscribed(cls) -> ColumnElement[bool]:
        return (cls.status == EnrollmentStatus.SUBSCRIBED) | cls.suspended_by.is_not_distinct_from(SuspendedBy.CROWD)


Index(
    "ix_enrollment_suspended_until",
    Enrollment.suspended_until,
    sqlite_where=Enrollment.suspended_until.is_not(None),
    postgresql_where=Enrollment.suspended_until.is_not(None),
)
