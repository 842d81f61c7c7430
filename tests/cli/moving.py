"""Moves a site from one installation to another."""

import json
from pathlib import Path
from typing import Any

from cli.command_line import command_of
from support.installation import Installation


def exported(installation: Installation, file: Path, *options: str) -> list[dict[str, Any]]:
    """Export a site and return the lines of its subscriptions."""
    command_of(installation).run("export", installation.site.token, file, *options)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if "vapid_key" not in line]


def moved(installation: Installation, other: Installation, folder: Path) -> tuple[list[Any], list[Any]]:
    """Move a site to another installation; return what the first exported, and then the other."""
    there = exported(installation, folder / "there.ndjson", "--with-vapid")
    report = command_of(other).json("import", other.site.token, folder / "there.ndjson")
    assert report["rejected"] == 0
    return there, exported(other, folder / "back.ndjson")
