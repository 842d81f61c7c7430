"""What a site's back end does with the browsers of a profile: look at them, attach one, detach one."""

from typing import Any

from sitebell.api.linked import linked_profile
from sitebell.api.subscriber_schemas import (
    AttachBody,
    ProfileSubscriptionAnswer,
    ProfileSubscriptionsAnswer,
    show_browser,
    show_standing,
)
from sitebell.services.profiles import LARGEST_PAGE
from sitebell.services.subscribers import (
    attach_subscriber,
    detach_subscriber,
    get_subscriber,
    list_profile_subscriptions,
)
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import CURSOR, LIMIT, paging, read_cursor, read_limit, read_query
from sitebell.web.routes import Routes

UNKNOWN = ("database_not_found", "profile_not_found")

attachments = Routes(
    "attachments",
    __name__,
    url_prefix="/v1/databases/<database_id>/profiles/<profile_id>/subscriptions",
    description="The browsers of a profile, for a site's back end; of its own site alone.",
)


@attachments.route("", methods=["GET"])
@attachments.doc(security=SECURITY, parameters=paging(LARGEST_PAGE))
@needs("read")
@attachments.response(200, ProfileSubscriptionsAnswer)
@attachments.fails(*API_KEY, *UNKNOWN, "invalid", "invalid_cursor")
def get_subscriptions(database_id: str, profile_id: str) -> dict[str, Any]:
    """List the subscriptions that are or were bound to a profile.

    Those that another profile has taken over since have `left_at`.
    """
    query = read_query(LIMIT, CURSOR)
    limit, after = read_limit(query, LARGEST_PAGE), read_cursor(query)
    with store().reading() as session:
        profile = linked_profile(session, database_id, profile_id)
        page = list_profile_subscriptions(session, sender_site(), profile, limit=limit, after=after)
    rows = [show_browser(row) | {"enrollment": show_standing(enrollment, profile)} for enrollment, row in page.rows]
    return {"subscriptions": rows, "next_cursor": page.next_cursor}


@attachments.route("/<subscriber_hash>", methods=["PUT"])
@attachments.doc(security=SECURITY)
@needs("manage")
@attachments.arguments(AttachBody, example={"exclusive": True})
@attachments.response(200, ProfileSubscriptionAnswer)
@attachments.fails(*API_KEY, *BODY, *UNKNOWN, "subscriber_not_found", "opted_out")
def put_subscription_of_profile(
    body: dict[str, Any], database_id: str, profile_id: str, subscriber_hash: str
) -> dict[str, Any]:
    """Bind a subscription to a profile by the back end's word.

    Exclusive, as it is by default, suspends it at the other profiles of this database, and of no other. A status is set
    only if one is given; none weakens an unsubscription, a complaint or a pause of the visitor's.
    """
    with store().writing() as session:
        subscription = get_subscriber(session, sender_site(), subscriber_hash, lock=True)
        profile = linked_profile(session, database_id, profile_id)
        enrollment = attach_subscriber(session, subscription, profile, now(), **body)
    return show_browser(subscription) | {"enrollment": show_standing(enrollment, profile)}


@attachments.route("/<subscriber_hash>", methods=["DELETE"])
@attachments.doc(security=SECURITY)
@needs("manage")
@attachments.response(200, ProfileSubscriptionAnswer)
@attachments.fails(*API_KEY, *UNKNOWN, "subscriber_not_found", "enrollment_not_found")
def delete_subscription_of_profile(database_id: str, profile_id: str, subscriber_hash: str) -> dict[str, Any]:
    """Detach a subscription from a profile; doing it again changes nothing.

    The browser stays subscribed, as nobody in particular. From this answer on nothing meant for the profile arrives.
    """
    with store().writing() as session:
        subscription = get_subscriber(session, sender_site(), subscriber_hash, lock=True)
        profile = linked_profile(session, database_id, profile_id)
        enrollment = detach_subscriber(session, subscription, profile, now())
    return show_browser(subscription) | {"enrollment": show_standing(enrollment, profile)}
