"""What CleverPush's scripts and apps call without any key beside their writes: the channel's facts, and receipts.

What was shown and clicked is counted by the receipt of a delivery, which its browser alone has. The ids of these calls
are no secret, so that they are taken and counted nowhere.
"""

from typing import Any

from marshmallow import fields

from sitebell.compat.bodies import Body
from sitebell.compat.cleverpush.channel import CHANNEL, LONGEST_ID, cleverpush, find_channel, words_of
from sitebell.compat.cleverpush.showing import channel_id_of
from sitebell.models import AliasKind
from sitebell.services.topics import list_topics
from sitebell.services.vapid_keys import list_vapid_keys
from sitebell.web.context import store
from sitebell.web.failures import BODY
from sitebell.web.schemas import Answer
from sitebell.web.strict_fields import text

EXAMPLE = {
    "channelId": "CHANNEL_ID",
    "notificationId": "NOTIFICATION_ID",
    "subscriptionId": "0123456789abcdef0123456789abcdef",
}


class OfferedTopicAnswer(Answer):
    """A topic that visitors can choose."""

    _id = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "For people."})


class ChannelConfigAnswer(Answer):
    """What anybody may know of a channel."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    vapid_public_key = fields.String(data_key="vapidPublicKey", required=True)
    worker = fields.String(data_key="serviceWorkerFile", required=True, metadata={"description": "Its path."})
    topics = fields.List(fields.Nested(OfferedTopicAnswer), required=True)


class TakenBody(Body):
    """What is taken note of nowhere; a channel that is named has to exist."""

    channel_id = text(LONGEST_ID, data_key="channelId", load_default=None)


class TakenAnswer(Answer):
    """It was taken."""

    success = fields.Boolean(required=True)


@cleverpush.route("/channel/<channel_id>/config", methods=["GET"])
@cleverpush.response(200, ChannelConfigAnswer)
@cleverpush.fails(*CHANNEL)
def get_channel_config(channel_id: str) -> dict[str, Any]:
    """Read what a page has to know of a channel: its key, its worker file and its topics.

    The vendor's own answer is not public: these members are named after what its pages and its back end call them.
    """
    site = find_channel(channel_id)
    with store().reading() as session:
        words = words_of(session, site)
        key = list_vapid_keys(session, site)[0].public_key
        topics = list_topics(session, site)
    return {
        "_id": channel_id_of(words, site),
        "id": channel_id_of(words, site),
        "name": site.name,
        "vapid_public_key": key,
        "worker": site.worker_path,
        "topics": [{"_id": words.theirs(AliasKind.TOPIC, topic.name), "name": topic.title} for topic in topics],
    }


TAKEN = {
    "/notification/delivered": "Take note of nothing: what was shown is counted by the receipt that came with it.",
    "/notification/clicked": "Take note of nothing: a click is counted by the receipt that came with the notification.",
    "/channel/confirm-alert": "Take note of nothing: there is no layer here before the browser's own prompt.",
}


def _add_route(path: str, description: str) -> None:
    def view(body: dict[str, Any]) -> dict[str, Any]:
        if body["channel_id"] is not None:
            find_channel(body["channel_id"])
        return {"success": True}

    view.__doc__ = description
    view.__name__ = "post" + path.replace("/", "_").replace("-", "_")
    documented = cleverpush.response(200, TakenAnswer)(cleverpush.fails(*BODY, *CHANNEL)(view))
    cleverpush.route(path, methods=["POST"])(cleverpush.arguments(TakenBody, example=EXAMPLE)(documented))


for _path, _description in TAKEN.items():
    _add_route(_path, _description)
