"""The script tag: calls before it has loaded, two tags, handlers that come late, mistakes of the page."""

from collections.abc import Callable

import pytest

from browser.door import Door
from browser.shop import Shop
from browser.visitor import Visitor
from browser.website import JAVASCRIPT
from support.browser import Browser
from support.notifications import NotificationDaemon

QUEUE = """<script>
var order = [], thrown = [];
addEventListener('error', event => { thrown.push(event.message.split(': ').pop()); event.preventDefault(); });
window.Sitebell = window.Sitebell || [];
Sitebell.push(bell => { order.push('first, ' + typeof bell.subscribe); });
Sitebell.push(['on', 'ready', () => { order.push('ready'); throw new Error('mistake in a handler'); }]);
Sitebell.push(() => { order.push('second'); throw new Error('mistake in a command'); });
Sitebell.push(['status', () => { order.push('status'); throw new Error('mistake in a callback'); }]);
Sitebell.push(() => order.push('third'), () => order.push('fourth'));
</script>"""


def test_calls_before_the_script_run_in_their_order(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """What one of them throws reaches the page's own error handling, and the rest run all the same."""
    shop.publish_page("/", QUEUE + shop.script_tag())
    visitor.visit()

    browser.wait_for("order.includes('status')")

    order = browser.evaluate("order")
    assert [step for step in order if step not in ("ready", "status")] == [
        "first, function",
        "second",
        "third",
        "fourth",
    ]
    assert set(order) >= {"ready", "status"}
    mistakes = ["mistake in a callback", "mistake in a command", "mistake in a handler"]
    assert browser.wait_for("thrown.length === 3")
    assert sorted(browser.evaluate("thrown")) == mistakes


def test_a_second_tag_does_no_harm(
    visitor: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """As happens when a template and a tag manager both bring it: everything happens once."""
    shop.publish_page("/", shop.script_tag() + shop.script_tag("defer"))
    visitor.visit()
    visitor.subscribe()
    shop.send("Fresh bread")
    notifications.wait("Fresh bread")
    visitor.wait_for_event("show")

    assert browser.evaluate(
        "performance.getEntriesByType('resource').filter(e => /sitebell.js/.test(e.name)).length > 0"
    )
    counted = {name: len(visitor.heard(name)) for name in ("ready", "subscribe", "show", "error")}
    assert counted == {"ready": 1, "subscribe": 1, "show": 1, "error": 0}
    assert len(shop.subscriptions()) == 1


def test_a_handler_that_comes_late_hears_that_the_sdk_is_ready(visitor: Visitor, browser: Browser) -> None:
    visitor.visit()

    late = browser.evaluate("Sitebell.once('ready').then(status => status.supported)")

    assert late is True


@pytest.mark.usefixtures("subscriber")
def test_a_handler_hears_once_or_until_it_is_taken_off(
    browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    browser.evaluate(
        "void (window.told = [], window.often = event => told.push('on ' + event.title),"
        " Sitebell.on('show', often), Sitebell.once('show', event => told.push('once ' + event.title)))"
    )
    for title in ("One", "Two"):
        shop.send(title)
        notifications.wait(title)
        browser.wait_for(f"told.includes('on {title}')")
    browser.evaluate("Sitebell.off('show', often)")
    shop.send("Three")
    notifications.wait("Three")
    browser.wait_for("heard.filter(event => event.name === 'show').length === 3")

    assert browser.evaluate("told") == ["on One", "once One", "on Two"]


def test_the_site_can_be_named_by_init(visitor: Visitor, shop: Shop) -> None:
    """Where the page has no say in the attributes of the tag."""
    tag = shop.script_tag().replace(f'data-site="{shop.token}"', "")
    command = f"<script>window.Sitebell = [['init', {{ site: '{shop.token}' }}]];</script>"
    shop.publish_page("/", command + tag)
    visitor.visit()

    assert visitor.subscribe() == shop.subscriptions()[0].subscriber_hash


def test_a_mistake_of_the_page_is_answered_with_what_to_write(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    shop.publish_page("/bare", shop.script_tag().replace("data-site", "data-sight"))
    visitor.visit()
    unknown = browser.evaluate("new Promise(done => Sitebell.push(['susbcribe', (_, error) => done(plain(error))]))")
    browser.goto(f"{shop.origin}/bare")
    browser.wait_for("'init' in Sitebell")
    nameless = visitor.fail("subscribe")

    assert unknown["code"] == "unknown_method"
    assert "no method susbcribe: use init, subscribe" in unknown["message"]
    assert nameless["code"] == "not_initialised"
    assert 'data-site="TOKEN"' in nameless["message"]


def test_sentences_are_fetched_at_the_first_error_and_once(visitor: Visitor, browser: Browser) -> None:
    visitor.visit()
    asked = "performance.getEntriesByType('resource').filter(e => e.name.endsWith('/sdk/v1/errors.json')).length"
    before = browser.evaluate(asked)

    errors = [visitor.fail(method, "nosuchthing") for method in ("tag", "untag", "pause")]

    assert before == 0
    assert {error["message"] for error in errors} == {"This browser is not subscribed: call subscribe() first."}
    assert browser.evaluate(asked) == 1
    assert visitor.heard("error") == errors


def test_without_the_sentences_an_error_still_says_what_and_where(visitor: Visitor, door: Door) -> None:
    visitor.visit()
    door.shut()

    error = visitor.fail("on", "shown")

    assert (error["code"], error["message"]) == ("unknown_event", "unknown_event shown")
    assert error["docs"].endswith("/docs/sdk#unknown_event")


def test_an_error_is_heard_before_its_promise_is_rejected(visitor: Visitor, browser: Browser) -> None:
    visitor.visit()

    order = browser.evaluate(
        "(async (order) => { Sitebell.on('error', () => order.push('event'));"
        " await Sitebell.tag('gold', () => order.push('callback')).catch(() => order.push('rejection'));"
        " return order; })([])"
    )

    assert order[0] == "event"
    assert sorted(order) == ["callback", "event", "rejection"]


def test_a_page_that_the_operator_does_not_know_is_told_where_to_look(
    visitor: Visitor, shop: Shop, new_shop: Callable[[], Shop]
) -> None:
    """Another origin than the site's: browsers hide the server's answer from it, so the sentence names the origin."""
    other = new_shop()
    other.publish_page("/", shop.script_tag())
    other.publish("/bell-worker.js", shop.worker_line(), JAVASCRIPT)
    stranger = Visitor(visitor.browser, visitor.desktop, other)
    stranger.visit()
    stranger.press_bell()

    error = stranger.answer()["error"]

    assert error["code"] == "server_unreachable"
    assert f"allows {other.origin}" in error["message"]
    assert shop.subscriptions() == []
