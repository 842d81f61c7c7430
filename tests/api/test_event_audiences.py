"""Audiences by what the site says its visitors did: events of its own, by their names."""

import pytest

from support.shop import Shop
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription

pytestmark = pytest.mark.shared_app


def subscribe(shop: Shop, clock: StoppedClock, *actions: str) -> str:
    """Return the hash of a new browser in which these events happen now."""
    subscription = new_subscription()
    hash_: str = shop.subscribe(subscription)["subscriber_hash"]
    at = int(clock().timestamp() * 1000)
    events = [{"type": "custom", "subscription": subscription, "at": at, "action": action} for action in actions]
    if events:
        assert shop.client.post(f"{shop.page}/events", json={"events": events}).json == {
            "accepted": len(events),
            "ignored": 0,
        }
    return hash_


def where(field: str, op: str = "exists", *, value: object = True) -> Json:
    return {"where": {"field": field, "op": op, "value": value}}


def test_a_named_event_selects_where_it_happened_and_no_other(shop: Shop, clock: StoppedClock) -> None:
    bought = subscribe(shop, clock, "cart", "shop.bought")
    looked = subscribe(shop, clock, "cart")
    nothing = subscribe(shop, clock)

    assert shop.reached(where("event.custom.shop.bought")) == {bought}
    assert shop.reached(where("event.custom.cart")) == {bought, looked}
    assert shop.reached(where("event.custom.cart", value=False)) == {nothing}
    assert shop.reached(where("event.custom.Cart")) == set()


def test_a_named_event_is_compared_by_its_moment(shop: Shop, clock: StoppedClock) -> None:
    early = subscribe(shop, clock, "bought")
    clock.advance(days=3)
    late = subscribe(shop, clock, "bought")

    assert shop.reached(where("event.custom.bought", "before", value={"days_ago": 1})) == {early}
    assert shop.reached(where("event.custom.bought", "after", value={"days_ago": 1})) == {late}


@pytest.mark.parametrize("field", ["event.shown.later", "event.nothing.later"])
def test_only_events_that_have_an_action_are_named(shop: Shop, field: str) -> None:
    answer = shop.preview(where(field))

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_field")
