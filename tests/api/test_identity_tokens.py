"""Which identity tokens count: those that the site's own key signed for this site, this purpose and this hour."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from flask import Flask

from api.signed_site import SignedSite, refused
from sitebell.services.sites import NewSite
from support.signer import Signer
from support.web_application import stored_rows

pytestmark = pytest.mark.shared_app

ALGORITHMS = ("ES256", "RS256", "EdDSA", "HS256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_each_algorithm_counts(signed: SignedSite, algorithm: str) -> None:
    signer = signed.add_key(Signer(algorithm))

    answer = signed.put(identity=signer.sign(signed.token, signed.clock()))

    assert answer["identity"] == {"status": "verified"}
    assert signed.present() == [("customer-42", None, "subscribed", "signed")]


def test_a_token_without_kid_counts_while_the_site_has_one_key(signed: SignedSite) -> None:
    signer = signed.add_key(Signer(kid=None))
    token = signer.sign(signed.token, signed.clock())
    before = signed.put(identity=token)["identity"]

    signed.add_key(Signer(kid="second"))

    assert before == {"status": "verified"}
    assert refused(signed.put(identity=token)) == "invalid_identity"


def test_sec_21_two_keys_live_side_by_side_until_one_is_removed(signed: SignedSite, signer: Signer) -> None:
    newer = signed.add_key(Signer("EdDSA", kid="second"))
    both = [signed.put(identity=one.sign(signed.token, signed.clock())) for one in (signer, newer)]
    signed.client.delete("/v1/identity/keys/first", headers=signed.back_end)
    after = [signed.put(identity=one.sign(signed.token, signed.clock())) for one in (signer, newer)]

    assert [answer["identity"]["status"] for answer in both + after] == ["verified", "verified", "refused", "verified"]


def test_sec_21_two_keys_of_one_site_do_not_lend_each_other_their_kid(signed: SignedSite, signer: Signer) -> None:
    newer = signed.add_key(Signer(kid="second"))

    token = newer.sign(signed.token, signed.clock(), headers={"kid": signer.kid})

    assert refused(signed.put(identity=token)) == "invalid_identity"


def test_sec_21_another_sites_tokens_change_nothing(
    app: Flask, signed: SignedSite, signer: Signer, new_site: Callable[[str], NewSite]
) -> None:
    """Neither one for the other site, nor one that its key signed for this one, nor one that names its kid."""
    other = SignedSite(app, new_site("https://other.example.com"))
    foreign = other.add_key(Signer(kid="foreign"))
    signed.put()
    before = stored_rows(app)

    for token in (
        signer.sign(other.token, signed.clock()),
        foreign.sign(signed.token, signed.clock()),
        foreign.sign(signed.token, signed.clock(), headers={"kid": "first"}),
    ):
        assert refused(signed.put(intent="refresh", identity=token)) == "invalid_identity"
    assert stored_rows(app) == before


@pytest.mark.parametrize(
    "claims",
    [
        {"without": "exp"},
        {"without": "iat"},
        {"without": "sub"},
        {"without": "aud"},
        {"lifetime": timedelta(hours=24, seconds=1)},
        {"lifetime": timedelta(days=3650)},
        {"lifetime": timedelta(0)},
        {"exp": 10**30},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": float("nan")},
        {"aud": "another"},
        {"sub": ""},
        {"sub": 42},
        {"sub": "x" * 201},
        {"sub": "nul\x00"},
        {"jti": 7},
        {"jti": ""},
        {"email": "no address"},
        {"email": 5},
        {"phone": "12"},
        {"email": "ann@example.com", "email_verified": "no"},
        {"phone": "+4930901820", "phone_number_verified": 0},
        {"match": {"external_id": "other"}},
        {"match": {"custom": {"field": "plan"}}},
        {"match": {"custom": {"field": "plan", "value": {"a": 1}}}},
        {"fields": ["_fname"]},
        {"fields": {"_fname": {"set": "Ann"}}},
        {"fields": {"_fname": "nul\x00"}},
        {"fields": {"_fname": "\ud800"}},
        {"tags": ["vip"]},
        {"tags": {"add": [1]}},
    ],
    ids=repr,
)
def test_sec_20_a_token_with_wrong_claims_is_refused(
    signed: SignedSite, signer: Signer, claims: dict[str, Any]
) -> None:
    answer = signed.put(identity=signer.sign(signed.token, signed.clock(), **claims))

    assert refused(answer) == "invalid_identity"
    assert signed.known() == [None]


def test_sec_20_the_audience_is_one_text(signed: SignedSite, signer: Signer) -> None:
    """A list would let one token serve several sites (RFC 8725 section 3.9)."""
    token = signer.sign(signed.token, signed.clock(), aud=[signed.token])

    assert refused(signed.put(identity=token)) == "invalid_identity"


@pytest.mark.parametrize(
    "headers",
    [
        {"jku": "https://evil.example.com/keys"},
        {"x5u": "https://evil.example.com/chain"},
        {"jwk": {"kty": "EC"}},
        {"x5c": ["MII"]},
        {"crit": ["exp"], "exp": 1},
        {"kid": "../../etc/passwd"},
        {"kid": "nobody"},
        {"kid": "sitebell"},
        {"kid": ""},
        {"typ": "bell-link+jwt"},
        {"typ": "at+jwt"},
    ],
    ids=repr,
)
def test_sec_20_a_token_that_brings_its_own_key_or_rules_is_refused(
    signed: SignedSite, signer: Signer, headers: dict[str, Any]
) -> None:
    token = signer.sign(signed.token, signed.clock(), headers=headers)

    assert refused(signed.put(identity=token)) == "invalid_identity"


def test_sec_20_an_unsigned_token_is_refused(signed: SignedSite, signer: Signer) -> None:
    claims = Signer.read(signer.sign(signed.token, signed.clock()))
    unsigned = jwt.encode(claims, "", "none", {"kid": "first"})

    assert refused(signed.put(identity=unsigned)) == "invalid_identity"


def test_sec_20_the_public_key_is_no_shared_secret(signed: SignedSite, signer: Signer) -> None:
    """The old confusion: HS256 with what everybody may know, as PEM, as DER and as the bare point."""
    assert signer.public_key is not None
    public = load_pem_public_key(signer.public_key.encode())
    bare = [(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), (Encoding.X962, PublicFormat.UncompressedPoint)]
    claims = Signer.read(signer.sign(signed.token, signed.clock()))

    for secret in (signer.public_key.encode(), *(public.public_bytes(*how) for how in bare)):
        assert refused(signed.put(identity=sign_by_hand(claims, secret))) == "invalid_identity"


def sign_by_hand(claims: dict[str, Any], secret: bytes) -> str:
    """Sign with HS256, which PyJWT refuses to do with a public key."""
    texts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT", "kid": "first"}, claims)]
    head = b".".join(base64.urlsafe_b64encode(text).rstrip(b"=") for text in texts)
    mac = base64.urlsafe_b64encode(hmac.digest(secret, head, hashlib.sha256)).rstrip(b"=")
    return (head + b"." + mac).decode()


def test_sec_20_a_changed_token_is_refused(signed: SignedSite, signer: Signer) -> None:
    head, _, mac = signer.sign(signed.token, signed.clock()).split(".")
    payload = signer.sign(signed.token, signed.clock(), sub="somebody else").split(".")[1]

    assert refused(signed.put(identity=f"{head}.{payload}.{mac}")) == "invalid_identity"


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "ä.ö.ü", "eyJhbGciOiJub25lIn0.e30.", "[" * 5000])
def test_what_is_no_token_is_refused_and_the_browser_still_subscribed(signed: SignedSite, text: str) -> None:
    answer = signed.put(identity=text)

    assert refused(answer) == "invalid_identity"
    assert answer["status"] == "subscribed"


def test_sec_20_a_token_of_more_than_8_kib_is_refused(signed: SignedSite, signer: Signer) -> None:
    fitting = signer.sign(signed.token, signed.clock(), padding="x" * 5500)
    larger = signer.sign(signed.token, signed.clock(), padding="x" * 6500)

    assert len(fitting) <= 8192 < len(larger)
    assert signed.put(identity=fitting)["identity"] == {"status": "verified"}
    assert refused(signed.put(identity=larger)) == "invalid_identity"


def test_a_token_is_not_used_up_by_a_call_of_which_nothing_came(signed: SignedSite, signer: Signer) -> None:
    token = signer.sign(signed.token, signed.clock(), jti="once", fields={"plan": "gold"})

    [row] = signed.put(identity=token)["enrollments"]
    assert (row["status"], row["error"]) == ("error", "unknown_field")
    signed.add_field("plan")
    [row] = signed.put(identity=token)["enrollments"]

    assert row["status"] == "subscribed"
    assert signed.known() == ["customer-42"]
    assert refused(signed.put(identity=token)) == "invalid_identity"
