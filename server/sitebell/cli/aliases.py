"""`sitebell sites alias`: the ids and keys that a site brings along from another vendor."""

import sys
from collections.abc import Iterator
from typing import Any

import click
from sqlalchemy.orm import Session

from sitebell.cli.installation import OpenInstallation, open_installation
from sitebell.cli.output import json_option, print_json, print_table
from sitebell.clock import utcnow
from sitebell.models import Alias, AliasKind, Dialect, Site
from sitebell.services.audit import Action
from sitebell.services.dialects import NewAlias, add_alias, list_aliases, remove_alias
from sitebell.services.keys import SCOPES, adopt_api_key
from sitebell.services.sites import get_site

ONE_EACH = (AliasKind.RESOURCE_TOKEN, AliasKind.RESOURCE_ID, AliasKind.APP_ID, AliasKind.CHANNEL)
PAIRS = (AliasKind.SEGMENT, AliasKind.TOPIC, AliasKind.TAG, AliasKind.ATTRIBUTE, AliasKind.OPT_IN_FORM)
DIALECTS = click.Choice([dialect.value for dialect in Dialect])

dialect_option = click.option("--dialect", required=True, type=DIALECTS, help="The vendor whose ids these are.")


@click.command("alias")
@click.argument("token")
@dialect_option
@click.option("--resource-token", help="Altcraft: the resource's token.")
@click.option("--resource-id", help="Altcraft: the resource's number.")
@click.option("--app-id", help="PushEngage: the app id of the site.")
@click.option("--channel", help="CleverPush: the channel's id.")
@click.option("--api-key", "--private-key", "api_key", help="The vendor's REST key; - reads it from standard input.")
@click.option("--segment", multiple=True, metavar="ID=TAG", help="A segment means this tag; repeatable.")
@click.option("--topic", multiple=True, metavar="ID=TOPIC", help="CleverPush: a topic means this one; repeatable.")
@click.option("--tag", multiple=True, metavar="ID=TAG", help="CleverPush: a tag means this one; repeatable.")
@click.option(
    "--attribute", multiple=True, metavar="ID=FIELD", help="CleverPush: an attribute is this field; repeatable."
)
@click.option(
    "--opt-in-form",
    multiple=True,
    metavar="ID=single|double",
    help="CleverPush: a form asks once or twice; repeatable.",
)
@json_option
def alias(*, token: str, dialect: str, api_key: str | None, as_json: bool, **ids: Any) -> None:
    """Let the site of TOKEN go on using ids of another vendor.

    Adopted ids work unchanged in its pages and in the calls of its back end, once the dialect is switched on:
    sitebell sites set TOKEN --dialect altcraft
    """
    wanted = list(_read(Dialect(dialect), ids))
    if not wanted and api_key is None:
        raise click.UsageError("Name at least one id: see sitebell sites alias --help.")
    with open_installation() as installation, installation.store.writing() as session:
        site = get_site(session, token)
        facts = [_facts(add_alias(session, site, new)) for new in wanted]
        if facts:
            installation.audit(session, Action.SITE_CHANGED, site=site, subject=f"{dialect} aliases")
        key_id = None if api_key is None else _adopt(installation, session, site, dialect, api_key)
    if as_json:
        print_json({"aliases": facts, "api_key_id": key_id})
        return
    for row in facts:
        meaning = f" as {row['means']}" if row["means"] else ""
        click.echo(f"{dialect}: {row['kind'].replace('_', ' ')} {row['id']} is known{meaning}.")
    if key_id is not None:
        click.echo(f"The key is adopted as API key {key_id}; only its hash is kept.")


@click.command("aliases")
@click.argument("token")
@json_option
def aliases(*, token: str, as_json: bool) -> None:
    """List the ids that the site of TOKEN brought along."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = [_facts(row) for row in list_aliases(session, get_site(session, token))]
    if as_json:
        print_json(rows)
    elif rows:
        lines = [(row["dialect"], row["kind"], row["id"], row["means"] or "this site") for row in rows]
        print_table(("DIALECT", "KIND", "ID", "MEANS"), lines)
    else:
        click.echo(f"The site brought no ids along. Adopt some: sitebell sites alias {token} --help")


@click.command("unalias")
@click.argument("token")
@dialect_option
@click.argument("kind", type=click.Choice([kind.value for kind in AliasKind]))
@click.argument("foreign_id", metavar="ID")
def unalias(*, token: str, dialect: str, kind: str, foreign_id: str) -> None:
    """Forget the foreign ID of a KIND, such as segment, at the site of TOKEN."""
    with open_installation() as installation, installation.store.writing() as session:
        site = get_site(session, token)
        remove_alias(session, site, Dialect(dialect), AliasKind(kind), foreign_id)
        installation.audit(session, Action.SITE_CHANGED, site=site, subject=f"{dialect} aliases")
    click.echo(f"{dialect}: {kind.replace('_', ' ')} {foreign_id} is forgotten.")


def _read(dialect: Dialect, ids: dict[str, Any]) -> Iterator[NewAlias]:
    for kind in ONE_EACH:
        if ids[kind] is not None:
            yield NewAlias(dialect, kind, ids[kind])
    for kind in PAIRS:
        for pair in ids[kind]:
            foreign_id, _, target = pair.partition("=")
            yield NewAlias(dialect, kind, foreign_id, target)


def _facts(row: Alias) -> dict[str, str]:
    return {"dialect": row.dialect, "kind": row.kind, "id": row.foreign_id, "means": row.target}


def _adopt(installation: OpenInstallation, session: Session, site: Site, dialect: str, text: str) -> int:
    if text == "-":
        text = sys.stdin.readline().strip()
    key = adopt_api_key(session, site, text, name=f"adopted from {dialect}", scopes=SCOPES, now=utcnow())
    installation.audit(session, Action.API_KEY_ADOPTED, site=site, subject=f"key {key.id}")
    return key.id
