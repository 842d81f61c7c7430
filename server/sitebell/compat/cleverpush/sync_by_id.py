"""The sync of an app or a page, which knows the id of a subscription and has no key."""

from collections.abc import Mapping
from typing import Any

from sitebell.compat.cleverpush.channel import words_of
from sitebell.compat.cleverpush.id_writes import open_channel, tell
from sitebell.compat.cleverpush.showing import channel_id_of
from sitebell.compat.cleverpush.sync_rules import read_sync
from sitebell.errors import Invalid, SitebellError
from sitebell.models import AliasKind
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.enrollments import is_unconfirmed
from sitebell.services.subscribers import get_subscriber
from sitebell.services.tags import TagChange
from sitebell.services.topics import choose_topics, chosen_topics
from sitebell.web.context import now, store

BY_ID = ("id_writes_off", "identity_required", "no_profile", "rate_limited")
NOT_ANEW = "Without a key only a subscription that is known by its id is synced: browsers subscribe through the SDK."


def sync_by_id(channel_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Write what a stranger says of a subscription, and return its id and topics: what else is known is not told.

    Raises:
        SitebellError: `id_writes_off` (403); `invalid_api_key` (401), an e-mail address is named.
        Invalid: `invalid`, no subscription is named; what topics, tags and attributes raise.
        NotFound: `site_not_found`, `subscriber_not_found`: the caller forgets the id.
    """
    site = open_channel(channel_id)
    if body["email_address"] is not None:
        raise SitebellError("invalid_api_key", "An e-mail address is synced with a key: Authorization: KEY", 401)
    if body["subscription_id"] is None:
        raise Invalid("invalid", f"subscriptionId: {NOT_ANEW}", {"subscriptionId": NOT_ANEW})
    with store().writing() as session:
        words = words_of(session, site)
        row = get_subscriber(session, site, body["subscription_id"], lock=True)
        given = read_sync(session, site, words, body)
        said = Introduction(match=given.match, fields=given.attributes.as_changes(), tags=TagChange(add=given.tags))
        if said != Introduction():
            tell(session, site, row, said)
        if given.topics is not None:
            choose_topics(session, site, row, given.topics, now())
        row.seen_at = now()
        return {
            "_id": row.subscriber_hash,
            "id": row.subscriber_hash,
            "channel": channel_id_of(words, site),
            "topics": [words.theirs(AliasKind.TOPIC, name) for name in chosen_topics(session, row)],
            "is_needed": is_unconfirmed(session, row),
        }
