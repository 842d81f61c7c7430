"""The head of a CSV file is read as spreadsheets and scripts write it, and one that reaches nobody is refused."""

import json

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import PERFECTY, OldVendor, own_row, perfecty_user
from support.push_service.subscriber import Subscriber
from support.web_application import Json

pytestmark = pytest.mark.databases("sqlite")
HEAD = "endpoint;p256dh;auth"


def cells(device: Subscriber, *more: str, delimiter: str = ";") -> str:
    """Return a row of a file with the head of this module."""
    return delimiter.join([device.endpoint, device.p256dh, device.auth, *more])


def bring(
    sitebell: CommandLine, installation: Installation, vendor: OldVendor, *lines: str, options: tuple[object, ...] = ()
) -> Json:
    """Import a file of these lines and return the report."""
    file = vendor.write("own.csv", "\n".join(lines) + "\n")
    report: Json = sitebell.json("import", installation.site.token, file, "--vapid", vendor.key_file, *options)
    return report


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_in_quoted_names_do_not_count(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, delimiter: str
) -> None:
    (device,) = vendor.add_subscribers(1)
    name = delimiter + "".join(5 * other for other in ",;\t" if other != delimiter)
    head = delimiter.join(["endpoint", "p256dh", "auth", f'"name{name}"'])

    assert bring(sitebell, new_home, vendor, head, cells(device, "x", delimiter=delimiter))["added"] == 1


def test_columns_without_a_name_at_the_end_are_passed_over(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """As Excel writes them, in all rows or but in some; a value below one says that its row is out of place."""
    first, second, third, moved = vendor.add_subscribers(4)
    rows = [cells(first, "", ""), cells(second), cells(third, ""), cells(moved, "", "x"), cells(moved, "", "", "")]

    report = bring(sitebell, new_home, vendor, f"{HEAD};;", *rows)

    assert (report["added"], [one[0] for one in report["examples"]]) == (3, [5, 6])


def test_a_column_without_a_name_at_the_beginning_is_passed_over(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Where pandas writes the numbers of the rows."""
    first, second = vendor.add_subscribers(2)

    report = bring(sitebell, new_home, vendor, f";{HEAD}", f"0;{cells(first)}", f"1;{cells(second)}")

    assert (report["added"], report["rejected"]) == (2, 0)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (b"\n", 3),
        (b"\r\n  \r\n\r\n", 5),
        (b"\r\r", 4),
        (b";;\n", 3),
        (b" " * 700_000 + b"\n\n", 4),
        (b" " * 262_143 + b"\r\n", 3),
        (b"sep=;\n", 3),
        (b'\xef\xbb\xbf\n"SEP=;"\r\n\n', 5),
    ],
    ids=["one", "three", "old Mac", "row of nothing", "long", "cut line end", "sep", "sep between blanks"],
)
def test_blank_lines_and_excels_own_before_the_head_count_as_lines_only(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, before: bytes, line: int
) -> None:
    (device,) = vendor.add_subscribers(1)
    file = vendor.write("own.csv", before + f"{HEAD}\nbad\n{cells(device)}\n".encode())

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], report["examples"][0][0]) == (1, line)
    assert f",{line}," in file.with_name("own.csv.rejected").read_text()


@pytest.mark.parametrize("sign", ["|", ":"])
def test_excels_line_says_the_delimiter(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, sign: str
) -> None:
    (device,) = vendor.add_subscribers(1)
    row = sign.join(f'"{cell}"' for cell in own_row(device).values())

    report = bring(sitebell, new_home, vendor, f"sep={sign}", HEAD.replace(";", sign), row)

    assert report["added"] == 1


def test_blank_lines_before_lines_of_json_count_as_lines_only(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)

    report = bring(sitebell, new_home, vendor, "", "  ", json.dumps(own_row(device)), "{}")

    assert (report["added"], report["examples"][0][0]) == (1, 4)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("foo,bar\n1,2\n", "lacks endpoint and p256dh and auth"),
        ("endpoint,created_at\nx,y\n", "lacks p256dh and auth"),
        ("token,user\nx,y\n", "--provider"),
        ("endpoint;p256dh;auth;mail;Mail\n", "2 columns with the name mail"),
        ("endpoint;p256dh;auth;x;x;x\n", "3 columns with the name x"),
        ("\n \n", "no file of subscriptions"),
        (";;;\n", "no file of subscriptions"),
        ("sep=;\n", "no file of subscriptions"),
        ("sep=;\nendpoint,p256dh,auth\n", "lacks endpoint"),
    ],
)
def test_a_head_that_reaches_nobody_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, text: str, complaint: str
) -> None:
    file = vendor.write("file", text)

    assert complaint in sitebell.refused("import", new_home.site.token, file, "--vapid", vendor.key_file)
    assert not file.with_name("file.rejected").exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--provider", "ios-apns"), "lacks token"),
        (("--format", "onesignal"), 'extra_fields ["web_auth", "web_p256"'),
        (("--format", "perfecty"), "lacks endpoint"),
        (("--format", "csv"), "lacks endpoint"),
    ],
)
def test_a_named_format_or_provider_does_not_make_a_file_one(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, options: tuple[str, str], complaint: str
) -> None:
    file = vendor.write("file", "foo,bar\n1,2\n")

    assert complaint in sitebell.refused("import", new_home.site.token, file, "--vapid", vendor.key_file, *options)


def test_perfectys_table_without_who_opted_out_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Else nobody would be subscribed any more, for good."""
    columns = [name for name in PERFECTY if name != "is_active"]
    user = perfecty_user(*vendor.add_subscribers(1))
    del user["is_active"]
    file = vendor.csv("users.csv", columns, [user])
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file, "--format", "perfecty")

    assert "lacks is_active" in sitebell.refused(*words)
    assert new_home.subscriptions() == []


def test_an_import_in_vain_ends_with_1(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    """But one that finds everything known, or some rows bad, does not."""
    good, bad = vendor.add_subscribers(2)
    in_vain = vendor.write("bad.csv", f"{HEAD}\n{cells(bad)}x\n")
    words = ("import", new_home.site.token, in_vain, "--vapid", vendor.key_file)

    result = sitebell.run(*words)

    assert (result.exit_code, sitebell.run(*words, "--dry-run").exit_code) == (1, 1)
    assert "Nothing was imported" in result.stdout
    assert "1 invalid_keys" in result.stdout
    for count in ("added", "known"):
        assert bring(sitebell, new_home, vendor, HEAD, cells(good), "bad")[count] == 1
    assert bring(sitebell, new_home, vendor, HEAD)["rows"] == 0
