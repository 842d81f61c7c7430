"""`sitebell import --keep-ids`: the profile ids of another system go on working, in bulk."""

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Enrollment, Profile
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.matching import Match
from support.installation import Installation
from support.old_vendor import OldVendor, own_row

COLUMNS = ("endpoint", "p256dh", "auth", "pid", "mail")
IDS = [f"59db33d269d426509e9c4bf{digit}" for digit in "9a"]


def rows_of_people(vendor: OldVendor, *people: tuple[str, str]) -> list[dict[str, str]]:
    """Return a row for each pair of profile id and e-mail address."""
    return [
        own_row(device, pid=pid, mail=mail)
        for device, (pid, mail) in zip(vendor.add_subscribers(len(people)), people, strict=True)
    ]


def owners(installation: Installation) -> list[tuple[str, str | None]]:
    """Return whose the subscriptions are, in the order of their making."""
    query = select(Profile.public_id, Profile.email).join(Enrollment, Enrollment.profile_id == Profile.id)
    with installation.store.reading() as session:
        return [(id_, email) for id_, email in session.execute(query.order_by(Enrollment.subscription_id))]


def test_unknown_profiles_are_made_with_the_ids_of_the_file(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Two people of one address stay two, two browsers of one id are one person, and a second run changes nothing."""
    people = [(IDS[0], "fam@example.com"), (IDS[1], "fam@example.com"), (IDS[0], ""), ("", "bob@example.com")]
    file = vendor.csv("own.csv", COLUMNS, rows_of_people(vendor, *people))
    match = ("--match", "profile_id=pid", "--match", "email=mail", "--keep-ids")
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file, *match)

    report = sitebell.json(*words)

    assert (report["added"], report["rejected"]) == (4, 0)
    found = owners(new_home)
    assert found[:3] == [(IDS[0], "fam@example.com"), (IDS[1], "fam@example.com"), (IDS[0], "fam@example.com")]
    assert found[3][1] == "bob@example.com"
    assert sitebell.json(*words)["known"] == 4
    assert owners(new_home) == found


def test_a_browser_that_is_here_already_and_nobodys_gets_the_person_of_the_file(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Its visitor came before the file did."""
    sitebell.json("vapid", "import", new_home.site.token, vendor.key_file, "--current")
    visitors = vendor.add_subscribers(3)
    new_home.subscribe(visitors[:2])
    new_home.subscribe(visitors[2:], Introduction(match=Match(external_id="bob")))
    people = [{"profiles": [{"id": id_, "external_id": f"of {id_}"}]} for id_ in (*IDS, "c" * 24)]
    lines = [device.subscription() | person for device, person in zip(visitors, people, strict=True)]
    (new,) = vendor.add_subscribers(1)

    file = vendor.ndjson("p", [*lines, new.subscription() | people[0]])
    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], report["known"], report["named"]) == (1, 3, 3)
    query = select(Profile.external_id).join(Enrollment, Enrollment.profile_id == Profile.id)
    with new_home.store.reading() as session:
        present = query.where(Enrollment.left_at.is_(None)).order_by(Enrollment.subscription_id)
        found = list(session.scalars(present))
    assert found == [f"of {IDS[0]}", f"of {IDS[1]}", "bob", f"of {IDS[0]}"]


def test_a_browser_that_is_here_already_gets_its_person_in_the_database_that_the_file_names(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    sitebell.json("vapid", "import", new_home.site.token, vendor.key_file, "--current")
    second = sitebell.json("databases", "create", "Second")
    sitebell.json("databases", "link", str(second["id"]), "--site", new_home.site.token)
    visitors = vendor.add_subscribers(2)
    new_home.subscribe(visitors)
    who = [{"database_id": id_, "external_id": "ann"} for id_ in (new_home.database_id, 999)]
    lines = [device.subscription() | {"profiles": [one]} for device, one in zip(visitors, who, strict=True)]

    report = sitebell.json("import", new_home.site.token, vendor.ndjson("p", lines), "--vapid", vendor.key_file)

    assert (report["known"], report["named"], report["rejected"]) == (2, 1, 1)
    with new_home.store.reading() as session:
        anns = session.scalars(select(Profile.database_id).where(Profile.external_id == "ann")).all()
    assert anns == [new_home.database_id]


@pytest.mark.databases("sqlite")
def test_an_id_of_another_form_is_rejected(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    file = vendor.csv("own.csv", COLUMNS, rows_of_people(vendor, ("4711", ""), (IDS[0].upper(), "")))
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)

    report = sitebell.json(*words, "--match", "profile_id=pid", "--keep-ids", code=1)

    assert report["reasons"] == {"invalid_row": 2}


@pytest.mark.databases("sqlite")
def test_ids_are_kept_from_a_column_that_is_named(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.csv("own.csv", COLUMNS, rows_of_people(vendor, (IDS[0], "")))
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file, "--keep-ids")

    assert "profile_id=COLUMN" in sitebell.refused(*words, "--match", "email=mail")
