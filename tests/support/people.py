"""Somebody of whom an installation knows more than a browser, and what that browser shows."""

import json
from typing import Any

from sitebell.models import FieldType
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.databases import get_database
from sitebell.services.fields.defining import create_field
from sitebell.services.matching import Match
from support.installation import Installation
from support.push_service.subscriber import Subscriber
from support.web_application import Json


def add_person(installation: Installation, external_id: str | None = None, **fields: Any) -> Subscriber:
    """Add a browser of somebody with these values in the site's databases."""
    (device,) = installation.push.add_subscribers(1, installation.vapid_public_key)
    installation.subscribe([device], Introduction(match=Match(external_id=external_id), fields=fields))
    return device


def add_fields(installation: Installation, **kinds: FieldType) -> None:
    """Define custom fields."""
    with installation.store.writing() as session:
        database = get_database(session, installation.database_id)
        for name, kind in kinds.items():
            create_field(session, database, name=name, kind=kind)


def shown(device: Subscriber) -> Json:
    """Return what a device shows of the last message that reached it."""
    notification: Json = json.loads(device.decrypt(device.messages[-1]))["notification"]
    return notification
