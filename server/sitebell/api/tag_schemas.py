"""The shape of tags: labels that a call puts on a profile, for good or for some days, and takes away."""

from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from sitebell.services.tags import LONGEST_TAG, MAX_TAGS, MOST_DAYS, NO_TAGS, TagChange
from sitebell.web.schemas import Strict
from sitebell.web.strict_fields import Whole, text

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_TAG}


class LapsingTagBody(Strict):
    """A tag that comes off by itself."""

    name = text(LONGEST_TAG, required=True)
    days = Whole(1, MOST_DAYS, required=True)


class NewTag(fields.Field[Any]):
    """A tag to put on: its name, or `{"name", "days"}` for one that comes off by itself after so many days."""

    def __init__(self, **options: Any) -> None:
        number = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}
        lapsing = {"type": "object", "required": ["name", "days"], "additionalProperties": False}
        lapsing |= {"properties": {"name": _NAME, "days": number}}
        super().__init__(metadata={"anyOf": [_NAME, lapsing]}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if isinstance(value, dict):
            return LapsingTagBody().load(value)
        if isinstance(value, str) and 1 <= len(value) <= LONGEST_TAG:
            return value
        raise ValidationError(f'Write 1 to {LONGEST_TAG} characters, or {{"name": …, "days": …}}.')


def tag_names() -> fields.List[Any]:
    """Return a field for the names of tags."""
    return fields.List(text(LONGEST_TAG), load_default=list, validate=Length(max=MAX_TAGS))


class TagsBody(Strict):
    """Labels of the site on the profile: those to put on and those to take away."""

    add = fields.List(NewTag(), load_default=list, validate=Length(max=MAX_TAGS))
    remove = tag_names()


def read_tags(body: dict[str, Any] | None) -> TagChange:
    """Return the change that a loaded body says; a tag that stands there with and without days stays for good."""
    if not body:
        return NO_TAGS
    lapsing = {tag["name"]: tag["days"] for tag in body["add"] if isinstance(tag, dict)}
    lasting = [tag for tag in body["add"] if isinstance(tag, str)]
    days = {name: number for name, number in lapsing.items() if name not in lasting}
    return TagChange(add=[*lasting, *lapsing], remove=body["remove"], days=days)
