"""The whole circle in each real browser, on a page of its own: subscribe, push, notification, click."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.application_server import ApplicationServer
from support.browser import Browser, BrowserError
from support.chromium import Chromium
from support.firefox import Firefox
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.sample_site import SampleSite
from support.waiting import wait_until

OPEN_ANOTHER_WINDOW = """
window.another = OpenBrowserWindow();
await window.another.delayedStartupPromise;
window.another.focus();
while (Services.focus.activeWindow !== window.another)
  await new Promise(resolve => window.requestIdleCallback(resolve));"""
WAIT_FOR_CLOSED_PROMPT = """
while (!PopupNotifications.getNotification('web-notifications'))
  await new Promise(resolve => window.requestIdleCallback(resolve));
if (PopupNotifications.panel.state !== 'closed') throw new Error('the prompt is open');"""


@pytest.fixture
def site() -> Iterator[SampleSite]:
    server = SampleSite()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def subscription(browser: Browser, site: SampleSite, sender: ApplicationServer) -> dict[str, Any]:
    browser.goto(site.url)
    subscription: dict[str, Any] = browser.evaluate(f"subscribe('{sender.public_key}')")
    return subscription


def test_push_is_shown_and_a_click_opens_a_window(
    browser: Browser,
    site: SampleSite,
    sender: ApplicationServer,
    subscription: dict[str, Any],
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    assert sender.send(subscription, "Hallo Wörld".encode()).status == 201
    notification = notifications.wait("Hallo Wörld")
    assert "text" in notification.body
    message = push_service.history[-1]
    push_service.wait_for(lambda: message.acked_at)
    notifications.click(notification)
    assert site.wait_event("click") == ""
    wait_until(lambda: any("/opened?Hallo" in url for url in browser.urls()), "the new tab")
    notifications.wait_gone(notification)


def test_action_button(
    site: SampleSite, sender: ApplicationServer, subscription: dict[str, Any], notifications: NotificationDaemon
) -> None:
    sender.send(subscription, b"press me")
    notifications.press(notifications.wait("press me"), "More")
    assert site.wait_event("click") == "more"


def test_dismiss(
    site: SampleSite, sender: ApplicationServer, subscription: dict[str, Any], notifications: NotificationDaemon
) -> None:
    sender.send(subscription, b"dismiss me")
    notifications.dismiss(notifications.wait("dismiss me"))
    assert site.wait_event("close") == "dismiss me"


def test_message_waits_for_a_browser_that_was_closed(
    browser: Browser,
    sender: ApplicationServer,
    subscription: dict[str, Any],
    notifications: NotificationDaemon,
) -> None:
    browser.stop()
    assert sender.send(subscription, b"good morning").status == 201
    assert notifications.shown == []
    browser.start()
    notifications.wait("good morning", timeout=40)


def test_damaged_message_is_not_shown(
    browser: Browser,
    sender: ApplicationServer,
    subscription: dict[str, Any],
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    push_service.corrupt = True
    sender.send(subscription, b"damaged")
    damaged = push_service.history[-1]
    push_service.wait_for(lambda: damaged.acked_at)
    push_service.corrupt = False
    sender.send(subscription, b"whole")
    notifications.wait("whole")
    assert [n.title for n in notifications.shown] == ["whole"]
    assert damaged.ack_code == {"firefox": 101, "chromium": None}[browser.name]


def test_message_without_a_body(
    sender: ApplicationServer, subscription: dict[str, Any], notifications: NotificationDaemon
) -> None:
    assert sender.send(subscription, None).status == 201
    notifications.wait("(empty)")


def test_unsubscribe_gives_410(browser: Browser, sender: ApplicationServer, subscription: dict[str, Any]) -> None:
    assert browser.evaluate("subscription().then(s => s.unsubscribe())") is True
    wait_until(lambda: sender.send(subscription, b"late").status == 410, "410")


def test_new_client_id_changes_the_subscription(
    browser: Browser, site: SampleSite, subscription: dict[str, Any], push_service: PushService
) -> None:
    """Firefox drops its subscriptions and says so; Chromium's live in another place and stay."""
    push_service.forget_clients()
    if browser.name == "firefox":
        site.wait_event("change")
        assert browser.evaluate("subscription()") is None
    else:
        assert browser.evaluate("subscription()")["endpoint"] == subscription["endpoint"]


