"""What a back end does to profiles between the planning of a message and its sending."""

import pytest
from flask.testing import FlaskClient

from sitebell.services.binding.enrolling import Introduction
from sitebell.services.matching import Match
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.installation import Installation


@pytest.fixture
def office(installation: Installation, client: FlaskClient) -> BackEnd:
    """The back end of the installation's site, over HTTP."""
    site = NewSite(installation.site, installation.api_key, installation.vapid_public_key, installation.database_id)
    return BackEnd(client, site)


def add_browser(installation: Installation, external_id: str) -> str:
    """Subscribe a device of the push service as somebody's; return its hash."""
    [device] = installation.push.add_subscribers(1, installation.vapid_public_key)
    [subscription] = installation.subscribe([device], Introduction(match=Match(external_id=external_id)))
    return subscription.subscriber_hash


def plan_for(installation: Installation, external_id: str) -> str:
    """Plan a message to somebody, without sending it."""
    message_id = installation.send(audience={"external_ids": [external_id]})
    installation.plan()
    assert installation.counts(message_id) == {"recipients": 1, "pending": 1}
    return message_id


def test_a_detached_browser_gets_nothing_that_was_planned_for_the_person(
    installation: Installation, office: BackEnd
) -> None:
    browser = add_browser(installation, "ann")
    message_id = plan_for(installation, "ann")
    [ann] = office.search(external_id="ann")

    office.ask("DELETE", f"{office.profiles}/{ann['id']}/subscriptions/{browser}")
    installation.drain()

    assert installation.counts(message_id) == {"recipients": 1, "skipped": 1}
    [delivery] = installation.deliveries(message_id)
    assert delivery.reason == "the enrollment is suspended"


@pytest.mark.parametrize("step", ["suspend", "unsubscribe"])
def test_a_browser_that_the_back_end_silenced_gets_nothing(
    installation: Installation, office: BackEnd, step: str
) -> None:
    browser = add_browser(installation, "ann")
    message_id = plan_for(installation, "ann")

    office.ask("POST", f"/v1/subscribers/{browser}/{step}")
    installation.drain()

    assert installation.counts(message_id) == {"recipients": 1, "skipped": 1}


def test_a_browser_that_is_attached_unconfirmed_gets_nothing_until_it_is_confirmed(
    installation: Installation, office: BackEnd
) -> None:
    """As while the e-mail of a double opt-in waits for its answer."""
    browser, profile_id = add_browser(installation, "ann"), office.search(external_id="ann")[0]["id"]

    for status, recipients in (("unconfirmed", 0), ("subscribed", 1)):
        office.attach(profile_id, browser, status=status)
        message_id = installation.send(audience={"external_ids": ["ann"]})
        installation.drain()
        assert installation.counts(message_id).get("accepted", 0) == recipients


@pytest.mark.parametrize("is_at_both", [False, True])
def test_what_was_planned_for_a_merged_profile_still_goes_out(
    installation: Installation, office: BackEnd, *, is_at_both: bool
) -> None:
    """Also when the browser was at both profiles: then its two enrollments become one."""
    browser = add_browser(installation, "ann")
    [ann], other = office.search(external_id="ann"), office.add_profile(external_id="other")
    if is_at_both:
        office.attach(other, browser, exclusive=False)
    message_id = plan_for(installation, "ann")

    office.ask("POST", f"{office.profiles}/{other}/merge", {"from": ann["id"]})
    installation.drain()

    assert installation.counts(message_id) == {"recipients": 1, "accepted": 1}


def test_what_was_planned_for_a_merged_profile_heeds_the_stronger_no(
    installation: Installation, office: BackEnd
) -> None:
    browser = add_browser(installation, "ann")
    [ann], other = office.search(external_id="ann"), office.add_profile(external_id="other")
    office.attach(other, browser, exclusive=False, status="unsubscribed")
    message_id = plan_for(installation, "ann")

    office.ask("POST", f"{office.profiles}/{other}/merge", {"from": ann["id"]})
    installation.drain()

    assert installation.counts(message_id) == {"recipients": 1, "skipped": 1}
    [delivery] = installation.deliveries(message_id)
    assert delivery.reason == "the enrollment is unsubscribed"
