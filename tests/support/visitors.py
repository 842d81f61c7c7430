"""A browser that speaks to the page routes, and what the database then knows of its visitor."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Field, FieldValue, Profile, ProfilePhone
from sitebell.services.databases import create_database, get_database, link_database, unlink_database
from sitebell.services.fields.defining import OF_THE_DEVICE, STANDARD_FIELDS, create_field
from sitebell.services.fields.values import from_rows
from sitebell.services.sites import NewSite
from support.web_application import Json, new_subscription, parts

# What the server notices by itself: it is no matter of matching.
NOTICED = (*OF_THE_DEVICE, *(name for name in STANDARD_FIELDS if name.startswith("_reg")))


@dataclass
class Browser:
    """One browser with one push subscription, on the pages of one site."""

    client: FlaskClient
    page: str
    subscription: Json = field(default_factory=new_subscription)

    def put(self, **body: Any) -> Json:
        """Subscribe, unless `intent` says otherwise; the answer must be a success."""
        answer = self.client.put(f"{self.page}/subscription", json={"subscription": self.subscription, **body})
        assert answer.status_code in (200, 201), answer.json
        return dict(answer.json or {})

    def refresh(self, **body: Any) -> Json:
        """Speak as a page does at each visit."""
        return self.put(intent="refresh", **body)

    def identify(self, external_id: str, **body: Any) -> Json:
        """Say who is logged in, as a page does."""
        return self.refresh(match={"external_id": external_id}, **body)

    def post(self, name: str, **body: Any) -> Json:
        """Call status, logout, pause, resume or unsubscribe; the answer must be a success."""
        answer = self.client.post(f"{self.page}/subscription/{name}", json={"subscription": self.subscription, **body})
        assert answer.status_code == 200, answer.json
        return dict(answer.json or {})

    def statuses(self) -> list[str]:
        """Return where the browser stands, in the order of the databases."""
        return [row["status"] for row in self.post("status")["enrollments"]]

    def profile_id(self) -> str:
        """Return whose browser it is in the first database."""
        found: str = self.post("status")["enrollments"][0]["profile_id"]
        return found


def profile_ids(answer: Json) -> list[str]:
    """Return the profiles of an answer, in the order of the databases."""
    return [row["profile_id"] for row in answer["enrollments"]]


def add_database(app: Flask, site: NewSite) -> int:
    """Link one more database to a site and return its id."""
    with parts(app).store.writing() as session:
        database = create_database(session, name="More", now=parts(app).clock())
        link_database(session, site.site, database)
        return database.id


def unlink(app: Flask, site: NewSite, database_id: int) -> None:
    """Take a database away from a site."""
    with parts(app).store.writing() as session:
        unlink_database(session, site.site, get_database(session, database_id))


def link(app: Flask, site: NewSite, database_id: int) -> None:
    """Give a database to a site."""
    with parts(app).store.writing() as session:
        link_database(session, site.site, get_database(session, database_id))


def add_fields(app: Flask, database_id: int, **kinds: str) -> None:
    """Define custom fields by name and type."""
    with parts(app).store.writing() as session:
        for name, kind in kinds.items():
            create_field(session, get_database(session, database_id), name=name, kind=kind)


def known_of(app: Flask, profile_id: str) -> Json:
    """Return what somebody said about a profile: external_id, email, phones and the fields that have a value."""
    return {name: value for name, value in _stored_of(app, profile_id).items() if name not in NOTICED}


def noticed_of(app: Flask, profile_id: str) -> Json:
    """Return the standard fields of a profile, with those that the server filled in from what it saw."""
    return {name: value for name, value in _stored_of(app, profile_id).items() if name in STANDARD_FIELDS}


def _stored_of(app: Flask, profile_id: str) -> Json:
    with parts(app).store.reading() as session:
        profile = session.scalars(select(Profile).where(Profile.public_id == profile_id)).one()
        phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)
        known = {
            "external_id": profile.external_id,
            "email": profile.email,
            "phones": list(session.scalars(phones.order_by(ProfilePhone.position))),
            **_fields_of(session, profile),
        }
    return {name: value for name, value in known.items() if value not in (None, [])}


def count_profiles(app: Flask) -> int:
    """Return how many profiles there are."""
    with parts(app).store.reading() as session:
        return session.scalar(select(func.count()).select_from(Profile)) or 0


def places(app: Flask, browser_profiles: Iterable[str]) -> dict[str, str]:
    """Return status and cause, such as `suspended by rebind`, of the enrollments of these profiles."""
    query = select(Profile.public_id, Enrollment.status, Enrollment.suspended_by).join(
        Enrollment, Enrollment.profile_id == Profile.id
    )
    with parts(app).store.reading() as session:
        rows = session.execute(query.where(Profile.public_id.in_(list(browser_profiles)))).all()
    return {public_id: f"{status} by {cause}" if cause else status for public_id, status, cause in rows}


def set_status(app: Flask, profile_id: str, status: str, cause: str | None = None) -> None:
    """Write an enrollment's status as somebody other than the page would."""
    profile = select(Profile.id).where(Profile.public_id == profile_id).scalar_subquery()
    with parts(app).store.writing() as session:
        statement = update(Enrollment).where(Enrollment.profile_id == profile)
        session.execute(statement.values(status=status, suspended_by=cause))


def _fields_of(session: Session, profile: Profile) -> Json:
    query = select(FieldValue).where(FieldValue.profile_id == profile.id)
    rows = session.scalars(query.order_by(FieldValue.field_id, FieldValue.position)).all()
    fields = [session.get_one(Field, field_id) for field_id in dict.fromkeys(row.field_id for row in rows)]
    return {field.name: from_rows(field, [row for row in rows if row.field_id == field.id]) for field in fields}
