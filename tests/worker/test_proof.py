"""Who has proved whose browser it is gets what is meant for a person; who only claimed it does not."""

from typing import Any

import pytest

from sitebell.models import BoundBy, Database, IdentityMode, Site
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.databases import unlink_database
from sitebell.services.identity.strictness import set_identity
from sitebell.services.matching import Match
from sitebell.services.sites import create_site
from sitebell.services.tags import TagChange
from support.installation import Installation
from support.people import shown
from support.push_service.subscriber import Subscriber

ANN = {"external_ids": ["ann"]}


def add(installation: Installation, bound_by: BoundBy | None) -> Subscriber:
    """Subscribe a browser that is Ann's by this word, or nobody's."""
    [device] = installation.push.add_subscribers(1)
    who = None
    if bound_by is not None:
        tags = TagChange(add=["vip"])
        who = Introduction(match=Match(external_id="ann"), fields={"_city": "Ulm"}, tags=tags, bound_by=bound_by)
    installation.subscribe([device], who)
    return device


def switch(installation: Installation, mode: IdentityMode) -> None:
    """Do what `sitebell sites set --identity` does."""
    with installation.store.writing() as session:
        set_identity(session, session.get_one(Site, installation.site.id), mode, installation.clock())


def reached(installation: Installation, devices: list[Subscriber], **draft: Any) -> list[bool]:
    """Send a message and say which of the devices got it."""
    before = [len(device.messages) for device in devices]
    installation.send(**draft)
    installation.drain()
    return [len(device.messages) > count for device, count in zip(devices, before, strict=True)]


def test_a_verified_message_reaches_proved_browsers_alone(installation: Installation) -> None:
    """A link of a newsletter is no proof: newsletters are forwarded."""
    words = (None, BoundBy.OPEN, BoundBy.LINK, BoundBy.IMPORT, BoundBy.SIGNED, BoundBy.BACKEND)
    devices = [add(installation, word) for word in words]

    assert reached(installation, devices, audience=ANN) == [False, True, True, True, True, True]
    assert reached(installation, devices, audience=ANN, verified=True) == [False, False, False, True, True, True]
    assert reached(installation, devices, verified=True) == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    ("audience", "needs_proof"),
    [
        ({"everyone": True}, False),
        (ANN, True),
        ({"tags": ["vip"]}, True),
        ({"where": {"field": "_city", "op": "eq", "value": "Ulm"}}, True),
        ({"where": {"not": {"field": "email", "op": "exists", "value": True}}}, True),
        ({"where": {"field": "subscription.created_at", "op": "exists", "value": True}}, False),
        (
            {
                "where": {
                    "any": [
                        {"field": "subscription.created_at", "op": "exists", "value": True},
                        {"field": "_city", "op": "eq", "value": "Ulm"},
                    ]
                }
            },
            True,
        ),
    ],
    ids=str,
)
def test_on_a_signed_site_audiences_that_name_people_reach_proved_browsers_alone(
    installation: Installation, audience: dict[str, Any], *, needs_proof: bool
) -> None:
    """Switching leaves browsers that were bound while the site was open out, until they are proved or follow a link."""
    devices = [add(installation, word) for word in (BoundBy.OPEN, BoundBy.LINK, BoundBy.SIGNED)]
    while_open = reached(installation, devices, audience=audience)
    switch(installation, IdentityMode.SIGNED)

    assert while_open == [True, True, True]
    assert reached(installation, devices, audience=audience) == [not needs_proof, True, True]
    assert reached(installation, devices, audience=audience, verified=True) == [False, False, True]


def test_a_mere_claim_keeps_a_browser_out_of_an_audience_and_brings_it_into_none(installation: Installation) -> None:
    device = add(installation, BoundBy.SIGNED)
    claim = Introduction(match=Match(external_id="boss"), exclusive=False)
    installation.subscribe([device], claim)
    switch(installation, IdentityMode.SIGNED)
    is_boss = {"field": "external_id", "op": "eq", "value": "boss"}

    for where in (is_boss, {"not": is_boss}, {"not": {"not": is_boss}}, {"not": {**is_boss, "op": "ne"}}):
        assert reached(installation, [device], audience={"where": where}) == [False], where


def test_a_list_of_browsers_names_no_people(installation: Installation) -> None:
    device = add(installation, BoundBy.OPEN)
    switch(installation, IdentityMode.SIGNED)
    [row] = installation.subscriptions()

    assert reached(installation, [device], audience={"subscriber_hashes": [row.subscriber_hash]}) == [True]


def test_a_site_that_becomes_signed_between_planning_and_sending_skips(installation: Installation) -> None:
    device = add(installation, BoundBy.OPEN)
    message = installation.send(audience=ANN)
    installation.plan()
    switch(installation, IdentityMode.SIGNED)
    installation.drain()

    assert device.messages == []
    [delivery] = installation.deliveries(message)
    assert (delivery.state, delivery.reason) == ("skipped", "the enrollment is not proved")


def test_a_database_that_is_unlinked_between_planning_and_sending_skips(installation: Installation) -> None:
    device = add(installation, BoundBy.OPEN)
    message = installation.send()
    installation.plan()
    with installation.store.writing() as session:
        unlink_database(session, installation.site, session.get_one(Database, installation.database_id))
    installation.drain()

    assert device.messages == []
    assert installation.deliveries(message)[0].reason == "its database is not the site's any more"


def test_a_message_to_all_tells_nobody_the_name_of_a_profile_that_was_merely_claimed(
    installation: Installation,
) -> None:
    """Else whoever claimed a customer before the site was signed would read who that is."""
    devices = [add(installation, word) for word in (BoundBy.OPEN, BoundBy.LINK, BoundBy.SIGNED)]
    greeting = {"title": 'In {{ profile._city | default("your town") }}'}

    titles = []
    for mode in IdentityMode:
        switch(installation, mode)
        assert reached(installation, devices, notification=greeting) == [True, True, True]
        titles.append([shown(device)["title"] for device in devices])

    assert titles == [["In Ulm"] * 3, ["In your town", "In Ulm", "In Ulm"]]


def test_a_site_beside_a_signed_one_asks_the_same_proof(installation: Installation) -> None:
    """Else its messages would tell the signed site's people to whoever claimed to be them."""
    devices = [add(installation, word) for word in (BoundBy.OPEN, BoundBy.SIGNED)]
    assert reached(installation, devices, audience=ANN) == [True, True]
    with installation.store.writing() as session:
        options: Any = {"origins": ["https://other.example"], "database_id": installation.database_id}
        new = create_site(session, installation.vault, name="Other", now=installation.clock(), **options)
        set_identity(session, new.site, IdentityMode.SIGNED, installation.clock())

    assert reached(installation, devices, audience=ANN) == [False, True]
