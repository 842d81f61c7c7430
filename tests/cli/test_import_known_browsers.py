"""What a file says about a browser that is here already and nobody's so far: all of it counts, or is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.command_line import CommandLine
from cli.moving import exported
from sitebell.models import FieldType
from support.installation import Installation
from support.old_vendor import OldVendor
from support.people import add_fields
from support.push_service.subscriber import Subscriber

UNTIL = "2099-01-01T00:00:00+00:00"
ABOUT: dict[str, Any] = {
    "phones": ["+4930901820", "+4930901821"],
    "tags": ["vip"],
    "tags_until": {"sale": UNTIL},
    "fields": {"plan": "gold"},
}


def visitors(sitebell: CommandLine, installation: Installation, vendor: OldVendor, count: int) -> list[Subscriber]:
    """Return browsers that came before the file did, and have told nobody's name."""
    add_fields(installation, plan=FieldType.TEXT)
    sitebell.json("vapid", "import", installation.site.token, vendor.key_file, "--current")
    devices = vendor.add_subscribers(count)
    installation.subscribe(devices)
    return devices


def write(vendor: OldVendor, devices: list[Subscriber], *people: list[dict[str, Any]]) -> Path:
    """Write a line for each browser, with the profiles that it stands at."""
    lines = zip(devices, people, strict=True)
    return vendor.ndjson("people", [device.subscription() | {"profiles": some} for device, some in lines])


def people_of(installation: Installation, folder: Path) -> list[list[dict[str, Any]]]:
    """Return whose the browsers are and what is known about those, as an export shows it."""
    return [line["profiles"] for line in exported(installation, folder / "after.ndjson")]


def test_all_that_a_line_says_about_somebody_comes_along(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, tmp_path: Path
) -> None:
    """With an id of the profile or without one; what is no tag, or one too many, and what no field takes is counted."""
    devices = visitors(sitebell, new_home, vendor, 3)
    odd = {"tags": [" none "], "tags_until": {f"t{at}": UNTIL for at in range(100)}, "fields": {"plan": 7}}
    people = [
        {"external_id": "ann", **ABOUT},
        {"id": "b" * 24, **ABOUT},
        {"external_id": "cy", **odd, "tags": ["", "x"]},
    ]
    file = write(vendor, devices, *([one] for one in people))

    dry = sitebell.json("import", new_home.site.token, file, "--dry-run")
    report = sitebell.json("import", new_home.site.token, file)

    counts = ("known", "named", "rejected", "lost_fields", "lost_tags")
    assert [dry[name] for name in counts] == [report[name] for name in counts] == [3, 3, 0, 1, 2]
    found = [some[0] for some in people_of(new_home, tmp_path)]
    assert [{name: one[name] for name in ABOUT} for one in found[:2]] == [ABOUT, ABOUT]
    assert found[0]["external_id"] == "ann"
    assert found[1]["id"] == "b" * 24


def test_every_person_of_a_line_is_read(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, tmp_path: Path
) -> None:
    """One who is anonymous in one database may be named in another; who is paused there is not bound, but counted."""
    second = sitebell.json("databases", "create", "Second")["id"]
    sitebell.json("databases", "link", str(second), "--site", new_home.site.token)
    devices = visitors(sitebell, new_home, vendor, 2)
    nobody = {"database_id": new_home.database_id, "is_anonymous": True}
    both = [{"database_id": id_, "external_id": "bob"} for id_ in (new_home.database_id, second)]
    ann = {"database_id": second, "external_id": "ann", "tags": ["vip"]}
    file = write(vendor, devices, [nobody, ann], [both[0] | {"status": "suspended"}, both[1]])

    report = sitebell.json("import", new_home.site.token, file)

    assert (report["known"], report["named"], report["lost_people"], report["rejected"]) == (2, 2, 1, 0)
    for profiles, name in zip(people_of(new_home, tmp_path), ("ann", "bob"), strict=True):
        assert {one["database_id"]: one.get("external_id") for one in profiles} == {
            new_home.database_id: None,
            second: name,
        }


@pytest.mark.databases("sqlite")
def test_people_read_what_of_a_file_was_not_taken(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    devices = visitors(sitebell, new_home, vendor, 1)
    ann = {"external_id": "ann", "tags": [""], "fields": {"none": 1}}
    paused = {"external_id": "bob", "status": "suspended"}

    said = sitebell.run("import", new_home.site.token, write(vendor, devices, [ann, paused])).stdout

    for part in ("tags not taken", "values of fields not taken", "profiles not taken"):
        assert f"{part}" in said, json.dumps(said)
