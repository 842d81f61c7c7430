"""The API key of an account, which the body carries, and the resources and databases that it opens."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from sitebell.compat.sites import speaking_sites
from sitebell.errors import Conflict, NotFound
from sitebell.models import AliasKind, Database, Dialect, Site
from sitebell.services.databases import get_linked_database, list_linked_databases
from sitebell.services.dialects import foreign_id_of
from sitebell.web.admission import read_body
from sitebell.web.api_keys import Credential
from sitebell.web.json_body import read_json


def token_in_body() -> str | None:
    """Return the API key that a call carries in its body."""
    body = read_json(read_body())
    token = body.get("token") if isinstance(body, dict) else None
    return token if isinstance(token, str) else None


TOKEN_IN_BODY = Credential(token_in_body, "the member token of the body")


def resource_site(session: Session, resource_id: int) -> Site:
    """Return the site of a resource of the account; 0 is the one that has adopted no id.

    Raises:
        NotFound: `site_not_found`, none of the key's sites that speak the dialect has this resource.
        Conflict: `ambiguous_api_key`, several have it.
    """

    def is_meant(site: Site) -> bool:
        adopted = foreign_id_of(session, site, Dialect.ALTCRAFT, AliasKind.RESOURCE_ID)
        return resource_id == int(adopted or 0)

    meant = [site for site in speaking_sites(Dialect.ALTCRAFT) if is_meant(site)]
    if not meant:
        raise NotFound("site_not_found", "This API key belongs to another resource.")
    if len(meant) > 1:
        sentence = f"Several sites of this API key have the resource id {resource_id}: adopt one for each."
        raise Conflict("ambiguous_api_key", sentence)
    return meant[0]


def reachable_database(session: Session, database_id: int, resources: Sequence[Site]) -> Database:
    """Return a database that the sites of all these resources reach; without any, one that a site of the key reaches.

    Raises:
        NotFound: `database_not_found`; `site_not_found`, no site of the key speaks the dialect.
    """
    if not resources:
        sites = speaking_sites(Dialect.ALTCRAFT)
        resources = [site for site in sites if _reaches(session, site, database_id)] or sites
    return [get_linked_database(session, site, database_id) for site in resources][-1]


def _reaches(session: Session, site: Site, database_id: int) -> bool:
    return database_id in {database.id for database in list_linked_databases(session, site)}
