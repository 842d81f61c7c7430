"""Browser, system, language, zone and place of a visitor: seen at a visit and a click, kept at browser and profile."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from support.query_plans import Statement, watched
from support.seen import (
    CHROME,
    DESKTOP,
    FIREFOX,
    IN_BERLIN,
    IN_OSLO,
    MAC,
    NOWHERE,
    SAFARI,
    Put,
    speak_as,
    stored_subscription,
)
from support.stopped_clock import StoppedClock
from support.visitors import Browser, noticed_of
from support.web_application import Json, parts


@pytest.fixture
def pooled_app(proxied_app: Flask) -> Flask:
    """An installation behind a proxy, with a file of places."""
    return proxied_app


def about_values(statements: list[Statement]) -> list[str]:
    """Return the first words of the statements about values of fields."""
    return [sql.split()[0] for sql, _ in statements if "field_value" in sql]


def test_a_visit_fills_browser_system_zone_and_language(app: Flask, told: Put) -> None:
    fields = told(CHROME, NOWHERE, locale="pt-BR", time_zone="America/Sao_Paulo")

    assert {name: fields[name] for name in ("_browser", "_os", "_tz", "_language")} == {
        "_browser": "Chrome",
        "_os": "Android",
        "_tz": "America/Sao_Paulo",
        "_language": "pt",
    }
    row = stored_subscription(app)
    assert (row.browser, row.platform, row.locale, row.time_zone) == ("Chrome", "Android", "pt-BR", "America/Sao_Paulo")


@pytest.mark.parametrize(
    ("agent", "name", "system"),
    [
        (FIREFOX, "Firefox", "Linux"),
        (FIREFOX.replace("X11; Ubuntu; Linux x86_64", "Android 14; Mobile"), "Firefox", "Android"),
        (CHROME, "Chrome", "Android"),
        (CHROME.replace("Chrome/", "SamsungBrowser/25.0 Chrome/"), "Samsung Internet", "Android"),
        (CHROME.replace("Linux; Android 10; K", "Windows NT 10.0; Win64; x64"), "Chrome", "Windows"),
        (DESKTOP, "Chrome", "Linux"),
        (f"{DESKTOP} Edg/130.0.0.0", "Edge", "Linux"),
        (f"{DESKTOP} OPR/115.0.0.0", "Opera", "Linux"),
        (SAFARI, "Safari", "iOS"),
        (SAFARI.replace("Version/17.0", "CriOS/120.0"), "Chrome", "iOS"),
        (MAC, "Safari", "macOS"),
    ],
)
def test_a_browser_has_one_name_on_every_system(app: Flask, put: Put, agent: str, name: str, system: str) -> None:
    put(agent)

    row = stored_subscription(app)
    assert (row.browser, row.platform) == (name, system)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "x" * 60_000,
        "\x01\x02 Firefox",
        "Mozilla/5.0 (\xff\xfe\x80)",
        "'; DROP TABLE profile; --",
        "<script>alert(1)</script>/1.0",
        "Mozilla/5.0 (" * 500,
        "(;" * 5000,
        "Firefox/" + "9" * 5000,
    ],
    ids=range(9),
)
def test_sec_37_a_hostile_user_agent_is_no_name_and_no_failure(app: Flask, told: Put, agent: str) -> None:
    fields = told(agent)

    names = {fields.get("_browser"), fields.get("_os"), stored_subscription(app).browser}
    assert names <= {None, "Firefox"}


def test_what_cannot_be_seen_this_time_stays(app: Flask, put: Put, told: Put) -> None:
    put(CHROME, IN_BERLIN, locale="de", time_zone="Europe/Berlin")

    fields = told("unknown", NOWHERE, intent="refresh")

    assert (fields["_browser"], fields["_tz"], fields["_city"]) == ("Chrome", "Europe/Berlin", "Berlin")
    assert stored_subscription(app).browser == "Chrome"


def test_a_new_profile_keeps_when_and_where_it_was_registered(put: Put, told: Put, clock: StoppedClock) -> None:
    born = clock().isoformat().replace("+00:00", "Z")
    put(address=IN_BERLIN)
    clock.advance(days=1)

    fields = told(address=IN_OSLO)

    assert (fields["_regdate"], fields["_regcountry"], fields["_regcity"]) == (born, "DE", "Berlin")


def test_the_call_s_own_word_counts_more_than_what_we_see(told: Put) -> None:
    fields = told(CHROME, fields={"_browser": "Kiosk", "_tz": None}, time_zone="Europe/Berlin")

    assert (fields["_browser"], fields.get("_tz"), fields["_os"]) == ("Kiosk", None, "Android")


def test_a_visit_in_which_nothing_is_new_writes_no_field(app: Flask, put: Put) -> None:
    put(CHROME, locale="de", intent="refresh")

    with watched(parts(app).store.engine) as statements:
        put(CHROME, locale="de", intent="refresh")

    assert about_values(statements) == ["SELECT"]


@pytest.mark.parametrize("agent", ["", CHROME])
@pytest.mark.parametrize("address", [NOWHERE, IN_BERLIN])
def test_sec_15_known_and_unknown_people_cost_the_same_statements(
    app: Flask, new_browser: Callable[[], Browser], agent: str, address: str
) -> None:
    """Also when the browser tells nothing new of the known one, and nothing at all of the unknown one."""
    known = new_browser()
    speak_as(known.client, agent, address)
    known.identify("known")

    with watched(parts(app).store.engine) as of_known:
        new_browser().identify("known")
    with watched(parts(app).store.engine) as of_unknown:
        new_browser().identify("unknown")

    assert len(about_values(of_known)) == len(about_values(of_unknown)) > 2


@pytest.fixture
def subscribed(put: Put, browser: Browser) -> Json:
    """The subscription of a browser that was Firefox in Berlin when it subscribed."""
    put(FIREFOX, IN_BERLIN)
    return browser.subscription


def report(client: FlaskClient, page: str, receipt: str, at: float, kind: str = "clicked") -> Json:
    """Report what happened to a notification from Chrome in Oslo."""
    speak_as(client, CHROME, IN_OSLO)
    happened = {"type": kind, "receipt": receipt, "at": int(at * 1000)}
    told = {"locale": "nb-NO", "time_zone": "Europe/Oslo"}
    answer = client.post(f"{page}/events", json={"events": [happened], **told})
    return dict(answer.json or {})


def test_a_click_shows_browser_place_zone_and_language(
    app: Flask, client: FlaskClient, page: str, receipt: str, browser: Browser, clock: StoppedClock
) -> None:
    assert report(client, page, receipt, clock().timestamp()) == {"accepted": 1, "ignored": 0}

    row, known = stored_subscription(app), noticed_of(app, browser.profile_id())
    assert (row.browser, row.platform, row.country, row.clicked_at) == ("Chrome", "Android", "NO", clock())
    assert (known["_browser"], known["_os"], known["_city"]) == ("Chrome", "Android", "Oslo")
    assert (known["_regcity"], "_region" in known) == ("Berlin", False)
    assert (row.locale, row.time_zone) == ("nb-NO", "Europe/Oslo")
    assert (known["_language"], known["_tz"]) == ("nb", "Europe/Oslo")


@pytest.mark.parametrize("zone", ["+03:30", "", "x" * 100, 5, None])
def test_a_zone_that_does_not_fit_costs_no_receipt(
    app: Flask, client: FlaskClient, page: str, receipt: str, clock: StoppedClock, zone: Any
) -> None:
    happened = {"type": "clicked", "receipt": receipt, "at": int(clock().timestamp() * 1000)}

    answer = client.post(f"{page}/events", json={"events": [happened], "locale": zone, "time_zone": zone})

    assert answer.json == {"accepted": 1, "ignored": 0}
    row = stored_subscription(app)
    assert (row.clicked_at, row.time_zone) == (clock(), None)


def test_the_last_click_counts(app: Flask, client: FlaskClient, page: str, receipt: str, clock: StoppedClock) -> None:
    last = clock()
    report(client, page, receipt, last.timestamp())
    clock.advance(hours=1)
    report(client, page, receipt, last.timestamp() - 60)

    assert stored_subscription(app).clicked_at == last


@pytest.mark.parametrize("kind", ["shown", "closed"])
def test_only_a_click_shows_who_is_there(
    app: Flask, client: FlaskClient, page: str, receipt: str, clock: StoppedClock, kind: str
) -> None:
    report(client, page, receipt, clock().timestamp(), kind)

    row = stored_subscription(app)
    assert (row.browser, row.country, row.locale, row.clicked_at) == ("Firefox", "DE", None, None)


def test_sec_17_a_forged_click_shows_nothing(
    app: Flask, client: FlaskClient, page: str, receipt: str, clock: StoppedClock
) -> None:
    forged = receipt[:-4] + ("AAAA" if receipt[-4:] != "AAAA" else "BBBB")

    assert report(client, page, forged, clock().timestamp()) == {"accepted": 0, "ignored": 1}
    assert stored_subscription(app).browser == "Firefox"
