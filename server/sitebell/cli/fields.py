"""`sitebell fields`: which fields the profiles of a database have."""

from typing import Any

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table
from sitebell.models import Field, FieldType
from sitebell.services.databases import get_database
from sitebell.services.fields.defining import create_field, list_fields

TYPES = [kind.value for kind in FieldType]


@click.group()
def fields() -> None:
    """Define and list the fields of a database's profiles. DATABASE is its id."""


@fields.command("create")
@click.argument("database_id", metavar="DATABASE", type=int)
@click.argument("name")
@click.option("--type", "kind", type=click.Choice(TYPES), required=True, help="What it holds; it stays so.")
@click.option("--open", "is_open", is_flag=True, help="Pages of a signed site may write it without a token.")
@json_option
def create(*, database_id: int, name: str, kind: str, is_open: bool, as_json: bool) -> None:
    """Define the field NAME, before the first value is written into it."""
    with open_installation() as installation, installation.store.writing() as session:
        field = create_field(session, get_database(session, database_id), name=name, kind=kind, is_open=is_open)
    if as_json:
        print_json(_facts(field))
    else:
        print_facts(_facts(field))


@fields.command("list")
@click.argument("database_id", metavar="DATABASE", type=int)
@json_option
def list_all(*, database_id: int, as_json: bool) -> None:
    """List the fields of DATABASE, the standard ones first."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = [_facts(field) for field in list_fields(session, get_database(session, database_id))]
    if as_json:
        print_json(rows)
        return
    lines = [(row["name"], row["type"], _yes(row["is_standard"]), _yes(row["is_open"])) for row in rows]
    print_table(("NAME", "TYPE", "STANDARD", "OPEN"), lines)


def _facts(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": str(field.type),
        "is_standard": field.is_standard,
        "is_open": field.is_open,
    }


def _yes(truth: object) -> str:
    return "yes" if truth else "no"
