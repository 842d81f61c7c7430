"""The steps of docs/leaving-*.md are what a site does: each command runs, and then its old ids work."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from flask.testing import FlaskClient

from cli.command_line import CommandLine
from sitebell.cli import cli
from support.applications import application
from support.databases import Databases
from support.guides import Guide
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts, settings_in

VENDORS = ("altcraft", "pushengage", "cleverpush")
SECRET = "0123456789abcdef0123456789abcdef"
SCRIPTS = re.compile(r"https://bell\.example\.com(/sdk/v1/[^\s'\"`]+)")


class Moved:
    """A site that did what a page says, and its callers."""

    def __init__(self, guide: Guide, client: FlaskClient) -> None:
        self.guide, self.client = guide, client
        self.token, self.database_id = guide.facts["token"], guide.facts["database_id"]
        self._key = {"Authorization": f"Bearer {guide.facts['api_key']}"}

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """Make a call with the site's own key unless `headers` say another; it must succeed."""
        given = options if body is None else {"json": body, **options}
        answer = self.client.open(path, method=method, **{"headers": self._key, **given})
        assert answer.status_code < 300, answer.text
        found: Json = answer.get_json()
        return found

    def subscribe(self) -> str:
        """Subscribe a browser on a page of the site, and return its hash."""
        body = {"subscription": new_subscription()}
        subscriber_hash: str = self.ask("PUT", f"/v1/sites/{self.token}/subscription", body)["subscriber_hash"]
        return subscriber_hash

    def person(self, profile_id: str) -> Json:
        """Return a profile as the site's own API shows it."""
        return self.ask("GET", f"/v1/databases/{self.database_id}/profiles/{profile_id}")


@pytest.fixture
def move(tmp_path: Path, databases: Databases) -> Iterator[Callable[[str], Moved]]:
    """Follows the page of a vendor in a fresh installation."""
    data = tmp_path / "data"
    with databases.fresh(data) as url:
        sitebell, app = CommandLine(data), application(settings_in(data, database_url=url), StoppedClock())
        sitebell.settings["SITEBELL_DATABASE_URL"] = url

        def follow(vendor: str) -> Moved:
            guide = Guide(f"leaving-{vendor}.md")
            guide.follow(sitebell, tmp_path, SECRET)
            return Moved(guide, app.test_client())

        yield follow
        parts(app).store.close()


def test_altcrafts_ids_work_after_the_steps_of_its_page(move: Callable[[str], Moved]) -> None:
    site = move("altcraft")
    resource, [profile_id] = site.guide.said("--resource-token")[0], site.guide.said("--id")[2:]
    imported = re.findall(r'"token": "([^"]+)".*"id": "([0-9a-f]{24})"', site.guide.steps)

    def push_subscribe(token: str, **match: Any) -> Json:
        device = {"provider": "android-firebase", "subscription_id": token}
        body = {"resource_token": resource, "subscriptions": [device], **match}
        return site.ask("POST", "/push_subscribe", body, headers={})

    one = push_subscribe("device-1", id=profile_id, matching="profile_id", db_ids=[34])
    everywhere = push_subscribe("device-2")
    written = site.ask(
        "POST",
        "/api/v1.1/profiles/import",
        {"token": SECRET, "db_id": 34, "matching": "email", "email": "ann@example.com", "data": {"CustomNumber1": 7}},
        headers={},
    )

    assert one["error"] == everywhere["error"] == written["error"] == 0
    assert [(row["profile_id"], row["resource_id"]) for row in one["data"]] == [(profile_id, 22)]
    assert {row["db_id"] for row in everywhere["data"]} == {34, 2}
    assert site.person(written["profile_id"])["fields"]["CustomNumber1"] == 7
    assert len(imported) == 2
    for token, owner in imported:
        assert [row["profile_id"] for row in push_subscribe(token, db_ids=[34])["data"]] == [owner]


def test_pushengages_ids_work_after_the_steps_of_its_page(move: Callable[[str], Moved]) -> None:
    site = move("pushengage")
    segment, tag = site.guide.adopted("segment")
    subscriber_hash = site.subscribe()
    form = {"segment_id": segment, "subscriber_hash[]": subscriber_hash}

    site.ask("POST", "/apiv1/segments/addSegmentWithHash", headers={"api_key": SECRET}, data=form)

    [row] = site.ask("GET", f"/v1/subscribers/{subscriber_hash}")["enrollments"]
    assert site.person(row["profile_id"])["tags"] == [tag]
    fields = site.ask("GET", f"/v1/databases/{site.database_id}/fields")["fields"]
    assert {"favourite"} == {field["name"] for field in fields if not field["is_standard"]}


def test_cleverpushs_ids_work_after_the_steps_of_its_page(move: Callable[[str], Moved]) -> None:
    site = move("cleverpush")
    [channel] = site.guide.said("--channel")
    adopted = {kind: site.guide.adopted(kind) for kind in ("topic", "tag", "segment", "attribute", "opt-in-form")}
    (topic, _), (attribute, _), (form, _) = (adopted[kind] for kind in ("topic", "attribute", "opt-in-form"))
    path, key = f"/subscription/sync/{channel}", {"Authorization": SECRET}

    def reached(**targets: Any) -> Any:
        body = {"channel": channel, "title": "Hello", "text": "There", **targets}
        sent = site.ask("POST", "/notification/send", body, headers=key)
        return site.ask("GET", f"/v1/messages/{sent['id']}")["audience"]

    said = {"topics": [topic], "customAttributes": {attribute: ["red"], "user_id": "ann"}}
    known = site.ask("POST", path, {"subscriptionId": site.subscribe(), **said}, headers=key)
    email = {"emailAddress": "ann@example.com", "emailOptInFormId": form}
    waits = site.ask("POST", path, email, headers=key)

    assert (known["topics"], known["customAttributes"][attribute]) == ([topic], ["red"])
    assert waits["emailConfirmationNeeded"] is True
    for kind in ("topic", "tag", "segment"):
        theirs, ours = adopted[kind]
        assert reached(**{f"{kind}s": [theirs]}) == reached(**{f"{kind}s": [ours]})


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_script_that_a_page_names_is_the_sites_own(move: Callable[[str], Moved], vendor: str) -> None:
    site = move(vendor)
    paths = [urlsplit(site.guide.fill(path)) for path in SCRIPTS.findall(site.guide.steps)]

    assert sorted(url.path for url in paths) == [f"/sdk/v1/{vendor}.js", "/sdk/v1/worker.js"]
    for url in paths:
        script = site.client.get(f"{url.path}?{url.query}")
        assert (script.status_code, site.token in script.text) == (200, True), url


@pytest.mark.parametrize("page", ["migrating.md", *(f"leaving-{vendor}.md" for vendor in VENDORS)])
@pytest.mark.databases("sqlite")
def test_a_command_inside_a_sentence_is_one_and_has_the_options_that_it_needs(page: str) -> None:
    """Those are not run: what they need is said around them."""
    for words in Guide(page).inline():
        command: click.Command = cli
        left = words[1:]
        while isinstance(command, click.Group):
            assert left, words
            found = command.get_command(click.Context(command), left.pop(0))
            assert found is not None, words
            command = found
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        assert {word for word in left if word.startswith("--")} <= {name for option in options for name in option.opts}
        missing = [option.name for option in options if option.required and not set(option.opts) & set(left)]
        assert not (left and missing), words
