"""The page as the server hands it out."""

import dataclasses
import re
from pathlib import Path

import pytest
from flask import Flask

from demo.visitor import Visitor
from sitebell.app import create_app
from sitebell.config import Config
from sitebell.demo import demo_folder
from sitebell.services.sites import list_sites
from support.web_application import parts

FILES = sorted(str(path.relative_to(demo_folder())) for path in demo_folder().rglob("*") if path.is_file())
PAGE_FILES = [name for name in FILES if name != "index.html"]


@pytest.fixture
def html(visitor: Visitor) -> str:
    return visitor.ask("/").text


@pytest.fixture
def token(demo_app: Flask) -> str:
    with parts(demo_app).store.reading() as session:
        return list_sites(session)[0].token


def test_the_page_names_the_site_and_the_worker_is_one_line(visitor: Visitor, token: str) -> None:
    page, worker = visitor.ask("/"), visitor.ask("/bell-worker.js")

    assert f'src="/sdk/v1/sitebell.js" data-site="{token}"' in page.text
    assert worker.text == f"importScripts('http://localhost:8080/sdk/v1/worker.js?site={token}');\n"
    assert (page.mimetype, worker.mimetype) == ("text/html", "text/javascript")


def test_no_credential_reaches_the_browser(visitor: Visitor) -> None:
    texts = [
        visitor.ask(path).text
        for path in ("/", "/bell-worker.js", *(f"/demo/{n}" for n in PAGE_FILES if "png" not in n))
    ]

    assert not [text for text in texts if re.search(r"sb_[\w-]{8}|Authorization|Bearer", text)]


@pytest.mark.parametrize("name", PAGE_FILES)
def test_every_file_of_the_page_is_served_with_its_type(visitor: Visitor, name: str) -> None:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}

    answer = visitor.ask(f"/demo/{name}")

    assert (answer.status_code, answer.mimetype) == (200, types[Path(name).suffix])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/demo/index.html", "/demo/none.css", "/demo/../send.py", "/demo/%2e%2e/send.py", "/demo/"]
)
def test_nothing_else_is_served(visitor: Visitor, path: str) -> None:
    """Neither the template with its blanks, nor what lies beside the folder."""
    assert visitor.ask(path).status_code == 404


def test_all_that_the_page_asks_for_exists(visitor: Visitor, html: str) -> None:
    wanted = set(re.findall(r'(?:href|src)="(/demo/[^"]+)"', html))
    scripts = [visitor.ask(f"/demo/{name}").text for name in PAGE_FILES if name.endswith(".js")]
    wanted |= {f"/demo/{name}" for script in scripts for name in re.findall(r"from '\./([\w.]+)'", script)}
    ids = {name for script in scripts for name in re.findall(r"part\('([\w-]+)'\)", script)}

    assert len(wanted) >= 10
    assert not [path for path in wanted if visitor.ask(path).status_code != 200]
    assert not [name for name in ids if f'id="{name}"' not in html]


def test_sec_34_the_page_runs_nothing_that_stands_in_it(visitor: Visitor, html: str) -> None:
    """The policy allows files of this origin only, so nothing inline may be left over."""
    policy = visitor.ask("/").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


def test_the_page_speaks_calmly(html: str) -> None:
    """No exclamation marks, in the page or in what its scripts say."""
    words = re.sub(r"<!doctype[^>]*>|<!--.*?-->", "", html, flags=re.DOTALL)
    spoken = [line for name in ("states.js", "ladder.js", "log.js") for line in _strings(demo_folder() / name)]

    assert "!" not in words
    assert not [line for line in spoken if "!" in line]


def _strings(script: Path) -> list[str]:
    return re.findall(r"'([^'\n]*)'", script.read_text())


def test_icons_have_the_sizes_that_their_names_say() -> None:
    """Notifications take no SVG. A PNG's width and height are its bytes 16 to 24."""
    for name in (name for name in FILES if name.endswith(".png")):
        data = (demo_folder() / name).read_bytes()
        size = int(re.findall(r"\d+", name)[-1])
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (size, size)


def test_what_is_filled_into_the_page_is_escaped(demo_config: Config) -> None:
    app = create_app(dataclasses.replace(demo_config, base_url="http://localhost:8080/<b>"))

    page = Visitor(app.test_client()).ask("/").text

    assert "/&lt;b&gt;/sdk/v1/" in page
    assert "<b>" not in page
    parts(app).store.close()
