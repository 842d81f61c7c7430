"""The page says who its visitor is: before and after there is a subscription, and at each page load."""

from collections.abc import Callable

import pytest

from browser.door import Door
from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon

ANN = {"external_ids": ["ann"]}
RECORD = "localStorage.getItem('sitebell:%s')"
QUEUED = """<script>
var first = null;
window.Sitebell = [['identify', 'ann', function (membership, error) { first = { membership, error }; }]];
</script>"""


def recipients(shop: Shop, external_id: str) -> int:
    """Return how many browsers a message to a customer would reach now."""
    count: int = shop.ask("POST", "/v1/audiences/preview", {"audience": {"external_ids": [external_id]}})["count"]
    return count


def test_who_is_identified_gets_what_is_sent_to_the_customer(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    membership = subscriber.call("identify", "ann", {"fields": {"_fname": "Ann"}})

    (enrollment,) = membership["enrollments"]
    assert (enrollment["databaseId"], enrollment["status"]) == (shop.database_id, "subscribed")
    shop.send("For Ann", ANN)
    notifications.wait("For Ann")
    profile = shop.ask("GET", f"/v1/databases/{shop.database_id}/profiles/{enrollment['profileId']}")
    assert (profile["external_id"], profile["fields"]["_fname"]) == ("ann", "Ann")
    assert subscriber.call("status")["enrollments"] == membership["enrollments"]


def test_who_is_identified_first_is_known_once_subscribed(
    visitor: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    """The common order: each page load identifies, and one day the visitor presses the button, on another page load."""
    shop.publish_page("/", QUEUED + shop.script_tag())
    visitor.visit()
    visitor.browser.wait_for("first")
    assert visitor.browser.evaluate("first.membership.subscriberHash") is None
    assert visitor.requests() == []
    shop.publish_page("/", shop.script_tag())
    visitor.visit()

    visitor.subscribe()

    shop.send("For Ann", ANN)
    notifications.wait("For Ann")
    assert "ann" not in visitor.browser.evaluate(RECORD % shop.token)


def test_data_come_with_the_subscription(visitor: Visitor, shop: Shop) -> None:
    visitor.visit()
    match = {"email": "Ann@Example.com", "externalId": "ann"}

    membership = visitor.call(
        "subscribe", {"match": match, "fields": {"_city": "Ulm"}, "databaseIds": [shop.database_id]}
    )

    (enrollment,) = membership["enrollments"]
    profile = shop.ask("GET", f"/v1/databases/{shop.database_id}/profiles/{enrollment['profileId']}")
    assert (profile["external_id"], profile["email"], profile["fields"]["_city"]) == ("ann", "ann@example.com", "Ulm")


def test_the_same_identity_costs_a_request_once_a_day(subscriber: Visitor, shop: Shop) -> None:
    subscriber.call("identify", "ann")

    subscriber.visit()
    subscriber.call("identify", "ann")
    subscriber.call("identify", "ann")
    assert subscriber.requests() == []
    subscriber.call("identify", "ann", {"fields": {"_city": "Ulm"}})

    assert subscriber.requests() == ["/subscription"]
    assert recipients(shop, "ann") == 1


def test_another_identity_is_told_at_once_and_so_is_the_first_again(subscriber: Visitor, shop: Shop) -> None:
    for external_id in ("ann", "bob", "ann"):
        subscriber.call("identify", external_id)
        other = "bob" if external_id == "ann" else "ann"
        assert (recipients(shop, external_id), recipients(shop, other)) == (1, 0)


def test_nobody_is_identified_as_undefined(subscriber: Visitor, browser: Browser, shop: Shop) -> None:
    """All customers whose id a page forgot would be one."""
    for nothing in ("undefined", "null", "''"):
        outcome = browser.evaluate(f"Sitebell.identify({nothing}).catch(error => error.code)")
        assert outcome == "missing_id"
    assert recipients(shop, "undefined") == 0
    assert subscriber.requests()[-1] == "/subscription"


def test_a_number_is_an_id_too(subscriber: Visitor, shop: Shop) -> None:
    subscriber.call("identify", 42)

    assert recipients(shop, "42") == 1


def test_an_error_of_the_server_comes_typed_to_promise_callback_and_event(
    subscriber: Visitor, browser: Browser
) -> None:
    error = subscriber.fail("identify", "ann", {"fields": {"nosuchfield": 1}})

    assert (error["code"], error["status"]) == ("unknown_field", 200)
    assert "nosuchfield" in error["message"]
    assert subscriber.heard("error") == [error]
    by_callback = browser.evaluate(
        "new Promise(done => Sitebell.push(['setFields', {nosuchfield: 1}, (_, error) => done(plain(error))]))"
    )
    assert by_callback == error


@pytest.mark.parametrize("method", ["update", "setFields", "pause", "resume", "setTopics", "tag", "untag", "track"])
def test_what_needs_a_subscription_says_so(method: str, visitor: Visitor) -> None:
    visitor.visit()

    error = visitor.fail(method, {} if method in ("update", "setFields") else "name")

    assert (error["code"], error["status"]) == ("not_subscribed", 0)


def test_update_moves_the_browser_or_adds_a_profile(subscriber: Visitor, shop: Shop) -> None:
    subscriber.call("identify", "ann")

    subscriber.call("update", {"externalId": "bob"}, {"_fname": "Bob"}, {"exclusive": False})
    assert (recipients(shop, "ann"), recipients(shop, "bob")) == (1, 1)
    subscriber.call("update", {"externalId": "eve"})

    assert [recipients(shop, external_id) for external_id in ("ann", "bob", "eve")] == [0, 0, 1]


def test_fields_and_tags_are_written_to_who_is_there(subscriber: Visitor, shop: Shop) -> None:
    membership = subscriber.call("identify", "ann")

    subscriber.call("setFields", {"_fname": "Ann", "_city": "Ulm"})
    subscriber.call("setFields", {"_city": None})
    subscriber.call("tag", "gold", "vip")
    subscriber.call("untag", "vip")

    path = f"/v1/databases/{shop.database_id}/profiles/{membership['enrollments'][0]['profileId']}"
    profile = shop.ask("GET", path)
    assert (profile["fields"]["_fname"], "_city" in profile["fields"]) == ("Ann", False)
    assert profile["tags"] == ["gold"]


def test_what_the_visitor_did_selects_them(subscriber: Visitor, shop: Shop) -> None:
    answer = subscriber.call("track", "bought", {"amount": 20})

    assert answer == {"accepted": 1, "ignored": 0}
    bought = {"where": {"field": "event.custom.bought", "op": "exists"}}
    assert shop.ask("POST", "/v1/audiences/preview", {"audience": bought})["count"] == 1


def test_a_visitor_who_was_ended_by_the_site_stays_out(subscriber: Visitor, shop: Shop) -> None:
    """Whatever the page says of them at each load."""
    subscriber.call("identify", "ann")
    (row,) = shop.subscriptions()
    shop.ask("POST", f"/v1/subscribers/{row.subscriber_hash}/unsubscribe")

    for city in ("Ulm", "Aachen", "Rom"):
        subscriber.visit()
        subscriber.call("identify", "ann", {"fields": {"_city": city}})
        subscriber.call("status")

    assert [row.status for row in shop.subscriptions()] == ["unsubscribed"]
    assert recipients(shop, "ann") == 0
    assert shop.wait_until_sent(shop.send("To all")) == {}


def test_a_page_where_the_server_is_away_is_told_and_tries_again(
    subscriber: Visitor, shop: Shop, door: Door, new_shop: Callable[[], Shop]
) -> None:
    door.shut()
    assert subscriber.fail("identify", "ann")["code"] == "server_unreachable"
    door.open()

    subscriber.call("identify", "ann")

    assert recipients(shop, "ann") == 1
    assert recipients(new_shop(), "ann") == 0
