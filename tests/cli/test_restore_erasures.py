"""Who was erased stays erased when an older backup is restored (SEC-43)."""

import stat
from pathlib import Path

from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Profile, Subscription
from sitebell.services.erasure import Ledger
from sitebell.services.matching import make_profile
from sitebell.services.profiles import merge_profiles
from support.installation import Installation


def profiles(installation: Installation) -> dict[int, str]:
    """Return the profiles by their numbers, each with its id."""
    with installation.store.reading() as session:
        return {row.id: row.public_id for row in session.scalars(select(Profile).order_by(Profile.id))}


def restore(sitebell: CommandLine, installation: Installation, file: Path) -> dict[str, int]:
    """Stop using the installation, restore, and return how many were erased again."""
    installation.store.close()
    erased: dict[str, int] = sitebell.json("restore", file, "--force")["erased_again"]
    return erased


def test_sec_43_a_person_erased_after_the_backup_is_erased_again(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    installation.add_devices(2)
    first, second = profiles(installation).values()
    sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.json("profiles", "erase", 1, first, "--yes")

    assert restore(sitebell, installation, tmp_path / "bell.backup") == {"profiles": 1, "subscriptions": 1}
    assert list(profiles(installation).values()) == [second]
    assert [row.status for row in installation.subscriptions()] == ["erased", "subscribed"]


def test_sec_43_a_person_merged_and_erased_after_the_backup_is_erased_again_as_both(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    installation.add_devices(1)
    with installation.store.writing() as session:
        make_profile(session, 1, installation.clock(), external_id="other")
    (target, target_id), (source, _) = profiles(installation).items()
    sitebell.json("backup", tmp_path / "bell.backup")
    with installation.store.writing() as session:
        merge_profiles(
            session, session.get_one(Profile, target), session.get_one(Profile, source), installation.clock()
        )
    sitebell.json("profiles", "erase", 1, target_id, "--yes")

    assert restore(sitebell, installation, tmp_path / "bell.backup") == {"profiles": 2, "subscriptions": 1}
    assert profiles(installation) == {}


def test_sec_43_a_browser_erased_after_the_backup_is_erased_again(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    installation.add_devices(1)
    sitebell.json("backup", tmp_path / "bell.backup")
    with installation.store.writing() as session:
        row = session.scalars(select(Subscription)).one()
        Ledger(sitebell.data).erase_subscriber(session, installation.vault, row, installation.clock())

    assert restore(sitebell, installation, tmp_path / "bell.backup")["subscriptions"] == 1
    assert [row.status for row in installation.subscriptions()] == ["erased"]


def test_sec_43_the_ledger_says_nothing_but_when_somebody_was_erased(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    """It is its owner's, survives the restore, and a line that was cut off costs no other."""
    installation.add_devices(1)
    (public_id,), (row,) = profiles(installation).values(), installation.subscriptions()
    sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.json("profiles", "erase", 1, public_id, "--yes")
    file = sitebell.data / "erasures.log"
    written = file.read_text()
    file.write_text(f"{written}2026-11-22T08:00:00+00:00 0123")

    assert restore(sitebell, installation, tmp_path / "bell.backup") == {"profiles": 1, "subscriptions": 1}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [len(line.split()) for line in written.splitlines()] == [2, 2]
    assert public_id not in written
    assert row.subscriber_hash not in written


def test_a_restore_without_a_ledger_erases_nobody(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    installation.add_devices(1)
    sitebell.json("backup", tmp_path / "bell.backup")

    assert restore(sitebell, installation, tmp_path / "bell.backup") == {"profiles": 0, "subscriptions": 0}
