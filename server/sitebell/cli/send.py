"""`sitebell send`: a message from the shell, watched until it is out."""

import sys
from typing import Any

import click

from sitebell.cli.installation import OpenInstallation, open_installation
from sitebell.cli.output import json_option, print_json
from sitebell.cli.progress import INTERRUPTED, Watch
from sitebell.cli.recipients import WORDS, Recipient, Where, make_audience
from sitebell.clock import utcnow
from sitebell.models import MessageStatus
from sitebell.services.audit import Action
from sitebell.services.content import (
    DAY,
    LONGEST_BODY,
    LONGEST_REPLACE_KEY,
    LONGEST_TAG,
    LONGEST_TITLE,
    LONGEST_TTL,
    LONGEST_URL,
    URGENCIES,
    find_title_fault,
    find_url_fault,
)
from sitebell.services.messages.lifecycle import NewMessage, create_message
from sitebell.services.personalisation.templates import is_template
from sitebell.services.sites import get_site

CONTENT = ("title", "body", "url", "icon", "image", "badge", "tag", "require_interaction", "silent")


class Text(click.ParamType[str]):
    """Text that can be sent, of at most so many characters; what the terminal gave as broken UTF-8 cannot."""

    name = "text"

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text; fails on nothing, on too much and on bytes that are no UTF-8."""
        text = str(value)
        if not text:
            self.fail("write something, or leave the option out.", param, ctx)
        if len(text) > self.maximum:
            self.fail(f"write at most {self.maximum} characters.", param, ctx)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.fail("write it in UTF-8.", param, ctx)
        return text


class Title(Text):
    """The text of a title: more than blanks."""

    def __init__(self) -> None:
        super().__init__(LONGEST_TITLE)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the title; fails when nobody could read it."""
        title = super().convert(value, param, ctx)
        fault = find_title_fault(title)
        if fault is not None:
            self.fail(fault, param, ctx)
        return title


class WebAddress(Text):
    """An http(s) URL or a path on the site; never a script, nor a path that leads to another host (SEC-35)."""

    name = "url"

    def __init__(self) -> None:
        super().__init__(LONGEST_URL)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address; fails when a browser could open something else."""
        url = super().convert(value, param, ctx)
        fault = None if is_template(url) else find_url_fault(url)
        if fault is not None:
            self.fail(fault, param, ctx)
        return url


@click.command()
@click.option("--site", required=True, metavar="TOKEN", help="The site's token.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    type=Recipient(),
    help=f"{WORDS}; repeatable: a union.",
)
@click.option("--where", type=Where(), help="Those for whom a tree of conditions holds, in JSON; adds to --to.")
@click.option("--title", required=True, type=Title(), help="The first line of the notification.")
@click.option("--body", type=Text(LONGEST_BODY), help="The text below the title.")
@click.option("--url", type=WebAddress(), help="What a click opens; a path is one on the site.")
@click.option("--icon", type=WebAddress(), help="A square picture beside the text.")
@click.option("--image", type=WebAddress(), help="A large picture.")
@click.option("--badge", type=WebAddress(), help="A small one-coloured picture for the status bar.")
@click.option(
    "--tag", type=Text(LONGEST_TAG), help="A later notification with the same tag replaces this one on the screen."
)
@click.option("--require-interaction", is_flag=True, help="Keep it on the screen until it is clicked or closed.")
@click.option("--silent", is_flag=True, help="No sound, no vibration.")
@click.option(
    "--ttl", type=click.IntRange(1, LONGEST_TTL), default=DAY, show_default=True, help="Seconds until it is stale."
)
@click.option(
    "--urgency", type=click.Choice(URGENCIES), default="normal", show_default=True, help="May it wake a phone?"
)
@click.option(
    "--replace-key",
    type=Text(LONGEST_REPLACE_KEY),
    help="A later message with the same key replaces this one if undelivered.",
)
@click.option("--verified", is_flag=True, help="Only to browsers whose profile was proved, not just claimed.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Watch until the message is out.")
@json_option
def send(
    *,
    site: str,
    recipients: tuple[tuple[str, str], ...],
    where: dict[str, Any] | None,
    wait: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Send a notification from the shell.

    Exit code 0 when the message is out (with --no-wait: stored), 1 when it had no recipient, failed, was paused or
    cancelled. Ctrl-C ends the watching, not the message.
    """
    with open_installation() as installation:
        message_id = _store(installation, site, _new_message(make_audience(recipients, where), options))
        watch = Watch(installation.store, site, message_id)
        if wait:
            click.echo(f"Message {message_id} is stored.", err=True)
            last = watch.until_finished()
        else:
            last = watch.look()
    if as_json:
        print_json({"id": message_id, "status": last.status, "counts": last.counts})
    else:
        click.echo(last.sentence if wait else f"Message {message_id} is stored; a worker sends it.")
    if watch.was_interrupted:
        sys.exit(INTERRUPTED)
    if wait and (last.status != MessageStatus.SENT or last.reached_nobody):
        sys.exit(1)


def _new_message(audience: dict[str, Any], options: dict[str, Any]) -> NewMessage:
    return NewMessage(
        audience=audience,
        notification={name: options[name] for name in CONTENT if options[name] not in (None, False)},
        ttl=options["ttl"],
        urgency=options["urgency"],
        replace_key=options["replace_key"],
        verified=options["verified"],
    )


def _store(installation: OpenInstallation, site: str, new: NewMessage) -> str:
    """Store a message for the workers and return its id."""
    with installation.store.writing() as session:
        owner = get_site(session, site)
        message, _ = create_message(session, owner, new, now=utcnow())
        installation.audit(session, Action.MESSAGE_CREATED, site=owner, subject=f"message {message.public_id}")
    return message.public_id
