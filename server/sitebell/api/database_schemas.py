"""The shape of databases and of their fields."""

from marshmallow import fields
from marshmallow.validate import OneOf

from sitebell.models import FieldType
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Flag, Moment, text

EXAMPLE_FIELD = {"name": "plan", "type": "text"}


class DatabaseAnswer(Answer):
    """A set of profiles."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    created_at = Moment(required=True, metadata={"format": "date-time"})


class DatabasesAnswer(Answer):
    """The databases that the site is linked to."""

    databases = fields.List(fields.Nested(DatabaseAnswer), required=True)


class FieldBody(Strict):
    """A field to define; it can then be written and searched."""

    name = text(64, required=True, metadata={"description": "Letters, digits and _; begins with a letter."})
    type = fields.String(required=True, validate=OneOf(list(FieldType)))
    is_open = Flag(load_default=False, metadata={"description": "Pages of a signed site may write it without a token."})


class FieldAnswer(Answer):
    """A field of a database's profiles."""

    name = fields.String(required=True)
    type = fields.String(required=True, validate=OneOf(list(FieldType)))
    is_standard = fields.Boolean(required=True, metadata={"description": "Every database has it."})
    is_open = fields.Boolean(required=True)


class FieldsAnswer(Answer):
    """The fields of a database in the order of their making."""

    fields_ = fields.List(fields.Nested(FieldAnswer), required=True, data_key="fields")
