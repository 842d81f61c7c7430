"""`sitebell sites alias`: ids that a site brings along from another vendor, its dialects, and their quirks."""

import pytest

from cli.command_line import CommandLine


@pytest.fixture
def token(sitebell: CommandLine) -> str:
    """A site's token."""
    return str(sitebell.create_site()["token"])


def test_ids_are_adopted_listed_and_forgotten(sitebell: CommandLine, token: str) -> None:
    said = sitebell.run(
        *(
            "sites",
            "alias",
            token,
            "--dialect",
            "altcraft",
            "--resource-token",
            "3LXP2FRcRxJ-7b14db88",
            "--resource-id",
            22,
        )
    )
    sitebell.json("topics", "add", token, "news", "--title", "News")
    sitebell.run("sites", "alias", token, "--dialect", "cleverpush", "--topic", "T1=news", "--opt-in-form", "F1=double")

    assert "resource token 3LXP2FRcRxJ-7b14db88 is known" in said.stdout
    assert [
        (row["dialect"], row["kind"], row["id"], row["means"]) for row in sitebell.json("sites", "aliases", token)
    ] == [
        ("altcraft", "resource_id", "22", ""),
        ("altcraft", "resource_token", "3LXP2FRcRxJ-7b14db88", ""),
        ("cleverpush", "opt_in_form", "F1", "double"),
        ("cleverpush", "topic", "T1", "news"),
    ]
    sitebell.run("sites", "unalias", token, "--dialect", "cleverpush", "topic", "T1")
    assert "T1" not in sitebell.run("sites", "aliases", token).stdout


def test_an_id_said_again_gets_the_new_meaning(sitebell: CommandLine, token: str) -> None:
    for tag in ("vip", "gold"):
        sitebell.run("sites", "alias", token, "--dialect", "pushengage", "--segment", f"12={tag}")

    assert [row["means"] for row in sitebell.json("sites", "aliases", token)] == ["gold"]


def test_an_id_that_names_a_site_names_one(sitebell: CommandLine, token: str) -> None:
    other = sitebell.create_site()["token"]
    sitebell.run("sites", "alias", token, "--dialect", "cleverpush", "--channel", "c1", "--tag", "a=x")

    assert "Another site" in sitebell.refused("sites", "alias", other, "--dialect", "cleverpush", "--channel", "c1")
    sitebell.run("sites", "alias", other, "--dialect", "cleverpush", "--tag", "a=y")
    assert [row["means"] for row in sitebell.json("sites", "aliases", other)] == ["y"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--channel", "c1"], "altcraft has no channel"),
        (["--resource-id", "x"], "whole number"),
        (["--resource-id", "-1"], "whole number"),
        (["--resource-id", "0"], "whole number from 1"),
        (["--resource-id", "2147483648"], "to 2147483647"),
        (["--resource-id", "9" * 26], "to 2147483647"),
        (["--resource-id", "²"], "whole number"),
        (["--resource-token", ""], "printable characters"),
        (["--segment", "1=vip"], "altcraft has no segment"),
        (["--api-key", "short"], "16 to 200"),
    ],
)
def test_what_cannot_be_adopted_is_refused_in_a_sentence(
    options: list[str], sentence: str, sitebell: CommandLine, token: str
) -> None:
    assert sentence in sitebell.refused("sites", "alias", token, "--dialect", "altcraft", *options)
    assert sitebell.json("sites", "aliases", token) == []


def test_a_resource_id_is_kept_as_the_number_that_calls_say(sitebell: CommandLine, token: str) -> None:
    said = sitebell.run("sites", "alias", token, "--dialect", "altcraft", "--resource-id", "022")
    assert "resource id 22 is known" in said.stdout

    sitebell.run("sites", "alias", token, "--dialect", "altcraft", "--resource-id", "2147483647")

    assert [row["id"] for row in sitebell.json("sites", "aliases", token)] == ["2147483647"]


@pytest.mark.parametrize("name", ["email", "phones", "external_id"])
def test_an_attribute_may_mean_what_stands_beside_the_fields(sitebell: CommandLine, token: str, name: str) -> None:
    sitebell.run("sites", "alias", token, "--dialect", "cleverpush", "--attribute", f"A={name}")

    assert [row["means"] for row in sitebell.json("sites", "aliases", token)] == [name]


@pytest.mark.parametrize("name", ["profile_id", "id", "tags", "topics", "phone", "two words", "_other", "x" * 65])
def test_an_attribute_that_means_what_no_field_can_be_called_is_refused_without_a_command(
    sitebell: CommandLine, token: str, name: str
) -> None:
    said = sitebell.refused("sites", "alias", token, "--dialect", "cleverpush", "--attribute", f"A={name}")

    assert f"{name} is no field: an attribute means a field, or one of email, phones, external_id." in said
    assert sitebell.json("sites", "aliases", token) == []


def test_a_command_without_an_id_says_what_is_missing(sitebell: CommandLine, token: str) -> None:
    answer = sitebell.run("sites", "alias", token, "--dialect", "altcraft")

    assert (answer.exit_code, "Name at least one id" in answer.stderr) == (2, True)


def test_a_pair_needs_its_meaning(sitebell: CommandLine, token: str) -> None:
    assert "what the tag T means" in sitebell.refused("sites", "alias", token, "--dialect", "cleverpush", "--tag", "T")
    wrong = sitebell.refused("sites", "alias", token, "--dialect", "cleverpush", "--opt-in-form", "F=thrice")
    assert "single or double" in wrong


