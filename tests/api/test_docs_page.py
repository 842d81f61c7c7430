"""The docs page: everything it loads is ours and is what its maker published."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import sitebell.api

pytestmark = [
    pytest.mark.databases("sqlite"),  # no rule of these depends on the kind
    pytest.mark.shared_app,  # the tests only read
]

VENDOR = Path(sitebell.api.__file__).parent / "vendor" / "rapidoc"
LINK = re.compile(r"""(?:src|href|spec-url)="([^"]+)\"""")


def test_sec_44_the_vendored_files_are_what_the_package_holds() -> None:
    """`CHECKSUMS` names package and version and has the SHA-384 of each file as published."""
    text = (VENDOR / "CHECKSUMS").read_text()
    listed = {line.split()[2]: line.split()[0] for line in text.splitlines() if not line.startswith("#")}
    present = {file.name: file.read_bytes() for file in VENDOR.iterdir() if file.name != "CHECKSUMS"}

    assert {name: hashlib.sha384(data).hexdigest() for name, data in present.items()} == listed
    version = re.search(r"npm package rapidoc (\d+\.\d+\.\d+), MIT", text)
    assert version is not None
    assert f"RapiDoc {version[1]} ".encode() in present["rapidoc-min.js"][:200]
    assert b"MIT License" in present["LICENSE.txt"]


def test_the_page_loads_what_this_server_has(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")

    links = set(LINK.findall(page.text))

    assert {"docs/rapidoc.js", "docs/page.js", "docs/page.css", "v1/openapi.json"} < links
    assert {link: client.get(f"/{link}").status_code for link in links} == dict.fromkeys(links, 200)


def test_nothing_comes_from_elsewhere(client: FlaskClient) -> None:
    """The policy forbids it: no other host, no font, no inline script, no frame, no eval."""
    policy = dict(
        part.strip().partition(" ")[::2] for part in client.get("/docs").headers["Content-Security-Policy"].split(";")
    )

    assert policy.pop("style-src") == "'self' 'unsafe-inline'"
    assert policy.pop("img-src") == "'self' data:"
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("name", ["page.js", "page.css", "bell.svg"])
def test_our_own_files_name_no_other_host(client: FlaskClient, name: str) -> None:
    text = client.get(f"/docs/{name}").text.replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) == []


def test_no_source_map_is_asked_for(client: FlaskClient) -> None:
    assert "sourceMappingURL" not in client.get("/docs/rapidoc.js").text


def test_files_are_packed_and_asked_for_again(client: FlaskClient) -> None:
    plain = client.get("/docs/rapidoc.js")
    packed = client.get("/docs/rapidoc.js", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    again = client.get("/docs/rapidoc.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("name", ["index.html", "CHECKSUMS", "..%2fdocs.py", "..", "rapidoc-min.js.map"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_its_background(client: FlaskClient, theme: str) -> None:
    """WCAG 2.2: 4.5:1 for every pair of text and background that the page uses."""
    css = client.get("/docs/page.css").text
    light, dark = css.split(":root[data-theme='dark']")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if theme == "light" else dark.partition("}")[0]))
    pairs = [(text, ground) for text in ("ink", "muted", "brass") for ground in ("paper", "card")]
    pairs += [("brass", "brass-soft"), ("ink", "brass-soft")]

    ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}

    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
