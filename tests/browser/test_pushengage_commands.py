"""What pages that came from PushEngage push to its queue: segments, profiles, triggers and goals."""

import pytest

from browser.pushengage_shop import Account, Guest
from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon


@pytest.fixture
def guest(browser: Browser, notifications: NotificationDaemon, shop: Shop, account: Account) -> Guest:
    """Somebody who has subscribed."""
    assert account
    guest = Guest(browser, notifications, shop)
    guest.be_asked()
    guest.visit()
    guest.subscribe()
    return guest


def test_commands_of_the_queue_reach_the_profile(guest: Guest, account: Account) -> None:
    told = guest.browser.evaluate("command('add-to-profile', 'ben')")
    assert told["statuscode"] == 1
    for asked in ("'add-to-segment', 'bread'", "'add-to-dynamic-segment', ['trial', 'season'], '7'"):
        guest.browser.evaluate(f"command({asked})")

    guest.browser.evaluate("command('remove-from-segment', ['bread', 'news'])")

    account.wait_for_tags("ben", "trial", "season")


@pytest.mark.parametrize("days", ["", ", 'x'", ", 0"])
def test_a_dynamic_segment_without_days_is_none(guest: Guest, account: Account, days: str) -> None:
    """Membership lapses there: nothing may make it one for good."""
    guest.browser.evaluate("command('add-to-profile', 'ben')")

    guest.browser.evaluate(f"command('add-to-dynamic-segment', ['trial']{days})")
    guest.browser.evaluate("command('add-to-segment', 'bread')")

    account.wait_for_tags("ben", "bread", "news")
    assert guest.browser.evaluate("PushEngage.getSubscriber()")["segments"] == ["bread", "news"]


def test_triggers_and_goals_are_events_that_select_an_audience(guest: Guest, shop: Shop) -> None:
    told = guest.browser.evaluate(
        "command('add-to-trigger', { campaign_name: 'cart', event_name: 'added', title: {} })"
    )
    guest.browser.evaluate("PushEngage.sendTriggerEvent({ campaign_name: 'cart', event_name: 'left', data: { n: 1 } })")
    guest.browser.evaluate("PushEngage.sendGoal({ name: 'sale', count: 1, value: 9 })")

    def count(name: str) -> int:
        where = {"where": {"field": f"event.custom.{name}", "op": "exists"}}
        return int(shop.ask("POST", "/v1/audiences/preview", {"audience": where})["count"])

    assert told["statuscode"] == 1
    assert [count(name) for name in ("added", "left", "sale", "cart")] == [1, 1, 1, 0]
