"""examples/signed_identity in real browsers: its pages, its back end's tokens, its login and its logout."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.serving import make_server

from browser.server import SitebellServer
from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.signed_shop import create_example
from support.waiting import wait_until

ANN, BEN = {"external_ids": ["customer-1"]}, {"external_ids": ["customer-2"]}


@contextmanager
def serve(app: Flask) -> Iterator[int]:
    """Run a shop, and give the port at which it listens."""
    pages = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=pages.serve_forever)
    thread.start()
    yield pages.server_port
    pages.shutdown()
    thread.join()
    pages.server_close()


@pytest.fixture
def example(server: SitebellServer, shop: Shop) -> Iterator[str]:
    """The origin at which the example runs as its README says, for the site of `shop`."""
    key = server.command.json("identity", "add", shop.token, "--algorithm", "HS256", "--kid", "shop")
    with serve(create_example(server=server.url, site=shop.token, kid="shop", secret=key["secret"])) as port:
        origin = f"http://example-{shop.host}:{port}"
        server.command.json("sites", "set", shop.token, "--origin", origin, "--identity", "signed")
        yield origin


def submit(browser: Browser, form: str, example: str) -> None:
    """Press a form's button and wait for the page that comes then, which has the same path."""
    browser.evaluate("void (location.hash = 'before')")
    browser.click(f"{form} button")
    wait_until(lambda: browser.urls() == [f"{example}/"], "the next page")


def log_in(browser: Browser, customer_id: str, example: str) -> None:
    browser.evaluate(f"void (document.querySelector('select').value = '{customer_id}')")
    submit(browser, "form", example)
    browser.wait_for("document.getElementById('subscribe') !== null")


def test_who_logs_in_and_subscribes_gets_messages_until_logging_out(
    browser: Browser, example: str, shop: Shop, notifications: NotificationDaemon
) -> None:
    browser.goto(example)
    log_in(browser, "customer-1", example)
    browser.click("#subscribe")
    browser.wait_for("document.getElementById('answer').textContent.startsWith('Done.')", timeout=40)
    shop.send("For Ann", ANN)
    notifications.wait("For Ann")

    submit(browser, "#logout", example)
    assert shop.wait_until_sent(shop.send("Too late for Ann", ANN)) == {}
    log_in(browser, "customer-2", example)
    wait_until(lambda: shop.ask("POST", "/v1/audiences/preview", {"audience": BEN})["count"], "Ben to be known")
    assert shop.wait_until_sent(shop.send("Still too late for Ann", ANN)) == {}
    shop.send("For Ben", BEN)
    notifications.wait("For Ben")

    assert [shown.title for shown in notifications.shown] == ["For Ann", "For Ben"]


def test_who_blocks_the_bell_logs_out_all_the_same(browser: Browser) -> None:
    """Its script never comes, and so never calls back."""
    with serve(create_example(server="http://127.0.0.1:9", site="none", kid="shop", secret="x" * 32)) as port:
        example = f"http://127.0.0.1:{port}"
        browser.goto(example)
        log_in(browser, "customer-1", example)

        submit(browser, "#logout", example)

        browser.wait_for("document.querySelector('select') !== null")
