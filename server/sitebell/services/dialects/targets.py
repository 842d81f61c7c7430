"""What a foreign id is to mean has to be there: an id that means nothing would fail in every call that names it."""

import shlex

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import AliasKind, Site
from sitebell.services.databases import list_database_ids
from sitebell.services.fields.defining import OF_THE_PROFILE, fields_by_name, is_field_name
from sitebell.services.topics import find_topic_ids

EXTERNAL_ID = "external_id"  # the site's own id of a person, as a target of an attribute
BESIDE_FIELDS = (*OF_THE_PROFILE, EXTERNAL_ID)


def check_target(session: Session, site: Site, kind: AliasKind, target: str) -> None:
    """Check that a site has the topic, or one of its databases the field; tags come into being when they are put on.

    Raises:
        Invalid: `invalid_alias`, with the command that makes it.
    """
    if kind == AliasKind.TOPIC and not find_topic_ids(session, site.id, [target]):
        raise _missing(
            f"The site has no topic {target}", f"topics add {site.token} {shlex.quote(target)} --title TITLE"
        )
    if kind == AliasKind.ATTRIBUTE and target not in BESIDE_FIELDS:
        _check_field(session, site, target)


def _check_field(session: Session, site: Site, target: str) -> None:
    databases = list_database_ids(session, site)
    if any(target in fields_by_name(session, database_id) for database_id in databases):
        return
    if not is_field_name(target):
        names = ", ".join(BESIDE_FIELDS)
        raise Invalid("invalid_alias", f"{target} is no field: an attribute means a field, or one of {names}.")
    first = min(databases, default="DATABASE")
    command = f"fields create {first} {shlex.quote(target)} --type TYPE"
    raise _missing(f"No database of the site has a field {target}", command)


def _missing(sentence: str, command: str) -> Invalid:
    return Invalid("invalid_alias", f"{sentence}. Make it first: sitebell {command}")
