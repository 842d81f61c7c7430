"""A visitor's pause holds messages back, and ends at its moment without anybody's doing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sitebell.models import Enrollment
from support.installation import Installation
from support.push_service.subscriber import Subscriber
from support.visitors import Browser
from support.waiting import wait_until
from support.webhook_site import proof

Visit = Callable[[Subscriber], Browser]


@pytest.fixture
def visit(installation: Installation, client: FlaskClient) -> Visit:
    """Lets a device of the push service speak to the pages of the site."""
    page = f"/v1/sites/{installation.site.token}"
    return lambda device: Browser(client, page, proof(device))


def test_a_paused_browser_gets_nothing_until_its_moment(installation: Installation, visit: Visit) -> None:
    paused, other = installation.push.add_subscribers(2, installation.vapid_public_key)
    browser = visit(paused)
    browser.put()
    visit(other).put()
    browser.post("pause", until=(installation.clock() + timedelta(hours=1)).isoformat())

    installation.send()
    installation.drain()
    installation.clock.advance(hours=1)
    installation.send()
    installation.drain()

    assert (len(paused.messages), len(other.messages)) == (1, 2)


def test_a_pause_between_planning_and_sending_is_kept(installation: Installation, visit: Visit) -> None:
    [device] = installation.push.add_subscribers(1, installation.vapid_public_key)
    browser = visit(device)
    browser.put()
    message_id = installation.send()
    installation.plan()

    browser.post("pause")
    installation.drain()

    assert (installation.counts(message_id), device.messages) == ({"recipients": 1, "skipped": 1}, [])


def test_a_worker_ends_pauses_also_when_there_is_nothing_to_send(installation: Installation, visit: Visit) -> None:
    """So that what a back end reads of a person is so."""
    [device] = installation.push.add_subscribers(1, installation.vapid_public_key)
    browser = visit(device)
    browser.put()
    browser.post("pause", until=(installation.clock() - timedelta(hours=1)).isoformat())

    def status() -> str | None:
        with installation.store.reading() as session:
            return session.scalar(select(Enrollment.status))

    assert status() == "suspended"
    with installation.fork_worker("one"):
        wait_until(lambda: status() == "subscribed", "the pause to be ended")


def test_sec_16_browsers_whose_pauses_the_worker_ends_are_counted_again(
    installation: Installation, visit: Visit
) -> None:
    """Else twenty that pause make room for twenty more, and forty receive."""
    devices = installation.push.add_subscribers(40, installation.vapid_public_key)
    until = (installation.clock() + timedelta(hours=1)).isoformat()
    for number, device in enumerate(devices):
        installation.clock.advance(seconds=1)
        visit(device).put(match={"external_id": "ann"})
        if number < 20:
            visit(device).post("pause", until=until)
    installation.clock.advance(hours=2)

    installation.send(audience={"external_ids": ["ann"]})
    installation.drain()

    assert sum(len(device.messages) for device in devices) == 20
