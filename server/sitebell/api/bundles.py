"""Joins, minifies and compresses the files of static/sdk: what the browser gets is made when the server starts.

bundles.json lists what page and worker share first, then what the rest stands on, and at the end what starts the
script, which has to be there. Between them the order means nothing to a browser: files that belong together stand
together, and among those the order is the one that compresses best.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import brotli
import minify
import zopfli.gzip

BUNDLES = "bundles.json"
TYPES = "sitebell.d.ts"
GUIDE = "sdk.md"
SENTENCES = "page/errors.json"
CHECKED = "// @ts-check\n"  # for the type checker; means nothing once the files are joined


@dataclass(frozen=True)
class Script:
    """One bundle: as it can be read, and as it is sent to visitors."""

    source: str
    minified: str


@dataclass(frozen=True)
class Encoded:
    """One content coding of a text: the bytes and their strong ETag (RFC 9110 section 8.8.3)."""

    body: bytes
    etag: str


@cache
def find_sdk_folder() -> Path:
    """Return the folder of the SDK: the checkout's static/sdk, else the copy inside the wheel.

    Raises:
        FileNotFoundError: neither is there; the installation is broken.
    """
    here = Path(__file__).resolve()
    checkout, wheel = here.parents[3] / "static" / "sdk", here.parents[1] / "_sdk"
    for folder in (checkout, wheel):
        if (folder / BUNDLES).is_file():
            return folder
    raise FileNotFoundError(f"The SDK is neither in {checkout} nor in {wheel}: install Sitebell again.")


def find_guide() -> Path:
    """Return the Markdown file that explains the SDK: the checkout's docs/sdk.md, else the copy inside the wheel."""
    folder = find_sdk_folder()
    checkout = folder.parents[1] / "docs" / GUIDE
    return checkout if checkout.is_file() else folder / GUIDE


@cache
def build_scripts(folder: Path, version: str) -> Mapping[str, Script]:
    """Return the scripts that bundles.json names, by name; a bundle may begin with the files of another one.

    Raises:
        FileNotFoundError: a listed file is missing.
        minify.MinifyError: a file is not JavaScript.
    """
    listed: dict[str, list[str]] = json.loads((folder / BUNDLES).read_text())
    return {name: _build(folder, files_of(listed, name), f"Sitebell {version}, MIT") for name in listed}


def files_of(listed: Mapping[str, list[str]], name: str) -> list[str]:
    """Return the files of a bundle in their order; an entry that names a bundle stands for the files of that one."""
    return [file for entry in listed[name] for file in (files_of(listed, entry) if entry in listed else [entry])]


def config_line(server: str, site: str | None, **more: Any) -> str:
    """Return the line that tells a worker, or the facade of another vendor's SDK, where it belongs.

    An imported script cannot see its own query, and a facade is given the vendor's own id of the site. Nothing that a
    visitor can forge may choose the server: `server` is the base URL of the settings, `site` the token of a known site.
    `more` is what a facade has to know besides, as public as the script itself.
    """
    config = json.dumps({"server": server, "site": site, **more}, separators=(",", ":"))
    return f"self.SITEBELL_CONFIG={config.replace('<', chr(92) + 'u003c')};\n"


@lru_cache(maxsize=512)  # a worker has as many texts as there are sites
def encode(text: str, coding: str) -> Encoded:
    """Return a text in the content coding `br`, `gzip` or `identity`, made once.

    Each coding has bytes of its own and so an ETag of its own.
    """
    plain = text.encode()
    if coding == "br":
        body: Any = brotli.compress(plain)
    else:
        body = zopfli.gzip.compress(plain) if coding == "gzip" else plain
    return Encoded(body, hashlib.sha256(body).hexdigest()[:32])


def _build(folder: Path, files: list[str], title: str) -> Script:
    parts = [f"// {name}\n{(folder / name).read_text().removeprefix(CHECKED)}" for name in files]
    source = "(function () {\n'use strict';\n\n" + "\n".join(parts) + "\n})();\n"
    return Script(
        source=f"// {title}. The files of static/sdk, joined.\n{source}",
        minified=f"/*! {title} */\n{minify.string('application/javascript', source)}\n",
    )
