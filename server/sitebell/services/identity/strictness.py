"""Which sites are signed: an open site that shares a database with a signed one is held to that one's strictness.

Else the open pages would write the very profiles for which the signed site asks proof.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session

from sitebell.models import Database, IdentityMode, Site, SiteDatabase
from sitebell.services.databases import linked_database_ids


def is_signed(session: Session, site_id: int) -> bool:
    """Say whether pages of a site need a token to say who a visitor is: for its own sake or for a sibling's."""
    counts = or_(Site.id == site_id, Site.id.in_(_siblings(site_id)))
    return session.scalar(select(exists().where(Site.identity == IdentityMode.SIGNED, counts))) or False


def set_identity(session: Session, site: Site, mode: IdentityMode, now: datetime) -> None:
    """Say whose word counts at a site: anybody's, or only that of signed tokens."""
    site.identity = mode
    note_strictness(session, now)


def note_strictness(session: Session, now: datetime) -> None:
    """Note since when each site is held to signed; after every change of a mode, or of what a site is linked to."""
    session.flush()
    signed = select(Site.id).where(Site.identity == IdentityMode.SIGNED)
    shared = select(SiteDatabase.database_id).where(SiteDatabase.site_id.in_(signed))
    siblings = select(SiteDatabase.site_id).where(SiteDatabase.database_id.in_(shared))
    is_held = Site.id.in_(signed) | Site.id.in_(siblings)
    fetched = {"synchronize_session": "fetch"}
    ended, begun = update(Site).where(~is_held), update(Site).where(is_held, Site.strict_since.is_(None))
    session.execute(ended.values(strict_since=None), execution_options=fetched)
    session.execute(begun.values(strict_since=now), execution_options=fetched)


def list_siblings(session: Session, site: Site, mode: IdentityMode) -> Sequence[Site]:
    """Return the sites of one mode that share a database with a site, itself left out, in the order of their making."""
    query = select(Site).where(Site.identity == mode, Site.id.in_(_siblings(site.id)), Site.id != site.id)
    return session.scalars(query.order_by(Site.id)).all()


def identity_of(session: Session, database: Database) -> IdentityMode:
    """Return the strictest identity among the sites that reach a database."""
    reached = SiteDatabase.database_id == database.id
    query = select(exists().where(Site.id == SiteDatabase.site_id, reached, Site.identity == IdentityMode.SIGNED))
    return IdentityMode.SIGNED if session.scalar(query) else IdentityMode.OPEN


def _siblings(site_id: int) -> Select[int]:
    own = linked_database_ids(site_id)
    return select(SiteDatabase.site_id).where(SiteDatabase.database_id.in_(own))
