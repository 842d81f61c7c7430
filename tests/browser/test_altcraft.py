"""A website that came from Altcraft, with pages as that vendor teaches: three addresses changed, all else kept."""

import json

import pytest

from browser.altcraft_shop import Guest, Resource
from browser.door import Door
from browser.server import SitebellServer
from browser.shop import Shop
from browser.website import HTML, JAVASCRIPT
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.waiting import wait_until

WORKERS = "navigator.serviceWorker.getRegistrations().then(all => all.map(one => one.active.scriptURL))"
LATE = """addEventListener('load', function () {
  var s = document.createElement('script');
  s.src = %s;
  s.onload = function () { %s };
  document.head.append(s);
});"""
NAMES = {"firefox": "Firefox", "chromium": "Chrome"}


def load_late(resource: Resource, then: str) -> str:
    """Return what stands in a page that loads the script after everything else, and does something then."""
    address = resource.loader().split('"')[1]
    return f"<script>{LATE % (json.dumps(address), then)}</script>"


@pytest.fixture
def resource(shop: Shop, server: SitebellServer, browser: Browser) -> Resource:
    """The shop, come from Altcraft."""
    return Resource(shop, server, browser)


@pytest.fixture
def guest(browser: Browser, notifications: NotificationDaemon, shop: Shop, resource: Resource) -> Guest:
    """Somebody who has not been asked yet."""
    assert resource
    guest = Guest(browser, notifications, shop)
    guest.be_asked()
    guest.visit()
    return guest


def test_a_visitor_is_subscribed_identified_messaged_and_clicks(
    guest: Guest, resource: Resource, shop: Shop, notifications: NotificationDaemon
) -> None:
    token = guest.subscribe()
    guest.browser.wait_for("outcome")

    subscription = guest.subscription()
    assert subscription is not None
    assert subscription["endpoint"] == token
    name = NAMES[guest.browser.name]
    assert guest.heard("subscribe") == [{"browser": name, "provider": name, "token": token}]
    ann = resource.import_profile("Ann@example.com", _lname="Lee")
    person = resource.person("ann@example.com")
    assert person is not None
    assert (person["id"], person["fields"]["_fname"], person["fields"]["_lname"]) == (ann, "Ann", "Lee")
    assert resource.person("ann@example.com", shop.database_id) is None
    message = shop.send("For Ann", {"profile_ids": [ann]}, url="/offer")
    shop.publish("/offer", "<!doctype html><title>Offer</title>", HTML)
    notifications.click(notifications.wait("For Ann"))
    wait_until(lambda: f"{shop.origin}/offer" in guest.browser.urls(), "the offer")
    assert shop.wait_for_counts(message, shown=1, clicked=1)["recipients"] == 1


def test_an_update_binds_the_browser_to_somebody_else_alone_by_default(guest: Guest, resource: Resource) -> None:
    guest.subscribe()

    guest.call("updateSubscription", {"email": "ben@example.com", "db": [resource.database_id]}, {"_fname": "Ben"})

    assert resource.standing("ann@example.com") == ["suspended"]
    assert resource.standing("ben@example.com") == ["subscribed"]


def test_an_update_that_is_inexclusive_leaves_the_others_as_they_are(guest: Guest, resource: Resource) -> None:
    guest.subscribe()

    inexclusive = True
    guest.call("updateSubscription", {"email": "ben@example.com", "db": resource.database_id}, {}, inexclusive)

    assert resource.standing("ann@example.com") == ["subscribed"]
    assert resource.standing("ben@example.com") == ["subscribed"]


def test_an_update_without_a_token_is_rejected(guest: Guest, resource: Resource) -> None:
    assert "no token" in guest.fail("updateSubscription", {"email": "ann@example.com"})

    assert resource.person("ann@example.com") is None


def test_a_removed_token_is_forgotten_by_the_page_alone(guest: Guest, resource: Resource) -> None:
    token = guest.subscribe()

    assert guest.call("removeToken") == {"result": "success"}
    assert guest.browser.evaluate("AKPush.removeToken()") == {"result": "not-found"}

    assert "no token" in guest.fail("updateSubscription", {"email": "ben@example.com"})
    guest.browser.evaluate("void (new AKPush(), dispatchEvent(new Event('load')))")
    guest.browser.evaluate("Sitebell.status().then(() => 0)")
    assert "no token" in guest.fail("updateSubscription", {"email": "ben@example.com"})
    assert resource.standing("ann@example.com") == ["subscribed"]
    guest.visit()
    [event] = wait_until(lambda: guest.heard("update_subscription"), "the token to be found again")
    assert (event["token"], event["tokenCached"]) == (token, None)
    guest.browser.evaluate("void (heard = [], listen('update_subscription'))")
    assert guest.wait_for_event("update_subscription") == event
    guest.call("updateSubscription", {"email": "ben@example.com", "db": resource.database_id})
    assert resource.standing("ben@example.com") == ["subscribed"]


def test_a_renewed_token_replaces_the_old_one_in_place(guest: Guest, shop: Shop) -> None:
    token = guest.subscribe()
    guest.browser.evaluate(
        "navigator.serviceWorker.getRegistration('/').then(one => one.pushManager.getSubscription())"
        ".then(one => one.unsubscribe())"
    )
    guest.visit()

    event = guest.wait_for_event("update_subscription")

    assert event["tokenCached"] == token != event["token"]
    assert [row.address for row in shop.subscriptions()] == [event["token"]]