@pytest.mark.parametrize(
    ("option", "command", "options"),
    [
        ("--topic", "topics add {site}", ("--title", "News")),
        ("--attribute", "fields create 1", ("--type", "text")),
    ],
)
def test_an_id_of_something_that_is_not_there_is_refused_with_the_command_that_makes_it(
    sitebell: CommandLine, token: str, option: str, command: str, options: tuple[str, str]
) -> None:
    """Neither are the ids adopted that stand before it."""
    words = ("sites", "alias", token, "--dialect", "cleverpush", "--tag", "G=gold", option, "A=news")
    line = f"{command.format(site=token)} news"

    assert f"sitebell {line} {options[0]}" in sitebell.refused(*words)
    assert sitebell.json("sites", "aliases", token) == []
    sitebell.json(*line.split(), *options)
    assert sitebell.run(*words).exit_code == 0
    assert {row["means"] for row in sitebell.json("sites", "aliases", token)} == {"gold", "news"}


def test_the_field_of_one_linked_database_is_enough(sitebell: CommandLine, token: str) -> None:
    other = sitebell.json("databases", "create", "Other")["id"]
    sitebell.json("fields", "create", other, "teams", "--type", "list")
    words = ("sites", "alias", token, "--dialect", "cleverpush", "--attribute")

    assert "has a field teams" in sitebell.refused(*words, "A=teams")
    sitebell.run("databases", "link", other, "--site", token)
    for meaning in ("teams", "_fname", "email"):
        assert sitebell.run(*words, f"A={meaning}").exit_code == 0


def test_a_vendors_key_is_adopted_and_never_shown(sitebell: CommandLine, token: str) -> None:
    said = sitebell.run("sites", "alias", token, "--dialect", "pushengage", "--api-key", "0123456789abcdef0123")

    rows = sitebell.json("keys", "list", token)
    assert rows[-1]["name"] == "adopted from pushengage"
    assert rows[-1]["scopes"] == ["send", "read", "manage"]
    assert "0123456789" not in said.stdout + str(rows) + sitebell.database.read_bytes().hex()


def test_a_key_is_adopted_again_for_another_dialect_and_after_it_was_revoked(sitebell: CommandLine, token: str) -> None:
    def adopt(dialect: str) -> int:
        words = ("sites", "alias", token, "--dialect", dialect, "--api-key", "0123456789abcdef0123")
        key: int = sitebell.json(*words)["api_key_id"]
        return key

    first = adopt("pushengage")
    assert adopt("cleverpush") == first
    sitebell.run("keys", "revoke", token, first)
    assert adopt("pushengage") == first
    assert [(row["id"], row["revoked_at"]) for row in sitebell.json("keys", "list", token)][-1] == (first, None)


def test_several_sites_adopt_one_key_and_each_revokes_it_for_itself(sitebell: CommandLine, token: str) -> None:
    other = sitebell.create_site("Other")["token"]
    words = ("--dialect", "altcraft", "--api-key", "0123456789abcdef0123")
    first = sitebell.json("sites", "alias", token, *words)["api_key_id"]

    second = sitebell.json("sites", "alias", other, *words)["api_key_id"]
    sitebell.run("keys", "revoke", token, first)

    assert sitebell.json("keys", "list", token)[-1]["revoked_at"] is not None
    assert (sitebell.json("keys", "list", other)[-1]["id"], second != first) == (second, True)
    assert sitebell.json("keys", "list", other)[-1]["revoked_at"] is None


def test_sec_31_a_key_that_was_made_here_is_no_vendors_key(sitebell: CommandLine, token: str) -> None:
    made = sitebell.json("keys", "create", token, "--name", "shop", "--scope", "read")
    sitebell.run("keys", "revoke", token, made["id"])

    words = ("sites", "alias", token, "--dialect", "altcraft", "--api-key", made["api_key"])
    assert "made this API key" in sitebell.refused(*words)


def test_dialects_and_quirks_are_off_until_they_are_named(sitebell: CommandLine, token: str) -> None:
    shown = sitebell.json("sites", "show", token)
    assert (shown["dialects"], shown["quirks"]) == ([], [])

    on = sitebell.json(
        *("sites", "set", token, "--dialect", "pushengage,altcraft", "--quirk", "pushengage_send_untargeted")
    )
    assert (on["dialects"], on["quirks"]) == (["altcraft", "pushengage"], ["pushengage_send_untargeted"])

    off = sitebell.json("sites", "set", token, "--dialect", "none", "--quirk", "none")
    assert (off["dialects"], off["quirks"]) == ([], [])


def test_an_unknown_dialect_changes_nothing(sitebell: CommandLine, token: str) -> None:
    answer = sitebell.run("sites", "set", token, "--dialect", "altcraft,foo")

    assert answer.exit_code == 2
    assert "'foo' is not one of altcraft, pushengage, cleverpush, none" in answer.stderr
    assert sitebell.json("sites", "show", token)["dialects"] == []


def test_a_site_has_a_time_zone(sitebell: CommandLine, token: str) -> None:
    assert sitebell.json("sites", "show", token)["time_zone"] == "UTC"
    assert sitebell.json("sites", "set", token, "--time-zone", "Asia/Kolkata")["time_zone"] == "Asia/Kolkata"
    assert "no time zone" in sitebell.refused("sites", "set", token, "--time-zone", "Mars/Base")
