"""Subscriptions and notifications in the vendor's words. What the sources do not show is null, and documented."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import fields

from sitebell.models import AliasKind, Message, Site, Subscription
from sitebell.services.addresses import EMAIL
from sitebell.services.dialects import Words
from sitebell.services.inventory import ListedSubscriber, ListedTag
from sitebell.services.personalisation.filling import read_back
from sitebell.web.schemas import Answer
from sitebell.web.strict_fields import Moment

MOMENT = {"format": "date-time"}


class SubscriptionAnswer(Answer):
    """A subscription; its id stands under both names that the vendor uses."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    channel = fields.String()
    type = fields.String(metadata={"description": "web, email or mobile."})
    platform_name = fields.String(data_key="platformName", allow_none=True)
    browser_type = fields.String(data_key="browserType", allow_none=True)
    language = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    timezone = fields.String(allow_none=True)
    topics = fields.List(fields.String())
    tags = fields.List(fields.String())
    custom_attributes = fields.Dict(data_key="customAttributes")
    inactive = fields.Boolean(metadata={"description": "Nothing reaches it: it is gone, was ended, or waits."})
    email_address = fields.String(data_key="emailAddress", allow_none=True, metadata={"description": "Else null."})
    is_needed = fields.Boolean(
        data_key="emailConfirmationNeeded", metadata={"description": "Its owner has yet to confirm the address."}
    )
    created_at = Moment(data_key="createdAt", metadata=MOMENT)
    synced_at = Moment(data_key="syncedAt", metadata=MOMENT)


class NotificationAnswer(Answer):
    """A message and how it fared; `delivered` counts notifications that were shown, as the vendor's receipts do."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    channel = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"description": "In our words: scheduled, sending, sent, …"})
    delivered = fields.Integer(required=True)
    clicked = fields.Integer(required=True)
    opt_outs = fields.Integer(
        data_key="optOuts", required=True, allow_none=True, metadata={"description": "Not known here: null."}
    )
    error_count = fields.Integer(data_key="errorCount", required=True)
    subscription_count = fields.Integer(data_key="subscriptionCount", required=True)
    inactive_subscription_count = fields.Integer(data_key="inactiveSubscriptionCount", required=True)
    source = fields.String(required=True)
    transactional = fields.Boolean(required=True)
    is_test_notification = fields.Boolean(data_key="isTestNotification", required=True)
    created_at = Moment(data_key="createdAt", required=True, metadata=MOMENT)
    queued_at = Moment(data_key="queuedAt", required=True, metadata=MOMENT)
    sent_at = Moment(data_key="sentAt", required=True, allow_none=True, metadata=MOMENT)


class TagAnswer(Answer):
    """A tag and how many profiles wear it."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    subscriptions = fields.Integer(required=True, metadata={"description": "Profiles, not their browsers."})
    created_at = Moment(data_key="createdAt", required=True, metadata=MOMENT)


def channel_id_of(words: Words, site: Site) -> str:
    """Return the id by which the vendor knew the site, else our token."""
    return words.theirs(AliasKind.CHANNEL, "") or site.token


def show_subscription(words: Words, site: Site, listed: ListedSubscriber) -> dict[str, Any]:
    """Return a subscription as the vendor shows it, but for its attributes."""
    row: Subscription = listed.subscription
    return {
        "_id": row.subscriber_hash,
        "id": row.subscriber_hash,
        "channel": channel_id_of(words, site),
        "type": row.channel,
        "platform_name": row.platform,
        "browser_type": row.browser,
        "language": row.locale,
        "country": row.country,
        "timezone": row.time_zone,
        "topics": [words.theirs(AliasKind.TOPIC, name) for name in listed.topics],
        "tags": [words.theirs(AliasKind.TAG, name) for name in listed.tags],
        "inactive": not listed.is_active,
        "email_address": row.address if row.channel == EMAIL else None,
        "is_needed": listed.is_waiting,
        "created_at": row.created_at,
        "synced_at": row.seen_at,
    }


def show_notification(words: Words, site: Site, message: Message, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a message as the vendor shows it."""
    sent_at: datetime | None = message.finished_at if message.status == "sent" else None
    return {
        "_id": message.public_id,
        "id": message.public_id,
        "channel": channel_id_of(words, site),
        "title": read_back(message.notification["title"]),
        "text": read_back(message.notification.get("body", "")),
        "url": read_back(url) if (url := message.notification.get("url")) else None,
        "status": message.status,
        "delivered": counts["shown"],
        "clicked": counts["clicked"],
        "opt_outs": None,
        "error_count": counts["failed"],
        "subscription_count": counts["recipients"],
        "inactive_subscription_count": counts["gone"],
        "source": "api",
        "transactional": "subscriber_hashes" in message.audience,
        "is_test_notification": False,
        "created_at": message.created_at,
        "queued_at": message.send_at,
        "sent_at": sent_at,
    }


def show_tag(words: Words, tag: ListedTag) -> dict[str, Any]:
    """Return a tag as the vendor shows it, by the id that the site brought along."""
    foreign_id = words.theirs(AliasKind.TAG, tag.name)
    return {
        "_id": foreign_id,
        "id": foreign_id,
        "name": tag.name,
        "subscriptions": tag.profiles,
        "created_at": tag.since,
    }
