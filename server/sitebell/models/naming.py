"""By what an erase, an export and a merge find the messages that name somebody, without reading every audience."""

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base

HASH = LargeBinary(16)


class MessageName(Base):
    """A name that stands in a message's audience: the first half of its SHA-256, since the audience says it in full."""

    __tablename__ = "message_name"

    name_hash: Mapped[bytes] = mapped_column(HASH, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)


class FormerName(Base):
    """A name that a profile had before it was changed or merged: by what messages or backups still call it.

    `is_id`: it was the id of a profile that was merged into this one.
    """

    __tablename__ = "former_name"
    __table_args__ = (Index("ix_former_name_name_hash", "name_hash"),)

    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"), primary_key=True)
    name_hash: Mapped[bytes] = mapped_column(HASH, primary_key=True)
    is_id: Mapped[bool] = mapped_column(default=False)
