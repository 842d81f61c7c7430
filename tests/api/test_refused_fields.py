"""What no page writes into a field: numbers that readers of JSON misread, and addresses."""

from typing import Any

import pytest
from flask import Flask

from sitebell.services.sites import NewSite, get_site
from support.back_end import BackEnd
from support.visitors import Browser, add_fields, known_of
from support.web_application import parts


@pytest.fixture
def visitor(app: Flask, site: NewSite, browser: Browser) -> Browser:
    """A subscribed browser on a site with two fields of its own."""
    add_fields(app, site.database_id, plan="text", points="integer")
    browser.put()
    return browser


@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_is_one_that_every_reader_of_json_gets_exactly(
    app: Flask, visitor: Browser, office: BackEnd, sign: int
) -> None:
    most = sign * (2**53 - 1)

    for change in (most, {"incr": sign}, {"incr": most}):
        [row] = visitor.refresh(fields={"points": change})["enrollments"]
        assert "error" not in row
        assert known_of(app, visitor.profile_id())["points"] == most
    path = f"{office.profiles}/{visitor.profile_id()}"
    refused: Any = office.call("PATCH", path, {"fields": {"points": {"incr": sign}}}).json
    assert refused["error"]["code"] == "invalid_value"
    assert "from -9007199254740991 to 9007199254740991" in refused["error"]["message"]
    assert known_of(app, visitor.profile_id())["points"] == most


@pytest.mark.parametrize("name", ["_ip", "_regip"])
@pytest.mark.parametrize("stores_ip", [False, True])
def test_sec_43_no_page_writes_an_address_itself(
    app: Flask, site: NewSite, visitor: Browser, office: BackEnd, name: str, *, stores_ip: bool
) -> None:
    with parts(app).store.writing() as session:
        get_site(session, site.site.token).stores_ip = stores_ip
    own_words: list[dict[str, Any]] = [
        {"fields": {name: "192.0.2.1", "plan": "gold"}},
        {"match": {"custom": {"field": name, "value": "192.0.2.1"}}},
    ]

    told = [visitor.refresh(**words)["enrollments"][0]["error"] for words in own_words]

    assert told == ["invalid_operation"] * 2
    known = known_of(app, visitor.profile_id())
    assert "plan" not in known
    assert known.get(name) != "192.0.2.1"
    profile_id = office.add_profile(fields={name: "192.0.2.1"})
    assert office.read_profile(profile_id)["fields"][name] == "192.0.2.1"
