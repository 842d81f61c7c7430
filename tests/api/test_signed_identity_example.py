"""examples/signed_identity: its back end's tokens, driven through the real API."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from api.signed_site import SignedSite, refused
from support.signed_shop import EXAMPLE, create_example
from support.signer import Signer

pytestmark = pytest.mark.shared_app


@pytest.fixture
def shop(signed: SignedSite) -> FlaskClient:
    """A browser that visits the shop, whose site is made as its README says: signed, with an HS256 key."""
    signer = signed.add_key(Signer("HS256", kid="shop"))
    secret = signer.key.decode()
    return create_example(server="https://bell.example.com", site=signed.token, kid="shop", secret=secret).test_client()


def log_in(shop: FlaskClient, customer_id: str) -> Any:
    """Log in, and return what the page asks for before it calls identify()."""
    assert shop.post("/login", data={"customer_id": customer_id}).status_code == 302
    return shop.get("/bell-identity").json


def test_the_shop_proves_who_is_logged_in(signed: SignedSite, shop: FlaskClient) -> None:
    who = log_in(shop, "customer-1")
    answer = signed.put(match={"external_id": who["external_id"]}, identity=who["token"])

    assert answer["identity"] == {"status": "verified"}
    assert signed.present() == [("customer-1", "ann@example.com", "subscribed", "signed")]
    assert signed.fields_of("customer-1", ["_fname"]) == {"_fname": "Ann"}


def test_two_customers_take_turns_in_one_browser(signed: SignedSite, shop: FlaskClient) -> None:
    signed.put(identity=log_in(shop, "customer-1")["token"])
    signed.log_out()
    shop.post("/logout")
    between = signed.known()
    signed.put(intent="refresh", identity=log_in(shop, "customer-2")["token"])

    assert (between, signed.known()) == ([None], ["customer-2"])


def test_ben_cannot_be_ann(signed: SignedSite, shop: FlaskClient) -> None:
    """The page can say what it wants: its token says Ben."""
    token = log_in(shop, "customer-2")["token"]

    assert refused(signed.put(match={"external_id": "customer-1"}, identity=token)) == "identity_mismatch"
    assert refused(signed.put(match={"external_id": "customer-1"})) == "identity_required"


def test_who_is_not_logged_in_gets_no_token(shop: FlaskClient) -> None:
    log_in(shop, "customer-1")
    shop.post("/logout")

    assert shop.get("/bell-identity").status_code == 401
    assert shop.post("/login", data={"customer_id": "customer-3"}).status_code == 400


def test_the_page_and_the_readme_fit_the_shop(signed: SignedSite, shop: FlaskClient) -> None:
    nobody = shop.get("/").text
    log_in(shop, "customer-1")
    ann = shop.get("/").text
    readme = (EXAMPLE / "README.md").read_text()

    assert f'src="https://bell.example.com/sdk/v1/sitebell.js" data-site="{signed.token}"' in ann
    assert ["identify" in page for page in (nobody, ann)] == [False, True]
    assert signed.token in shop.get("/bell-worker.js").text
    assert all(name in readme for name in ("SITE_TOKEN", "IDENTITY_KID", "IDENTITY_SECRET", "localhost:8000"))
