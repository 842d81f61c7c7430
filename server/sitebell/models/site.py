"""A website, where it lives, and the keys that belong to it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sitebell.db import Base, BigId, UtcDateTime


class Site(Base):
    """One website. Its token is public: it stands in the page."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    worker_path: Mapped[str] = mapped_column(String(500), default="/bell-worker.js")
    worker_scope: Mapped[str] = mapped_column(String(500), default="/bell/")
    retention_days: Mapped[int] = mapped_column(default=90)
    identity: Mapped[str] = mapped_column(String(6), default="open", server_default="open")
    strict_since: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="since when pages need tokens here, for this site's own sake or a sibling's; NULL: they do not"
    )
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC", server_default="UTC", doc="IANA name")
    dialects: Mapped[str] = mapped_column(String(60), default="", server_default="", doc="words, parted by spaces")
    quirks: Mapped[str] = mapped_column(String(200), default="", server_default="", doc="words, parted by spaces")
    stores_ip: Mapped[bool] = mapped_column(
        default=False, server_default=false(), doc="visitors' addresses may be kept"
    )
    receipt_key: Mapped[bytes] = mapped_column(LargeBinary, doc="32 bytes, sealed by the master key")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    origins: Mapped[list["SiteOrigin"]] = relationship(
        order_by="SiteOrigin.position", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def origin_names(self) -> list[str]:
        """The exact origins whose pages may speak for this site."""
        return [origin.origin for origin in self.origins]


class SiteOrigin(Base):
    """One exact origin (scheme, host, port) of a site."""

    __tablename__ = "site_origin"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)


class VapidKeyPair(Base):
    """One VAPID pair of a site's keyring (RFC 8292); a subscription keeps the pair that it was made with."""

    __tablename__ = "vapid_key"
    __table_args__ = (UniqueConstraint("site_id", "public_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    public_key: Mapped[str] = mapped_column(String(90), doc="base64url of the 65-byte point")
    private_key: Mapped[bytes] = mapped_column(LargeBinary, doc="32 bytes, sealed by the master key")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    current_since: Mapped[datetime | None] = mapped_column(
        UtcDateTime, doc="when it became the one for new subscriptions; NULL: brought along, for its own alone"
    )


class ApiKey(Base):
    """A credential of a site's back end; only its SHA-256 is kept."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("key_hash", "site_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), doc="the first characters, to recognise it by")
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), doc="of a vendor's key there is a row for each site")
    scopes: Mapped[str] = mapped_column(String(60), doc="words of send, read and manage, parted by spaces")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
