"""A website that came from PushEngage, with pages as that vendor teaches: three addresses changed, all else kept."""

import pytest

from browser.door import Door
from browser.prompting import NOBODY_ASKED
from browser.pushengage_shop import LOADER, PROMISE_PAGE, Account, Guest, documented
from browser.shop import Shop
from browser.website import HTML
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.signer import Signer
from support.stopped_clock import StoppedClock
from support.waiting import wait_until


@pytest.fixture
def guest(browser: Browser, notifications: NotificationDaemon, shop: Shop, account: Account) -> Guest:
    """Somebody who has not been asked yet."""
    assert account
    guest = Guest(browser, notifications, shop)
    guest.be_asked()
    guest.visit()
    return guest


def test_a_visitor_is_subscribed_identified_messaged_and_clicks(
    guest: Guest, account: Account, shop: Shop, notifications: NotificationDaemon
) -> None:
    assert guest.told("status") == documented(22)
    subscriber_hash = guest.subscribe()
    (row,) = shop.subscriptions()
    assert row.subscriber_hash == subscriber_hash
    ids = {"subscriber_hash": subscriber_hash, "subscriber_id": subscriber_hash}
    assert guest.told("init") == {
        "statuscode": 1,
        "status": "SUBSCRIBED",
        **ids,
        "data": {**ids, "geoInfo": {}, "geo_info": {}},
    }
    assert guest.browser.evaluate("changes") == [ids]

    guest.visit()
    assert guest.told("status") == documented(1, subscriber_hash)
    account.wait_for_tags("ann", "bread", "news")

    message = account.notify("For Ann", profile_id=["ann"])
    shop.publish("/offer", "<!doctype html><title>Offer</title>", HTML)
    notifications.click(notifications.wait("For Ann"))
    wait_until(lambda: f"{shop.origin}/offer" in guest.browser.urls(), "the offer")
    assert shop.wait_for_counts(message, shown=1, clicked=1)["recipients"] == 1


def test_a_back_end_sends_to_the_hash_and_to_segments(
    guest: Guest, account: Account, notifications: NotificationDaemon
) -> None:
    subscriber_hash = guest.subscribe()

    account.notify("To your hash", subscriber_hash=subscriber_hash)
    notifications.wait("To your hash")
    account.post("/segments/addSegmentWithHash", segment_id="4711", subscriber_hash=[subscriber_hash])
    account.notify("To your segment", include_segments=["4711"])
    notifications.wait("To your segment")


def test_the_third_generation_promises_who_subscribed_and_who_left(guest: Guest, account: Account, shop: Shop) -> None:
    account.publish(PROMISE_PAGE)
    guest.visit()
    assert guest.told("id") == {"was": None}
    guest.click("#bell")
    answer = guest.told("subscribe")
    (row,) = shop.subscriptions()
    assert (answer["statuscode"], answer["data"]["subscriber_id"]) == (1, row.subscriber_hash)
    call = guest.browser.evaluate
    assert call("PushEngage.getSubscriberId()") == row.subscriber_hash

    call("PushEngage.unsubscribe()")

    assert call("PushEngage.getSubscriberId()") is None
    assert call("changes.pop()") == {"subscriber_id": None, "subscriber_hash": None}


def test_the_third_generation_promises_what_it_wrote(
    guest: Guest, account: Account, notifications: NotificationDaemon
) -> None:
    account.publish(PROMISE_PAGE)
    guest.visit()
    guest.click("#bell")
    guest.told("subscribe")
    call = guest.browser.evaluate

    assert call("PushEngage.getSubscriber()")["segments"] == []
    call("PushEngage.addProfileId('ann')")
    call("PushEngage.addSegment('bread')")
    call("PushEngage.addSegment(['news', 'offers'])")
    call("PushEngage.removeSegment('news')")
    call("PushEngage.addDynamicSegment([{ name: 'trial', duration: 7 }])")
    call("PushEngage.addAttributes({ _fname: 'Ann' })")
    call("PushEngage.addAttributes({ _lname: 'Lee' })")

    person = account.person("ann")
    assert person is not None
    assert person["tags"] == ["bread", "offers", "trial"]
    assert (person["fields"]["_fname"], person["fields"]["_lname"]) == ("Ann", "Lee")
    account.notify("For the trial", include_segments=["trial"])
    notifications.wait("For the trial")
    written = call("PushEngage.getSubscriber()")["segments"]
    assert written == ["bread", "offers", "trial"], "as this browser wrote them"
    call("PushEngage.addProfileId('bob')")
    assert call("PushEngage.getSubscriber()")["segments"] == [], "those were Ann's"


