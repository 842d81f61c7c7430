"""The shape of audiences, and of what a preview of one answers."""

from marshmallow import fields
from marshmallow.validate import Length

from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.audiences import MAX_IDS, MAX_NAMES, SAMPLE_SIZE
from sitebell.services.tags import LONGEST_TAG
from sitebell.services.topics import LONGEST_NAME
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Flag, text

EXAMPLE_PREVIEW = {
    "audience": {
        "topics": ["offers"],
        "where": {
            "all": [
                {"field": "_country", "op": "in", "value": ["AT", "DE"]},
                {"not": {"field": "event.clicked", "op": "after", "value": {"days_ago": 30}}},
            ]
        },
    }
}


class AudienceBody(Strict):
    """Whom a message is for; always said, never assumed. Several members are a union."""

    everyone = Flag(metadata={"description": "true: every subscriber of the site. Stands alone."})
    subscriber_hashes = fields.List(text(64), validate=Length(max=MAX_IDS))
    profile_ids = fields.List(text(64), validate=Length(max=MAX_IDS))
    external_ids = fields.List(text(LONGEST_EXTERNAL_ID), validate=Length(max=MAX_IDS))
    topics = fields.List(
        text(LONGEST_NAME), validate=Length(max=MAX_NAMES), metadata={"description": "Who chose any of these."}
    )
    tags = fields.List(
        text(LONGEST_TAG), validate=Length(max=MAX_NAMES), metadata={"description": "Whose profile has any of these."}
    )
    where = fields.Dict(metadata={"description": "A tree of all, any and not over {field, op, value}."})


class PreviewBody(Strict):
    """An audience to count."""

    audience = fields.Nested(AudienceBody, required=True)
    verified = Flag(load_default=False, metadata={"description": "Only browsers whose profile was proved."})


class SampleAnswer(Answer):
    """One browser that would be reached, and the profile for which."""

    subscriber_hash = fields.String(required=True)
    profile_id = fields.String(required=True)


class PreviewAnswer(Answer):
    """How many browsers a message sent now would go to."""

    count = fields.Integer(required=True, metadata={"description": "Distinct subscriptions."})
    sample = fields.List(
        fields.Nested(SampleAnswer), required=True, metadata={"description": f"At most {SAMPLE_SIZE} of them."}
    )
