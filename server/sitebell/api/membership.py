"""How the server knows a browser, in JSON: the subscription and where it stands in each database."""

from collections.abc import Sequence
from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from sitebell.api.tag_schemas import TagsBody, read_tags
from sitebell.errors import SitebellError
from sitebell.models import Subscription
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.enrollments import EnrollmentResult
from sitebell.services.binding.registering import Registered
from sitebell.services.databases import LARGEST_ID
from sitebell.services.matching import Match
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Flag, Whole, text

MAX_FIELDS = 100
LONGEST_TOKEN = 32_768  # of these more than 8 KiB are refused like a forged one, and the rest of the call is done


class CustomMatchBody(Strict):
    """A field of the database and the value that the profile has there, of the field's own type."""

    field = text(64, required=True)
    value = fields.Raw(required=True)


class MatchBody(Strict):
    """By what a profile is found; several members are tried in this order."""

    profile_id = text(24, load_default=None)
    external_id = text(200, load_default=None)
    email = text(254, load_default=None)
    phone = text(40, load_default=None)
    custom = fields.Nested(CustomMatchBody, load_default=None)


class IntroductionBody(Strict):
    """Who the browser belongs to; members of what a page sends with its subscription."""

    match = fields.Nested(MatchBody, load_default=None, allow_none=True)
    database_ids = fields.List(Whole(1, LARGEST_ID), load_default=None, allow_none=True, validate=Length(1, 100))
    fields_ = fields.Dict(
        keys=text(64),
        values=fields.Raw(allow_none=True),
        data_key="fields",
        load_default=dict,
        validate=Length(0, MAX_FIELDS),
        metadata={"description": 'Field to value, null to clear it, or to one operation such as {"incr": 1}.'},
    )
    tags = fields.Nested(TagsBody, load_default=None, allow_none=True)
    exclusive = Flag(load_default=True)
    identity = text(
        LONGEST_TOKEN,
        load_default=None,
        allow_none=True,
        metadata={"description": "A token of the site's back end (JWT), on signed sites the only word that counts."},
    )
    link = text(
        LONGEST_TOKEN,
        load_default=None,
        allow_none=True,
        metadata={"description": "The token of a newsletter's link; an anonymous browser joins its profile."},
    )


class EnrollmentAnswer(Answer):
    """Where a subscription stands in one database."""

    database_id = fields.Integer(required=True)
    profile_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"description": "subscribed, suspended, …, or error."})
    error = fields.String(metadata={"description": "Code of what went wrong in this database; the others are done."})
    message = fields.String()


class MembershipAnswer(Answer):
    """How the server knows a subscription."""

    subscriber_hash = fields.String(required=True, metadata={"description": "Random, public, stays the same."})
    status = fields.String(required=True, metadata={"description": "subscribed, unsubscribed, gone or erased."})
    enrollments = fields.List(fields.Nested(EnrollmentAnswer), required=True)
    topics = fields.List(
        fields.String(), required=True, metadata={"description": "What the visitor chose in this browser."}
    )
    identity = fields.Dict(metadata={"description": "status: verified or refused, then with code and message."})
    link = fields.Dict(metadata={"description": "status: joined or refused, then with code and message."})


def read_introduction(body: dict[str, Any]) -> Introduction:
    """Return what a loaded body says about who the browser belongs to."""
    return Introduction(
        match=read_match(body["match"] or {}),
        database_ids=body["database_ids"],
        fields=body["fields_"],
        tags=read_tags(body["tags"]),
        exclusive=body["exclusive"],
    )


def read_match(body: dict[str, Any]) -> Match:
    """Return the match of a loaded body."""
    values = dict(body)
    custom = values.pop("custom", None)
    return Match(**values, custom=(custom["field"], custom["value"]) if custom else None)


def show_membership(
    subscription: Subscription, enrollments: Sequence[EnrollmentResult], topics: Sequence[str]
) -> dict[str, Any]:
    """Return how the server knows a subscription."""
    return {
        "subscriber_hash": subscription.subscriber_hash,
        "status": subscription.status,
        "enrollments": [_show(enrollment) for enrollment in enrollments],
        "topics": list(topics),
    }


def show_registered(done: Registered) -> dict[str, Any]:
    """Return what came of a browser's call; a refused identity or link says so."""
    shown = show_membership(done.subscription, done.enrollments, done.topics)
    if done.admission.refusal is not None:
        shown["identity"] = _show_refusal(done.admission.refusal)
    elif done.admission.is_verified:
        shown["identity"] = {"status": "verified"}
    if done.followed is not None:
        refusal = done.followed.refusal
        shown["link"] = {"status": "joined"} if refusal is None else _show_refusal(refusal)
    return shown


def _show_refusal(refusal: SitebellError) -> dict[str, Any]:
    return {"status": "refused", "code": refusal.code, "message": refusal.message}


def _show(enrollment: EnrollmentResult) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "database_id": enrollment.database_id,
        "profile_id": enrollment.profile_id,
        "status": enrollment.status,
    }
    if enrollment.error is not None:
        shown |= {"error": enrollment.error.code, "message": enrollment.error.message}
    return shown
