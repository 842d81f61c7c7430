"""What CleverPush's script is told of a site in its first line, which anybody can read."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, KEY, Channel
from sitebell.services.sites import NewSite
from support.dialects import speak
from support.web_application import Json

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind


def first_line(client: FlaskClient) -> Json:
    """Return what the script is told."""
    line = client.get(f"/sdk/v1/cleverpush.js?site={CHANNEL}").text.partition("\n")[0]
    told: Json = json.loads(line.removeprefix("self.SITEBELL_CONFIG=").removesuffix(";"))
    return told


def test_sec_10_it_is_told_what_a_page_has_to_translate_and_nothing_else(
    app: Flask, client: FlaskClient, site: NewSite
) -> None:
    channel = Channel(app, client, site)
    channel.office.ask("PUT", "/v1/topics", {"topics": [{"name": "news", "title": "News"}]})
    channel.define(teams="list")
    channel.adopt(topic="T1=news", tag="G=gold", attribute="</script>=teams")
    channel.adopt(segment="S=secret", opt_in_form="F=double", tag="H=silver")

    told = first_line(client)

    assert set(told) == {"server", "site", "dialect", "ids", "topics"}
    assert told["topics"] == {"news": "T1"}
    assert told["ids"] == {
        "topic": {"T1": "news"},
        "tag": {"G": "gold", "H": "silver"},
        "attribute": {"</script>": "teams"},
    }
    text = client.get(f"/sdk/v1/cleverpush.js?site={CHANNEL}").text
    assert [word for word in (KEY, "secret", "double", "</script>") if word in text] == []


def test_it_is_told_nothing_of_a_site_that_does_not_speak_the_dialect(
    app: Flask, client: FlaskClient, site: NewSite
) -> None:
    Channel(app, client, site).adopt(tag="G=gold")
    speak(app, site)

    nothing: Json = {"topic": {}, "tag": {}, "attribute": {}}
    told = {"server": "https://bell.example.com", "site": None, "dialect": "cleverpush", "ids": nothing, "topics": {}}
    assert first_line(client) == told
