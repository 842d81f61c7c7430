"""`sitebell identity`, and `--identity` of `sitebell sites`."""

from pathlib import Path

import jwt

from cli.command_line import CommandLine
from sitebell.models import BoundBy
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.matching import Match
from support.installation import Installation
from support.signer import Signer


def test_a_shared_secret_is_made_and_shown_once(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    made = sitebell.json("identity", "add", token, "--algorithm", "HS256", "--kid", "web")
    listed = sitebell.json("identity", "list", token)

    assert list(made) == ["kid", "algorithm", "secret"]
    assert len(made["secret"]) >= 32
    assert [(key["kid"], key["algorithm"], key["public_key"]) for key in listed] == [("web", "HS256", None)]
    assert made["secret"] not in sitebell.run("identity", "list", token).stdout
    assert jwt.decode(jwt.encode({}, made["secret"], "HS256"), made["secret"], ["HS256"]) == {}


def test_sec_51_a_shared_secret_is_sealed_in_the_database(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    secret = sitebell.json("identity", "add", token, "--algorithm", "HS256")["secret"]

    assert all(secret.encode() not in file.read_bytes() for file in sitebell.data.iterdir())


def test_a_public_key_is_read_from_a_file(sitebell: CommandLine, tmp_path: Path) -> None:
    token, signer, file = sitebell.create_site()["token"], Signer("EdDSA"), tmp_path / "public.pem"
    assert signer.public_key is not None
    file.write_text(signer.public_key)

    made = sitebell.json("identity", "add", token, "--algorithm", "EdDSA", "--public-key", file)

    assert list(made) == ["kid", "algorithm"]
    assert sitebell.json("identity", "list", token)[0]["public_key"] == signer.public_key


def test_a_private_key_is_refused_and_not_stored(sitebell: CommandLine, tmp_path: Path) -> None:
    token, file = sitebell.create_site()["token"], tmp_path / "private.pem"
    file.write_bytes(Signer().key)

    complaint = sitebell.refused("identity", "add", token, "--algorithm", "ES256", "--public-key", file)

    assert "private key" in complaint
    assert sitebell.json("identity", "list", token) == []


def test_a_key_of_bytes_is_refused_in_a_sentence(sitebell: CommandLine, tmp_path: Path) -> None:
    token, file = sitebell.create_site()["token"], tmp_path / "public.der"
    file.write_bytes(b"\x30\x82\xff\xfe")

    assert "PEM" in sitebell.refused("identity", "add", token, "--algorithm", "ES256", "--public-key", file)


def test_a_removed_key_is_gone_and_the_last_one_of_a_signed_site_is_missed(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    for kid in ("old", "new"):
        sitebell.run("identity", "add", token, "--algorithm", "HS256", "--kid", kid)
    sitebell.run("sites", "set", token, "--identity", "signed")

    first = sitebell.run("identity", "remove", token, "old").stdout
    last = sitebell.run("identity", "remove", token, "new").stdout

    assert "believes no identity" not in first
    assert "believes no identity" in last
    assert sitebell.json("identity", "list", token) == []
    assert "no such signing key" in sitebell.refused("identity", "remove", token, "old")


def test_a_leaked_key_is_removed_with_what_tokens_have_proved(
    sitebell: CommandLine, installation: Installation
) -> None:
    who = Introduction(match=Match(external_id="ann"), bound_by=BoundBy.SIGNED)
    installation.subscribe(installation.push.add_subscribers(1), who)
    token = installation.site.token
    for kid in ("old", "leaked"):
        sitebell.run("identity", "add", token, "--algorithm", "HS256", "--kid", kid)

    kept = sitebell.json("identity", "remove", token, "old")["unproved"]
    taken = sitebell.run("identity", "remove", token, "leaked", "--unprove").stdout

    assert kept == 0
    assert "token of another key: 1." in taken
    options = ("--site", token, "--to", "everyone", "--title", "Hello", "--no-wait", "--verified")
    message = sitebell.json("send", *options)["id"]
    installation.drain()
    assert installation.counts(message) == {}


def test_another_sites_key_is_not_removed(sitebell: CommandLine) -> None:
    first, second = sitebell.create_site()["token"], sitebell.create_site("Blog")["token"]
    sitebell.run("identity", "add", first, "--algorithm", "HS256", "--kid", "web")

    sitebell.refused("identity", "remove", second, "web")

    assert len(sitebell.json("identity", "list", first)) == 1


def test_an_open_site_is_told_what_that_means(sitebell: CommandLine) -> None:
    """SEC-20: the loud half of the default."""
    created = sitebell.run("sites", "create", "Shop", "--origin", "https://shop.example.com").stdout
    token = sitebell.json("sites", "list")[0]["token"]
    signed = sitebell.run("sites", "set", token, "--identity", "signed").stdout
    opened = sitebell.run("sites", "set", token, "--identity", "open").stdout

    claim = "whoever opens your pages can claim to be any of your customers"
    assert [claim in text for text in (created, signed, opened)] == [True, False, True]
    assert "no signing key yet" in signed


def test_sec_20_a_site_that_a_sibling_holds_to_signed_is_told_so_everywhere(sitebell: CommandLine) -> None:
    signed, held = sitebell.create_site(), sitebell.create_site("News")
    assert sitebell.json("databases", "show", signed["database_id"])["identity"] == "open"
    sitebell.run("sites", "set", signed["token"], "--identity", "signed")
    arguments = ("databases", "link", signed["database_id"], "--site", held["token"])

    linked = sitebell.run(*arguments).stdout
    changed = sitebell.run("sites", "set", held["token"], "--identity", "open").stdout
    holding = sitebell.run("sites", "set", signed["token"], "--identity", "signed").stdout
    key = sitebell.run("identity", "add", held["token"], "--algorithm", "HS256").stdout

    sentence = f"{held['token']} is set to open and held to signed, since it shares a database with {signed['token']}"
    assert [sentence in text for text in (linked, changed, holding)] == [True] * 3
    assert "whoever opens your pages" not in changed
    assert "still open" not in key
    shown = sitebell.json("sites", "show", held["token"])
    assert (shown["identity"], shown["held_to_signed_by"]) == ("open", [signed["token"]])
    assert sitebell.json("sites", "show", signed["token"])["held_to_signed_by"] == []
    assert sitebell.json(*arguments)["identity"] == "signed"


def test_a_site_can_be_signed_from_its_beginning(sitebell: CommandLine) -> None:
    options = ("--origin", "https://shop.example.com", "--identity", "signed")
    created = sitebell.json("sites", "create", "Shop", *options)

    assert list(created) == ["id", "token", "api_key", "vapid_public_key", "database_id"]
    assert sitebell.json("sites", "show", created["token"])["identity"] == "signed"


def test_send_verified_reaches_nobody_who_only_claimed(sitebell: CommandLine, installation: Installation) -> None:
    installation.add_devices(1)
    options = ("--site", installation.site.token, "--to", "everyone", "--title", "Hello", "--no-wait")
    message = sitebell.json("send", *options, "--verified")["id"]
    installation.drain()

    assert installation.message(message).is_verified
    assert installation.counts(message) == {}
