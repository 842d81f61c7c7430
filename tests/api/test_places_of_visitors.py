"""Where a visitor is: looked up in the operator's file; the address itself is kept only by a site that says so."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from sitebell.config import Config
from sitebell.services.sites import NewSite, get_site
from support.geoip import OSLO, write_places
from support.seen import (
    IN_BERLIN,
    IN_OSLO,
    NOWHERE,
    Put,
    stored_subscription,
)
from support.stopped_clock import StoppedClock
from support.web_application import parts, stored_rows


@pytest.fixture
def pooled_app(proxied_app: Flask) -> Flask:
    """An installation behind a proxy, with a file of places."""
    return proxied_app


@pytest.fixture
def stores_ip(app: Flask, site: NewSite) -> None:
    """The site keeps addresses."""
    with parts(app).store.writing() as session:
        get_site(session, site.site.token).stores_ip = True


def test_a_file_of_places_fills_country_region_city_and_postal_code(app: Flask, told: Put) -> None:
    fields = told(address=IN_BERLIN)

    place = {"_country": "DE", "_region": "State of Berlin", "_city": "Berlin", "_postal_code": "10115"}
    assert {name: fields.get(name) for name in place} == place
    assert stored_subscription(app).country == "DE"


def test_a_new_place_leaves_nothing_of_the_old_one(app: Flask, put: Put, told: Put) -> None:
    put(address=IN_BERLIN)

    fields = told(address=IN_OSLO)

    assert (fields["_country"], fields["_city"]) == ("NO", "Oslo")
    assert not {"_region", "_postal_code"} & fields.keys()
    assert stored_subscription(app).country == "NO"


def test_a_replaced_file_of_places_is_used_without_a_restart(app: Flask, put: Put, config: Config) -> None:
    put(address=IN_BERLIN)
    assert config.geoip_file is not None
    write_places(Path(config.geoip_file), {"203.0.113.0/24": OSLO})

    put(address=IN_BERLIN)

    assert stored_subscription(app).country == "NO"


def test_while_the_file_of_places_is_broken_the_last_one_is_used(app: Flask, put: Put, config: Config) -> None:
    put(address=NOWHERE)
    assert config.geoip_file is not None
    broken = Path(config.geoip_file).with_suffix(".broken")
    broken.write_bytes(b"no places")
    broken.replace(config.geoip_file)

    put(address=IN_BERLIN)

    assert stored_subscription(app).country == "DE"


@pytest.mark.parametrize(
    "record",
    ["text", 7, [], {"country": "DE"}, {"country": {"iso_code": 7}}, {"country": {"iso_code": "deu"}}],
    ids=str,
)
def test_a_file_of_something_else_fails_no_visit(app: Flask, put: Put, config: Config, record: Any) -> None:
    assert config.geoip_file is not None
    write_places(Path(config.geoip_file), {"203.0.113.0/24": record})

    put(address=IN_BERLIN)

    assert stored_subscription(app).country is None


def test_sec_43_an_address_is_stored_nowhere_by_default(app: Flask, put: Put) -> None:
    put(address=IN_BERLIN, match={"external_id": "customer-42"})

    assert IN_BERLIN not in repr(stored_rows(app))


@pytest.mark.usefixtures("stores_ip")
def test_an_address_is_kept_by_a_site_that_says_so(told: Put) -> None:
    first = told(address=IN_BERLIN)
    later = told(address=IN_OSLO)

    assert (first["_ip"], first["_regip"]) == (IN_BERLIN, IN_BERLIN)
    assert (later["_ip"], later["_regip"]) == (IN_OSLO, IN_BERLIN)


@pytest.mark.usefixtures("stores_ip")
def test_sec_40_the_address_is_what_the_configured_proxy_saw(told: Put) -> None:
    assert told(address=f"{IN_OSLO}, {IN_BERLIN}")["_ip"] == IN_BERLIN


def test_who_is_recognised_keeps_the_registration(put: Put, told: Put, clock: StoppedClock) -> None:
    born = clock().isoformat().replace("+00:00", "Z")
    put(address=IN_BERLIN, match={"external_id": "customer-42"})
    clock.advance(days=1)

    fields = told(address=IN_OSLO, match={"external_id": "customer-42"})

    assert (fields["_regdate"], fields["_regcountry"], fields["_country"]) == (born, "DE", "NO")
