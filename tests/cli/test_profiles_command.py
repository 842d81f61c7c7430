"""`sitebell profiles`: a person exported and erased from the shell."""

import json

from cli.command_line import CommandLine
from sitebell.models import Profile
from sitebell.services.erasure import Erased
from support.installation import Installation


def first_profile(installation: Installation) -> str:
    """Return the id of the profile of a browser."""
    installation.add_devices(1)
    with installation.store.reading() as session:
        return session.query(Profile).one().public_id


def test_an_export_is_printed_or_written_to_a_file(sitebell: CommandLine, installation: Installation) -> None:
    profile_id, file = first_profile(installation), sitebell.data / "person.json"
    printed = json.loads(sitebell.run("profiles", "export", 1, profile_id).stdout)
    assert sitebell.run("profiles", "export", 1, profile_id, file).exit_code == 0
    written = json.loads(file.read_text())

    assert printed["profile"]["id"] == profile_id
    assert len(printed["subscriptions"]) == 1
    assert {**written, "exported_at": None} == {**printed, "exported_at": None}
    assert [row["action"] for row in sitebell.json("audit", "list")] == ["profile.export"] * 2


def test_an_erased_person_is_gone(sitebell: CommandLine, installation: Installation) -> None:
    profile_id = first_profile(installation)
    erased = sitebell.json("profiles", "erase", 1, profile_id, "--yes")

    assert erased == {"status": "erased", **vars(Erased(profiles=1, subscriptions=1))}
    assert "no profile with this id" in sitebell.refused("profiles", "export", 1, profile_id)
    assert [row.status for row in installation.subscriptions()] == ["erased"]
    assert sitebell.json("audit", "list")[0]["action"] == "profile.erase"


def test_nobody_is_erased_without_a_yes(sitebell: CommandLine, installation: Installation) -> None:
    profile_id = first_profile(installation)

    assert "Nothing brings this person back" in sitebell.refused("profiles", "erase", 1, profile_id)
    assert [row.status for row in installation.subscriptions()] == ["subscribed"]


def test_a_person_is_added_with_the_id_that_another_system_used(
    sitebell: CommandLine, installation: Installation
) -> None:
    made = sitebell.json("profiles", "create", 1, "--id", "59db33d269d426509e9c4bf9", "--email", "Ann@example.com")

    assert made == {"id": "59db33d269d426509e9c4bf9", "database_id": 1}
    with installation.store.reading() as session:
        assert [(row.public_id, row.email) for row in session.query(Profile)] == [(made["id"], "ann@example.com")]
    assert sitebell.json("audit", "list")[0]["action"] == "profile.create"
    assert "There is a profile" in sitebell.refused("profiles", "create", 1, "--id", "59db33d269d426509e9c4bf9")


def test_an_adopted_id_of_another_form_is_refused(sitebell: CommandLine, installation: Installation) -> None:
    for text in ("59DB33D269D426509E9C4BF9", "59db33d269d426509e9c4bf", "ann"):
        assert "24 hex digits" in sitebell.refused("profiles", "create", 1, "--id", text)
    with installation.store.reading() as session:
        assert session.query(Profile).count() == 0