def test_nothing_is_done_where_the_visitor_has_decided(guest: Guest, shop: Shop) -> None:
    guest.browser.set_permission(shop.origin, "granted")
    guest.browser.evaluate("void (sessionStorage.asked = 'yes')")
    guest.visit()

    assert guest.call("initSubscription", {"email": "ann@example.com"}) == guest.browser.evaluate("undefined")

    assert shop.subscriptions() == []


def test_the_worker_is_where_the_config_says(guest: Guest, resource: Resource, shop: Shop) -> None:
    shop.publish("/push/sw.js", shop.worker_line(), JAVASCRIPT, Service_Worker_Allowed="/")
    resource.publish(config={"swPath": "/push/sw.js"})
    guest.visit()

    guest.subscribe()

    assert [url.partition("?")[0] for url in guest.browser.evaluate(WORKERS)] == [f"{shop.origin}/push/sw.js"]


def test_the_worker_is_where_the_page_says_after_it_has_loaded(guest: Guest, resource: Resource, shop: Shop) -> None:
    shop.publish("/push/sw.js", shop.worker_line(), JAVASCRIPT, Service_Worker_Allowed="/")
    later = "akPush = new AKPush({ swPath: '/push/sw.js' }); listen('subscribe');"
    resource.publish(head=load_late(resource, f"window.later = function () {{ {later} }};"))
    guest.visit()
    guest.browser.wait_for("document.readyState === 'complete' && Boolean(window.later)")
    guest.browser.evaluate("void later()")

    guest.subscribe()

    assert [url.partition("?")[0] for url in guest.browser.evaluate(WORKERS)] == [f"{shop.origin}/push/sw.js"]


def test_a_page_that_loads_the_script_twice_subscribes_once(guest: Guest, resource: Resource, shop: Shop) -> None:
    resource.publish(head=resource.loader() * 2)
    guest.visit()

    token = guest.subscribe()

    assert [row.address for row in shop.subscriptions()] == [token]
    assert len(guest.heard("subscribe")) == 1


def test_what_is_not_known_of_the_vendor_warns_once_and_changes_nothing(guest: Guest, shop: Shop) -> None:
    guest.browser.evaluate("void (akPush.getStatus(), AKPush.getStatus(), AKPush.events.once(), listen('closed'))")

    warned = guest.browser.evaluate("warned")

    assert [text.partition(" is unknown")[0][15:] for text in warned] == ["getStatus", "once", "event closed"]
    assert shop.subscriptions() == []


def test_a_page_whose_script_is_blocked_goes_on(guest: Guest, resource: Resource, door: Door) -> None:
    resource.publish(head=resource.loader().replace("?", "?not-in-the-cache&"))
    door.shut()
    guest.visit()
    assert guest.browser.evaluate("[typeof AKPush, typeof call]") == ["undefined", "function"]
    door.open()


def test_a_script_that_comes_late_serves_who_asks_for_it_then(guest: Guest, resource: Resource) -> None:
    resource.publish(head=load_late(resource, "akPush = new AKPush(); listen('subscribe');"))
    guest.visit()
    guest.browser.wait_for("Boolean(akPush)")

    guest.subscribe()

    assert resource.standing("ann@example.com") == ["subscribed"]


def test_sec_23_a_signed_site_believes_the_jwt_of_a_page_and_binds_whom_it_names(
    guest: Guest, resource: Resource, shop: Shop, notifications: NotificationDaemon
) -> None:
    tokens = resource.require_tokens("ann", "ben")
    resource.publish(config={"jwt": tokens["ann"]})
    guest.visit()
    guest.subscribe()
    guest.browser.wait_for("outcome")
    assert resource.standing("ann@example.com") == ["subscribed"]
    ann = resource.person("ann@example.com")
    assert ann is not None
    assert (ann["external_id"], ann["fields"]["_fname"]) == ("ann", "Ann")
    message = shop.send("For Ann", {"profile_ids": [ann["id"]]})
    notifications.wait("For Ann")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1

    guest.browser.evaluate(f"begin({{ jwt: '{tokens['ben']}' }})")
    guest.call("updateSubscription", {"email": "ben@example.com", "db": resource.database_id}, {"_fname": "Ben"})

    assert resource.standing("ben@example.com") == ["subscribed"]
    assert resource.standing("ann@example.com") == ["suspended"]


@pytest.mark.parametrize("config", [None, {"jwt": "e30.e30.c2lnbmVkIGJ5IG5vYm9keQ"}], ids=["none", "forged"])
def test_sec_23_a_signed_site_takes_no_identity_from_a_page_without_a_token_of_its_back_end(
    guest: Guest, resource: Resource, shop: Shop, config: dict[str, str] | None
) -> None:
    ann = resource.require_tokens("ann")["ann"]
    resource.publish(config=config)
    guest.visit()
    guest.subscribe()
    guest.browser.wait_for("outcome")

    refused = guest.fail("updateSubscription", {"email": "ben@example.com", "db": resource.database_id})

    assert "token" in refused
    guest.browser.evaluate(f"begin({{ jwt: '{ann}' }})")
    mismatch = guest.fail("updateSubscription", {"email": "ben@example.com", "db": resource.database_id})
    assert "match.email is not what the identity token says" in mismatch
    assert [row.status for row in shop.subscriptions()] == ["subscribed"]
    assert resource.person("ann@example.com") is resource.person("ben@example.com") is None