def test_permission_is_set_per_origin(browser: Browser, site: SampleSite, sender: ApplicationServer) -> None:
    other = site.url.replace("localhost", "other.localhost")
    browser.set_permission(other, "denied")
    browser.goto(other)
    assert browser.evaluate("Notification.permission") == "denied"
    with pytest.raises(BrowserError, match=r"(?i)permission.* denied"):
        browser.evaluate(f"subscribe('{sender.public_key}')")
    browser.set_permission(other, "granted")
    browser.goto(other)
    assert browser.evaluate("Notification.permission") == "granted"
    browser.goto(site.url)
    assert browser.evaluate("Notification.permission") == "granted"


def test_click_is_a_user_activation_and_the_prompt_is_real(browser: Browser, site: SampleSite) -> None:
    """Firefox shows its prompt and the test answers it; headless Chromium answers "default" by itself."""
    asking = site.url.replace("localhost", "ask.localhost")
    browser.goto(asking)
    browser.set_permission(asking, "prompt")
    browser.goto(asking)
    assert browser.evaluate("Notification.permission") == "default"
    browser.click("#ask")
    assert browser.wait_for("'active' in window && String(window.active)") == "true"
    if isinstance(browser, Firefox):
        assert browser.answer_prompt("allow") == "web-notifications"
    expected = {"firefox": "granted", "chromium": "default"}[browser.name]
    assert browser.wait_for("window.answer") == expected


def test_a_prompt_that_came_to_a_window_in_the_back_can_be_answered(browser: Browser, site: SampleSite) -> None:
    if not isinstance(browser, Firefox):
        return
    asking = site.url.replace("localhost", "back.localhost")
    browser.goto(asking)
    browser.set_permission(asking, "prompt")
    browser.goto(asking)
    browser.chrome_script(OPEN_ANOTHER_WINDOW)
    try:
        browser.click("#ask")
        browser.chrome_script(WAIT_FOR_CLOSED_PROMPT)
        browser.answer_prompt("allow")
        assert browser.wait_for("window.answer") == "granted"
    finally:
        browser.chrome_script("window.another.close();")


def test_tabs_are_opened_found_and_closed(browser: Browser, site: SampleSite) -> None:
    browser.goto(f"{site.url}/one")
    browser.new_tab(f"{site.url}/two")
    assert browser.evaluate("location.pathname") == "/two"
    browser.use_tab("/one")
    assert browser.evaluate("location.pathname") == "/one"
    browser.close_other_tabs()
    assert browser.urls() == [f"{site.url}/one"]
    with pytest.raises(TimeoutError, match="/two"):
        browser.use_tab("/two", timeout=0.1)
    assert browser.evaluate("location.pathname") == "/one"


def test_evaluate_reports_what_a_page_throws(browser: Browser, site: SampleSite) -> None:
    browser.goto(site.url)
    assert browser.evaluate("({a: [1, 'é', null]})") == {"a": [1, "é", None]}
    assert browser.evaluate("undefined") is None
    with pytest.raises(BrowserError, match="no such thing"):
        browser.evaluate("Promise.reject(new Error('no such thing'))")


def test_screenshot_has_the_size_and_the_colours_that_were_asked_for(
    browser: Browser, site: SampleSite, tmp_path: Path
) -> None:
    if not isinstance(browser, Chromium):
        return
    browser.goto(site.url)
    browser.screenshot(tmp_path / "light.png", 390, 800)
    browser.screenshot(tmp_path / "dark.png", 390, 800, dark=True)
    light, dark = (tmp_path / "light.png").read_bytes(), (tmp_path / "dark.png").read_bytes()
    assert [int.from_bytes(light[at : at + 4], "big") for at in (16, 20)] == [390, 800]
    assert light != dark


def test_nothing_was_asked_of_the_outside(
    browser: Browser, push_service: PushService, subscription: dict[str, Any]
) -> None:
    """The guard is the only way out and was not knocked at, though it does hear a page that tries."""
    assert subscription
    assert push_service.refused == []
    browser.evaluate("fetch('https://example.com/', {mode: 'no-cors'}).catch(() => 'refused')")
    assert push_service.refused == ["CONNECT example.com:443 HTTP/1.1"]
