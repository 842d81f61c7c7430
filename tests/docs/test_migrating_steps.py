"""The commands of docs/migrating.md are what a site does that moves in, and out again: each runs as it stands there."""

import gzip
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cli.command_line import CommandLine
from sitebell.push.vapid import VapidKey
from support.databases import Databases
from support.guides import Guide
from support.web_application import new_subscription

pytestmark = pytest.mark.databases("sqlite")
HEAD = "identifier,invalid_identifier,web_auth,web_p256"


def leave_onesignal(folder: Path) -> None:
    """Write what the page says that one needs: the key of the old system, and its export with a bad row."""
    options = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "old-key.pem").write_bytes(VapidKey.generate().private_key.private_bytes(*options))
    devices = [new_subscription() for _ in range(2)]
    rows = [f"{one['endpoint']},false,{one['keys']['auth']},{one['keys']['p256dh']}" for one in devices]
    (folder / "players.csv.gz").write_bytes(gzip.compress("\n".join([HEAD, *rows, "none,,,"]).encode()))


def test_a_site_moves_in_and_out_again(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its files are called what the page says."""
    monkeypatch.chdir(tmp_path)
    leave_onesignal(tmp_path)
    with databases.fresh(tmp_path / "data"):
        sitebell = CommandLine(tmp_path / "data")
        inwards, outwards = Guide("migrating.md"), Guide("migrating.md", "Out again")
        inwards.follow(sitebell, tmp_path, "")
        outwards.facts = inwards.facts
        outwards.follow(sitebell, tmp_path, "")
        [new, old] = sitebell.json("vapid", "list", inwards.facts["token"])

    run = [words[1:3] for words in [*inwards.commands, *outwards.commands]]
    assert ["import", inwards.facts["token"]] in run
    assert ["export", inwards.facts["token"]] in run
    assert (new["subscriptions"], old["id"], old["subscriptions"]) == (0, 2, 2)
    for name in ("players.csv.gz.rejected", "players.csv.gz.dry-run.rejected"):
        assert name in inwards.steps
        assert (tmp_path / name).is_file()
    lines = [json.loads(line) for line in (tmp_path / "subscribers.ndjson").read_text().splitlines()]
    assert {name for line in lines for name in line} <= set(re.findall(r"\w+", outwards.steps))
