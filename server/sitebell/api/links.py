"""Links for newsletters: made by a site's back end, followed by the reader's browser."""

from datetime import timedelta
from typing import Any

from marshmallow import fields

from sitebell.api.membership import MatchBody, read_match
from sitebell.services.identity.link_tokens import PARAMETER, make_link
from sitebell.services.identity.tokens import LINK
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.routes import Routes
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Moment, Whole

WEEK = 7 * 86_400  # seconds
SHORTEST = 60

links = Routes("links", __name__, url_prefix="/v1/links", description="Links that let a browser join a profile.")


class LinkBody(Strict):
    """For whom a link is, and for how long."""

    match = fields.Nested(MatchBody, required=True)
    expires_in = Whole(
        SHORTEST,
        int(LINK.lifetime.total_seconds()),
        load_default=WEEK,
        metadata={"description": "Seconds; a week unless you say so."},
    )


class LinkedProfileAnswer(Answer):
    """A profile that a link leads to."""

    database_id = fields.Integer(required=True)
    profile_id = fields.String(required=True)


class LinkAnswer(Answer):
    """A link as it was made."""

    token = fields.String(required=True)
    parameter = fields.String(required=True, metadata={"description": "To append to a URL of the site: bell=…"})
    expires_at = Moment(required=True)
    profiles = fields.List(fields.Nested(LinkedProfileAnswer), required=True)


@links.route("", methods=["POST"])
@links.doc(security=SECURITY)
@needs("manage")
@links.arguments(LinkBody, example={"match": {"external_id": "customer-42"}, "expires_in": WEEK})
@links.response(201, LinkAnswer)
@links.fails(
    *API_KEY,
    *BODY,
    "profile_not_found",
    "no_database",
    "empty_match",
    "invalid_email",
    "invalid_phone",
    "unknown_field",
    "invalid_value",
)
def post_link(body: dict[str, Any]) -> dict[str, Any]:
    """Make a link for a person; they are created where they are unknown.

    An anonymous browser that opens a page of the site with this parameter joins the person's profile. It is no login.
    """
    lifetime = timedelta(seconds=body["expires_in"])
    with store().writing() as session:
        link = make_link(session, vault(), sender_site(), read_match(body["match"]), lifetime, now())
    return {
        "token": link.token,
        "parameter": f"{PARAMETER}={link.token}",
        "expires_at": link.expires_at,
        "profiles": [
            {"database_id": profile.database_id, "profile_id": profile.public_id} for profile in link.profiles
        ],
    }
