"""How a visitor becomes a subscriber, and what stands in the way."""

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser

CHROMIUM_ALONE = pytest.mark.parametrize("one_browser", ["chromium"], indirect=True)
SENTENCE_IF_BLOCKED = "The visitor blocked notifications: only they can allow them, in the browser settings."

COUNT_QUESTIONS = """<script>
var questions = 0, ask = Notification.requestPermission.bind(Notification);
Notification.requestPermission = () => { questions++; return ask(); };
</script>"""


def test_a_click_on_the_button_of_the_page_subscribes(visitor: Visitor, shop: Shop) -> None:
    """Firefox asks and is told to allow; Chromium can ask nobody without a screen and has the permission already."""
    visitor.be_asked()
    visitor.visit()
    visitor.press_bell()
    visitor.answer_prompt("allow")

    member = visitor.answer()["member"]

    (row,) = shop.subscriptions()
    subscription = visitor.subscription()
    assert subscription is not None
    (enrollment,) = member.pop("enrollments")
    assert member == {"subscriberHash": row.subscriber_hash, "status": "subscribed", "topics": []}
    assert (enrollment["databaseId"], enrollment["status"]) == (shop.database_id, "subscribed")
    assert (row.address, row.status) == (subscription["endpoint"], "subscribed")


def test_the_page_hears_of_permission_and_subscription(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """A permission that was there before is no event."""
    visitor.be_asked()
    visitor.visit()
    visitor.press_bell()
    visitor.answer_prompt("allow")
    visitor.answer()

    subscribed = visitor.wait_for_event("subscribe")

    (row,) = shop.subscriptions()
    assert (subscribed["subscriberHash"], subscribed["endpoint"]) == (row.subscriber_hash, row.address)
    asked = {"firefox": [{"permission": "granted", "previous": "default"}], "chromium": []}
    assert visitor.heard("permission") == asked[browser.name]
    assert visitor.heard("error") == []


def test_status_agrees_in_browser_and_server(visitor: Visitor, shop: Shop) -> None:
    visitor.visit()
    before = visitor.call("status")
    visitor.subscribe()

    after = visitor.call("status")

    (row,) = shop.subscriptions()
    assert (before["subscribed"], before["subscriberHash"], before["obstacle"]) == (False, None, None)
    assert (after["subscribed"], after["confirmed"], after["status"]) == (True, True, "subscribed")
    assert after["subscriberHash"] == row.subscriber_hash


def test_another_click_changes_nothing(subscriber: Visitor, shop: Shop) -> None:
    (before,) = shop.subscriptions()

    again = subscriber.subscribe()

    (after,) = shop.subscriptions()
    assert again == before.subscriber_hash == after.subscriber_hash
    assert after.address == before.address


def test_a_visitor_who_blocks_is_not_subscribed(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """Firefox is told so in its prompt, Chromium in its settings, which it asks for nothing then."""
    visitor.be_asked()
    if browser.name == "chromium":
        browser.set_permission(shop.origin, "denied")
    visitor.visit()
    visitor.press_bell()
    visitor.answer_prompt("block")

    error = visitor.answer()["error"]

    assert (error["code"], error["message"]) == ("permission_denied", SENTENCE_IF_BLOCKED)
    assert error["docs"].endswith("/docs/sdk#permission_denied")
    assert visitor.wait_for_event("error") == error
    changes = {"firefox": [{"permission": "denied", "previous": "default"}], "chromium": []}
    assert visitor.heard("permission") == changes[browser.name]
    assert shop.subscriptions() == []


def test_who_blocked_before_is_an_obstacle_at_once(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """The page can know before it offers a button, and no prompt appears."""
    browser.set_permission(shop.origin, "denied")

    visitor.visit()

    assert visitor.wait_for_event("ready")["obstacle"] == "permission_denied"
    visitor.press_bell()
    assert visitor.answer()["error"]["code"] == "permission_denied"
    assert visitor.subscription() is None


@CHROMIUM_ALONE
def test_a_prompt_without_an_answer_can_be_asked_again(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """Headless Chromium closes its prompt by itself; Firefox's has no such end while the page is open."""
    browser.set_permission(shop.origin, "prompt")
    visitor.visit()
    visitor.press_bell()

    assert visitor.answer()["error"]["code"] == "permission_dismissed"
    assert shop.subscriptions() == []

    browser.set_permission(shop.origin, "granted")
    visitor.visit()
    assert visitor.subscribe()


def test_only_a_click_asks_for_the_permission(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    """Loading a page asks nobody anything: browsers would put it aside and remember it against the site."""
    shop.publish_page("/", COUNT_QUESTIONS + shop.script_tag())
    visitor.be_asked()
    visitor.visit()
    visitor.call("status")
    assert browser.evaluate("questions") == 0

    visitor.press_bell()
    visitor.answer_prompt("allow")

    visitor.answer()
    assert browser.evaluate("questions") == 1