def test_who_has_left_is_not_brought_back_by_a_click_somewhere(guest: Guest, shop: Shop) -> None:
    guest.subscribe()
    guest.browser.evaluate("PushEngage.unsubscribe()")
    guest.visit()

    assert guest.told("status")["statuscode"] == 22
    guest.browser.click("#somewhere")

    assert guest.status()["statuscode"] == 22
    assert [row.status for row in shop.subscriptions()] == ["unsubscribed"]


def test_a_site_that_asks_by_itself_is_left_to_do_so(guest: Guest, account: Account, shop: Shop) -> None:
    account.publish(options={"disabledDefaultPrompt": True})
    guest.visit()
    guest.browser.wait_for("!!window._pe")
    guest.status()

    guest.browser.click("#somewhere")
    assert guest.status()["statuscode"] == 22
    guest.click("#bell")

    assert guest.told("subscribe")["subscriber_hash"] == shop.subscriptions()[0].subscriber_hash
    assert guest.told("init")["statuscode"] == 1


def test_a_visitor_who_blocks_is_denied(guest: Guest, shop: Shop, account: Account) -> None:
    guest.browser.set_permission(shop.origin, "denied")
    account.publish(head=account.loader())
    guest.visit()

    assert guest.told("init") == documented(2)
    assert guest.status() == documented(2)


def test_a_prompt_that_is_closed_says_so_and_is_not_shown_again_for_a_week(
    guest: Guest, account: Account, shop: Shop
) -> None:
    """No browser closes its prompt for a test: the page's own question is answered as if it had been."""
    never = "<script>Notification.requestPermission = () => Promise.resolve('default');</script>"
    unasked = NOBODY_ASKED.replace("sessionStorage.asked ? 'granted' : 'default'", "'default'")
    account.publish(head=unasked + never + account.loader())
    guest.visit()
    guest.browser.wait_for("!!window._pe")
    guest.status()
    guest.browser.click("#somewhere")
    assert guest.told("init") == documented(3)

    guest.visit()
    assert guest.told("init") == guest.status() == documented(3)
    guest.browser.evaluate("void (localStorage['sitebell:closed'] = Date.now() - 8 * 86400000)")
    assert guest.status()["statuscode"] == 22
    assert shop.subscriptions() == []


def test_a_browser_without_push_is_told_so(guest: Guest, account: Account) -> None:
    account.publish(head="<script>delete window.PushManager;</script>" + account.loader())
    guest.visit()

    assert guest.told("init") == guest.told("status") == documented(21)


def test_a_site_that_is_unknown_or_does_not_speak_is_not_allowed(guest: Guest, account: Account) -> None:
    account.publish(head=LOADER % (account.server.url, "nobody"))
    guest.visit()

    for name in ("init", "status"):
        assert guest.told(name) == documented(20)


def test_sec_23_a_signed_site_believes_a_profile_id_only_with_a_token(
    guest: Guest, account: Account, shop: Shop
) -> None:
    signer, clock = Signer(), StoppedClock()
    shop.require_tokens(signer)
    guest.subscribe()
    guest.browser.evaluate("command('add-to-profile', 'ann')")
    assert account.person("ann") is None
    token = signer.sign(shop.token, clock(), sub="ann")

    guest.browser.evaluate(f"command('add-to-profile', 'ann', {{ token: '{token}' }})")

    assert account.person("ann") is not None


def test_a_page_that_loads_the_script_twice_subscribes_once(guest: Guest, account: Account, shop: Shop) -> None:
    account.publish(head=account.loader() * 2)
    guest.browser.set_permission(shop.origin, "granted")
    guest.visit()
    guest.browser.wait_for("!!window._pe")

    guest.browser.click("#bell")
    guest.told("subscribe")

    assert len(shop.subscriptions()) == 1
    assert guest.browser.evaluate("[told.status.length, changes.length]") == [1, 1]


def test_what_is_not_known_of_the_vendor_warns_once_and_changes_nothing(guest: Guest, shop: Shop) -> None:
    guest.browser.wait_for("!!window._pe")
    for _ in range(2):
        guest.browser.evaluate("void _peq.push(['add-to-basket', { campaign_name: 'cart' }])")
        guest.browser.evaluate("PushEngage.addAlert({ type: 'price_drop' })")
        guest.browser.evaluate("void _peq.push(null)")

    warned = guest.browser.evaluate("warned.filter(text => text.includes('unknown here'))")

    names = ("add-to-basket", "addAlert", "The object")
    assert [[name in text for name in names].index(True) for text in warned] == [0, 1, 2]
    assert shop.subscriptions() == []


def test_a_page_whose_script_is_blocked_goes_on(guest: Guest, account: Account, door: Door) -> None:
    account.publish(head=account.loader().replace("?", "?not-in-the-cache&"))
    door.shut()
    guest.visit()

    assert guest.browser.evaluate("[_peq.length, typeof PushEngage, typeof _pe]") == [2, "undefined", "undefined"]
