"""`sitebell identity`: the keys with which a site's back end proves who its visitors are."""

from typing import IO, Any

import click

from sitebell.cli.installation import OpenInstallation, open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table
from sitebell.clock import utcnow
from sitebell.models import SigningKey, Site
from sitebell.services.audit import Action
from sitebell.services.identity.signing_keys import (
    ALGORITHMS,
    add_signing_key,
    list_signing_keys,
    open_public_key,
    remove_signing_key,
    unprove,
)
from sitebell.services.identity.strictness import is_signed
from sitebell.services.sites import get_site

NOT_YET_SIGNED = (
    "\nThe site is still open: pages can claim any identity without a token. When yours send tokens, close it:"
    " sitebell sites set {} --identity signed"
)


@click.group()
def identity() -> None:
    """Add, list and remove the keys that verify identity tokens. SITE is the site's token."""


@identity.command("add")
@click.argument("site")
@click.option("--algorithm", required=True, type=click.Choice(ALGORITHMS), help="How the tokens are signed.")
@click.option("--kid", help="The key's name in the tokens' header; one is made up if left out.")
@click.option("--public-key", type=click.File("r"), help="A PEM file with the public key, - for stdin; not for HS256.")
@json_option
def add(*, site: str, algorithm: str, kid: str | None, public_key: IO[str] | None, as_json: bool) -> None:
    """Add a signing key to SITE. For HS256 a secret is made, and shown only now."""
    try:
        pem = public_key.read() if public_key else None
    except UnicodeDecodeError as error:
        raise click.ClickException("The key file is not PEM, which is text: convert it first.") from error
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        new = add_signing_key(
            session, installation.vault, owner, algorithm=algorithm, kid=kid, public_key=pem, now=utcnow()
        )
        installation.audit(session, Action.SIGNING_KEY_ADDED, site=owner, subject=f"signing key {new.row.kid}")
        is_closed = is_signed(session, owner.id)
    facts = {"kid": new.row.kid, "algorithm": new.row.algorithm}
    if new.secret is not None:
        facts["secret"] = new.secret
    if as_json:
        print_json(facts)
        return
    print_facts(dict(facts))
    if new.secret is not None:
        click.echo("\nThe secret is shown only now: keep it where your back end keeps its secrets.")
    if not is_closed:
        click.echo(NOT_YET_SIGNED.format(owner.token))


@identity.command("list")
@click.argument("site")
@json_option
def list_all(*, site: str, as_json: bool) -> None:
    """List the signing keys of SITE."""
    with open_installation() as installation, installation.store.reading() as session:
        owner = get_site(session, site)
        rows = list_signing_keys(session, owner)
    if as_json:
        print_json([_facts(installation, owner, row) for row in rows])
    elif rows:
        print_table(("KID", "ALGORITHM", "ADDED"), [(row.kid, row.algorithm, row.created_at) for row in rows])
    else:
        click.echo(f"The site has no signing key. Add one: sitebell identity add {owner.token} --algorithm HS256")


@identity.command("remove")
@click.argument("site")
@click.argument("kid")
@click.option("--unprove", "is_leaked", is_flag=True, help="Take back what SITE's tokens have proved: the key leaked.")
@json_option
def remove(*, site: str, kid: str, is_leaked: bool, as_json: bool) -> None:
    """Remove the signing key KID of SITE; tokens signed with it count for nothing at once."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        row = remove_signing_key(session, owner, kid)
        left, is_closed = len(list_signing_keys(session, owner)), is_signed(session, owner.id)
        count = unprove(session, owner) if is_leaked else 0
        installation.audit(session, Action.SIGNING_KEY_REMOVED, site=owner, subject=f"signing key {row.kid}")
        if is_leaked:
            installation.audit(session, Action.BROWSERS_UNPROVED, site=owner, subject=f"{count} browsers")
    if as_json:
        print_json(_facts(installation, owner, row) | {"unproved": count})
        return
    click.echo(f"The signing key {row.kid} ({row.algorithm}) is removed.")
    if is_leaked:
        click.echo(f"Browsers that count as unproved until they show a token of another key: {count}.")
    if not left and is_closed:
        click.echo("It was the last one: until you add another, this signed site believes no identity at all.")


def _facts(installation: OpenInstallation, site: Site, row: SigningKey) -> dict[str, Any]:
    return {
        "kid": row.kid,
        "algorithm": row.algorithm,
        "public_key": open_public_key(installation.vault, site, row),
        "created_at": row.created_at,
    }
