"""`sitebell vapid`: the keys by which push services know a site."""

from typing import IO, Any

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_json, print_table
from sitebell.clock import utcnow
from sitebell.models import VapidKeyPair
from sitebell.services.audit import Action
from sitebell.services.sites import get_site
from sitebell.services.vapid_files import LARGEST_FILE, read_vapid_file
from sitebell.services.vapid_keys import (
    add_vapid_key,
    count_subscriptions,
    current_vapid_key,
    import_vapid_key,
    list_vapid_keys,
)


@click.group()
def vapid() -> None:
    """Add, import and list VAPID keys. SITE is the site's token."""


@vapid.command("add")
@click.argument("site")
@json_option
def add(*, site: str, as_json: bool) -> None:
    """Make a new VAPID key the current one of SITE.

    Subscriptions keep the key that they were made with; browsers move to the new one when their visitors come back.
    """
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        pair = add_vapid_key(session, installation.vault, owner, utcnow())
        installation.audit(session, Action.VAPID_KEY_ADDED, site=owner, subject=f"vapid key {pair.id}")
    if as_json:
        print_json(_facts(pair, is_current=True, subscriptions=0))
    else:
        click.echo(f"The current VAPID public key is now {pair.public_key}")


@vapid.command("import")
@click.argument("site")
@click.argument("file", type=click.File("rb", lazy=True))
@click.option("--current", is_flag=True, help="New subscriptions are made with it, too.")
@json_option
def import_(*, site: str, file: IO[bytes], current: bool, as_json: bool) -> None:
    """Bring the VAPID key of another system along for SITE: FILE holds it as PEM, JSON or base64url; - reads it.

    It signs for the subscriptions that were made with it. Browsers move to the current key when their visitors come
    back.
    """
    key = read_vapid_file(file.read(LARGEST_FILE))
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        pair, is_new = import_vapid_key(session, installation.vault, owner, key, utcnow(), is_current=current)
        is_current = pair is current_vapid_key(session, owner)
        carried = count_subscriptions(session, owner).get(pair.id, 0)
        installation.audit(session, Action.VAPID_KEY_IMPORTED, site=owner, subject=f"vapid key {pair.id}")
    if as_json:
        print_json(_facts(pair, is_current=is_current, subscriptions=carried))
        return
    news = "" if is_new else " was there already and"
    role = "is the current one" if is_current else "signs for the subscriptions that were made with it"
    click.echo(f"The VAPID key {pair.id} ({pair.public_key}){news} {role}.")


@vapid.command("list")
@click.argument("site")
@json_option
def list_all(*, site: str, as_json: bool) -> None:
    """List the VAPID keys of SITE, the current one first, with the number of subscriptions that each carries."""
    with open_installation() as installation, installation.store.reading() as session:
        owner = get_site(session, site)
        pairs = list_vapid_keys(session, owner)
        carried = count_subscriptions(session, owner)
    rows = [_facts(pair, is_current=pair is pairs[0], subscriptions=carried.get(pair.id, 0)) for pair in pairs]
    if as_json:
        print_json(rows)
        return
    lines = [
        (
            str(row["id"]),
            row["public_key"],
            row["created_at"],
            row["subscriptions"],
            "current" if row["is_current"] else "",
        )
        for row in rows
    ]
    print_table(("ID", "PUBLIC KEY", "CREATED", "SUBSCRIPTIONS", ""), lines)


def _facts(pair: VapidKeyPair, *, is_current: bool, subscriptions: int) -> dict[str, Any]:
    return {
        "id": pair.id,
        "public_key": pair.public_key,
        "created_at": pair.created_at,
        "is_current": is_current,
        "subscriptions": subscriptions,
    }
