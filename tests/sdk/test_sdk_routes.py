"""The SDK as browsers get it: headers, caching, codings, the worker's config, and the sizes that it may have."""

import gzip
import json

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from support.web_application import parts

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind

SCRIPTS = ("sitebell.js", "sitebell.src.js", "worker.js", "worker.src.js")
FILES = (*SCRIPTS, "sitebell.d.ts", "errors.json")
PAGE_BUDGET, WORKER_BUDGET = 5000, 3000


def get(client: FlaskClient, file: str, accept: str = "", **headers: str) -> TestResponse:
    """Ask for a file of the SDK as a browser that takes these content codings."""
    return client.get(f"/sdk/v1/{file}", headers={"Accept-Encoding": accept, **headers})


def worker_config(answer: TestResponse) -> dict[str, str | None]:
    """Return what the first line of a worker says."""
    line = answer.text.partition("\n")[0]
    config: dict[str, str | None] = json.loads(line.removeprefix("self.SITEBELL_CONFIG=").removesuffix(";"))
    return config


def test_page_script_keeps_its_budget(client: FlaskClient) -> None:
    size = len(get(client, "sitebell.js", "gzip").data)

    assert size <= PAGE_BUDGET, f"the page SDK has grown to {size} bytes"


def test_worker_keeps_its_budget(client: FlaskClient, site: NewSite) -> None:
    size = len(get(client, f"worker.js?site={site.site.token}", "gzip").data)

    assert size <= WORKER_BUDGET, f"the worker has grown to {size} bytes"


@pytest.mark.parametrize("file", FILES)
def test_any_page_may_load_it(file: str, client: FlaskClient) -> None:
    """Also with Cross-Origin-Embedder-Policy, with SRI, and as a worker's import."""
    headers = get(client, file).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("file", SCRIPTS)
def test_scripts_are_javascript(file: str, client: FlaskClient) -> None:
    answer = get(client, file)

    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "(function" in answer.text


def test_types_are_text(client: FlaskClient) -> None:
    answer = get(client, "sitebell.d.ts")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "declare namespace Sitebell" in answer.text


def test_sentences_are_json(client: FlaskClient) -> None:
    answer = get(client, "errors.json")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.get_json()["not_subscribed"].endswith("call subscribe() first.")


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_coding_is_the_best_that_the_browser_takes(accept: str, coding: str | None, client: FlaskClient) -> None:
    answer = get(client, "sitebell.js", accept)

    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert answer.headers.get("Content-Encoding") == coding
    assert decode(answer.data) == get(client, "sitebell.js").data
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("accept", ["br", "gzip", ""])
def test_a_copy_that_is_still_good_is_not_sent_again(file: str, accept: str, client: FlaskClient) -> None:
    first = get(client, file, accept)
    again = get(client, file, accept, **{"If-None-Match": first.headers["ETag"]})

    assert not first.headers["ETag"].startswith("W/")
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_copy_of_another_coding_is_not_taken_for_good(client: FlaskClient) -> None:
    packed = get(client, "sitebell.js", "gzip").headers["ETag"]

    assert get(client, "sitebell.js", "br", **{"If-None-Match": packed}).status_code == 200


def test_page_script_may_be_kept_for_an_hour(client: FlaskClient) -> None:
    assert get(client, "sitebell.js").headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("file", ["worker.js", "worker.src.js"])
def test_sec_39_worker_is_asked_for_each_time(file: str, client: FlaskClient) -> None:
    """A worker that a cache held for immutable could never be replaced."""
    assert get(client, file).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("file", ["worker.js", "worker.src.js"])
def test_worker_knows_its_server_and_its_site(file: str, client: FlaskClient, site: NewSite) -> None:
    config = worker_config(get(client, f"{file}?site={site.site.token}"))

    assert config == {"server": "https://bell.example.com", "site": site.site.token}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?site=",
        "?site=nosuchtoken",
        "?site=%00",
        "?site=%22%7D%3Balert(1)%2F%2F",
        "?site=%3C%2Fscript%3E",
        "?site=%0Aalert(1)",
        "?site=%E2%80%A8",
        "?site=%ED%A0%80",
        f"?site={'x' * 5000}",
    ],
)
@pytest.mark.usefixtures("site")
def test_a_token_that_no_site_has_is_not_repeated(query: str, client: FlaskClient) -> None:
    answer = get(client, f"worker.js{query}")

    assert answer.status_code == 200
    assert worker_config(answer)["site"] is None
    assert answer.text.partition("\n")[2] == get(client, "worker.js").text.partition("\n")[2]


def test_sec_40_host_header_does_not_choose_the_server(client: FlaskClient, site: NewSite) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}

    answer = get(client, f"worker.js?site={site.site.token}", **headers)

    assert worker_config(answer)["server"] == "https://bell.example.com"
    assert "evil" not in answer.text


def test_two_sites_get_two_etags(client: FlaskClient, site: NewSite) -> None:
    """Or a cache between could take the one worker for the other."""
    without = get(client, "worker.js").headers["ETag"]

    assert get(client, f"worker.js?site={site.site.token}").headers["ETag"] != without


def test_worker_is_served_while_a_write_transaction_is_open(app: Flask, client: FlaskClient, site: NewSite) -> None:
    with parts(app).store.writing() as session:
        session.execute(text("UPDATE site SET name = 'being written'"))
        config = worker_config(get(client, f"worker.js?site={site.site.token}"))

    assert config["site"] == site.site.token


def test_only_reading_is_answered(client: FlaskClient) -> None:
    assert client.post("/sdk/v1/sitebell.js").status_code == 405
    assert client.get("/sdk/v1/nothing.js").status_code == 404


@pytest.mark.parametrize("name", ["", "nosuch", "%00", "%ED%A0%80", "x" * 5000])
def test_facade_of_a_site_that_does_not_speak_it_has_none(name: str, client: FlaskClient, site: NewSite) -> None:
    for query in (name, site.site.token):
        answer = get(client, f"altcraft.js?site={query}")
        assert (answer.status_code, worker_config(answer)["site"]) == (200, None)


@pytest.mark.parametrize("dialect", Dialect)
def test_facade_holds_the_page_sdk(dialect: Dialect, client: FlaskClient) -> None:
    script = get(client, "sitebell.src.js").text
    body = script.partition("'use strict';")[2].removesuffix("\n})();\n")

    assert body in get(client, f"{dialect}.src.js").text
