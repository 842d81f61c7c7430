"""API keys: made, shown once, recognised by their hash, revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import ApiKey, Site

SCOPES = ("send", "read", "manage")
PREFIX_LENGTH = 9
ADOPTED = "adopted"  # stands where the first characters of our own keys do
SHORTEST_ADOPTED = 16  # of another vendor's keys; shorter ones can be guessed


def create_api_key(
    session: Session, site: Site, *, name: str, scopes: Sequence[str], now: datetime
) -> tuple[ApiKey, str]:
    """Make a key and return its row and its text `sb_…`, which is stored nowhere.

    Raises:
        Invalid: an unknown scope or none, or a name that cannot be used.
    """
    text = "sb_" + secrets.token_urlsafe(32)
    return _store(session, site, text, text[:PREFIX_LENGTH], name, scopes, now), text


def adopt_api_key(
    session: Session, site: Site, text: str, *, name: str, scopes: Sequence[str], now: datetime
) -> ApiKey:
    """Take over a key that a site has from another vendor; only its SHA-256 is kept, and nothing of it is shown.

    Several sites can adopt one, as a vendor's key of a whole account: it opens them all then. Adopting a site's key
    again, be it in another dialect, changes nothing; if it was revoked it is valid again.

    Raises:
        Invalid: `invalid_api_key`, it is too short or cannot travel in a header; else as `create_api_key`.
        Conflict: `api_key_exists`, Sitebell made it.
    """
    if not SHORTEST_ADOPTED <= len(text) <= 200 or not text.isascii() or not text.isprintable() or " " in text:
        sentence = f"A key to adopt has {SHORTEST_ADOPTED} to 200 printable ASCII characters without blanks."
        raise Invalid("invalid_api_key", sentence)
    known = session.scalars(select(ApiKey).where(ApiKey.key_hash == _hash(text)).with_for_update()).all()
    if any(key.prefix != ADOPTED for key in known):
        raise Conflict("api_key_exists", "Sitebell made this API key: adopt those of your former vendor.")
    own = next((key for key in known if key.site_id == site.id), None)
    if own is None:
        return _store(session, site, text, ADOPTED, name, scopes, now)
    own.revoked_at = None
    return own


def _store(
    session: Session, site: Site, text: str, prefix: str, name: str, scopes: Sequence[str], now: datetime
) -> ApiKey:
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise Invalid("invalid_scope", f"An API key has one or more of the scopes {', '.join(SCOPES)}.")
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise Invalid("invalid_name", "A key's name has 1 to 100 printable characters.")
    row = ApiKey(
        site_id=site.id,
        name=name.strip(),
        prefix=prefix,
        key_hash=_hash(text),
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def find_api_keys(session: Session, text: str) -> Sequence[ApiKey]:
    """Return the living keys of this text, those of a vendor's account in the order of adoption; revoked ones never."""
    query = select(ApiKey).where(ApiKey.key_hash == _hash(text), ApiKey.revoked_at.is_(None))
    return session.scalars(query.order_by(ApiKey.id)).all()


def list_api_keys(session: Session, site: Site) -> Sequence[ApiKey]:
    """Return the keys of a site, revoked ones included, in the order of creation."""
    return session.scalars(select(ApiKey).where(ApiKey.site_id == site.id).order_by(ApiKey.id)).all()


def revoke_api_key(session: Session, site: Site, key_id: int, now: datetime) -> ApiKey:
    """Revoke a key at once; revoking it again changes nothing.

    Raises:
        NotFound: the site has no such key.
    """
    key = session.scalars(select(ApiKey).where(ApiKey.site_id == site.id, ApiKey.id == key_id)).one_or_none()
    if key is None:
        raise NotFound("key_not_found", f"The site has no API key {key_id}: see `sitebell keys list`.")
    key.revoked_at = key.revoked_at or now
    return key


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
