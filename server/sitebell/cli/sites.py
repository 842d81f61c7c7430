"""`sitebell sites`: make a site, look at it, change it."""

from typing import Any

import click
from sqlalchemy.orm import Session

from sitebell.cli.aliases import alias, aliases, unalias
from sitebell.cli.identity_words import explain_identity
from sitebell.cli.installation import OpenInstallation, open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table, show_moment
from sitebell.cli.words import words_option
from sitebell.clock import utcnow
from sitebell.errors import NotFound
from sitebell.models import Dialect, IdentityMode, Quirk, Site
from sitebell.services.audit import Action
from sitebell.services.databases import check_name, list_database_ids
from sitebell.services.dialects import set_dialects, set_quirks
from sitebell.services.identity.strictness import list_siblings, set_identity
from sitebell.services.sites import (
    check_origin,
    create_site,
    get_site,
    list_sites,
    set_origins,
    set_retention,
    set_time_zone,
    set_worker,
)
from sitebell.services.vapid_keys import current_vapid_key

MODES = [mode.value for mode in IdentityMode]
DIALECTS = [dialect.value for dialect in Dialect]
QUIRKS = [quirk.value for quirk in Quirk]


@click.group()
def sites() -> None:
    """Make, list and change sites. One site is one website that sends under its own keys."""


@sites.command("create")
@click.argument("name")
@click.option("--origin", "origins", multiple=True, required=True, help="Such as https://www.example.com; repeatable.")
@click.option("--database", "database_id", type=int, help="Link this database of profiles instead of a new one.")
@click.option(
    "--identity",
    type=click.Choice(MODES),
    default=IdentityMode.OPEN.value,
    show_default=True,
    help="Whose word counts about who a visitor is: anybody's, or only signed tokens'.",
)
@json_option
def create(*, name: str, origins: tuple[str, ...], database_id: int | None, identity: str, as_json: bool) -> None:
    """Make a site called NAME and print its token and its API key, which is shown only now."""
    with open_installation() as installation, installation.store.writing() as session:
        new = create_site(
            session, installation.vault, name=name, origins=origins, database_id=database_id, now=utcnow()
        )
        set_identity(session, new.site, IdentityMode(identity), utcnow())
        installation.audit(session, Action.SITE_CREATED, site=new.site, subject=f"database {new.database_id}")
        explained = explain_identity(session, new.site)
    facts = {
        "id": new.site.id,
        "token": new.site.token,
        "api_key": new.api_key,
        "vapid_public_key": new.vapid_public_key,
        "database_id": new.database_id,
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"The site {new.site.name} is made.\n")
    print_facts(facts)
    click.echo("\nThe API key is shown only now: keep it where your back end keeps its secrets.")
    click.echo(explained)
    _print_steps(installation, new.site)


@sites.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List all sites."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = [_facts(session, site) for site in list_sites(session)]
    if as_json:
        print_json(rows)
    elif rows:
        lines = [(row["id"], row["token"], row["name"], " ".join(row["origins"])) for row in rows]
        print_table(("ID", "TOKEN", "NAME", "ORIGINS"), lines)
    else:
        click.echo("There is no site yet. Make one: sitebell sites create NAME --origin https://www.example.com")


@sites.command("show")
@click.argument("token")
@json_option
def show(*, token: str, as_json: bool) -> None:
    """Show the site of TOKEN, and the two lines that its pages need."""
    with open_installation() as installation, installation.store.reading() as session:
        site = get_site(session, token)
        facts = _facts(session, site)
    if as_json:
        print_json(facts)
        return
    _print_site(facts)
    _print_steps(installation, site)


@sites.command("set")
@click.argument("token")
@click.option("--name", help="A new name.")
@click.option("--origin", "origins", multiple=True, help="Replaces all origins; repeatable.")
@click.option("--add-origin", "added", multiple=True, help="One more origin; repeatable.")
@click.option("--remove-origin", "removed", multiple=True, help="An origin to take away; repeatable.")
@click.option("--worker", help="Path of the worker file on the site, such as /bell-worker.js.")
@click.option("--scope", help="Path below which the worker works, such as /bell/.")
@click.option("--retention-days", type=int, help="How long events and deliveries are kept.")
@click.option(
    "--store-ip/--no-store-ip", "stores_ip", default=None, help="Keep visitors' addresses with their profiles."
)
@click.option("--identity", type=click.Choice(MODES), help="Whose word counts: anybody's, or only signed tokens'.")
@click.option("--time-zone", help="Where the site's clock stands, such as Europe/Berlin.")
@words_option("dialect", DIALECTS, explanation="Vendors whose calls it understands.")
@words_option("quirk", QUIRKS, explanation="Unsafe habits of a vendor that it wants.")
@json_option
def change(*, token: str, as_json: bool, **changes: Any) -> None:
    """Change the site of TOKEN. What is not named stays as it is."""
    named = [name for name, value in changes.items() if value not in (None, ())]
    if not named:
        raise click.UsageError("Name at least one thing to change: see sitebell sites set --help.")
    if changes["origins"] and (changes["added"] or changes["removed"]):
        raise click.UsageError("--origin replaces all origins: use it alone, or --add-origin and --remove-origin.")
    with open_installation() as installation, installation.store.writing() as session:
        site = get_site(session, token)
        _apply(site, changes)
        if changes["identity"] is not None:
            set_identity(session, site, IdentityMode(changes["identity"]), utcnow())
        installation.audit(session, Action.SITE_CHANGED, site=site, subject=" ".join(named))
        facts, explained = _facts(session, site), explain_identity(session, site)
    if as_json:
        print_json(facts)
        return
    _print_site(facts)
    if changes["identity"] is not None:
        click.echo(explained)


