"""`sitebell vapid import`: the old pair joins the keyring, whatever it was kept in."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from cli.command_line import CommandLine
from sitebell.push.vapid import VapidKey, to_base64url
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player


def kept(vendor: OldVendor, form: str) -> str:
    """Return the vendor's pair in one of the forms in which pairs are kept."""
    halves = vendor.halves
    private = halves["privateKey"]
    forms = {
        "pem": vendor.pem,
        "pem with a public part": f"-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----\n{vendor.pem}",
        "json": json.dumps(halves),
        "nested json": json.dumps({"vapid": {"subject": "mailto:a@b.c", **halves}}),
        "jwk": json.dumps({"kty": "EC", "crv": "P-256", "d": private}),
        "private": private + "=\n",
        "pair": f"Public Key:\n{halves['publicKey']}\n\nPrivate Key:\n{private}\n",
        "settings": f"VAPID_PUBLIC={halves['publicKey']}\nVAPID_PRIVATE={private}\n",
    }
    return forms[form]


FORMS = ["pem", "pem with a public part", "json", "nested json", "jwk", "private", "pair", "settings"]


@pytest.mark.parametrize("form", FORMS)
def test_a_pair_is_read_from_what_it_was_kept_in(sitebell: CommandLine, vendor: OldVendor, form: str) -> None:
    token = sitebell.create_site()["token"]
    file = vendor.write("key", kept(vendor, form))

    made = sitebell.json("vapid", "import", token, file)

    assert (made["public_key"], made["is_current"]) == (vendor.key.public_text, False)
    assert sitebell.json("vapid", "import", token, file) == made
    assert [row["action"] for row in sitebell.json("audit", "list")][:2] == ["vapid_key.import"] * 2


def test_it_becomes_the_current_one_only_by_name(sitebell: CommandLine, vendor: OldVendor) -> None:
    token = sitebell.create_site()["token"]
    sitebell.json("vapid", "import", token, vendor.key_file)
    made = sitebell.json("vapid", "import", token, vendor.key_file, "--current")

    assert made["is_current"]
    assert sitebell.json("vapid", "list", token)[0]["public_key"] == vendor.key.public_text
    assert sitebell.json("vapid", "add", token)["is_current"]
    assert [row["id"] for row in sitebell.json("vapid", "list", token)] == [3, 2, 1]


def test_a_file_without_a_usable_pair_is_refused(sitebell: CommandLine, vendor: OldVendor) -> None:
    token = sitebell.create_site()["token"]
    other = VapidKey.generate()
    secret = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    wrong_curve = ec.generate_private_key(ec.SECP384R1())
    open_pem = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL)
    texts = {
        "do not belong together": json.dumps({**vendor.halves, "publicKey": other.public_text}),
        "not encrypted": vendor.key.private_key.private_bytes(*secret).decode(),
        "no private key, or more": f"{to_base64url(other.private)} {to_base64url(vendor.key.private)}",
        "another kind": wrong_curve.private_bytes(*open_pem, NoEncryption()).decode(),
        "JSON cannot be read": "{",
    }
    for complaint, text in texts.items():
        assert complaint in sitebell.refused("vapid", "import", token, vendor.write("key", text))
    assert len(sitebell.json("vapid", "list", token)) == 1


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01binary", b'{"a":' * 12_000, b'{"d": "\xc3\xa9"}', b"A" * 43 + b"="]
)
def test_a_file_that_is_no_key_at_all_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, content: bytes
) -> None:
    """By both commands: what is no text, what is nested without end, what has other characters, and a zero."""
    file = vendor.write("key", content)
    players = vendor.csv("p.csv", ONESIGNAL, [player(*vendor.add_subscribers(1))])

    for words in (
        ("vapid", "import", new_home.site.token, file),
        ("import", new_home.site.token, players, "--vapid", file),
    ):
        assert sitebell.refused(*words).startswith("Error: ")
    assert len(sitebell.json("vapid", "list", new_home.site.token)) == 1


def test_a_mark_at_the_beginning_of_the_text_does_no_harm(sitebell: CommandLine, vendor: OldVendor) -> None:
    token = sitebell.create_site()["token"]
    file = vendor.write("key", b"\xef\xbb\xbf" + json.dumps(vendor.halves).encode())

    assert sitebell.json("vapid", "import", token, file)["public_key"] == vendor.key.public_text
