"""`sitebell export` and back: nobody becomes somebody else, no claim becomes a proof, and what is known comes along."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine, command_of
from cli.moving import exported, moved
from sitebell.models import BoundBy, Enrollment, FieldType, Profile
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.databases import get_database
from sitebell.services.matching import Match
from sitebell.services.profiles import ProfileChanges, create_profile
from sitebell.services.tags import TagChange
from support.installation import Installation
from support.old_vendor import OldVendor
from support.people import add_fields

SHARED = {"email": "fam@example.com", "phones": ["+4930901820"]}


def make_people(installation: Installation, *external_ids: str | None, **fields: Any) -> list[str]:
    """Make profiles with the same fields and a browser for each; return the profiles' ids."""
    ids = []
    with installation.store.writing() as session:
        database = get_database(session, installation.database_id)
        for external_id in external_ids:
            named = external_id is not None
            changes = ProfileChanges(fields=fields, external_id=external_id, has_external_id=named)
            ids.append(create_profile(session, database, changes, installation.clock()).public_id)
    for id_ in ids:
        devices = installation.push.add_subscribers(1, installation.vapid_public_key)
        installation.subscribe(devices, Introduction(match=Match(profile_id=id_), bound_by=BoundBy.BACKEND))
    return ids


def people_of(lines: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return whom the lines of an export name: ids of profiles and of the site."""
    return [(person["id"], person.get("external_id")) for line in lines for person in line["profiles"]]


def words(installation: Installation) -> list[str]:
    """Return by whose words the browsers are bound, in the order of their making."""
    with installation.store.reading() as session:
        return list(session.scalars(select(Enrollment.bound_by).order_by(Enrollment.subscription_id)))


@pytest.mark.parametrize("external_ids", [(None, "bob"), ("bob", None), (None, None), ("ann", "b\no\u200db")])
def test_people_who_share_an_address_and_a_number_stay_themselves(
    new_home: Installation, other: Installation, tmp_path: Path, external_ids: tuple[str | None, str | None]
) -> None:
    ids = make_people(new_home, *external_ids, **SHARED)

    there, back = moved(new_home, other, tmp_path)

    assert people_of(back) == people_of(there) == list(zip(ids, external_ids, strict=True))


@pytest.mark.databases("sqlite")
def test_an_id_of_its_own_is_not_replaced_by_who_is_here_with_the_same_address(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    """But an external id has one owner in a database, who is it also under another profile id."""
    ids = make_people(new_home, None, "bob", **SHARED)
    local = make_people(other, None, "bob", **SHARED)

    _, back = moved(new_home, other, tmp_path)

    assert people_of(back)[2:] == [(ids[0], None), (local[1], "bob")]


@pytest.mark.databases("sqlite")
def test_an_id_that_another_database_has_is_replaced_by_one_and_the_same_for_all_rows(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Six hundred browsers of two people, in more than one chunk, at another site of the same installation."""
    people = [{"id": "a" * 24, **SHARED}, {"id": "b" * 24, **SHARED}]
    devices = enumerate(vendor.add_subscribers(600))
    file = vendor.ndjson("p", [device.subscription() | {"profiles": [people[at % 2]]} for at, device in devices])
    database = sitebell.json("databases", "create", "Second")["id"]
    site = sitebell.json(
        "sites", "create", "Second", "--origin", "https://second.example.com", "--database", str(database)
    )
    for token in (new_home.site.token, site["token"]):
        sitebell.json("import", token, file, "--vapid", vendor.key_file)

    with new_home.store.reading() as session:
        found = session.execute(select(Profile.database_id, Profile.public_id)).all()
    assert [id_ for where, id_ in found if where == new_home.database_id] == ["a" * 24, "b" * 24]
    assert len([id_ for where, id_ in found if where == database]) == 2


def test_sec_23_a_claim_of_an_open_site_is_no_proof_after_a_move(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    claimed, told = new_home.push.add_subscribers(2, new_home.vapid_public_key)
    ann = Match(external_id="ann")
    new_home.subscribe([claimed], Introduction(match=ann))
    new_home.subscribe([told], Introduction(match=ann, bound_by=BoundBy.BACKEND))

    moved(new_home, other, tmp_path)
    command_of(other).json("sites", "set", other.site.token, "--identity", "signed")
    message = other.send(audience={"external_ids": ["ann"]})
    other.drain()

    assert words(other) == ["open", "import"]
    assert other.counts(message) == {"recipients": 1, "accepted": 1}
    assert (len(claimed.messages), len(told.messages)) == (0, 1)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, "import"),
        *((word, word) for word in ("open", "link", "import")),
        ("signed", "import"),
        ("backend", "import"),
    ],
)
def test_sec_23_a_file_proves_no_more_than_its_operators_word(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, said: str | None, kept: str
) -> None:
    """Another system says nothing of proof: then the file itself is the operator's word."""
    (device,) = vendor.add_subscribers(1)
    person = {"external_id": "ann"} | ({} if said is None else {"bound_by": said})
    file = vendor.ndjson("p", [device.subscription() | {"profiles": [person]}])

    sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert words(new_home) == [kept]


@pytest.mark.databases("sqlite")
def test_sec_23_a_known_browser_gets_its_name_by_the_word_of_the_file(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)
    key = ("--vapid", vendor.key_file)
    sitebell.json("import", new_home.site.token, vendor.ndjson("p", [device.subscription()]), *key)
    person = {"external_id": "ann", "bound_by": "open"}
    file = vendor.ndjson("q", [device.subscription() | {"profiles": [person]}])

    assert sitebell.json("import", new_home.site.token, file, *key)["named"] == 1

    assert words(new_home)[-1] == "open"


@pytest.mark.databases("sqlite")
def test_a_word_that_is_none_is_rejected(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    (device,) = vendor.add_subscribers(1)
    file = vendor.ndjson("p", [device.subscription() | {"profiles": [{"external_id": "ann", "bound_by": "god"}]}])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file, code=1)

    assert report["reasons"] == {"invalid_row": 1}


FIELDS = {
    "plan": (FieldType.TEXT, "gold"),
    "age": (FieldType.INTEGER, 33),
    "score": (FieldType.DECIMAL, 1.5),
    "vip": (FieldType.BOOLEAN, False),
    "born": (FieldType.DATE, "1990-05-31"),
    "seen": (FieldType.DATETIME, "2026-12-24T18:00:00Z"),
    "likes": (FieldType.LIST, ["b", "a", "b"]),
}


def test_what_is_known_about_people_comes_along(new_home: Installation, other: Installation, tmp_path: Path) -> None:
    """Fields of every type, and tags with their ends."""
    for installation in (new_home, other):
        add_fields(installation, **{name: kind for name, (kind, _) in FIELDS.items()})
    values = {name: value for name, (_, value) in FIELDS.items()} | {"_fname": "Ann"}
    devices = new_home.push.add_subscribers(1, new_home.vapid_public_key)
    tags = TagChange(add=["lasting", "sale"], days={"sale": 3})
    who = Introduction(match=Match(external_id="ann"), fields=values, tags=tags, bound_by=BoundBy.IMPORT)
    new_home.subscribe(devices, who)

    there, back = moved(new_home, other, tmp_path)

    assert [line["profiles"] for line in back] == [line["profiles"] for line in there]
    [person] = back[0]["profiles"]
    assert {name: person["fields"][name] for name in values} == values
    assert person["tags"] == ["lasting"]
    assert person["tags_until"] == {"sale": (new_home.clock() + timedelta(days=3)).isoformat()}


def test_values_that_no_field_takes_are_left_out_and_counted(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    """And what is known of somebody who is here stays as it is."""
    add_fields(new_home, plan=FieldType.TEXT, size=FieldType.TEXT)
    add_fields(other, size=FieldType.INTEGER)
    make_people(new_home, "ann", "bob", plan="gold", size="XL", _fname="There")
    make_people(other, "bob", _fname="Here")
    file = tmp_path / "there.ndjson"
    exported(new_home, file, "--with-vapid")
    command = command_of(other)

    dry = command.json("import", other.site.token, file, "--dry-run")
    report = command.json("import", other.site.token, file)

    assert (report["added"], report["lost_fields"], dry["lost_fields"]) == (2, 2, 2)
    [bob, ann, *_] = [line["profiles"][0]["fields"] for line in exported(other, tmp_path / "back.ndjson")]
    assert (ann["_fname"], bob["_fname"]) == ("There", "Here")
    assert not {"plan", "size"}.intersection(ann)


@pytest.mark.databases("sqlite")
def test_addresses_come_along_only_to_a_site_that_stores_them(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    make_people(new_home, "ann", _ip="192.0.2.1")

    _, back = moved(new_home, other, tmp_path)

    assert "_ip" not in back[0]["profiles"][0]["fields"]
