"""`sitebell keys`: the API keys of a site's back end."""

from typing import Any

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table, show_moment
from sitebell.clock import utcnow
from sitebell.models import ApiKey
from sitebell.services.audit import Action
from sitebell.services.keys import SCOPES, create_api_key, list_api_keys, revoke_api_key
from sitebell.services.sites import get_site


@click.group()
def keys() -> None:
    """Make, list and revoke API keys. SITE is the site's token."""


@keys.command("create")
@click.argument("site")
@click.option("--name", required=True, help="What the key is for, such as: shop back end.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; repeatable.",
)
@json_option
def create(*, site: str, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make an API key for SITE and print it. It is shown only now."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        row, text = create_api_key(session, owner, name=name, scopes=scopes, now=utcnow())
        installation.audit(session, Action.API_KEY_CREATED, site=owner, subject=f"key {row.id}")
    facts = {"id": row.id, "name": row.name, "scopes": row.scopes.split(), "api_key": text}
    if as_json:
        print_json(facts)
        return
    print_facts({**facts, "scopes": row.scopes})
    click.echo("\nThe API key is shown only now: keep it where your back end keeps its secrets.")


@keys.command("list")
@click.argument("site")
@json_option
def list_all(*, site: str, as_json: bool) -> None:
    """List the API keys of SITE, revoked ones too."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = list_api_keys(session, get_site(session, site))
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    lines = [
        (str(row.id), f"{row.prefix}…", row.name, row.scopes, row.created_at, row.revoked_at or "no") for row in rows
    ]
    print_table(("ID", "KEY", "NAME", "SCOPES", "CREATED", "REVOKED"), lines)


@keys.command("revoke")
@click.argument("site")
@click.argument("key_id", metavar="ID", type=int)
@json_option
def revoke(*, site: str, key_id: int, as_json: bool) -> None:
    """Revoke the API key ID of SITE, at once and for good; only a vendor's can be adopted again."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        row = revoke_api_key(session, owner, key_id, utcnow())
        installation.audit(session, Action.API_KEY_REVOKED, site=owner, subject=f"key {row.id}")
    if as_json:
        print_json(_facts(row))
    elif row.revoked_at is not None:
        click.echo(f"The key {row.id} ({row.name}, {row.prefix}…) is revoked since {show_moment(row.revoked_at)}.")


def _facts(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes.split(),
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
