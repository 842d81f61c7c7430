"""What a page can list: the notifications that went to who is at its browser now."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from support.installation import Installation
from support.query_plans import watched
from support.visitors import Browser
from support.web_application import Json, parts
from support.webhook_site import proof


@pytest.fixture
def browser(installation: Installation, client: FlaskClient) -> Browser:
    """A device of the push service, on the pages of the site."""
    [device] = installation.push.add_subscribers(1, installation.vapid_public_key)
    visitor = Browser(client, f"/v1/sites/{installation.site.token}", proof(device))
    visitor.put()
    return visitor


def send(installation: Installation, title: str, **content: Any) -> str:
    """Send to everyone, and wait until it went out."""
    message = installation.send(notification={"title": title, **content})
    installation.drain()
    return message


def titles(browser: Browser) -> list[str]:
    """Return what the page can list."""
    return [str(row["title"]) for row in browser.post("notifications")["notifications"]]


def test_what_went_out_is_listed_the_newest_first(installation: Installation, browser: Browser) -> None:
    content = {"body": "There", "url": "https://www.example.com/a", "icon": "/i.png", "image": "/m.png"}
    first = send(installation, "One", **content)
    sent_at = installation.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    installation.clock.advance(hours=1)
    send(installation, "Two")

    two, one = browser.post("notifications")["notifications"]

    expected: Json = {"message": first, "sent_at": sent_at, "title": "One", **content}
    assert one == expected
    assert two["title"] == "Two"


def test_what_has_not_gone_out_is_not_listed(installation: Installation, browser: Browser) -> None:
    installation.send(notification={"title": "Waits"})
    installation.plan()

    assert titles(browser) == []


def test_sec_38_who_comes_after_somebody_is_not_shown_what_was_theirs(
    installation: Installation, browser: Browser
) -> None:
    browser.identify("ann")
    send(installation, "For Ann")
    browser.post("logout")
    nobodys = titles(browser)
    browser.identify("bob")
    bobs = titles(browser)
    browser.post("logout")
    browser.identify("ann")

    assert (nobodys, bobs, titles(browser)) == ([], [], ["For Ann"])


def test_sec_38_a_visitor_without_a_name_is_not_shown_what_another_one_got(
    installation: Installation, browser: Browser
) -> None:
    send(installation, "For the first")
    own = titles(browser)
    installation.clock.advance(hours=1)
    browser.identify("ann")
    browser.post("logout")

    assert (own, titles(browser)) == (["For the first"], [])


def test_sec_15_values_of_the_recipient_are_not_read_again(installation: Installation, browser: Browser) -> None:
    """Or who has claimed to be somebody once could go on reading what is stored of them."""
    browser.identify("ann", fields={"_fname": "Ann"})
    send(installation, 'Hello {{ profile._fname | default("there") }}')
    send(installation, "{{ profile._fname }}")

    assert titles(browser) == ["Hello there"]


def test_sec_15_what_a_person_received_is_not_told_to_who_claims_to_be_them(
    installation: Installation, client: FlaskClient, browser: Browser
) -> None:
    """Neither by the answer nor by the work, which is the same for however much was received."""
    ann = {"external_id": "ann", "email": "ann@example.com", "phone": "+4930901820"}
    browser.refresh(match=ann)
    for title in ("One", "Two"):
        send(installation, title)

    def told(visitor: Browser) -> tuple[int, int]:
        with watched(parts(client.application).store.engine) as statements:
            found = titles(visitor)
        return len(found), len(statements)

    shown, cost = told(browser)
    assert shown == 2
    for match in (*({kind: value} for kind, value in ann.items()), {"external_id": "eve"}):
        claimant = Browser(client, browser.page)
        claimant.put(match=match)
        assert told(claimant) == (0, cost)


def test_fifty_are_listed(installation: Installation, browser: Browser) -> None:
    for number in range(51):
        installation.send(notification={"title": str(number)})
    installation.drain()

    assert titles(browser) == [str(number) for number in range(50, 0, -1)]
