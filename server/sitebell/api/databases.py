"""What a site's back end asks of its databases: which there are, and which fields their profiles have."""

from typing import Any

from sitebell.api.database_schemas import EXAMPLE_FIELD, DatabasesAnswer, FieldAnswer, FieldBody, FieldsAnswer
from sitebell.api.linked import linked_database
from sitebell.models import Field
from sitebell.services.databases import list_linked_databases
from sitebell.services.fields.defining import create_field, list_fields
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import store
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.routes import Routes

databases = Routes(
    "databases", __name__, url_prefix="/v1/databases", description="The databases of profiles that a site is linked to."
)


@databases.route("", methods=["GET"])
@databases.doc(security=SECURITY)
@needs("read")
@databases.response(200, DatabasesAnswer)
@databases.fails(*API_KEY)
def get_databases() -> dict[str, Any]:
    """List the databases of the API key's site."""
    with store().reading() as session:
        found = list_linked_databases(session, sender_site())
    return {"databases": [{"id": row.id, "name": row.name, "created_at": row.created_at} for row in found]}


@databases.route("/<database_id>/fields", methods=["GET"])
@databases.doc(security=SECURITY)
@needs("read")
@databases.response(200, FieldsAnswer)
@databases.fails(*API_KEY, "database_not_found")
def get_fields(database_id: str) -> dict[str, Any]:
    """List the fields of a database, the standard ones first."""
    with store().reading() as session:
        found = list_fields(session, linked_database(session, database_id))
    return {"fields_": [_show(field) for field in found]}


@databases.route("/<database_id>/fields", methods=["POST"])
@databases.doc(security=SECURITY)
@needs("manage")
@databases.arguments(FieldBody, example=EXAMPLE_FIELD)
@databases.response(201, FieldAnswer)
@databases.fails(*API_KEY, *BODY, "database_not_found", "field_exists", "invalid_field")
def post_field(body: dict[str, Any], database_id: str) -> dict[str, Any]:
    """Define a field, before the first value is written into it."""
    with store().writing() as session:
        database = linked_database(session, database_id)
        field = create_field(session, database, name=body["name"], kind=body["type"], is_open=body["is_open"])
    return _show(field)


def _show(field: Field) -> dict[str, Any]:
    return {"name": field.name, "type": field.type, "is_standard": field.is_standard, "is_open": field.is_open}
