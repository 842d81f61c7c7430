"""The steps that `make run` prints, done in real browsers with real push."""

from collections.abc import Iterator

import pytest

from install.serving import Serving
from support.browser import Browser
from support.notifications import NotificationDaemon

TITLE = "The bell rings"


@pytest.fixture
def home(running_demo: Serving) -> str:
    return f"http://localhost:{running_demo.port}/"


@pytest.fixture
def at_home(browser: Browser, home: str) -> Iterator[Browser]:
    """A browser on the demo page, not subscribed; nor is it afterwards."""
    browser.set_permission(home.rstrip("/"), "granted")
    browser.goto(home)
    wait_for_state(browser, "offered")
    yield browser
    browser.goto(home)
    browser.wait_for("document.body.dataset.state !== 'loading'")
    if browser.evaluate("document.body.dataset.state === 'subscribed'"):
        browser.click("#unsubscribe")
        wait_for_state(browser, "offered")


def wait_for_state(browser: Browser, state: str) -> None:
    browser.wait_for(f"document.body.dataset.state === '{state}'")


def wait_for_step(browser: Browser, step: str) -> None:
    browser.wait_for(f"document.querySelector('[data-step={step}]').className === 'done'")


def logged(browser: Browser) -> list[str]:
    names: list[str] = browser.evaluate("[...document.querySelectorAll('.event-name')].map((e) => e.textContent)")
    return names


def subscribe(browser: Browser) -> None:
    browser.click("#subscribe")
    wait_for_state(browser, "subscribed")


def test_each_step_of_a_push_is_shown_as_it_happens(
    at_home: Browser, notifications: NotificationDaemon, home: str
) -> None:
    subscribe(at_home)
    assert at_home.evaluate("document.activeElement.id") == "send"

    at_home.click("#send")
    shown = notifications.wait(TITLE)
    wait_for_step(at_home, "shown")
    notifications.click(shown)
    wait_for_step(at_home, "answered")

    assert at_home.evaluate("document.querySelector('[data-step=answered] .step-name').textContent") == "Clicked"
    assert at_home.urls() == [home]
    at_home.wait_for("document.querySelectorAll('.event-click').length === 1")
    assert [name for name in logged(at_home) if name != "permission"] == ["click", "show", "subscribe", "ready"]


def test_the_bell_swings_when_the_push_arrives(at_home: Browser, notifications: NotificationDaemon) -> None:
    subscribe(at_home)
    assert not at_home.evaluate("document.getElementById('bell').classList.contains('ringing')")

    at_home.click("#send")
    notifications.wait(TITLE)

    at_home.wait_for("document.getElementById('bell').classList.contains('ringing')")


def test_a_dismissal_is_told_apart_from_a_click(at_home: Browser, notifications: NotificationDaemon) -> None:
    subscribe(at_home)

    at_home.click("#send")
    notifications.dismiss(notifications.wait(TITLE))
    wait_for_step(at_home, "answered")

    assert at_home.evaluate("document.querySelector('[data-step=answered] .step-name').textContent") == "Dismissed"


def test_the_next_visit_takes_up_the_message_of_the_last(
    at_home: Browser, notifications: NotificationDaemon, home: str
) -> None:
    """A click on the notification may be what opened the page. When it happened is no longer known."""
    subscribe(at_home)
    at_home.click("#send")
    notifications.wait(TITLE)

    at_home.goto(home)
    wait_for_step(at_home, "shown")

    assert at_home.evaluate("document.querySelector('[data-step=shown] .step-when').textContent") == ""


def test_unsubscribing_takes_the_send_button_away(at_home: Browser) -> None:
    subscribe(at_home)

    at_home.click("#unsubscribe")
    wait_for_state(at_home, "offered")

    assert at_home.evaluate("document.getElementById('send').disabled")
    assert at_home.evaluate("document.getElementById('fact-subscriber').textContent") == "none"


def test_blocked_notifications_are_explained_and_can_be_allowed_again(at_home: Browser, home: str) -> None:
    at_home.set_permission(home.rstrip("/"), "denied")
    at_home.goto(home)
    wait_for_state(at_home, "denied")
    at_home.click("#subscribe")
    at_home.wait_for("document.getElementById('hero-help').textContent.startsWith('Still blocked')")

    at_home.set_permission(home.rstrip("/"), "granted")
    at_home.click("#subscribe")

    wait_for_state(at_home, "offered")
