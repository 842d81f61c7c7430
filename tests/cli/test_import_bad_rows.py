"""A row that cannot be stored is rejected with its line, and the rows around it are imported."""

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, own_row, player


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"topics": ["news\0"]}, "unreadable_row"),
        ({"topics": ["half \ud800"]}, "unreadable_row"),
        ({"profiles": [{"external_id": "ann", "tags": ["a\0"]}]}, "unreadable_row"),
        ({"anything\0": 1}, "unreadable_row"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "invalid_row"),
        ({"seen_at": "9999-12-31T23:59:59-14:00"}, "invalid_row"),
        ({"profiles": [{"suspended_until": "9999-12-31T23:59:59-14:00"}]}, "invalid_row"),
    ],
)
def test_a_line_that_no_database_takes_is_rejected_alone(
    values: dict[str, object], code: str, sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    first, bad, last = vendor.add_subscribers(3)
    file = vendor.ndjson("lines", [own_row(first), own_row(bad, **values), own_row(last)])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert report["added"] == len(new_home.subscriptions()) == 2
    assert [example[:2] for example in report["examples"]] == [[2, code]]


def test_a_cell_with_nul_rejects_its_row_alone(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    bad, good = vendor.add_subscribers(2)
    rows = [player(bad, external_user_id="a\0b"), player(good, external_user_id="ann")]

    file = vendor.csv("p.csv", ONESIGNAL, rows)
    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], report["named"]) == (1, 1)
    assert [example[:2] for example in report["examples"]] == [[2, "unreadable_row"]]


@pytest.mark.parametrize(
    "values",
    [
        {"country": "ßß"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"last_active": "9999-12-31T23:59:59-14:00"},
        {"tags": "[" * 100_000},
    ],
)
def test_a_fact_of_another_system_that_means_nothing_is_left_out(
    values: dict[str, str], sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """As every fact of theirs that is none: the subscription is worth more than its country."""
    (device,) = vendor.add_subscribers(1)
    file = vendor.csv("p.csv", (*ONESIGNAL, "country"), [player(device, **values)])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    (row,) = new_home.subscriptions()
    assert (report["added"], report["rejected"], row.country) == (1, 0, None)
    assert row.created_at.year > 2000


@pytest.mark.databases("sqlite")
def test_a_subscription_that_is_nested_without_end_is_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.csv("own.csv", ("subscription", "locale"), [{"subscription": "[" * 100_000}])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file, code=1)

    assert report["reasons"] == {"invalid_endpoint": 1}
