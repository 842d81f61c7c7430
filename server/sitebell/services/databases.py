"""Databases of profiles: made, linked to sites, unlinked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, text
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import Database, Site, SiteDatabase
from sitebell.services.fields.defining import add_standard_fields
from sitebell.services.messages.names import note_database

LARGEST_ID = 2**31 - 1
LONGEST_NAME = 200


def create_database(session: Session, *, name: str, now: datetime, database_id: int | None = None) -> Database:
    """Make a database with the standard fields; `database_id` adopts the id that another system used.

    Raises:
        Invalid: `invalid_name`, or `invalid_database` for an id outside 1 to 2147483647.
        Conflict: `database_exists`.
    """
    name = check_name("database", name)
    if database_id is not None and not 1 <= database_id <= LARGEST_ID:
        raise Invalid("invalid_database", f"A database's id is a whole number from 1 to {LARGEST_ID}.")
    if database_id is not None and session.get(Database, database_id) is not None:
        raise Conflict("database_exists", f"There is a database {database_id} already.")
    database = Database(id=database_id, name=name, created_at=now)
    session.add(database)
    session.flush()
    if database_id is not None and session.get_bind().dialect.name == "postgresql":  # its counter does not see our id
        session.execute(text("SELECT setval(pg_get_serial_sequence('database', 'id'), max(id)) FROM database"))
    add_standard_fields(session, database)
    return database


def get_database(session: Session, database_id: int) -> Database:
    """Return a database.

    Raises:
        NotFound: `database_not_found`.
    """
    database = session.get(Database, database_id)
    if database is None:
        raise NotFound("database_not_found", f"There is no database {database_id}: see `sitebell databases list`.")
    return database


def get_linked_database(session: Session, site: Site, database_id: int) -> Database:
    """Return a database of this site; one that is not linked to it is as unknown as one that does not exist (SEC-38).

    Raises:
        NotFound: `database_not_found`.
    """
    query = select(Database).where(Database.id == database_id, Database.id.in_(linked_database_ids(site.id)))
    database = session.scalars(query).one_or_none()
    if database is None:
        raise NotFound("database_not_found", "This site is linked to no database with this id.")
    return database


def linked_database_ids(site_id: int) -> Select[int]:
    """Return the query for the ids of the databases linked to a site."""
    return select(SiteDatabase.database_id).where(SiteDatabase.site_id == site_id)


def list_database_ids(session: Session, site: Site) -> list[int]:
    """Return the ids of the databases linked to a site, in their order."""
    return list(session.scalars(linked_database_ids(site.id).order_by(SiteDatabase.database_id)))


def list_linked_databases(session: Session, site: Site) -> Sequence[Database]:
    """Return the databases of a site in the order of their ids."""
    query = select(Database).join(SiteDatabase, SiteDatabase.database_id == Database.id)
    return session.scalars(query.where(SiteDatabase.site_id == site.id).order_by(Database.id)).all()


def list_linked_sites(session: Session, database: Database) -> Sequence[Site]:
    """Return the sites that reach a database, in the order of their making."""
    query = select(Site).join(SiteDatabase, SiteDatabase.site_id == Site.id)
    return session.scalars(query.where(SiteDatabase.database_id == database.id).order_by(Site.id)).all()


def list_all_databases(session: Session) -> Sequence[Database]:
    """Return every database in the order of the ids."""
    return session.scalars(select(Database).order_by(Database.id)).all()


def link_database(session: Session, site: Site, database: Database) -> None:
    """Let a site reach the profiles of a database; linking again changes nothing."""
    if session.get(SiteDatabase, (site.id, database.id)) is None:
        session.add(SiteDatabase(site_id=site.id, database_id=database.id))
        session.flush()


def unlink_database(session: Session, site: Site, database: Database) -> bool:
    """Take the link away and return whether there was one; profiles and enrollments stay for the day it comes back."""
    link = session.get(SiteDatabase, (site.id, database.id))
    if link is not None:
        note_database(session, site.id, database.id)  # an erase there finds the names that the site's messages say
        session.execute(
            delete(SiteDatabase).where(SiteDatabase.site_id == site.id, SiteDatabase.database_id == database.id)
        )
    return link is not None


def check_name(noun: str, name: str) -> str:
    """Return the name of a site or database without outer blanks; raises Invalid `invalid_name` if it cannot be one."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("invalid_name", f"A {noun}'s name has 1 to {LONGEST_NAME} printable characters.")
    return name
