"""What a foreign id is to mean has to be there: an id that means nothing would fail in every call that names it."""

import shlex

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import AliasKind, Site
from sitebell.services.fields.defining import OF_THE_PROFILE, fields_by_name
from sitebell.services.sites import list_databases
from sitebell.services.topics import find_topic_ids


def check_target(session: Session, site: Site, kind: AliasKind, target: str) -> None:
    """Check that a site has the topic, or one of its databases the field; tags come into being when they are put on.

    Raises:
        Invalid: `invalid_alias`, with the command that makes it.
    """
    if kind == AliasKind.TOPIC and not find_topic_ids(session, site.id, [target]):
        raise _missing(
            f"The site has no topic {target}", f"topics add {site.token} {shlex.quote(target)} --title TITLE"
        )
    if kind == AliasKind.ATTRIBUTE and target not in OF_THE_PROFILE:
        databases = list_databases(session, site)
        if not any(target in fields_by_name(session, database_id) for database_id in databases):
            first = min(databases, default="DATABASE")
            command = f"fields create {first} {shlex.quote(target)} --type TYPE"
            raise _missing(f"No database of the site has a field {target}", command)


def _missing(sentence: str, command: str) -> Invalid:
    return Invalid("invalid_alias", f"{sentence}. Make it first: sitebell {command}")
