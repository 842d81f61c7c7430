"""The shape of profiles: what a back end writes, and what it reads."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length

from sitebell.api.membership import MAX_FIELDS, MatchBody, read_match
from sitebell.api.tag_schemas import TagsBody, read_tags, tag_names
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.fields.contact import LONGEST_EMAIL
from sitebell.services.fields.defining import OF_THE_PROFILE
from sitebell.services.matching import Match
from sitebell.services.profiles import KnownProfile, ProfileChanges
from sitebell.services.tags import TagChange
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Moment, text

EXAMPLE_PROFILE = {
    "external_id": "customer-42",
    "email": "ann@example.com",
    "phones": ["+4930901820"],
    "fields": {"_fname": "Ann"},
    "tags": ["vip"],
}
EXAMPLE_CHANGES = {"fields": {"_city": "Berlin", "_lname": None}, "tags": {"add": ["vip"]}}
EXAMPLE_ROW = {"match": {"external_id": "customer-42"}, "email": "ann@example.com", "tags": {"add": ["vip"]}}

_OPERATION = 'null takes it away; or one operation such as {"add": [...]}.'


class ProfileValuesBody(Strict):
    """What a profile holds, as far as making and changing one agree."""

    external_id = text(LONGEST_EXTERNAL_ID, allow_none=True, metadata={"description": "The site's own id."})
    email = text(LONGEST_EMAIL, allow_none=True)
    phones = fields.Raw(allow_none=True, metadata={"description": f"A list of numbers like +4930901820. {_OPERATION}"})
    fields_ = fields.Dict(
        keys=text(64),
        values=fields.Raw(allow_none=True),
        data_key="fields",
        load_default=dict,
        validate=Length(max=MAX_FIELDS),
        metadata={"description": f"Name to value. {_OPERATION}"},
    )

    @validates_schema
    def _check_place(self, data: dict[str, Any], **_options: Any) -> None:
        misplaced = [name for name in OF_THE_PROFILE if name in data.get("fields_", ())]
        if misplaced:
            raise ValidationError(f"{misplaced[0]} stands beside fields, not in it.", "fields")


class NewProfileBody(ProfileValuesBody):
    """A profile to make."""

    tags = tag_names()


class ProfileChangesBody(ProfileValuesBody):
    """What to change of a profile; what is not named stays."""

    tags = fields.Nested(TagsBody)


class ProfileRowBody(ProfileChangesBody):
    """A row of a bulk upsert: who is meant, and what to write."""

    match = fields.Nested(MatchBody, required=True)

    @validates_schema
    def _check_match(self, data: dict[str, Any], **_options: Any) -> None:
        if not any(value is not None for value in data["match"].values()):
            raise ValidationError("Name at least one thing by which the profile is found.", "match")


class MergeBody(Strict):
    """The profile that goes up in the one of the path."""

    source = text(24, required=True, data_key="from", metadata={"description": "Its id, in the same database."})


class ProfileAnswer(Answer):
    """A person in one database."""

    id = fields.String(required=True, metadata={"description": "24 hex digits."})
    database_id = fields.Integer(required=True)
    external_id = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    phones = fields.List(fields.String(), required=True, metadata={"description": "E.164."})
    fields_ = fields.Dict(required=True, data_key="fields", metadata={"description": "Those that have a value."})
    tags = fields.List(fields.String(), required=True)
    created_at = Moment(required=True, metadata={"format": "date-time"})
    updated_at = Moment(required=True, metadata={"format": "date-time"})


class ProfilesAnswer(Answer):
    """A page of profiles."""

    profiles = fields.List(fields.Nested(ProfileAnswer), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "For the page after this one; null: there is none."}
    )


def read_changes(body: dict[str, Any]) -> ProfileChanges:
    """Return what a loaded body wants written."""
    of_profile = {name: body[name] for name in OF_THE_PROFILE if name in body}
    tags = body.get("tags") or []
    return ProfileChanges(
        external_id=body.get("external_id"),
        has_external_id="external_id" in body,
        fields=body["fields_"] | of_profile,
        tags=read_tags(tags) if isinstance(tags, dict) else TagChange(add=tags),
    )


def read_row(body: dict[str, Any]) -> tuple[Match, ProfileChanges]:
    """Return whom a loaded row of a bulk upsert means, e-mail and phone as they are stored, and what it writes.

    Raises:
        Invalid: `invalid_email` or `invalid_phone`.
    """
    return read_match(body["match"]).normalised(), read_changes(body)


def show_profile(known: KnownProfile) -> dict[str, Any]:
    """Return a profile as `ProfileAnswer` dumps it."""
    profile = known.profile
    return {
        "id": profile.public_id,
        "database_id": profile.database_id,
        "external_id": profile.external_id,
        "email": profile.email,
        "phones": known.phones,
        "fields_": known.fields,
        "tags": known.tags,
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }
