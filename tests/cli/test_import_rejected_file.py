"""The file of rejected rows: whole whatever happens, and never the one that is read."""

import gzip
import json
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from sitebell.services.importing.own_format import LONGEST_JSON
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player

pytestmark = pytest.mark.databases("sqlite")
BAD = (3, 700)
BYTES = b'caf\xe9 "quoted"\t;\\'


def players(vendor: OldVendor, count: int, *bad: int) -> Path:
    """Write a file of players, of whom those at some places have keys that are none."""
    devices = enumerate(vendor.add_subscribers(count))
    return vendor.csv(
        "p.csv", ONESIGNAL, [player(one, **({"web_auth": "x"} if at in bad else {})) for at, one in devices]
    )


def interrupted(sitebell: CommandLine, installation: Installation, vendor: OldVendor) -> tuple[list[object], Path]:
    """Import a file that breaks off behind its first thousand rows; return the command, and the rejected rows."""
    packed = gzip.compress(players(vendor, 3000, *BAD).read_bytes())
    words = ["import", installation.site.token, vendor.write("p.csv.gz", packed[: len(packed) * 2 // 3])]
    words += ["--vapid", vendor.key_file]
    assert "to its end" in sitebell.refused(*words)
    rejected = vendor.key_file.with_name("p.csv.gz.rejected")
    assert [int(line.split(",")[-2]) for line in rejected.read_text().splitlines()[1:]] == [at + 2 for at in BAD]
    return words, rejected


@pytest.mark.parametrize("link", [None, "symbolic", "hard"])
def test_it_is_never_the_file_that_is_read(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, link: str | None
) -> None:
    file = players(vendor, 3, 1)
    before = file.read_text()
    other = file.with_name("other")
    if link is not None:
        (other.symlink_to if link == "symbolic" else other.hardlink_to)(file)
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file, "--rejected", other if link else file)

    assert "file that is read" in sitebell.refused(*words)
    assert "file that is read" in sitebell.refused(*words, "--dry-run")

    assert file.read_text() == before
    assert new_home.subscriptions() == []


def test_what_is_no_file_of_rejected_rows_is_kept(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file, key = players(vendor, 1), vendor.key_file.read_text()
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file, "--rejected", vendor.key_file)

    assert "no file of rejected rows" in sitebell.refused(*words)

    assert vendor.key_file.read_text() == key


def test_rel_an_import_that_goes_on_appends_to_what_it_has_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    words, rejected = interrupted(sitebell, new_home, vendor)
    whole = rejected.read_bytes()
    rejected.write_bytes(whole + b"half a ro")

    assert "to its end" in sitebell.refused(*words)

    assert rejected.read_bytes() == whole


@pytest.mark.parametrize("change", ["deleted", "emptied", "mended"])
def test_rel_an_import_does_not_go_on_without_what_it_has_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, change: str
) -> None:
    """Begun anew it finds all of it again."""
    words, rejected = interrupted(sitebell, new_home, vendor)
    whole, stored = rejected.read_text(), len(new_home.subscriptions())
    if change == "deleted":
        rejected.unlink()
    else:
        rejected.write_text("" if change == "emptied" else whole.replace(",x,", ",y,"))
    left = rejected.read_bytes() if rejected.exists() else None

    assert "--restart" in sitebell.refused(*words)
    assert (rejected.read_bytes() if rejected.exists() else None) == left
    assert "to its end" in sitebell.refused(*words, "--restart")

    assert rejected.read_text() == whole
    assert len(new_home.subscriptions()) == stored


def test_a_clean_import_leaves_no_older_one_behind(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = players(vendor, 2, 1)
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)
    sitebell.json(*words)
    rejected = file.with_name("p.csv.rejected")
    assert rejected.exists()
    file.write_text(file.read_text().replace(",x,", f",{vendor.add_subscribers(1)[0].auth},"))

    assert sitebell.json(*words)["rejected"] == 0

    assert not rejected.exists()


def test_a_dry_run_writes_every_bad_row_into_a_file_of_its_own(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """An import does not take it away: it may be mended by then."""
    file = players(vendor, 30, *range(30))
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)

    said = sitebell.run(*words, "--dry-run").stdout
    found = file.with_name("p.csv.dry-run.rejected")

    assert str(found) in said
    assert [line.split(",")[-2] for line in found.read_text().splitlines()[1:]] == [str(at + 2) for at in range(30)]
    assert found.stat().st_mode & 0o077 == 0
    sitebell.json(*words, code=1)
    assert found.exists()
    assert len(file.with_name("p.csv.rejected").read_text().splitlines()) == 31


def test_lines_of_json_are_written_as_they_stood(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    line = {"provider": "nobody", "token": "abc"}
    file = vendor.ndjson("lines", [line])

    sitebell.json("import", new_home.site.token, file, code=1)

    rejected = json.loads(file.with_name("lines.rejected").read_text())
    assert {name: rejected[name] for name in line} == line


@pytest.mark.parametrize("line", [BYTES, b"NUL \0" + BYTES, BYTES * 25_000], ids=["short", "NUL", "long"])
def test_a_row_that_cannot_be_read_is_written_byte_for_byte(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, line: bytes
) -> None:
    """Whether it is no UTF-8 or longer than a row may be; those around it are imported."""
    first, *good = players(vendor, 2).read_bytes().splitlines()
    file = vendor.write("mixed.csv", b"\r\n".join([first, good[0], line, good[1], line]))

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    written = file.with_name("mixed.csv.rejected").read_bytes()
    assert (report["added"], [example[0] for example in report["examples"]]) == (2, [3, 5])
    assert written.count(b'"' + line.replace(b'"', b'""') + b'",') == 2
    assert written.count(b"\n") == 3


@pytest.mark.parametrize("times", [1, LONGEST_JSON // len(BYTES) + 1])
def test_a_line_of_json_that_cannot_be_read_is_written_byte_for_byte(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, times: int
) -> None:
    good = [json.dumps(device.subscription()).encode() for device in vendor.add_subscribers(2)]
    file = vendor.write("mixed.ndjson", b"\n".join([good[0], BYTES * times, good[1]]))

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    [written] = file.with_name("mixed.ndjson.rejected").read_bytes().splitlines()
    found = json.loads(written.decode(errors="surrogateescape"))
    assert (report["added"], found["rejected_line"]) == (2, 2)
    assert found["rejected_text"].encode(errors="surrogateescape") == BYTES * times
