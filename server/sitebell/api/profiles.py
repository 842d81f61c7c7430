"""What a site's back end does with the profiles of its databases: make, read, search, change, merge."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sitebell.api.linked import linked_database, linked_profile
from sitebell.api.profile_schemas import (
    EXAMPLE_CHANGES,
    EXAMPLE_PROFILE,
    MergeBody,
    NewProfileBody,
    ProfileAnswer,
    ProfileChangesBody,
    ProfilesAnswer,
    read_changes,
    show_profile,
)
from sitebell.errors import Invalid
from sitebell.models import Profile
from sitebell.services.profiles import (
    LARGEST_PAGE,
    Search,
    create_profile,
    get_profile,
    merge_profiles,
    read_profile,
    read_profiles,
    search_profiles,
    update_profile,
)
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import CURSOR, LIMIT, paging, parameter, read_cursor, read_limit, read_query
from sitebell.web.routes import Routes

WRITING = (
    "external_id_taken",
    "invalid_email",
    "invalid_phone",
    "unknown_field",
    "invalid_value",
    "invalid_operation",
    "invalid_tag",
    "too_many_tags",
)
SEARCHING = [
    parameter("external_id", "Who has this external id."),
    parameter("email", "Who has this e-mail address."),
    parameter("phone", "Who has this phone number; write its + as %2B."),
    parameter("field", "Who has `value` in this field; of a list, as one of its elements."),
    parameter("value", "The value of `field`, as JSON writes it, texts and moments without quotes."),
]

profiles = Routes(
    "profiles",
    __name__,
    url_prefix="/v1/databases/<database_id>/profiles",
    description="The people in a database, for a site's back end.",
)


@profiles.route("", methods=["GET"])
@profiles.doc(security=SECURITY, parameters=[*SEARCHING, *paging(LARGEST_PAGE)])
@needs("read")
@profiles.response(200, ProfilesAnswer)
@profiles.fails(
    *API_KEY,
    "database_not_found",
    "invalid",
    "invalid_cursor",
    "invalid_email",
    "invalid_phone",
    "unknown_field",
    "invalid_value",
)
def get_profiles(database_id: str) -> dict[str, Any]:
    """Search profiles by one thing, or walk through all of them.

    The oldest come first. What is made meanwhile comes at the end, so a walk with the cursor sees each profile once.
    """
    query = read_query(*(found["name"] for found in SEARCHING), LIMIT, CURSOR)
    search = _read_search(query)
    limit, after = read_limit(query, LARGEST_PAGE), read_cursor(query)
    with store().reading() as session:
        database = linked_database(session, database_id)
        page = search_profiles(session, database, search, limit=limit, after=after)
        shown = [show_profile(known) for known in read_profiles(session, page.profiles, now())]
    return {"profiles": shown, "next_cursor": page.next_cursor}


@profiles.route("", methods=["POST"])
@profiles.doc(security=SECURITY)
@needs("manage")
@profiles.arguments(NewProfileBody, example=EXAMPLE_PROFILE)
@profiles.response(201, ProfileAnswer)
@profiles.fails(*API_KEY, *BODY, "database_not_found", *WRITING)
def post_profile(body: dict[str, Any], database_id: str) -> dict[str, Any]:
    """Make a profile.

    Several may have the same e-mail address or phone number; an external id is one profile's alone.
    """
    with store().writing() as session:
        return _show(session, create_profile(session, linked_database(session, database_id), read_changes(body), now()))


@profiles.route("/<profile_id>", methods=["GET"])
@profiles.doc(security=SECURITY)
@needs("read")
@profiles.response(200, ProfileAnswer)
@profiles.fails(*API_KEY, "database_not_found", "profile_not_found")
def show_one(database_id: str, profile_id: str) -> dict[str, Any]:
    """Look at a profile."""
    with store().reading() as session:
        return _show(session, linked_profile(session, database_id, profile_id))


@profiles.route("/<profile_id>", methods=["PATCH"])
@profiles.doc(security=SECURITY)
@needs("manage")
@profiles.arguments(ProfileChangesBody, example=EXAMPLE_CHANGES)
@profiles.response(200, ProfileAnswer)
@profiles.fails(*API_KEY, *BODY, "database_not_found", "profile_not_found", *WRITING)
def patch_profile(body: dict[str, Any], database_id: str, profile_id: str) -> dict[str, Any]:
    """Change a profile; what is not named stays as it is.

    All of it is written, or nothing. Values may be operations, which lose nothing to other writers: `{"set": value}`,
    `{"unset": true}`, `{"incr": 1}`, and for lists `{"add": […]}`, `{"delete": […]}` and `{"upsert": […]}`.
    """
    with store().writing() as session:
        profile = linked_profile(session, database_id, profile_id)
        update_profile(session, profile, read_changes(body), now())
        return _show(session, profile)


@profiles.route("/<profile_id>/merge", methods=["POST"])
@profiles.doc(security=SECURITY)
@needs("manage")
@profiles.arguments(MergeBody, example={"from": "0123456789abcdef01234567"})
@profiles.response(200, ProfileAnswer)
@profiles.fails(
    *API_KEY, *BODY, "database_not_found", "profile_not_found", "invalid_merge", "invalid_value", "too_many_tags"
)
def post_merge(body: dict[str, Any], database_id: str, profile_id: str) -> dict[str, Any]:
    """Move another profile of the same person into this one; the other is gone then.

    What this one has stays and what it lacks is filled; phones, tags and subscriptions are united.
    """
    with store().writing() as session:
        database = linked_database(session, database_id)
        profile = get_profile(session, database, profile_id)
        merge_profiles(session, profile, get_profile(session, database, body["source"]), now())
        return _show(session, profile)


def _show(session: Session, profile: Profile) -> dict[str, Any]:
    session.flush()
    return show_profile(read_profile(session, profile, now()))


def _read_search(query: Mapping[str, str]) -> Search:
    """Return what to search by.

    Raises:
        Invalid: `invalid`, it is more than one thing, or half of a field and its value.
    """
    field, value = query.get("field"), query.get("value")
    given = {name: query[name] for name in ("external_id", "email", "phone") if name in query}
    pair = (field, value) if field is not None and value is not None else None
    if pair is None and field != value:
        raise Invalid("invalid", "field: Give field and value together.", {"field": "Give field and value together."})
    if len(given) + (pair is not None) > 1:
        raise Invalid("invalid", "Search by one thing at a time.", dict.fromkeys(given, "One of too many."))
    return Search(**given, field=pair)
