"""A person in one database, and what is known about them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime

LONGEST_EXTERNAL_ID = 200  # characters
LONGEST_TEXT = 500  # characters; four bytes each fit into an index entry of PostgreSQL
SORTED_ALIKE = String(LONGEST_TEXT).with_variant(String(LONGEST_TEXT, collation="C"), "postgresql")


class Profile(Base):
    """A person. `public_id` is the id that everybody else sees; several profiles may share an e-mail address."""

    __tablename__ = "profile"
    __table_args__ = (
        UniqueConstraint("database_id", "external_id"),
        Index("ix_profile_email", "database_id", "email", "id"),
        Index("ix_profile_walk", "database_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, doc="96 random bits, hex")
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"))
    external_id: Mapped[str | None] = mapped_column(String(LONGEST_EXTERNAL_ID), doc="the site's own id of the person")
    email: Mapped[str | None] = mapped_column(String(254), doc="lower case")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProfilePhone(Base):
    """A phone number of a profile, as E.164 writes it."""

    __tablename__ = "profile_phone"
    __table_args__ = (Index("ix_profile_phone_lookup", "database_id", "phone", "profile_id"),)

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    phone: Mapped[str] = mapped_column(String(16), primary_key=True)
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"))
    position: Mapped[int] = mapped_column(default=0)


class FieldValue(Base):
    """One value of a field of a profile, in the column of its type; lists have a row for each element.

    `number` holds integers, booleans as 0 and 1, and decimals in millionths; `time` holds dates at midnight UTC.
    """

    __tablename__ = "field_value"
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, default=0)
    text: Mapped[str | None] = mapped_column(SORTED_ALIKE)
    number: Mapped[int | None] = mapped_column(BigInteger)
    time: Mapped[datetime | None] = mapped_column(UtcDateTime)


for _column in (FieldValue.text, FieldValue.number, FieldValue.time):
    Index(
        f"ix_field_value_{_column.key}",
        FieldValue.field_id,
        _column,
        FieldValue.profile_id,
        sqlite_where=_column.is_not(None),
        postgresql_where=_column.is_not(None),
    )


class ProfileTag(Base):
    """A label that the site has put on a profile."""

    __tablename__ = "profile_tag"
    __table_args__ = (Index("ix_profile_tag_lookup", "database_id", "tag", "profile_id"),)

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(100), primary_key=True)
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when it comes off by itself")


Index(
    "ix_profile_tag_expires_at",
    ProfileTag.expires_at,
    sqlite_where=ProfileTag.expires_at.is_not(None),
    postgresql_where=ProfileTag.expires_at.is_not(None),
)
