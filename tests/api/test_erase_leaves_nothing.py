"""An erase, an export and every table: what was planted is exported before, and nowhere afterwards (SEC-43)."""

import json

import pytest
from flask import Flask
from sqlalchemy import func, select

from sitebell.config import Config
from sitebell.db import sqlite_file
from sitebell.models import Subscription, SubscriptionTopic
from support.back_end import BackEnd
from support.planting import IDEMPOTENCY_KEY, Planted, columns_with, wordy_columns
from support.visitors import Browser
from support.web_application import parts

# Where a person's words are, all of them planted by `Planted`.
THEIRS = {
    "profile.public_id",
    "profile.external_id",
    "profile.email",
    "profile_phone.phone",
    "profile_tag.tag",
    "field_value.text",
    "subscription.subscriber_hash",
    "subscription.locale",
    "subscription.time_zone",
    "event.action",
    "event.data",
    "delivery.reason",
    "former_name.name_hash",
    "message.audience",
    "message_name.name_hash",
    "message.notification",
    "message.replace_key",
    "webhook_event.body",
    "webhook_call.body",
}
# Credentials of browsers: erased as the rest, and in no export.
SECRET = {"subscription.address", "subscription.address_hash", "subscription.p256dh", "subscription.auth"}
# Of few possible values; an erase takes them out of the subscription's row.
FACTS = {"subscription.browser", "subscription.platform", "subscription.country", "subscription.provider"}
# Words of ours or of the site about itself, which are about nobody.
OURS = {
    "alias": ("dialect", "kind", "foreign_id", "target"),
    "api_key": ("name", "prefix", "key_hash", "scopes"),
    "audit_entry": ("actor", "action", "subject", "address", "previous_hash", "hash"),
    "batch": ("lease_owner",),
    "database": ("name",),
    "delivery": ("state",),
    "enrollment": ("status", "suspended_by", "bound_by"),
    "event": ("type",),
    "erased_name": ("name_mac",),
    "field": ("name", "type"),
    "idempotency_key": ("key", "request_hash"),
    "installation": ("canary", "audit_head"),
    "lane": ("host", "reason"),
    "message": ("public_id", "status", "status_reason", "urgency", "final_counts"),
    "signing_key": ("kid", "algorithm", "key"),
    "site": (
        *("token", "name", "worker_path", "worker_scope", "identity", "receipt_key"),
        *("time_zone", "dialects", "quirks"),
    ),
    "site_origin": ("origin",),
    "subscription": ("channel", "status", "status_reason", "worker"),
    "token_bucket": ("name",),
    "tombstone": ("address_mac",),
    "topic": ("name", "title"),
    "used_token": ("jti_hash",),
    "vapid_key": ("public_key", "private_key"),
    "webhook": ("url", "events", "secret", "previous_secret", "disabled_reason"),
    "webhook_call": ("public_id", "state", "reason", "lease_owner"),
    "worker": ("name",),
}


@pytest.fixture
def planted(app: Flask, office: BackEnd, browser: Browser) -> Planted:
    """A person of whom every table knows something."""
    return Planted(app, office, browser)


def test_sec_43_every_column_that_can_hold_words_is_classified() -> None:
    """A new one fails here until somebody has said whether it can hold something of a person."""
    known = {*THEIRS, *SECRET, *FACTS, *(f"{table}.{name}" for table, names in OURS.items() for name in names)}

    assert {f"{column.table.name}.{column.name}" for column in wordy_columns()} == known


def test_sec_43_what_is_planted_is_in_every_column_of_a_person_and_in_no_other(app: Flask, planted: Planted) -> None:
    """Also: the audit log and the idempotency keys never held anything."""
    words = planted.words | planted.hashes | planted.secrets | planted.bytes_of_secrets
    found = columns_with(app, words | {IDEMPOTENCY_KEY})

    assert set(found) == THEIRS | SECRET
    assert set().union(*found.values()) >= planted.words


def test_sec_43_an_export_holds_all_of_it_but_the_browsers_credentials(office: BackEnd, planted: Planted) -> None:
    answer = office.call("GET", f"{office.profiles}/{planted.profile_id}/export")

    assert answer.status_code == 200
    assert {word for word in planted.words if word not in answer.text} == set()
    assert [word for word in planted.secrets if word in answer.text] == []
    assert json.loads(answer.text)["profile"]["email"] == "zq-address@example.com"


@pytest.mark.parametrize("order", ["person", "browser person"])
def test_sec_43_nothing_planted_survives_an_erase(
    app: Flask, office: BackEnd, planted: Planted, capfd: pytest.CaptureFixture[str], order: str
) -> None:
    if "browser" in order:
        office.ask("POST", f"/v1/subscribers/{planted.subscriber_hash}/erase")
    office.ask("DELETE", f"{office.profiles}/{planted.profile_id}")

    everything = planted.words | planted.hashes | planted.secrets | planted.bytes_of_secrets
    assert columns_with(app, everything) == {}
    written = "".join(capfd.readouterr())
    assert [word for word in everything if word in written] == []


@pytest.mark.databases("sqlite")  # what PostgreSQL keeps until VACUUM is documented
@pytest.mark.parametrize("is_hindered", [False, True])
def test_sec_43_nothing_planted_is_left_in_the_files_of_sqlite(
    app: Flask, office: BackEnd, planted: Planted, config: Config, *, is_hindered: bool
) -> None:
    """Somebody who reads meanwhile makes no erase fail; the next one does what that one could not."""
    file = sqlite_file(config.database_url)
    assert file is not None
    files = [file, file.with_name(f"{file.name}-wal")]
    words = [word.encode() for word in planted.words | planted.secrets]

    def found() -> set[bytes]:
        kept = b"".join(one.read_bytes() for one in files)
        return {word for word in words if word in kept}

    assert len(found()) > len(words) / 2  # JSON escapes some, and splits others
    with parts(app).store.reading() as reader:
        if is_hindered:
            assert reader.scalar(select(func.count()).select_from(Subscription))
        office.erase(planted.profile_id)
    if is_hindered:
        office.erase(office.add_profile())
    assert found() == set()


def test_sec_43_an_erased_browser_is_a_shell_without_facts_choices_or_keys(
    app: Flask, office: BackEnd, planted: Planted
) -> None:
    office.ask("DELETE", f"{office.profiles}/{planted.profile_id}")

    with parts(app).store.reading() as session:
        row = session.scalars(select(Subscription)).one()
        chosen = session.scalar(select(func.count()).select_from(SubscriptionTopic))
    emptied = (row.locale, row.time_zone, row.browser, row.platform, row.country, row.clicked_at)
    assert emptied == (None,) * 6
    assert (row.p256dh, row.auth, row.vapid_key_id, row.address, chosen) == (None, None, None, "", 0)
    assert (row.channel, row.provider, row.status) == ("erased", "erased", "erased")
