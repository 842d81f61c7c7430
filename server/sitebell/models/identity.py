"""What a signed site proves its customers with."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class IdentityMode(StrEnum):
    """Whose word counts on the public routes: anybody's, or only that of tokens from the site's back end."""

    OPEN = "open"
    SIGNED = "signed"


class SigningKey(Base):
    """A key that verifies identity tokens of one site; one algorithm per key (RFC 7515, RFC 7518)."""

    __tablename__ = "signing_key"
    __table_args__ = (UniqueConstraint("site_id", "kid"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kid: Mapped[str] = mapped_column(String(64))
    algorithm: Mapped[str] = mapped_column(String(8))
    key: Mapped[bytes] = mapped_column(LargeBinary, doc="PEM of the public key or the HMAC secret, sealed")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsedToken(Base):
    """A token with a `jti` that was used: it does not count again."""

    __tablename__ = "used_token"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
