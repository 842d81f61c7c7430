"""Every error of the SDK links to its paragraph, and every method, event and code has one."""

import json
import re

import pytest
from flask.testing import FlaskClient

from sitebell.api.bundles import SENTENCES, TYPES, find_guide, find_sdk_folder
from sitebell.api.sdk_guide import render_guide

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind

TYPES_TEXT = (find_sdk_folder() / TYPES).read_text()
SENTENCE_OF: dict[str, str] = json.loads((find_sdk_folder() / SENTENCES).read_text())
FACTS = {"site", "server", "worker", "scope", "reason"}  # page/errors.js fills these in


def declared(kind: str, name: str) -> str:
    """Return the body of a type in sitebell.d.ts."""
    found = re.search(rf"{kind} {name} (?:= ?)?(?:{{(.*?)\n  }}|([^;]*);)", TYPES_TEXT, re.DOTALL)
    assert found, name
    return found[1] or found[2]


def methods() -> list[str]:
    """Return every method that sitebell.d.ts declares, once: a method has a line for each signature."""
    return list(dict.fromkeys(re.findall(r"^    (\w+)[(<:]", declared("interface", "Bell"), re.MULTILINE)))


def events() -> list[str]:
    """Return every event that sitebell.d.ts declares."""
    return re.findall(r"^    (\w+):", declared("interface", "Events"), re.MULTILINE)


def codes() -> list[str]:
    """Return every error code that sitebell.d.ts declares."""
    return re.findall(r"'(\w+)'", declared("type", "Obstacle") + declared("type", "ErrorCode"))


def names() -> list[str]:
    """Return every method, event and error code that sitebell.d.ts declares."""
    return list(dict.fromkeys([*methods(), *events(), *codes()]))


def test_the_names_are_found() -> None:
    assert {"init", "push", "once", "ready", "update_subscription", "needs_install", "unexpected"} < set(names())


@pytest.mark.parametrize("name", names())
def test_each_name_is_a_heading(name: str) -> None:
    headings = re.findall(r"^#{2,} (.+)$", find_guide().read_text(), re.MULTILINE)

    assert f"`{name}`" in headings


def test_each_code_has_a_sentence_but_the_one_that_cannot_be_fetched() -> None:
    assert set(SENTENCE_OF) == set(codes()) - {"server_unreachable"}


def test_sentences_name_only_facts_that_the_page_knows() -> None:
    assert set(re.findall(r"{(\w+)}", " ".join(SENTENCE_OF.values()))) <= FACTS


@pytest.mark.parametrize(("code", "known"), [("unknown_method", methods()), ("unknown_event", events())])
def test_who_writes_a_name_wrong_is_told_the_right_ones(code: str, known: list[str]) -> None:
    listed = SENTENCE_OF[code].partition(": use ")[2].rstrip(".")

    assert set(re.split(", | or ", listed)) == set(known) - {"push"}


@pytest.mark.parametrize("code", ["permission_denied", "worker_failed", "server_unreachable"])
def test_the_link_of_an_error_finds_its_paragraph(code: str, client: FlaskClient) -> None:
    answer = client.get("/docs/sdk")

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<b id="{code}">### `{code}`</b>' in answer.text


def test_guide_loads_and_runs_nothing(client: FlaskClient) -> None:
    answer = client.get("/docs/sdk")

    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"<(script|link|img|iframe)", answer.text)


def test_text_is_shown_and_not_run() -> None:
    page = render_guide("# A <b>\n<script>alert(1)</script> & [there](#a-b), [away](javascript:alert(1))\n")

    assert '<b id="a-ltbgt"># A &lt;b&gt;</b>' in page
    assert "&lt;script&gt;" in page
    assert '<a href="#a-b">there</a>' in page
    assert page.count("<a ") == 1


def test_links_within_the_guide_lead_somewhere() -> None:
    page = render_guide(find_guide().read_text())

    anchors = re.findall(r'id="([^"]+)"', page)
    targets = set(re.findall(r'<a href="#([^"]+)"', page))
    assert targets
    assert targets <= set(anchors)
    assert len(anchors) == len(set(anchors))
