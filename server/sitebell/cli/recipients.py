"""Whom `sitebell send` is for: the words after --to and --where, made into an audience."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import click

from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.public_ids import is_profile_id, is_subscriber_hash

EVERYONE = "everyone"
WORDS = "everyone, a subscriber hash, profile:ID, external:ID, topic:NAME or tag:NAME"


class Recipient(click.ParamType[tuple[str, str]]):
    """One recipient as (member of an audience, its entry); a mistyped word must not become a message to nobody."""

    name = "recipient"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the recipient; fails on what is none of the known words."""
        text = str(value)
        if text == EVERYONE:
            return EVERYONE, ""
        if is_subscriber_hash(text):
            return "subscriber_hashes", text
        kind, _, entry = text.partition(":")
        if kind not in _KINDS or not entry:
            self.fail(f"write {WORDS}. A subscriber hash has 32 digits, 0-9 and a-f.", param, ctx)
        member, is_sound, form = _KINDS[kind]
        if not is_sound(entry):
            self.fail(f"{kind}: is followed by {form}.", param, ctx)
        return member, entry


class Where(click.ParamType[dict[str, Any]]):
    """A tree of conditions in JSON."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Return the tree; fails on what is no JSON object. What stands in it is checked with the message."""
        try:
            tree = json.loads(value)
        except ValueError:
            tree = None
        if not isinstance(tree, dict):
            self.fail('write a JSON object such as {"field": "plan", "op": "eq", "value": "gold"}.', param, ctx)
        return tree


def make_audience(recipients: Sequence[tuple[str, str]], where: dict[str, Any] | None) -> dict[str, Any]:
    """Return the union of all recipients.

    Raises:
        click.UsageError: nobody is named, or everyone and somebody else.
    """
    audience: dict[str, Any] = {}
    for member, entry in recipients:
        audience.setdefault(member, []).append(entry)
    if where is not None:
        audience["where"] = where
    if not audience:
        raise click.UsageError("Say whom the message is for: --to everyone, for instance, or --where.")
    if EVERYONE not in audience:
        return audience
    if set(audience) != {EVERYONE}:
        raise click.UsageError("--to everyone leaves nobody to add: use it alone.")
    return {EVERYONE: True}


def _is_text(entry: str) -> bool:
    return len(entry) <= LONGEST_EXTERNAL_ID and entry.isprintable()


_KINDS: dict[str, tuple[str, Callable[[str], bool], str]] = {
    "profile": ("profile_ids", is_profile_id, "24 digits, 0-9 and a-f"),
    "external": ("external_ids", _is_text, "the site's own id of a person, at most 200 characters"),
    "topic": ("topics", _is_text, "the name of one of the site's topics"),
    "tag": ("tags", _is_text, "a tag of profiles"),
}
