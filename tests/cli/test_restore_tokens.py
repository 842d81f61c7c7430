"""Tokens from before an erase count no more when an older backup is restored (SEC-43)."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.clock import utcnow
from sitebell.errors import Invalid
from sitebell.models import Profile
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.registering import register
from sitebell.services.erasure import Ledger
from sitebell.services.identity.signing_keys import add_signing_key
from sitebell.services.subscriptions.lifecycle import Registration, parse_address
from support.installation import RULES, Installation
from support.signer import Signer
from support.web_application import new_subscription

LONG = timedelta(hours=20)


@pytest.fixture
def signer(installation: Installation) -> Signer:
    """The site's back end."""
    signer = Signer()
    with installation.store.writing() as session:
        add_signing_key(
            session,
            installation.vault,
            installation.site,
            algorithm=signer.algorithm,
            kid=signer.kid,
            public_key=signer.public_key,
            now=utcnow(),
        )
    return signer


def show(installation: Installation, token: str) -> Invalid | None:
    """Show a token in a new browser, and return why it does not count."""
    browser = new_subscription()
    address = parse_address(RULES, browser["endpoint"], **browser["keys"])
    with installation.store.writing() as session:
        done = register(
            session,
            installation.vault,
            installation.site,
            Registration(address=address),
            Introduction(),
            token,
            utcnow(),
        )
        return done.admission.refusal


@pytest.mark.parametrize("who", ["known to the backup", "newer than the backup", "erased by an older version"])
def test_sec_43_a_token_from_before_an_erase_stays_refused_after_a_restore(
    sitebell: CommandLine, installation: Installation, tmp_path: Path, signer: Signer, who: str
) -> None:
    older = signer.sign(installation.site.token, utcnow() - timedelta(minutes=1), sub="ann", lifetime=LONG)
    if who == "newer than the backup":
        sitebell.json("backup", tmp_path / "bell.backup")
    ann = sitebell.json("profiles", "create", 1, "--external-id", "ann")["id"]
    if who != "newer than the backup":
        sitebell.json("backup", tmp_path / "bell.backup")
    sitebell.json("profiles", "erase", 1, ann, "--yes")
    if who == "erased by an older version":  # which noted ids alone
        ledger = Ledger(installation.folder).file
        ledger.write_text(
            "".join(line for line in ledger.read_text().splitlines(keepends=True) if len(line.split()[1]) == 32)
        )
    newer = signer.sign(installation.site.token, utcnow() + timedelta(seconds=5), sub="ann", lifetime=LONG)
    installation.store.close()

    sitebell.json("restore", tmp_path / "bell.backup", "--force")

    refusal = show(installation, older)
    assert refusal is not None
    assert refusal.code == "invalid_identity"
    assert show(installation, newer) is None
    with installation.store.reading() as session:
        assert session.scalars(select(Profile.external_id).where(Profile.external_id.is_not(None))).all() == ["ann"]


def test_sec_43_the_ledger_keeps_names_as_long_as_a_token_may_live_and_ids_for_good(
    sitebell: CommandLine, installation: Installation
) -> None:
    ledger = Ledger(installation.folder)
    ann = sitebell.json("profiles", "create", 1, "--external-id", "ann", "--email", "ann@example.com")["id"]
    sitebell.json("profiles", "erase", 1, ann, "--yes")
    written = ledger.file.read_text()

    ledger.forget_names(utcnow() + timedelta(days=30))
    assert ledger.file.read_text() == written
    ledger.forget_names(utcnow() + timedelta(days=31))

    assert "ann" not in written
    assert sorted(len(line.split()[1]) for line in written.splitlines()) == [32, 64, 64]
    assert [len(line.split()[1]) for line in ledger.file.read_text().splitlines()] == [32]
    assert stat.S_IMODE(ledger.file.stat().st_mode) == 0o600
