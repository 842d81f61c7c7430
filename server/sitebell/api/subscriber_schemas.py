"""The shape of subscribers: browsers by their hashes, and where they stand at profiles."""

from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf

from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Profile, Subscription, SuspendedBy
from sitebell.services.subscribers import KnownSubscriber
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Flag, Moment, text

MAX_CHECKED = 1000
OPTIONAL_MOMENT: dict[str, Any] = {"required": True, "allow_none": True, "metadata": {"format": "date-time"}}


class StatusField(fields.Field[EnrollmentStatus]):
    """An enrollment's status, as a word or as the number that other systems use."""

    def __init__(self, **options: Any) -> None:
        words = [status.value for status in EnrollmentStatus]
        description = f"{', '.join(words)}; or the number of the word, from 0."
        super().__init__(metadata={"enum": [*words, *range(len(words))], "description": description}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> EnrollmentStatus:  # noqa: ARG002
        for status in EnrollmentStatus:
            if value == status.value or (type(value) is int and value == status.number):
                return status
        raise ValidationError(f"Write one of {', '.join(EnrollmentStatus)}, or its number from 0.")


class AttachBody(Strict):
    """How to bind a subscription to a profile."""

    exclusive = Flag(load_default=True, metadata={"description": "Suspend it at the database's other profiles."})
    status = StatusField(load_default=None, allow_none=False)


class CheckBody(Strict):
    """Hashes to look up."""

    subscriber_hashes = fields.List(text(64), required=True, validate=Length(1, MAX_CHECKED))


class StandingAnswer(Answer):
    """Where a subscription stands at a profile."""

    database_id = fields.Integer(required=True)
    profile_id = fields.String(required=True)
    external_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=OneOf(list(EnrollmentStatus)))
    status_number = fields.Integer(required=True, metadata={"description": "The same, from subscribed 0 to invalid 6."})
    suspended_by = fields.String(required=True, allow_none=True, validate=OneOf(list(SuspendedBy)))
    suspended_until = Moment(**OPTIONAL_MOMENT)
    bound_by = fields.String(required=True, validate=OneOf(list(BoundBy)), metadata={"description": "Whose word."})
    bound_at = Moment(required=True, metadata={"format": "date-time"})
    left_at = Moment(**OPTIONAL_MOMENT)


class BrowserAnswer(Answer):
    """A subscription, as far as it says nothing of its address."""

    subscriber_hash = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "subscribed, unsubscribed or gone."})
    status_reason = fields.String(required=True)
    channel = fields.String(required=True)
    browser = fields.String(required=True, allow_none=True)
    platform = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    created_at = Moment(required=True, metadata={"format": "date-time"})
    seen_at = Moment(required=True, metadata={"format": "date-time", "description": "When the browser last spoke."})


class SubscriberAnswer(BrowserAnswer):
    """A subscription, where it is present, and the topics chosen in it."""

    enrollments = fields.List(fields.Nested(StandingAnswer), required=True)
    topics = fields.List(fields.String(), required=True)


class ProfileSubscriptionAnswer(BrowserAnswer):
    """A subscription that is or was bound to a profile."""

    enrollment = fields.Nested(StandingAnswer, required=True)


class ProfileSubscriptionsAnswer(Answer):
    """A page of a profile's subscriptions."""

    subscriptions = fields.List(fields.Nested(ProfileSubscriptionAnswer), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "For the page after this one; null: there is none."}
    )


class CheckedAnswer(Answer):
    """What the site knows of one hash."""

    subscriber_hash = fields.String(required=True)
    known = fields.Boolean(required=True)
    status = fields.String(required=True, allow_none=True)


class CheckAnswer(Answer):
    """What the site knows of each hash, in the order of the question."""

    subscribers = fields.List(fields.Nested(CheckedAnswer), required=True)


def show_subscriber(known: KnownSubscriber) -> dict[str, Any]:
    """Return a subscriber as `SubscriberAnswer` dumps it."""
    return show_browser(known.subscription) | {
        "enrollments": [show_standing(enrollment, profile) for enrollment, profile in known.enrollments],
        "topics": list(known.topics),
    }


def show_browser(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription as `BrowserAnswer` dumps it."""
    names = (field for field in BrowserAnswer().fields)
    return {name: getattr(subscription, name) for name in names}


def show_standing(enrollment: Enrollment, profile: Profile) -> dict[str, Any]:
    """Return an enrollment as `StandingAnswer` dumps it."""
    return {
        "database_id": enrollment.database_id,
        "profile_id": profile.public_id,
        "external_id": profile.external_id,
        "status": enrollment.status,
        "status_number": EnrollmentStatus(enrollment.status).number,
        "suspended_by": enrollment.suspended_by,
        "suspended_until": enrollment.suspended_until,
        "bound_by": enrollment.bound_by,
        "bound_at": enrollment.bound_at,
        "left_at": enrollment.left_at,
    }
