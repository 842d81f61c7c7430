"""When identity tokens count: within their times, and those with a jti once."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite, refused
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.signer import Signer
from support.visitors import add_database
from support.web_application import stored_rows

pytestmark = pytest.mark.shared_app


@pytest.mark.parametrize(("seconds", "status"), [(3659, "verified"), (3660, "refused"), (7200, "refused")])
def test_sec_20_a_token_ends_a_minute_after_its_exp(
    signed: SignedSite, signer: Signer, seconds: int, status: str
) -> None:
    token = signer.sign(signed.token, signed.clock())

    signed.clock.advance(seconds=seconds)

    assert signed.put(identity=token)["identity"]["status"] == status


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(60, "verified"), (61, "refused")])
def test_sec_20_a_token_from_the_future_is_refused(
    signed: SignedSite, signer: Signer, claim: str, seconds: int, status: str
) -> None:
    later = int(signed.clock().timestamp()) + seconds
    claims: Any = {claim: later}
    token = signer.sign(signed.token, signed.clock(), **claims)

    assert signed.put(identity=token)["identity"]["status"] == status


def test_sec_21_a_token_with_a_jti_counts_once(app: Flask, signed: SignedSite, signer: Signer) -> None:
    token = signer.sign(signed.token, signed.clock(), jti="login-1")
    first = signed.put(identity=token)
    signed.log_out()
    signed.put(intent="refresh")
    before = stored_rows(app)

    assert first["identity"] == {"status": "verified"}
    assert refused(signed.put(intent="refresh", identity=token)) == "invalid_identity"
    assert stored_rows(app) == before
    assert signed.known() == [None]


@pytest.mark.parametrize(("age", "status"), [(0.999, "verified"), (1, "refused"), (59, "refused")])
@pytest.mark.parametrize("how", ["logout", "another person"])
def test_sec_21_a_token_from_before_a_browser_left_its_person_is_refused(
    signed: SignedSite, signer: Signer, how: str, age: float, status: str
) -> None:
    """Times in tokens are whole seconds; no leeway, or whoever keeps a token would undo a logout for a minute."""
    signed.put(identity=signer.sign(signed.token, signed.clock()))
    signed.clock.moment = (signed.clock() + timedelta(minutes=5)).replace(microsecond=0)  # others share it
    kept = signer.sign(signed.token, signed.clock(), fields={"_fname": "Ann"})
    signed.clock.advance(seconds=age)
    if how == "logout":
        signed.log_out()
    else:
        signed.put(intent="refresh", identity=signer.sign(signed.token, signed.clock(), sub="b"))
    before = signed.known()
    signed.clock.advance(minutes=1)

    answer = signed.put(intent="refresh", identity=kept)

    assert answer["identity"]["status"] == status
    assert signed.known() == (["customer-42"] if status == "verified" else before)
    if status == "refused":
        assert (answer["status"], refused(answer)) == ("subscribed", "invalid_identity")
        assert "new one" in answer["identity"]["message"]
        assert signed.fields_of("customer-42", ["_fname"]) == {"_fname": None}
    assert signed.put(identity=signer.sign(signed.token, signed.clock()))["identity"] == {"status": "verified"}


def test_sec_21_no_token_undoes_a_logout_because_its_clock_is_ahead(signed: SignedSite, signer: Signer) -> None:
    moment, lifetime = signed.clock(), timedelta(hours=20)
    older, shown, newer = (
        signer.sign(signed.token, moment + timedelta(seconds=ahead), lifetime=lifetime) for ahead in (40, 50, 55)
    )
    signed.put(identity=shown)
    signed.put(intent="refresh", identity=older)
    signed.clock.advance(seconds=10)
    signed.log_out()
    signed.clock.advance(hours=5)

    assert refused(signed.put(intent="refresh", identity=shown)) == "invalid_identity"
    assert refused(signed.put(intent="refresh", identity=older)) == "invalid_identity"
    assert signed.known() == [None]
    assert signed.put(intent="refresh", identity=newer)["identity"] == {"status": "verified"}


def test_sec_21_a_merge_keeps_the_newest_token_that_was_shown(
    signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    ahead = {"ann": timedelta(seconds=40), "ann-2": timedelta(seconds=50)}
    tokens = [signer.sign(signed.token, signed.clock() + by, sub=name) for name, by in ahead.items()]
    target, source = (signed.put(identity=token)["enrollments"][0]["profile_id"] for token in tokens)
    signed.clock.advance(seconds=1)
    signed.log_out()
    office.ask("POST", f"{office.profiles}/{target}/merge", {"from": source})
    signed.clock.advance(minutes=5)

    assert [refused(signed.put(identity=token)) for token in tokens] == ["invalid_identity"] * 2


def test_a_token_from_before_the_anonymous_subscription_counts(signed: SignedSite, signer: Signer) -> None:
    """The page is loaded with it, its visitor subscribes, and logs in for the first time at this browser."""
    token = signer.sign(signed.token, signed.clock())
    signed.clock.advance(minutes=5)
    signed.put()
    signed.clock.advance(minutes=5)

    assert signed.put(intent="refresh", identity=token)["identity"] == {"status": "verified"}
    assert signed.put(intent="refresh", identity=token)["identity"] == {"status": "verified"}
    assert signed.known() == ["customer-42"]


def test_a_token_counts_in_databases_that_the_browser_has_not_left(
    app: Flask, site: NewSite, signed: SignedSite, signer: Signer
) -> None:
    more = add_database(app, site)
    token = signer.sign(signed.token, signed.clock())
    signed.put(identity=token, database_ids=[signed.database_id])
    signed.clock.advance(seconds=5)
    left = signed.put(identity=token, database_ids=[more])  # a login for one database alone leaves the other

    again = [signed.put(identity=token, database_ids=ids) for ids in ([more], [signed.database_id])]

    assert [answer["identity"]["status"] for answer in (left, *again)] == ["verified", "verified", "refused"]


def test_a_token_with_a_jti_that_was_refused_is_not_used_up(signed: SignedSite, signer: Signer) -> None:
    token = signer.sign(signed.token, signed.clock(), jti="login-1")
    mismatch = signed.put(identity=token, match={"external_id": "somebody else"})

    assert refused(mismatch) == "identity_mismatch"
    assert signed.put(identity=token)["identity"] == {"status": "verified"}
