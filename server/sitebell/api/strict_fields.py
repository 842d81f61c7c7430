"""Fields that check shape and never guess: no "1" for 1, no true for 1, no URL that a browser reads differently."""

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, Range, Regexp

MAX_URL_LENGTH = 2048
LAST_MILLISECOND = 253_402_300_799_999  # the end of the year 9999, the last that datetime knows

# The end is written so that Python and JavaScript, which reads it in the OpenAPI document, agree.
LOCALE = Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$(?!\n)", error="Write a language tag such as pt-BR (BCP 47).")
TIME_ZONE = Regexp(
    r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,3}$(?!\n)", error="Write an IANA time zone such as Europe/Berlin."
)

# Authority without user name: https://good.example@evil.example shows one host and opens the other.
_ABSOLUTE = re.compile(r"https?://[^/?#@:]+(:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)
_IPV6 = re.compile(r"https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)


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
        super().__init__(validate=[Length(1, MAX_URL_LENGTH), check_web_url], **options)


def check_web_url(url: str) -> None:
    """Refuse what a browser would open elsewhere, or run.

    Raises:
        ValidationError: a scheme other than http(s), a user name, `//host`, a backslash, blanks or control characters.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        raise ValidationError("Write a URL without blanks, control characters and backslashes.")
    if url.startswith("/") and not url.startswith("//"):
        return
    if not _ABSOLUTE.fullmatch(url) and not _IPV6.fullmatch(url):
        raise ValidationError("Write https://…, http://… or a path on the site such as /news.")
