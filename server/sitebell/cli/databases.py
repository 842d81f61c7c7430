"""`sitebell databases`: make databases of profiles, and say which sites reach them."""

from typing import Any

import click
from sqlalchemy.orm import Session

from sitebell.cli.identity_words import explain_hold
from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table, show_moment
from sitebell.clock import utcnow
from sitebell.models import Database
from sitebell.services.audit import Action
from sitebell.services.databases import (
    create_database,
    get_database,
    link_database,
    list_all_databases,
    list_database_ids,
    list_linked_sites,
    unlink_database,
)
from sitebell.services.identity.strictness import identity_of, note_strictness
from sitebell.services.profiles import count_profiles
from sitebell.services.sites import get_site

site_option = click.option("--site", required=True, help="The site's token.")


@click.group()
def databases() -> None:
    """Make databases of profiles and link them to sites. A database may serve several sites."""


@databases.command("create")
@click.argument("name")
@click.option("--id", "database_id", type=int, help="Take this id, such as one that another system used.")
@json_option
def create(*, name: str, database_id: int | None, as_json: bool) -> None:
    """Make a database called NAME, with the standard fields."""
    with open_installation() as installation, installation.store.writing() as session:
        database = create_database(session, name=name, now=utcnow(), database_id=database_id)
        facts = _facts(session, database)
        installation.audit(session, Action.DATABASE_CREATED, subject=f"database {database.id}")
    _print(facts, as_json=as_json)
    if not as_json:
        click.echo(f"\nNo site reaches it yet: sitebell databases link {database.id} --site TOKEN")


@databases.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List all databases."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = [_facts(session, database) for database in list_all_databases(session)]
    if as_json:
        print_json(rows)
    elif rows:
        lines = [(str(row["id"]), row["name"], row["profiles"], " ".join(row["sites"])) for row in rows]
        print_table(("ID", "NAME", "PROFILES", "SITES"), lines)
    else:
        click.echo("There is no database yet. Make one: sitebell databases create NAME")


@databases.command("show")
@click.argument("database_id", metavar="ID", type=int)
@json_option
def show(*, database_id: int, as_json: bool) -> None:
    """Show the database ID."""
    with open_installation() as installation, installation.store.reading() as session:
        facts = _facts(session, get_database(session, database_id))
    _print(facts, as_json=as_json)


@databases.command("link")
@click.argument("database_id", metavar="ID", type=int)
@site_option
@json_option
def link(*, database_id: int, site: str, as_json: bool) -> None:
    """Let a site reach the profiles of the database ID.

    Whoever has an API key of that site can read and change them. Linking again changes nothing.
    """
    with open_installation() as installation, installation.store.writing() as session:
        database = get_database(session, database_id)
        owner = get_site(session, site)
        link_database(session, owner, database)
        note_strictness(session, utcnow())
        facts = _facts(session, database)
        installation.audit(session, Action.DATABASE_LINKED, site=owner, subject=f"database {database.id}")
        held = [explain_hold(session, one) for one in list_linked_sites(session, database)]
    _print(facts, as_json=as_json)
    if not as_json and any(held):
        click.echo("".join(held))


@databases.command("unlink")
@click.argument("database_id", metavar="ID", type=int)
@site_option
@json_option
def unlink(*, database_id: int, site: str, as_json: bool) -> None:
    """Take the database ID away from a site. Its profiles stay for the day it is linked again."""
    with open_installation() as installation, installation.store.writing() as session:
        database, row = get_database(session, database_id), get_site(session, site)
        if not unlink_database(session, row, database):
            raise click.ClickException(f"The site {site} is not linked to the database {database_id}.")
        note_strictness(session, utcnow())
        facts, left = _facts(session, database), list_database_ids(session, row)
        installation.audit(session, Action.DATABASE_UNLINKED, site=row, subject=f"database {database.id}")
    _print(facts, as_json=as_json)
    if not left:
        click.echo("Warning: the site has no database left, so nobody can subscribe until one is linked.", err=True)


def _facts(session: Session, database: Database) -> dict[str, Any]:
    return {
        "id": database.id,
        "name": database.name,
        "profiles": count_profiles(session, database),
        "sites": [site.token for site in list_linked_sites(session, database)],
        "identity": identity_of(session, database),
        "created_at": database.created_at,
    }


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        shown = {"sites": " ".join(facts["sites"]) or "none", "created_at": show_moment(facts["created_at"])}
        print_facts(facts | shown)
