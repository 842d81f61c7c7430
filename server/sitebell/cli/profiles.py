"""`sitebell profiles`: what a person may ask for, without an API key at hand."""

from typing import IO

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_json
from sitebell.clock import utcnow
from sitebell.services.audit import Action
from sitebell.services.databases import get_database
from sitebell.services.erasure import Ledger
from sitebell.services.json_stream import write_object
from sitebell.services.person_export.collecting import export_profile
from sitebell.services.profiles import ProfileChanges, create_profile, get_profile


@click.group()
def profiles() -> None:
    """Add, export and erase people. DATABASE is the database's id, PROFILE the profile's."""


@profiles.command("create")
@click.argument("database", type=int)
@click.option("--id", "public_id", help="Take this id of 24 hex digits, such as one that another system used.")
@click.option("--external-id", help="Your own id of the person.")
@click.option("--email", help="The person's e-mail address.")
@json_option
def create(*, database: int, public_id: str | None, external_id: str | None, email: str | None, as_json: bool) -> None:
    """Add a person to DATABASE."""
    fields = {} if email is None else {"email": email}
    changes = ProfileChanges(external_id=external_id, has_external_id=external_id is not None, fields=fields)
    with open_installation() as installation, installation.store.writing() as session:
        profile = create_profile(session, get_database(session, database), changes, utcnow(), public_id=public_id)
        installation.audit(session, Action.PROFILE_CREATED, subject=f"database {database}")
        made = profile.public_id
    if as_json:
        print_json({"id": made, "database_id": database})
    else:
        click.echo(f"The profile {made} is in database {database}.")


@profiles.command("export")
@click.argument("database", type=int)
@click.argument("profile")
@click.argument("file", type=click.File("w", lazy=True), default="-")
def export(*, database: int, profile: str, file: IO[str]) -> None:
    """Write everything that is stored about PROFILE of DATABASE to FILE, or print it."""
    with open_installation() as installation:
        with installation.store.writing() as session:
            row = get_profile(session, get_database(session, database), profile)
            installation.audit(session, Action.PROFILE_EXPORTED, subject=f"database {database}")
        with installation.store.reading() as session:
            found, now = get_profile(session, get_database(session, database), row.public_id), utcnow()
            file.writelines(write_object({"exported_at": now, **export_profile(session, found, now)}))
            file.write("\n")


@profiles.command("erase")
@click.argument("database", type=int)
@click.argument("profile")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(*, database: int, profile: str, yes: bool, as_json: bool) -> None:
    """Erase PROFILE of DATABASE for good, with the browsers that are nobody else's."""
    with open_installation() as installation:
        with installation.store.reading() as session:
            get_profile(session, get_database(session, database), profile)
        if not yes:
            click.confirm("Nothing brings this person back. Erase them?", abort=True, err=True)
        with installation.store.erasing() as session:
            row = get_profile(session, get_database(session, database), profile)
            ledger = Ledger(installation.config.data)
            erased = ledger.erase_profile(session, installation.vault, row, utcnow())
            installation.audit(session, Action.PROFILE_ERASED, subject=f"database {database}")
    if as_json:
        print_json({"status": "erased", "profiles": erased.profiles, "subscriptions": erased.subscriptions})
    else:
        click.echo(f"Erased: {erased.profiles} profiles and {erased.subscriptions} browsers.")
