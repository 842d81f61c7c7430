"""Visits of devices to the pages of an installation's site."""

from typing import Any

from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.registering import register
from sitebell.services.matching import Match
from sitebell.services.subscriptions.lifecycle import Address, Registration, parse_address
from sitebell.services.tags import TagChange
from support.installation import RULES, Installation
from support.push_service.subscriber import Subscriber


def introduce(installation: Installation, device: Subscriber, external_id: str | None = None, **members: Any) -> None:
    """Let a device's page say who its visitor is; `topics` and `tags` as the page sends them."""
    topics, tags = members.pop("topics", None), members.pop("tags", ())
    registration = Registration(address=address_of(device), topics=topics)
    introduction = Introduction(match=Match(external_id=external_id), tags=TagChange(add=tags), **members)
    with installation.store.writing() as session:
        register(session, installation.vault, installation.site, registration, introduction, None, installation.clock())


def address_of(device: Subscriber) -> Address:
    """Return endpoint and keys of a device as its browser tells them."""
    return parse_address(RULES, device.endpoint, device.p256dh, device.auth)
