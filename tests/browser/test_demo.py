"""`sitebell demo` as `make run` starts it: the steps that it prints, by hand in a real browser."""

import os
import re
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from install.serving import Serving
from support.browser import Browser
from support.firefox import Firefox
from support.notifications import NotificationDaemon
from support.push_service import PushService

LOADED = "[location.href, ...performance.getEntriesByType('resource').map(entry => entry.name)]"
STEPS = "[...document.querySelectorAll('.ladder li.done')].map(step => step.querySelector('.step-name').textContent)"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService) -> Iterator[Serving]:
    """The demo, led to the push service double."""
    scratch = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, **module_push_service.settings()}
    with Serving([sys.executable, "-m", "sitebell", "demo"], scratch, scratch, environment, wait=60) as serving:
        yield serving


def test_the_printed_steps_lead_to_a_click_that_the_page_shows(
    demo: Serving, browser: Browser, notifications: NotificationDaemon
) -> None:
    (home,) = re.findall(r"1\. Open +(http://localhost:\d+/)", demo.log.read_text())
    if isinstance(browser, Firefox):
        browser.set_permission(home.rstrip("/"), "prompt")
    browser.goto(home)
    browser.wait_for("document.body.dataset.state === 'offered'")

    browser.click("#subscribe")
    if isinstance(browser, Firefox):
        browser.answer_prompt("allow")
    browser.wait_for("document.body.dataset.state === 'subscribed'", timeout=40)
    browser.click("#send")
    notifications.click(notifications.wait("The bell rings"))

    browser.wait_for(f"{STEPS}.length === 4")
    assert browser.evaluate(STEPS) == ["Stored", "Accepted", "Shown", "Clicked"]
    assert browser.urls() == [home]


def test_nothing_that_the_page_loads_holds_an_api_key(demo: Serving, browser: Browser) -> None:
    """And all of it comes from the one server."""
    home = f"http://localhost:{demo.port}/"
    browser.goto(home)
    browser.wait_for("document.body.dataset.state !== 'loading'")

    urls = {*browser.evaluate(LOADED), f"{home}bell-worker.js"}
    texts = {url: demo.get(urlsplit(url)._replace(scheme="", netloc="").geturl())[2] for url in urls}

    assert {url for url in urls if not url.startswith(home)} == set()
    assert len(urls) > 10
    assert {url for url, text in texts.items() if not text or re.search(rb"sb_[\w-]{8}|Bearer", text)} == set()
