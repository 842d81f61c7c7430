"""`sitebell export` writes no line that `sitebell import` refuses, however much is known about somebody."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from cli.command_line import command_of
from cli.moving import exported, moved
from sitebell.models import BoundBy, Enrollment, FieldType, Profile
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.exporting.lines import write_line
from sitebell.services.exporting.subscriptions import hand_over
from sitebell.services.importing.own_format import LONGEST_JSON
from sitebell.services.matching import Match
from support.installation import Installation
from support.people import add_fields
from support.query_plans import watched


def add_lists(count: int, text: str, *installations: Installation) -> None:
    """Define lists everywhere, and give somebody with a browser of the first installation that many full ones."""
    names = [f"list{place}" for place in range(count)]
    for installation in installations:
        add_fields(installation, **dict.fromkeys(names, FieldType.LIST))
    devices = installations[0].push.add_subscribers(1, installations[0].vapid_public_key)
    about = dict.fromkeys(names, [text] * 100) | {"_fname": "Ann"}
    who = Introduction(match=Match(external_id="ann"), fields=about, bound_by=BoundBy.IMPORT)
    installations[0].subscribe(devices, who)


def test_a_line_comes_back_however_long_it_is(new_home: Installation, other: Installation, tmp_path: Path) -> None:
    add_lists(6, "x" * 500, new_home, other)

    there, back = moved(new_home, other, tmp_path)

    assert len(json.dumps(there[0])) > 300_000
    assert [line["profiles"] for line in back] == [line["profiles"] for line in there]


@pytest.mark.databases("sqlite")
def test_what_fits_into_no_line_is_left_out_and_said(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    """Texts of control characters, each of which JSON writes as six: more than sixteen million for one person."""
    add_lists(60, "\x01" * 500, new_home, other)
    file = tmp_path / "there.ndjson"

    said = command_of(new_home).run("export", new_home.site.token, file, "--with-vapid").stderr
    report = command_of(other).json("import", other.site.token, file)

    line = file.read_text().splitlines()[1]
    fields = json.loads(line)["profiles"][0]["fields"]
    hash_, left = json.loads(line)["subscriber_hash"], [name for name in fields if name.startswith("list")]
    assert LONGEST_JSON - 400_000 < len(line) < LONGEST_JSON
    assert f"{hash_}: {60 - len(left)} values of fields and 0 profiles are left out" in said
    assert (report["added"], report["rejected"], report["lost_fields"]) == (1, 0, 0)
    assert exported(other, tmp_path / "back.ndjson")[0]["profiles"][0]["fields"] == fields
    assert fields["_fname"] == "Ann"


@pytest.mark.databases("sqlite")
def test_of_a_browser_with_more_profiles_than_a_line_takes_the_newest_are_written(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    new_home.add_devices(1)
    with new_home.store.writing() as session:
        first, now = session.scalars(select(Enrollment)).one(), new_home.clock()
        own = {"database_id": first.database_id, "created_at": now, "updated_at": now}
        session.execute(insert(Profile), [own | {"public_id": f"{place:024x}"} for place in range(101)])
        made = session.scalars(select(Profile.id).order_by(Profile.id)).all()[1:]
        told = own | {"subscription_id": first.subscription_id, "bound_by": "import", "bound_at": now}
        session.execute(insert(Enrollment), [told | {"profile_id": id_, "status": "subscribed"} for id_ in made])
    file = tmp_path / "there.ndjson"

    said = command_of(new_home).run("export", new_home.site.token, file, "--with-vapid").stderr
    report = command_of(other).json("import", other.site.token, file)

    [line] = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    assert [person["id"] for person in line["profiles"]] == [f"{place:024x}" for place in range(1, 101)]
    assert "0 values of fields and 2 profiles are left out" in said
    assert (report["added"], report["rejected"]) == (1, 0)


@pytest.mark.databases("sqlite")
def test_an_export_holds_few_values_at_once_however_much_is_known_about_people(new_home: Installation) -> None:
    """Three browsers with nearly ten thousand values each."""
    add_lists(99, "x", new_home)
    who = Introduction(match=Match(external_id="ann"))
    new_home.subscribe(new_home.push.add_subscribers(2, new_home.vapid_public_key), who)

    with new_home.store.reading() as session, watched(new_home.store.engine) as statements:
        lines = [
            len(write_line(line).text) for line in hand_over(session, session.merge(new_home.site), new_home.clock())
        ]

    assert min(lines) > 9900 * len('"x"')
    assert len(lines) == 3
    assert len([sql for sql, _ in statements if "field_value.text" in sql]) == 2
