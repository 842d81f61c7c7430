"""A stray quote in a CSV file spoils its own row, and no other one is lost."""

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import OldVendor
from support.web_application import Json, rows_of

pytestmark = pytest.mark.databases("sqlite")
HEAD = "endpoint;p256dh;auth;note"


def lines_of(vendor: OldVendor, count: int, *notes: str) -> list[str]:
    """Return the lines of a file of somebody's own, in which the first rows have notes."""
    written = [*notes, *["ok"] * (count - len(notes))]
    devices = zip(vendor.add_subscribers(count), written, strict=True)
    return [HEAD, *(f"{device.endpoint};{device.p256dh};{device.auth};{note}" for device, note in devices)]


def bring(sitebell: CommandLine, installation: Installation, vendor: OldVendor, text: str, *options: object) -> Json:
    """Import a file of this text and return the report."""
    file = vendor.write("own.csv", text)
    report: Json = sitebell.json("import", installation.site.token, file, "--vapid", vendor.key_file, *options)
    return report


@pytest.mark.parametrize("count", [50, 600, 3000])
def test_a_stray_quote_costs_its_own_row_alone(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, count: int
) -> None:
    lines = lines_of(vendor, count, "ok", "ok", "ok", "ok", '"broken')
    text = "\n".join(lines) + "\n"

    dry = bring(sitebell, new_home, vendor, text, "--dry-run")
    assert len(rows_of(new_home.store)["subscription"]) == 0
    report = bring(sitebell, new_home, vendor, text)

    for told in (dry, report):
        assert (told["rows"], told["added"], told["reasons"]) == (count, count - 1, {"unreadable_row": 1})
        assert told["examples"][0][0] == 6
    assert len(new_home.subscriptions()) == count - 1
    rejected = (vendor.key_file.parent / "own.csv.rejected").read_text()
    assert lines[5].replace('"', '""') in rejected


def test_two_stray_quotes_do_not_swallow_what_is_between_them(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Neighbours whose quotes would make one cell of both, and others with whole rows between them."""
    lines = lines_of(vendor, 10, '"opened', 'closed"', "ok", '"opened', "ok", "ok", 'closed"')

    report = bring(sitebell, new_home, vendor, "\r\n".join(lines))

    assert [example[0] for example in report["examples"]] == [2, 5]
    assert (report["rows"], report["added"], report["rejected"]) == (10, 8, 2)


@pytest.mark.parametrize("note", ['"says "yes" twice"', '"half" of it', '"'])
def test_a_quote_that_does_not_fit_is_no_guess(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, note: str
) -> None:
    report = bring(sitebell, new_home, vendor, "\n".join(lines_of(vendor, 3, "ok", note)))

    assert [example[:2] for example in report["examples"]] == [[3, "unreadable_row"]]
    assert report["added"] == 2


def test_a_quoted_cell_may_hold_line_breaks(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    """And delimiters, and doubled quotes, on a few lines; those after it keep their numbers."""
    text = "\n".join(lines_of(vendor, 3, '"first line; with ""quotes""\n\nthird line"', "ok", '"broken'))

    report = bring(sitebell, new_home, vendor, text)

    assert (report["added"], len(new_home.subscriptions())) == (2, 2)
    assert [example[:2] for example in report["examples"]] == [[6, "unreadable_row"]]


def test_a_quoted_cell_goes_on_for_twenty_lines_at_most(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Each line of one that is longer is a row that cannot be read, so that none is lost in silence."""
    longest, longer = ('"' + "line\n" * breaks + 'end"' for breaks in (19, 20))

    report = bring(sitebell, new_home, vendor, "\n".join(lines_of(vendor, 3, longest, longer)))

    assert report["added"] == 2
    assert (report["reasons"], report["examples"][0][0]) == ({"unreadable_row": 21}, 22)


def test_a_line_without_an_end_is_rejected_alone(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    lines = lines_of(vendor, 3)
    lines[2] += "x" * 700_000

    report = bring(sitebell, new_home, vendor, "\n".join(lines))

    assert (report["added"], [example[:2] for example in report["examples"]]) == (2, [[3, "unreadable_row"]])


@pytest.mark.parametrize(
    ("head", "complaint"), [(b'endpoint;p256dh;"auth', "names of its columns"), (b"endpoint;n\xe4me", "not UTF-8")]
)
def test_a_head_that_cannot_be_read_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, head: bytes, complaint: str
) -> None:
    file = vendor.write("own.csv", head + b"\n1;2;3\n")

    assert complaint in sitebell.refused("import", new_home.site.token, file, "--vapid", vendor.key_file)
