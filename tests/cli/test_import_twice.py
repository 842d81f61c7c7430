"""Two imports at the same time never write one file of rejected rows."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player
from support.waiting import wait_until

pytestmark = pytest.mark.databases("sqlite")
COUNT = 6000


def players(vendor: OldVendor) -> Path:
    """Write a file of players, of whom every hundredth has a key that is none."""
    devices = enumerate(vendor.add_subscribers(COUNT))
    return vendor.csv(
        "p.csv", ONESIGNAL, (player(one, **({} if at % 100 else {"web_auth": "x"})) for at, one in devices)
    )


def test_rel_an_import_that_is_running_is_not_begun_again(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, tmp_path: Path
) -> None:
    """Neither it nor another one with the same file of rejected rows; with another one an import may run beside it."""
    file, other = players(vendor), vendor.csv("other.csv", ONESIGNAL, map(player, vendor.add_subscribers(1)))
    rejected = file.with_name("p.csv.rejected")
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)
    beside = ("import", new_home.site.token, other, "--vapid", vendor.key_file)
    null = subprocess.DEVNULL
    with sitebell.start(*words, stdout=null, stderr=null) as process:
        wait_until(lambda: list((sitebell.data / "imports").glob("*.json")), "the first checkpoint", 60)
        process.send_signal(signal.SIGSTOP)
        for run in (words, (*words, "--restart"), (*beside, "--rejected", tmp_path / "." / rejected.name)):
            assert "running already" in sitebell.refused(*run)
        process.send_signal(signal.SIGCONT)
        assert sitebell.json(*beside)["added"] == 1
        assert process.wait(60) == 0

    numbers = [int(line.split(",")[-2]) for line in rejected.read_text().splitlines()[1:]]
    assert numbers == [at + 2 for at in range(0, COUNT, 100)]
    assert len(new_home.subscriptions()) == COUNT - COUNT // 100 + 1
    assert list((sitebell.data / "imports").iterdir()) == []


def test_imports_that_write_their_rejected_rows_nowhere_do_not_stand_in_each_others_way(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file, other = players(vendor), vendor.csv("other.csv", ONESIGNAL, map(player, vendor.add_subscribers(1)))
    options = ("--vapid", vendor.key_file, "--rejected", "/dev/null")
    with sitebell.start("import", new_home.site.token, file, *options, "--json", stdout=subprocess.PIPE) as process:
        wait_until(lambda: list((sitebell.data / "imports").glob("*.json")), "the first checkpoint", 60)
        assert sitebell.json("import", new_home.site.token, other, *options)["added"] == 1
        process.send_signal(signal.SIGSTOP)
        assert "running already" in sitebell.refused("import", new_home.site.token, file, *options)
        process.send_signal(signal.SIGCONT)
        assert json.loads(process.communicate(timeout=60)[0])["rejected"] == COUNT // 100
