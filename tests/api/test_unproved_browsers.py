"""What browsers may do on a signed site whose visitor nobody has proved: claimed before, or by a forwarded link."""

from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.signer import Signer
from support.web_application import Json, new_subscription

pytestmark = pytest.mark.shared_app


@pytest.mark.parametrize("word", ["claim", "link"])
def test_sec_22_what_an_unproved_browser_tells_is_written_to_nobody_known(app: Flask, site: NewSite, word: str) -> None:
    """It claimed the customer while the site was open, or follows a newsletter that was forwarded to it."""
    opened, stranger = SignedSite(app, site), new_subscription()
    signer = opened.add_key(Signer())
    claim: Json = {"match": {"external_id": "customer-42"}}
    made: Any = opened.client.post("/v1/links", json=claim, headers=opened.back_end)
    opened.put(stranger, **(claim if word == "claim" else {"link": made.json["token"]}))
    opened.set_identity("signed")
    told: Json = {"time_zone": "Europe/Berlin", "locale": "de"}
    opened.put(identity=signer.sign(opened.token, opened.clock()), **told)

    opened.put(stranger, intent="refresh", time_zone="Asia/Tokyo", locale="ja")

    assert opened.fields_of("customer-42", ["_tz", "_language"]) == {"_tz": "Europe/Berlin", "_language": "de"}
    opened.put(stranger, intent="refresh", identity=signer.sign(opened.token, opened.clock()), time_zone="Asia/Tokyo")
    assert opened.fields_of("customer-42", ["_tz"]) == {"_tz": "Asia/Tokyo"}


def test_an_anonymous_profile_of_a_signed_site_keeps_what_its_browser_tells(signed: SignedSite) -> None:
    answer = signed.put(time_zone="Europe/Berlin")

    [row] = answer["enrollments"]
    path = f"/v1/databases/{signed.database_id}/profiles/{row['profile_id']}"
    found: Any = signed.client.get(path, headers=signed.back_end)
    assert found.json["fields"]["_tz"] == "Europe/Berlin"


@pytest.mark.parametrize("word", ["claim", "link"])
def test_sec_22_an_unproved_browser_writes_no_open_field_of_somebody_known(
    app: Flask, site: NewSite, word: str
) -> None:
    opened = SignedSite(app, site)
    opened.add_field("nick", is_open=True)
    signer = opened.add_key(Signer())
    claim: Json = {"match": {"external_id": "customer-42"}}
    made: Any = opened.client.post("/v1/links", json=claim, headers=opened.back_end)
    opened.put(**(claim if word == "claim" else {"link": made.json["token"]}))
    opened.set_identity("signed")

    [row] = opened.put(intent="refresh", fields={"nick": "a stranger wrote"})["enrollments"]

    assert (row["status"], row["error"]) == ("error", "identity_required")
    assert opened.fields_of("customer-42", ["nick"]) == {"nick": None}
    opened.put(intent="refresh", fields={"nick": "ann"}, identity=signer.sign(opened.token, opened.clock()))
    assert opened.fields_of("customer-42", ["nick"]) == {"nick": "ann"}
    opened.put(intent="refresh", fields={"nick": "Ann"})
    assert opened.fields_of("customer-42", ["nick"]) == {"nick": "Ann"}


def test_an_anonymous_browser_of_a_signed_site_writes_open_fields(signed: SignedSite, office: BackEnd) -> None:
    signed.add_field("nick", is_open=True)

    [row] = signed.put(fields={"nick": "nobody"})["enrollments"]

    assert office.read_profile(row["profile_id"])["fields"]["nick"] == "nobody"
