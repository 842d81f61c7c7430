"""Fields that check shape and never guess: no "1" for 1, no true for 1, no URL that a browser reads differently."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, Range, Regexp

from sitebell.services.content import LONGEST_URL, find_title_fault, find_url_fault
from sitebell.services.personalisation.templates import is_template

LAST_MILLISECOND = 253_402_300_799_999  # the end of the year 9999, the last that datetime knows

# The end is written so that Python and JavaScript, which reads it in the OpenAPI document, agree.
LOCALE = Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$(?!\n)", error="Write a language tag such as pt-BR (BCP 47).")
TIME_ZONE = Regexp(
    r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,3}$(?!\n)", error="Write an IANA time zone such as Europe/Berlin."
)


def text(maximum: int, minimum: int = 1, **options: Any) -> fields.String:
    """Return a field for a string of so many characters."""
    rules = [Length(minimum, maximum), *options.pop("validate", ())]
    return fields.String(validate=rules, **options)


class Whole(fields.Integer):
    """A whole number between two bounds, written as a JSON number without a point."""

    def __init__(self, minimum: int, maximum: int, **options: Any) -> None:
        super().__init__(strict=True, validate=Range(minimum, maximum), **options)


class Flag(fields.Boolean):
    """The JSON values true and false, and nothing that looks like them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Moment(fields.String):
    """An ISO 8601 moment with its zone; loaded as aware UTC, dumped with milliseconds and Z."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise ValidationError("Write a moment with its zone, such as 2026-12-24T18:00:00Z (ISO 8601).")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WebUrl(fields.String):
    """An http(s) URL, or a path on the site that begins with one slash (SEC-35)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=[Length(1, LONGEST_URL), check_web_url], **options)


class TemplateUrl(fields.String):
    """A `WebUrl`, or a template of one, which is checked when the message is made and again when it is filled in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=[Length(1, LONGEST_URL), check_template_url], **options)


def check_template_url(url: str) -> None:
    """Hand the rule of services/content.py to marshmallow for what is no template, which is checked when filled in.

    Raises:
        ValidationError: a browser would open something else, or run it.
    """
    if not is_template(url):
        check_web_url(url)


def check_web_url(url: str) -> None:
    """Hand the rule of services/content.py to marshmallow.

    Raises:
        ValidationError: a browser would open something else, or run it.
    """
    fault = find_url_fault(url)
    if fault is not None:
        raise ValidationError(fault)


def check_title(title: str) -> None:
    """Hand the rule of services/content.py to marshmallow.

    Raises:
        ValidationError: nobody would see anything of it.
    """
    fault = find_title_fault(title)
    if fault is not None:
        raise ValidationError(fault)
