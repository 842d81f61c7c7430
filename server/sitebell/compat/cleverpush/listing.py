"""What a back end reads of its channel: counts, subscriptions, notifications, their hours, tags."""

from datetime import UTC, datetime
from typing import Any

from flask import request
from marshmallow import fields
from sqlalchemy.orm import Session

from sitebell.clock import from_epoch_milliseconds
from sitebell.compat.cleverpush.channel import CHANNEL, PRIVATE_KEY, cleverpush, own_channel, words_of
from sitebell.compat.cleverpush.showing import (
    NotificationAnswer,
    SubscriptionAnswer,
    TagAnswer,
    channel_id_of,
    show_notification,
    show_subscription,
    show_tag,
)
from sitebell.compat.sites import speaking_sites
from sitebell.models import Dialect, EventType, Site
from sitebell.services.inventory import (
    Counts,
    count_receipts_by_hour,
    count_subscribers,
    list_subscribers,
    list_tags_of_site,
)
from sitebell.services.messages.lifecycle import count_deliveries_of, get_message
from sitebell.services.messages.lists import Wanted, list_messages
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY
from sitebell.web.query import LIMIT, parameter, read_number, read_query
from sitebell.web.schemas import Answer
from sitebell.web.strict_fields import LAST_MILLISECOND

LARGEST_PAGE = 500
LARGEST_OFFSET = 999_999_999
ALWAYS = ("_id", "id")
READ = (*API_KEY, *CHANNEL, "invalid")
SIZE: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}
PLACE: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": LARGEST_OFFSET, "default": 0}
MILLISECONDS: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": LAST_MILLISECOND}
NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 100}}


