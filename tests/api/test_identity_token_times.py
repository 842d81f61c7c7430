"""When identity tokens count: within their times, and those with a jti once."""

from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite, refused
from support.signer import Signer
from support.web_application import stored_rows


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    """Each test has a site of its own."""
    return shared_app


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


def test_a_token_with_a_jti_that_was_refused_is_not_used_up(signed: SignedSite, signer: Signer) -> None:
    token = signer.sign(signed.token, signed.clock(), jti="login-1")
    mismatch = signed.put(identity=token, match={"external_id": "somebody else"})

    assert refused(mismatch) == "identity_mismatch"
    assert signed.put(identity=token)["identity"] == {"status": "verified"}
