"""The shape of what PushEngage's API takes and answers."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import OneOf, Regexp

from sitebell.compat.pushengage.envelopes import PushEngageSuccessAnswer
from sitebell.compat.pushengage.fields import Blankable, LocalMoment, Names, Number, Switch
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.content import DAY, LONGEST_TTL
from sitebell.services.tags import LONGEST_TAG
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import check_template_url, check_title, text

LONGEST_TITLE = 85
LONGEST_MESSAGE = 135
LONGEST_LINK = 1600
LONGEST_HASH = 200
LONGEST_UTM = {"utm_source": 80, "utm_medium": 80, "utm_campaign": 80, "utm_term": 80, "utm_content": 120}
MOST_HASHES = 500
MOST_NAMES = 100
DEVICES = ("desktop", "mobile")
COUNTRY = Regexp("^[A-Za-z]{2}$(?!\n)", error="Write a country as two letters, such as DE (ISO 3166).")

EXAMPLE_NOTIFICATION = {
    "notification_title": "The shop is open",
    "notification_message": "Fresh bread from 7 to 12.",
    "notification_url": "https://www.example.com/bread",
    "include_segments": ["bread"],
}


class PushEngageNotificationBody(Strict):
    """A notification, and whom it is for."""

    notification_title = text(LONGEST_TITLE, required=True, validate=[check_title])
    notification_message = text(LONGEST_MESSAGE, required=True)
    notification_url = text(LONGEST_LINK, required=True, validate=[check_template_url])
    notification_type = fields.String(validate=OneOf(["now", "later", "draft"]), load_default="now")
    valid_from_utc = LocalMoment(metadata={"description": "With `later`: when, by the site's clock and not by UTC."})
    image_url = Blankable(LONGEST_LINK, validate=[check_template_url], metadata={"description": "The icon."})
    big_image_url = Blankable(LONGEST_LINK, validate=[check_template_url])
    notification_expiry = Number(60, LONGEST_TTL, load_default=DAY, metadata={"description": "Seconds."})
    require_interaction = Switch()
    utm_source = Blankable(LONGEST_UTM["utm_source"])
    utm_medium = Blankable(LONGEST_UTM["utm_medium"])
    utm_campaign = Blankable(LONGEST_UTM["utm_campaign"])
    utm_term = Blankable(LONGEST_UTM["utm_term"])
    utm_content = Blankable(LONGEST_UTM["utm_content"])
    multi_element_title1 = Blankable(LONGEST_TITLE)
    multi_element_url1 = Blankable(LONGEST_LINK, validate=[check_template_url])
    multi_element_image1 = Blankable(LONGEST_LINK, validate=[check_template_url])
    multi_element_title2 = Blankable(LONGEST_TITLE)
    multi_element_url2 = Blankable(LONGEST_LINK, validate=[check_template_url])
    multi_element_image2 = Blankable(LONGEST_LINK, validate=[check_template_url])
    subscriber_hash = Names(MOST_HASHES, LONGEST_HASH)
    profile_id = Names(MOST_HASHES, LONGEST_EXTERNAL_ID)
    include_segments = Names(MOST_NAMES, LONGEST_TAG, metadata={"description": "In any of them: ids or names."})
    include_and_segments = Names(MOST_NAMES, LONGEST_TAG, metadata={"description": "In all of them."})
    exclude_segments = Names(MOST_NAMES, LONGEST_TAG, metadata={"description": "In none of them."})
    include_countries = Names(MOST_NAMES, 2, metadata={"description": "Two letters each (ISO 3166)."})
    include_states = Names(MOST_NAMES, 100)
    include_cities = Names(MOST_NAMES, 100)
    include_device_types = Names(len(DEVICES), 10, metadata={"description": "desktop, mobile."})
    include_browsers = Names(MOST_NAMES, 40, metadata={"description": "Such as chrome, firefox, safari."})

    @validates_schema
    def _check(self, body: dict[str, Any], **_options: Any) -> None:
        if body["notification_type"] == "later" and body["valid_from_utc"] is None:
            raise ValidationError("Say when: YYYY-MM-DD HH:mm:ss.", "valid_from_utc")
        for country in body["include_countries"]:
            COUNTRY(country)
        if not {device.lower() for device in body["include_device_types"]} <= set(DEVICES):
            raise ValidationError("The kinds of devices are desktop and mobile.", "include_device_types")


class PushEngageCheckBody(Strict):
    """The subscriber that is asked about."""

    subscriber_hash = text(LONGEST_HASH, required=True)


class PushEngageSegmentBody(Strict):
    """Subscribers for a segment."""

    segment_id = Names(1, LONGEST_TAG, required=True)
    subscriber_hash = Names(MOST_HASHES, LONGEST_HASH, required=True)


class PushEngageProfileBody(Strict):
    """People for a segment, or to be taken out of it."""

    segment_name = text(LONGEST_TAG, required=True)
    profile_id = Names(MOST_HASHES, LONGEST_EXTERNAL_ID, required=True)
    operation = fields.String(required=True, validate=OneOf(["add", "delete"]))


class PushEngageSentAnswer(PushEngageSuccessAnswer):
    """The notification is stored."""

    notification_id = fields.String(required=True, metadata={"description": "Our own id of the message."})


class PushEngageNotificationAnswer(Answer):
    """A notification of a list."""

    notification_id = fields.String(required=True)
    notification_title = fields.String(required=True)
    notification_message = fields.String(required=True)
    notification_url = fields.String(required=True)
    image_url = fields.String(required=True)
    big_image_url = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "sent, scheduled, draft, cancelled or failed."})
    valid_from_utc = fields.String(required=True, metadata={"description": "In the site's own time zone."})


class PushEngageNotificationsAnswer(PushEngageSuccessAnswer):
    """Some notifications; `count` is how many there are in all."""

    count = fields.Integer(required=True)
    notifications = fields.List(fields.Nested(PushEngageNotificationAnswer), required=True)


class PushEngageSummaryRowAnswer(Answer):
    """One day, week or month, named by its first day."""

    date = fields.String(required=True)
    subscriber_count = fields.Integer(required=True, metadata={"description": "Who subscribed in this time."})
    desktop_subscriber_count = fields.Integer(required=True)
    mobile_subscriber_count = fields.Integer(required=True)
    unsubscribed_count = fields.Integer(required=True)
    desktop_unsubscribed_count = fields.Integer(required=True)
    mobile_unsubscribed_count = fields.Integer(required=True)
    notification_sent = fields.Integer(required=True, metadata={"description": "Messages that went out."})
    net_subscriber_sent = fields.Integer(required=True, metadata={"description": "Deliveries that were accepted."})
    view_count = fields.Integer(required=True)
    click_count = fields.Integer(required=True)
    ctr = fields.Float(required=True, metadata={"description": "Clicks for each hundred views; 0 without any."})


class PushEngageSummaryAnswer(PushEngageSuccessAnswer):
    """What became of visitors and messages."""

    data = fields.List(fields.Nested(PushEngageSummaryRowAnswer), required=True)