def _apply(site: Site, changes: dict[str, Any]) -> None:
    if changes["name"] is not None:
        site.name = check_name("site", changes["name"])
    if changes["origins"] or changes["added"] or changes["removed"]:
        set_origins(site, changes["origins"] or _edited(site, changes["added"], changes["removed"]))
    set_worker(site, path=changes["worker"], scope=changes["scope"])
    if changes["retention_days"] is not None:
        set_retention(site, changes["retention_days"])
    if changes["stores_ip"] is not None:
        site.stores_ip = changes["stores_ip"]
    if changes["time_zone"] is not None:
        set_time_zone(site, changes["time_zone"])
    if changes["dialects"] is not None:
        set_dialects(site, map(Dialect, changes["dialects"]))
    if changes["quirks"] is not None:
        set_quirks(site, map(Quirk, changes["quirks"]))


def _edited(site: Site, added: tuple[str, ...], removed: tuple[str, ...]) -> list[str]:
    gone = {check_origin(origin) for origin in removed}
    unknown = gone - set(site.origin_names)
    if unknown:
        raise NotFound(
            "not_found", f"The site does not have the origin {', '.join(sorted(unknown))}: see `sitebell sites show`."
        )
    return [origin for origin in site.origin_names if origin not in gone] + list(added)


def _facts(session: Session, site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "token": site.token,
        "name": site.name,
        "origins": site.origin_names,
        "database_ids": list_database_ids(session, site),
        "vapid_public_key": current_vapid_key(session, site).public_key,
        "worker_path": site.worker_path,
        "worker_scope": site.worker_scope,
        "retention_days": site.retention_days,
        "stores_ip": site.stores_ip,
        "identity": site.identity,
        "held_to_signed_by": [one.token for one in list_siblings(session, site, IdentityMode.SIGNED)],
        "time_zone": site.time_zone,
        "dialects": site.dialects.split(),
        "quirks": site.quirks.split(),
        "created_at": site.created_at,
    }


def _print_site(facts: dict[str, Any]) -> None:
    shown = dict(facts)
    shown["origins"] = " ".join(facts["origins"])
    shown["database_ids"] = " ".join(map(str, facts["database_ids"]))
    shown["held_to_signed_by"] = " ".join(facts["held_to_signed_by"]) or "none"
    for name in ("dialects", "quirks"):
        shown[name] = " ".join(facts[name]) or "none"
    shown["created_at"] = show_moment(facts["created_at"])
    print_facts(shown)


def _print_steps(installation: OpenInstallation, site: Site) -> None:
    """Print the two lines to paste, after a warning where they cannot work."""
    base_url = installation.config.base_url
    if base_url.startswith("http://") and not all(name.startswith("http://") for name in site.origin_names):
        click.echo(
            f"\nThe lines below name {base_url}, which a page on https cannot load: set SITEBELL_BASE_URL to this"
            f" server's public address, then run: sitebell sites show {site.token}"
        )
    attributes = f'data-site="{site.token}"'
    if site.worker_path != "/bell-worker.js":
        attributes += f' data-worker="{site.worker_path}"'
    if site.worker_scope != "/bell/":
        attributes += f' data-scope="{site.worker_scope}"'
    first, *_ = site.origin_names
    click.echo(
        f"\nPut this line into the pages of {' '.join(site.origin_names)}:\n\n"
        f'  <script src="{base_url}/sdk/v1/sitebell.js" {attributes} async></script>\n\n'
        f"and a file with this line at {first}{site.worker_path}:\n\n"
        f"  importScripts('{base_url}/sdk/v1/worker.js?site={site.token}')\n"
    )


for command in (alias, aliases, unalias):
    sites.add_command(command)
