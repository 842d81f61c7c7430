"""Joining, minifying and compressing: what comes out is whole, and keeps rules that peers learnt the hard way."""

import gzip
import json
import re
from collections.abc import Mapping
from pathlib import Path

import brotli
import pytest

from sitebell.api.bundles import Script, build_scripts, config_line, encode, files_of, find_sdk_folder

LINE_ENDS = re.compile("[\n\r\u2028\u2029]")


@pytest.fixture(scope="module")
def scripts() -> Mapping[str, Script]:
    return build_scripts(find_sdk_folder(), "1.2.3")


def code(name: str) -> str:
    """Return the files of a bundle without their comments."""
    folder = find_sdk_folder()
    files = files_of(json.loads((folder / "bundles.json").read_text()), name)
    joined = "\n".join((folder / file).read_text() for file in files)
    stripped = re.sub(r"(?s:/\*.*?\*/)|^ *//.*$", "", joined, flags=re.MULTILINE)
    assert "addEventListener(" in stripped
    return stripped


def test_checkout_is_found_before_the_wheel() -> None:
    assert find_sdk_folder() == Path(__file__).parents[2] / "static" / "sdk"


def test_every_file_is_in_a_bundle() -> None:
    folder = find_sdk_folder()
    bundles = json.loads((folder / "bundles.json").read_text())
    listed = {file for name in bundles for file in files_of(bundles, name)}

    there = {str(path.relative_to(folder)) for path in folder.rglob("*.js")}

    assert listed == there


def test_a_listed_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "bundles.json").write_text('{"page.js": ["gone.js"]}')

    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        build_scripts(tmp_path, "1.2.3")


def test_files_share_one_closure_in_the_listed_order(tmp_path: Path) -> None:
    (tmp_path / "bundles.json").write_text('{"page.js": ["b.js", "a.js"]}')
    (tmp_path / "a.js").write_text("// @ts-check\nself.sum = one + 1;\n")
    (tmp_path / "b.js").write_text("// @ts-check\n// The first.\nconst one = 1;\n")

    script = build_scripts(tmp_path, "1.2.3")["page.js"]

    assert script.source == (
        "// Sitebell 1.2.3, MIT. The files of static/sdk, joined.\n(function () {\n'use strict';\n\n"
        "// b.js\n// The first.\nconst one = 1;\n\n// a.js\nself.sum = one + 1;\n\n})();\n"
    )
    assert script.minified.startswith('/*! Sitebell 1.2.3, MIT */\n(function(){"use strict";')


def test_nested_template_literals_survive(tmp_path: Path) -> None:
    """The reason for this minifier: another one breaks them."""
    (tmp_path / "bundles.json").write_text('{"page.js": ["a.js"]}')
    (tmp_path / "a.js").write_text("self.text = (a, b) => `${a ? `  ${b}  ` : ''} // no comment`;\n")

    minified = build_scripts(tmp_path, "1.2.3")["page.js"].minified

    assert re.search(r"`\$\{\w\?`  \$\{\w\}  `:\"\"\} // no comment`", minified)


def test_no_variable_is_used_before_its_declaration(tmp_path: Path) -> None:
    """Versions 2.24.11 and 2.24.12 of the minifier moved a destructuring before what it is made from."""
    (tmp_path / "bundles.json").write_text('{"page.js": ["a.js"]}')
    (tmp_path / "a.js").write_text(
        "self.f = (a) => { const all = a.map(b); const { c } = d({ all }); return [c, all]; };\n"
    )

    minified = build_scripts(tmp_path, "1.2.3")["page.js"].minified

    assert re.search(r"const (\w)=\w\.map\(b\),\{c:\w\}=d\(\{all:\1\}\)", minified)


@pytest.mark.parametrize("name", ["sitebell.js", "worker.js"])
def test_minified_is_less_than_half_and_has_no_comment(name: str, scripts: Mapping[str, Script]) -> None:
    title, _, body = scripts[name].minified.partition("\n")

    assert title == "/*! Sitebell 1.2.3, MIT */"
    assert "/*" not in body
    assert len(body) < len(scripts[name].source) / 2


@pytest.mark.parametrize("name", ["sitebell.js", "worker.js"])
def test_no_script_makes_code_of_text(name: str) -> None:
    """A Content-Security-Policy without unsafe-eval and unsafe-inline has nothing to object to."""
    assert not re.search(r"\beval\b|\bFunction\(|\binnerHTML\b|\bdocument\.write\b|\bimport\(", code(name))


def test_the_page_script_leaves_indexed_db_alone() -> None:
    """It hangs for minutes in some browsers, and everything behind it."""
    assert "indexedDB" not in code("sitebell.js")


def test_sec_39_no_foreign_worker_is_ended_and_no_page_claimed() -> None:
    """The site's own service worker keeps its pages, its caches and its life."""
    everything = code("sitebell.js") + code("worker.js")

    assert not re.search(r"\bclaim\(|\bunregister\(|addEventListener\('fetch'|\bonfetch\b", everything)
    assert everything.count("skipWaiting") == 1
    assert "if (isWholeWorker) worker.addEventListener('install', () => worker.skipWaiting())" in everything


@pytest.mark.parametrize(
    "server",
    ["https://bell.example.com", "https://x/</script><script>", "https://x/\u2028\u2029", 'https://x/"};alert(1)//'],
)
def test_nothing_breaks_out_of_the_config_line(server: str) -> None:
    line = config_line(server, "token")

    assert line.endswith(";\n")
    assert not LINE_ENDS.search(line[:-1])
    assert "<" not in line
    config = line.removeprefix("self.SITEBELL_CONFIG=").removesuffix(";\n")
    assert json.loads(config) == {"server": server, "site": "token"}


def test_a_script_of_no_site_is_told_the_server_alone() -> None:
    assert config_line("https://x", None) == 'self.SITEBELL_CONFIG={"server":"https://x","site":null};\n'


def test_each_coding_holds_the_text_and_has_an_etag_of_its_own() -> None:
    text = "grüße " * 50
    encoded = {coding: encode(text, coding) for coding in ("br", "gzip", "identity")}

    assert brotli.decompress(encoded["br"].body).decode() == text
    assert gzip.decompress(encoded["gzip"].body).decode() == text
    assert encoded["identity"].body.decode() == text
    assert len({e.etag for e in encoded.values()}) == 3
    assert encode(text + "!", "br").etag != encoded["br"].etag


def test_same_text_gives_the_same_bytes_on_every_machine() -> None:
    """Two servers behind one name must agree on the ETag: gzip would write the time of day."""
    first = encode("text", "gzip")
    encode.cache_clear()

    assert encode("text", "gzip") == first
    assert first.body[4:8] == b"\0\0\0\0"
