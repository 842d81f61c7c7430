"""`sitebell webhooks`: what a site's back end is told of, where, and how that went."""

from typing import Any

import click
from sqlalchemy.orm import Session

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_facts, print_json, print_table, show_moment
from sitebell.clock import utcnow
from sitebell.models import Webhook
from sitebell.services.audit import Action
from sitebell.services.sites import get_site
from sitebell.services.webhooks.log import list_calls, retry_call, send_test, show_call
from sitebell.services.webhooks.registry import (
    EVENTS,
    change_webhook,
    count_waiting,
    create_webhook,
    get_webhook,
    list_webhooks,
    remove_webhook,
    rotate_secret,
)

KEEP = "\nThe secret is shown only now: the back end verifies each call with it."
event_option = click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(EVENTS),
    help="What to tell; repeatable. Default: all but confirm_email.",
)


@click.group()
def webhooks() -> None:
    """Tell a site's back end what happens at its browsers. SITE is the site's token, ID the webhook's number."""


@webhooks.command("create")
@click.argument("site")
@click.argument("url")
@event_option
@json_option
def create(*, site: str, url: str, events: tuple[str, ...], as_json: bool) -> None:
    """Make a webhook that tells URL (https) of the events at SITE, and print its secret, which is shown only now."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        webhook, secret = create_webhook(session, installation.vault, owner, url=url, events=events, now=utcnow())
        installation.audit(session, Action.WEBHOOK_CREATED, site=owner, subject=f"webhook {webhook.id}")
    _print_secret(webhook, secret, as_json=as_json)


@webhooks.command("list")
@click.argument("site")
@json_option
def list_all(*, site: str, as_json: bool) -> None:
    """List the webhooks of SITE, and which of them fail or are off."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = [_facts(session, webhook) for webhook in list_webhooks(session, get_site(session, site))]
    if as_json:
        print_json(rows)
    elif rows:
        lines = [(row["id"], _standing(row), row["waiting"], row["url"], " ".join(row["events"])) for row in rows]
        print_table(("ID", "STANDS", "WAITING", "URL", "EVENTS"), lines)
    else:
        click.echo(f"The site has no webhook. Make one: sitebell webhooks create {site} https://www.example.com/hook")


@webhooks.command("show")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@json_option
def show(*, site: str, webhook_id: int, as_json: bool) -> None:
    """Show the webhook ID of SITE."""
    with open_installation() as installation, installation.store.reading() as session:
        facts = _facts(session, get_webhook(session, get_site(session, site), webhook_id))
    _print_webhook(facts, as_json=as_json)


@webhooks.command("set")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@click.option("--url", help="Where to from now on.")
@event_option
@click.option("--on/--off", "is_enabled", default=None, help="Switch it on again, or off.")
@json_option
def change(*, site: str, webhook_id: int, as_json: bool, **changes: Any) -> None:
    """Change the webhook ID of SITE. What is not named stays as it is."""
    if not any(value not in (None, ()) for value in changes.values()):
        raise click.UsageError("Name at least one thing to change: see sitebell webhooks set --help.")
    changes["events"] = changes["events"] or None
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        webhook = get_webhook(session, owner, webhook_id, for_update=True)
        change_webhook(session, webhook, **changes)
        facts = _facts(session, webhook)
        installation.audit(session, Action.WEBHOOK_CHANGED, site=owner, subject=f"webhook {webhook.id}")
    _print_webhook(facts, as_json=as_json)


@webhooks.command("rotate")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@json_option
def rotate(*, site: str, webhook_id: int, as_json: bool) -> None:
    """Give the webhook ID of SITE a new secret and print it; the old one signs along for 24 hours."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        webhook = get_webhook(session, owner, webhook_id, for_update=True)
        secret = rotate_secret(session, installation.vault, webhook, utcnow())
        installation.audit(session, Action.WEBHOOK_ROTATED, site=owner, subject=f"webhook {webhook.id}")
    _print_secret(webhook, secret, as_json=as_json)


@webhooks.command("remove")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@json_option
def remove(*, site: str, webhook_id: int, as_json: bool) -> None:
    """Remove the webhook ID of SITE with its log; what waits for it is not told any more."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        webhook = get_webhook(session, owner, webhook_id, for_update=True)
        facts = _facts(session, webhook)
        remove_webhook(session, webhook)
        installation.audit(session, Action.WEBHOOK_REMOVED, site=owner, subject=f"webhook {facts['id']}")
    if as_json:
        print_json(facts)
    else:
        click.echo(f"The webhook {facts['id']} ({facts['url']}) is removed.")


@webhooks.command("test")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@json_option
def try_out(*, site: str, webhook_id: int, as_json: bool) -> None:
    """Send a test event to the webhook ID of SITE; a running worker delivers it."""
    with open_installation() as installation, installation.store.writing() as session:
        owner = get_site(session, site)
        call = send_test(session, owner, get_webhook(session, owner, webhook_id, for_update=True), utcnow())
    if as_json:
        print_json(show_call(call))
    else:
        click.echo(f"The call {call.public_id} waits. What becomes of it: sitebell webhooks log {site} {webhook_id}")


@webhooks.command("log")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many calls at most.")
@json_option
def log(*, site: str, webhook_id: int, limit: int, as_json: bool) -> None:
    """Show the calls to the webhook ID of SITE, the newest first: when, how often tried, with what result."""
    with open_installation() as installation, installation.store.reading() as session:
        calls = list_calls(session, get_webhook(session, get_site(session, site), webhook_id), limit=limit)
    rows = [show_call(call) for call in calls]
    if as_json:
        print_json(rows)
        return
    shown = [row | {"http_status": row["http_status"] or "-", "due_at": row["due_at"] or "-"} for row in rows]
    names = ("id", "created_at", "events", "attempts", "state", "http_status", "due_at", "reason")
    lines = [[row[name] for name in names] for row in shown]
    print_table(("ID", "WHEN", "EVENTS", "ATTEMPTS", "STATE", "HTTP", "NEXT TRY", "REASON"), lines)


@webhooks.command("retry")
@click.argument("site")
@click.argument("webhook_id", metavar="ID", type=int)
@click.argument("call_id", metavar="CALL")
@json_option
def retry(*, site: str, webhook_id: int, call_id: str, as_json: bool) -> None:
    """Make a CALL to the webhook ID of SITE again, now and with the same id."""
    with open_installation() as installation, installation.store.writing() as session:
        webhook = get_webhook(session, get_site(session, site), webhook_id, for_update=True)
        call = retry_call(session, webhook, call_id, utcnow())
    if as_json:
        print_json(show_call(call))
    else:
        click.echo(f"The call {call.public_id} is made again by the next free worker.")


def _facts(session: Session, webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
        "waiting": count_waiting(session, webhook),
        "created_at": webhook.created_at,
    }


def _standing(facts: dict[str, Any]) -> str:
    if not facts["is_enabled"]:
        return f"off: {facts['disabled_reason']}"
    return f"failing since {show_moment(facts['failing_since'])}" if facts["failing_since"] else "on"


def _print_webhook(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    print_facts(
        {
            "id": facts["id"],
            "url": facts["url"],
            "events": " ".join(facts["events"]),
            "stands": _standing(facts),
            "waiting": facts["waiting"],
            "created_at": show_moment(facts["created_at"]),
        }
    )


def _print_secret(webhook: Webhook, secret: str, *, as_json: bool) -> None:
    facts = {"id": webhook.id, "url": webhook.url, "events": webhook.events, "secret": secret}
    if as_json:
        print_json(facts)
        return
    print_facts({**facts, "events": " ".join(webhook.events)})
    click.echo(KEEP)
