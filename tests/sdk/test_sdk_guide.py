"""Every error of the SDK links to its paragraph, and every method, event and code has one."""

import re

import pytest
from flask.testing import FlaskClient

from sitebell.api.bundles import TYPES, find_guide, find_sdk_folder
from sitebell.api.sdk_guide import render_guide

TYPES_TEXT = (find_sdk_folder() / TYPES).read_text()


def declared(kind: str, name: str) -> str:
    """Return the body of a type in sitebell.d.ts."""
    found = re.search(rf"{kind} {name} (?:= ?)?(?:{{(.*?)\n  }}|([^;]*);)", TYPES_TEXT, re.DOTALL)
    assert found, name
    return found[1] or found[2]


def names() -> list[str]:
    """Return every method, event and error code that sitebell.d.ts declares."""
    methods = re.findall(r"^    (\w+)[(<:]", declared("interface", "Bell"), re.MULTILINE)
    events = re.findall(r"^    (\w+):", declared("interface", "Events"), re.MULTILINE)
    codes = re.findall(r"'(\w+)'", declared("type", "Obstacle") + declared("type", "ErrorCode"))
    return [*methods, *events, *codes]


def test_the_names_are_found() -> None:
    assert {"init", "push", "once", "ready", "update_subscription", "needs_install", "unexpected"} < set(names())


@pytest.mark.parametrize("name", names())
def test_each_name_is_a_heading(name: str) -> None:
    headings = re.findall(r"^#{2,} (.+)$", find_guide().read_text(), re.MULTILINE)

    assert f"`{name}`" in headings


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
