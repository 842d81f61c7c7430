"""What PushEngage's pages say of triggers and goals: events of the site's own."""

from browser.pushengage_shop import Account, Guest
from browser.server import SitebellServer
from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon


def test_triggers_and_goals_are_events_that_select_an_audience(
    browser: Browser, notifications: NotificationDaemon, shop: Shop, server: SitebellServer
) -> None:
    Account(shop, server, browser)
    guest = Guest(browser, notifications, shop)
    guest.be_asked()
    guest.visit()
    guest.subscribe()
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