class ChannelAnswer(Answer):
    """A channel: the site of the key."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    domain = fields.String(required=True, metadata={"description": "Its first origin."})
    subscriptions = fields.Integer(required=True)
    inactive_subscriptions = fields.Integer(data_key="inactiveSubscriptions", required=True)


class ChannelsAnswer(Answer):
    """The channels that a private key opens, which is one."""

    channels = fields.List(fields.Nested(ChannelAnswer), required=True)


class CountAnswer(Answer):
    """How many subscriptions a channel has."""

    subscriptions = fields.Integer(required=True)
    inactive_subscriptions = fields.Integer(data_key="inactiveSubscriptions", required=True)


class SubscriptionsAnswer(Answer):
    """A page of subscriptions; the next one begins behind the last id. An empty one is the end."""

    subscriptions = fields.List(fields.Nested(SubscriptionAnswer), required=True)


class NotificationsAnswer(Answer):
    """A page of notifications, the newest first."""

    notifications = fields.List(fields.Nested(NotificationAnswer), required=True)


class HourAnswer(Answer):
    """What happened in one hour (UTC)."""

    date = fields.String(required=True, metadata={"format": "date-time"})
    delivered = fields.Integer(required=True)
    clicked = fields.Integer(required=True)


class HoursAnswer(Answer):
    """The hours in which anything happened, the first at the beginning."""

    statistics = fields.List(fields.Nested(HourAnswer), required=True)


class TagsAnswer(Answer):
    """A page of tags."""

    tags = fields.List(fields.Nested(TagAnswer), required=True)


@cleverpush.route("/channels", methods=["GET"])
@cleverpush.doc(security=SECURITY)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, ChannelsAnswer)
@cleverpush.fails(*API_KEY, *CHANNEL)
def get_channels() -> dict[str, Any]:
    """List the channels of the key."""
    sites = speaking_sites(Dialect.CLEVERPUSH)
    with store().reading() as session:
        return {"channels": [_describe_channel(session, site) for site in sites]}


def _describe_channel(session: Session, site: Site) -> dict[str, Any]:
    channel_id = channel_id_of(words_of(session, site), site)
    row = {"_id": channel_id, "id": channel_id, "name": site.name, "type": "web", "domain": site.origin_names[0]}
    return row | _counts(count_subscribers(session, site))


@cleverpush.route("/channel/<channel_id>/subscription-count", methods=["GET"])
@cleverpush.doc(security=SECURITY)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, CountAnswer)
@cleverpush.fails(*API_KEY, *CHANNEL)
def get_count(channel_id: str) -> dict[str, int]:
    """Count the subscriptions of a channel; inactive are those that are gone, ended or unconfirmed."""
    site = own_channel(channel_id)
    with store().reading() as session:
        return _counts(count_subscribers(session, site))


@cleverpush.route("/channel/<channel_id>/subscriptions", methods=["GET"])
@cleverpush.doc(
    security=SECURITY,
    parameters=[
        parameter("fields", "Which members to show; repeatable, also as `fields[]`. Without it all.", **NAMES),
        parameter("fields[]", "The same.", **NAMES),
        parameter("startId", "The last id of the page before."),
        parameter("updatedSince", "Only those that spoke or changed since: milliseconds since 1970.", **MILLISECONDS),
        parameter(LIMIT, "How many at most.", **SIZE, default=LARGEST_PAGE),
    ],
)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, SubscriptionsAnswer)
@cleverpush.fails(*READ, "invalid_cursor")
def get_subscriptions(channel_id: str) -> dict[str, Any]:
    """Walk the subscriptions of a channel, the first one at the beginning."""
    site = own_channel(channel_id)
    query = read_query("startId", "updatedSince", LIMIT, repeated=("fields", "fields[]"))
    since = None
    if "updatedSince" in query:
        since = from_epoch_milliseconds(read_number(query, "updatedSince", default=0, largest=LAST_MILLISECOND))
    limit = read_number(query, LIMIT, default=LARGEST_PAGE, smallest=1, largest=LARGEST_PAGE)
    with store().reading() as session:
        words = words_of(session, site)
        rows = list_subscribers(session, site, after=query.get("startId"), since=since, limit=limit, now=now())
        shown = [show_subscription(words, site, row) for row in rows]
    return {"subscriptions": [_choose(row) for row in shown]}


@cleverpush.route("/channel/<channel_id>/notifications", methods=["GET"])
@cleverpush.doc(
    security=SECURITY,
    parameters=[
        parameter(LIMIT, "How many at most.", **SIZE, default=100),
        parameter("offset", "How many of the newest to pass over.", **PLACE),
        parameter("startDate", "Taken and not used, as at the vendor."),
    ],
)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, NotificationsAnswer)
@cleverpush.fails(*READ)
def get_notifications(channel_id: str) -> dict[str, Any]:
    """List messages and how they fared, the newest first."""
    site = own_channel(channel_id)
    query = read_query(LIMIT, "offset", "startDate")
    limit = read_number(query, LIMIT, default=100, smallest=1, largest=LARGEST_PAGE)
    offset = read_number(query, "offset", default=0, largest=LARGEST_OFFSET)
    with store().reading() as session:
        words = words_of(session, site)
        _, messages = list_messages(session, site, Wanted(), limit=limit, offset=offset)
        counts = count_deliveries_of(session, messages)
        return {"notifications": [show_notification(words, site, one, counts[one.id]) for one in messages]}


@cleverpush.route("/channel/<channel_id>/notification/<message_id>/hourly-statistics", methods=["GET"])
@cleverpush.doc(security=SECURITY)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, HoursAnswer)
@cleverpush.fails(*API_KEY, *CHANNEL, "message_not_found")
def get_hours(channel_id: str, message_id: str) -> dict[str, Any]:
    """Count by the hour what happened to a message."""
    site = own_channel(channel_id)
    with store().reading() as session:
        hours = count_receipts_by_hour(session, get_message(session, site, message_id))
    rows = [
        {"date": _show(hour), "delivered": counts[EventType.SHOWN], "clicked": counts[EventType.CLICKED]}
        for hour, counts in hours.items()
    ]
    return {"statistics": rows}


@cleverpush.route("/channel/<channel_id>/tags", methods=["GET"])
@cleverpush.doc(
    security=SECURITY,
    parameters=[
        parameter(LIMIT, "How many at most.", **SIZE, default=100),
        parameter("skip", "How many to pass over.", **PLACE),
    ],
)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, TagsAnswer)
@cleverpush.fails(*READ)
def get_tags(channel_id: str) -> dict[str, Any]:
    """List the tags that are on profiles of the site."""
    site = own_channel(channel_id)
    query = read_query(LIMIT, "skip")
    limit = read_number(query, LIMIT, default=100, smallest=1, largest=LARGEST_PAGE)
    skip = read_number(query, "skip", default=0, largest=LARGEST_OFFSET)
    with store().reading() as session:
        words = words_of(session, site)
        found = list_tags_of_site(session, site, limit=limit, offset=skip, now=now())
        return {"tags": [show_tag(words, tag) for tag in found]}


def _counts(counts: Counts) -> dict[str, int]:
    return {"subscriptions": counts.active, "inactive_subscriptions": counts.inactive}


def _choose(row: dict[str, Any]) -> dict[str, Any]:
    """Return the members that the caller asked for, by the vendor's names; the id always."""
    wanted = {*request.args.getlist("fields"), *request.args.getlist("fields[]")}
    names = {field.data_key or name: name for name, field in SubscriptionAnswer().fields.items()}
    kept = {*ALWAYS, *(names[name] for name in wanted & set(names))} if wanted else set(row)
    return {name: value for name, value in row.items() if name in kept}


def _show(hour: datetime) -> str:
    return hour.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
