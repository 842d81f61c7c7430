"""`sitebell import` reads a JSON array of subscriptions, on one line or on many, entry by entry."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from cli.command_line import CommandLine, command_of
from cli.moving import exported
from sitebell.services.importing.own_format import LONGEST_JSON
from support.installation import Installation
from support.old_vendor import OldVendor, own_row
from support.waiting import wait_until
from support.web_application import Json

pytestmark = pytest.mark.databases("sqlite")
COUNT = 4000


def bring(sitebell: CommandLine, installation: Installation, vendor: OldVendor, text: str, *options: object) -> Json:
    """Import a file of this text and return the report."""
    file = vendor.write("dump.json", text)
    report: Json = sitebell.json("import", installation.site.token, file, "--vapid", vendor.key_file, *options)
    return report


def rejected(vendor: OldVendor) -> list[Json]:
    """Return the lines of the file of rejected rows."""
    return [json.loads(line) for line in (vendor.key_file.parent / "dump.json.rejected").read_text().splitlines()]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_imported_however_it_is_laid_out(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, indent: int | None
) -> None:
    """As Node's JSON.stringify writes it, with a text in it that looks like more of it."""
    devices = [device.subscription() | {"note": 'a "], {[\\'} for device in vendor.add_subscribers(3)]

    report = bring(sitebell, new_home, vendor, json.dumps(devices, indent=indent))

    assert (report["rows"], report["added"], report["rejected"]) == (3, 3, 0)
    assert [row.address for row in new_home.subscriptions()] == [device["endpoint"] for device in devices]


def test_what_is_wrong_with_an_entry_is_told_with_its_line_and_number(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    first, second = vendor.add_subscribers(2)
    good = json.dumps(own_row(first), indent=2)
    more = f'{{"endpoint": 1}}, null,{json.dumps(own_row(first))}\n, {json.dumps(own_row(second))}]'
    text = f"\n\r\n [7,\n{good}\n,\r\n{more}"

    report = bring(sitebell, new_home, vendor, text)

    found = [(line, code, reason.split(":")[0]) for line, code, reason in report["examples"]]
    assert found == [
        (3, "unreadable_row", "Entry 1"),
        (10, "invalid_endpoint", "Entry 3"),
        (10, "unreadable_row", "Entry 4"),
    ]
    assert (report["added"], report["repetitions"]) == (2, [[10, 4]])
    assert [(row["rejected_line"], row.get("rejected_text")) for row in rejected(vendor)] == [
        (3, "7"),
        (10, None),
        (10, "null"),
    ]


@pytest.mark.parametrize(
    "bad",
    ["{nonsense}", '{"a": [1}', "}", '"\\\n', "{" * 1000 + "}" * 1000, '{"a"\u00e9}'],
)
def test_a_broken_entry_spoils_itself_alone(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, bad: str
) -> None:
    first, second = (json.dumps(own_row(device)) for device in vendor.add_subscribers(2))

    report = bring(sitebell, new_home, vendor, f"[{first},\n{bad},\n{second}]\n")

    assert (report["added"], report["rejected"]) == (2, 1)
    assert rejected(vendor)[0]["rejected_text"] == bad.strip()


def test_an_entry_that_is_not_closed_takes_the_rest_along_into_the_file_of_rejected_rows(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    first, second = (json.dumps(own_row(device)) for device in vendor.add_subscribers(2))

    report = bring(sitebell, new_home, vendor, f'[{first},\n{{"endpoint": "x",\n{second}]\n')

    assert (report["added"], report["rejected"]) == (1, 1)
    assert second in rejected(vendor)[0]["rejected_text"]


def test_an_entry_that_is_too_long_is_written_whole(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    first, second = (json.dumps(own_row(device)) for device in vendor.add_subscribers(2))
    long = '"' + "x\\\\" * (LONGEST_JSON // 3) + '\\""'

    report = bring(sitebell, new_home, vendor, f"[{first},{long},{second}]")

    assert (report["added"], [one[:2] for one in report["examples"]]) == (2, [[1, "unreadable_row"]])
    assert rejected(vendor)[0]["rejected_text"] == long


@pytest.mark.parametrize("text", ["[]", " [\n ]\n", "[\n\n,]"])
def test_an_empty_array_is_no_failure(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, text: str
) -> None:
    assert bring(sitebell, new_home, vendor, text)["rows"] == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[", "open in line 1"),
        ("[{},\n{}", "open in line 2"),
        ("[{}]\n{}", "behind the end of the array, in line 2"),
        ('[{"a": 1]},\n{}]', "behind the end of the array, in line 1"),
    ],
)
def test_an_array_that_breaks_off_or_goes_on_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, text: str, complaint: str
) -> None:
    file = vendor.write("dump.json", text)

    assert complaint in sitebell.refused("import", new_home.site.token, file, "--vapid", vendor.key_file)


def test_rel_an_array_on_one_line_goes_on_at_the_entry_where_it_was_killed(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Bad entries, of the part before and of the rest, are written down once."""
    bad = range(0, COUNT, 100)
    rows = [own_row(one, **({} if at % 100 else {"auth": "x"})) for at, one in enumerate(vendor.add_subscribers(COUNT))]
    file = vendor.write("dump.json", json.dumps(rows))
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)
    with sitebell.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: list((sitebell.data / "imports").glob("*.json")), "the first checkpoint", 60)
        process.send_signal(signal.SIGKILL)
    stored = len(new_home.subscriptions())

    again = sitebell.run(*words, "--json")

    report = json.loads(again.stdout)
    assert 0 < stored < len(new_home.subscriptions()) == COUNT - len(bad)
    assert re.search("An earlier run came to entry [0-9]*[05]00: going on there", again.stderr)
    assert (report["rows"], report["added"] + report["known"]) == (COUNT, COUNT - len(bad))
    assert [row["rejected_reason"].split(":")[0] for row in rejected(vendor)] == [f"Entry {at + 1}" for at in bad]
    assert list((sitebell.data / "imports").iterdir()) == []


def test_an_export_made_an_array_is_still_one(new_home: Installation, other: Installation, tmp_path: Path) -> None:
    """As `jq -s` makes it, with the keys at its beginning."""
    new_home.add_devices(3)
    there = exported(new_home, tmp_path / "there.ndjson", "--with-vapid")
    lines = (tmp_path / "there.ndjson").read_text().splitlines()
    array = tmp_path / "there.json"
    array.write_text(json.dumps([json.loads(line) for line in lines]))

    report = command_of(other).json("import", other.site.token, array)

    assert (report["rows"], report["added"]) == (3, 3)
    back = exported(other, tmp_path / "back.ndjson")
    assert [line["endpoint"] for line in back] == [line["endpoint"] for line in there]
