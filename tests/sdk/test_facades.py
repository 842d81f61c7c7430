"""The scripts that speak other vendors' words in a page: their size, and which site they are told about."""

import json
import re
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.api.bundles import Script, build_scripts, encode, find_sdk_folder
from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from support.dialects import adopt, speak

BUDGET = 1500  # bytes, gzip, more than the page SDK itself
ID_OF_SITE = {Dialect.ALTCRAFT: "resource_token", Dialect.PUSHENGAGE: "app_id", Dialect.CLEVERPUSH: "channel"}

pytestmark = pytest.mark.parametrize("dialect", Dialect)


@pytest.fixture(scope="module")
def scripts() -> Mapping[str, Script]:
    return build_scripts(find_sdk_folder(), "1.2.3")


def config_of(client: FlaskClient, dialect: Dialect, site: str, kind: str = "js") -> dict[str, object]:
    """Return what the script is told of its site."""
    text = client.get(f"/sdk/v1/{dialect}.{kind}", query_string={"site": site}).text
    found = re.match(r"self\.SITEBELL_CONFIG=(.*);\n", text)
    assert found
    config: dict[str, object] = json.loads(found[1])
    return config


def test_a_facade_costs_little_more_than_the_page_sdk(dialect: Dialect, scripts: Mapping[str, Script]) -> None:
    page, facade = (len(encode(scripts[f"{name}.js"].minified, "gzip").body) for name in ("sitebell", dialect))

    assert facade - page <= BUDGET


@pytest.mark.databases("sqlite")
def test_a_facade_is_told_its_site_by_the_token_and_by_the_vendors_own_id(
    app: Flask, client: FlaskClient, site: NewSite, dialect: Dialect
) -> None:
    speak(app, site, dialect)
    adopt(app, site, dialect, **{ID_OF_SITE[dialect]: "3LXP2FRcRxJ-7b14db88ec937f14"})
    told = {"dialect": dialect, "ids": {"topic": {}, "tag": {}, "attribute": {}}, "topics": {}}
    expected = {"server": "https://bell.example.com", "site": site.site.token, **told}

    assert config_of(client, dialect, site.site.token) == expected
    assert config_of(client, dialect, "3LXP2FRcRxJ-7b14db88ec937f14", "src.js") == expected


@pytest.mark.databases("sqlite")
def test_a_facade_knows_no_site_that_does_not_speak_its_dialect(
    app: Flask, client: FlaskClient, site: NewSite, dialect: Dialect
) -> None:
    others = [other for other in Dialect if other is not dialect]
    speak(app, site, *others)
    adopt(app, site, dialect, **{ID_OF_SITE[dialect]: "3LXP2FRcRxJ-7b14db88ec937f14"})

    assert config_of(client, dialect, site.site.token)["site"] is None
    assert config_of(client, dialect, "3LXP2FRcRxJ-7b14db88ec937f14")["site"] is None
    assert config_of(client, dialect, "nobody")["site"] is None


def test_a_facade_makes_no_request_of_its_own(dialect: Dialect) -> None:
    """It speaks through the page SDK alone, which knows who may be asked what."""
    text = (find_sdk_folder() / "compat" / f"{dialect}.js").read_text()

    assert not re.search(r"\bfetch\(|XMLHttpRequest|sendBeacon|\beval\b|\bFunction\(|innerHTML|indexedDB", text)
