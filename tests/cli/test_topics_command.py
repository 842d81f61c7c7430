"""`sitebell topics`, and `sitebell send` to audiences that are named by words or described by conditions."""

import pytest

from cli.command_line import CommandLine
from sitebell.services.topics import LONGEST_NAME
from support.installation import Installation

IS_GOLD = '{"field": "_fname", "op": "eq", "value": "Ann"}'


def send(installation: Installation, *options: str) -> list[str]:
    """Return the shortest command that sends, to nobody yet."""
    return ["send", "--site", installation.site.token, "--title", "Hello", "--no-wait", *options]


def test_topics_are_listed_in_the_order_in_which_they_were_added(
    sitebell: CommandLine, installation: Installation
) -> None:
    token = installation.site.token
    assert sitebell.json("topics", "add", token, "offers", "--title", "Offers of the week") == {
        "name": "offers",
        "title": "Offers of the week",
    }
    sitebell.run("topics", "add", token, "news", "--title", "News")

    assert [row["name"] for row in sitebell.json("topics", "list", token)] == ["offers", "news"]
    assert "Offers of the week" in sitebell.run("topics", "list", token).stdout


def test_a_removed_topic_is_gone(sitebell: CommandLine, installation: Installation) -> None:
    token = installation.site.token
    for name in ("offers", "news"):
        sitebell.run("topics", "add", token, name, "--title", name.title())

    sitebell.run("topics", "remove", token, "offers")

    assert sitebell.json("topics", "list", token) == [{"name": "news", "title": "News", "chosen": 0}]


def test_an_empty_list_says_what_to_do(sitebell: CommandLine, installation: Installation) -> None:
    assert "sitebell topics add" in sitebell.run("topics", "list", installation.site.token).stdout


def test_topics_that_cannot_be_offered_are_refused_in_a_sentence(
    sitebell: CommandLine, installation: Installation
) -> None:
    token = installation.site.token
    sitebell.run("topics", "add", token, "news", "--title", "News")

    assert "already" in sitebell.refused("topics", "add", token, "news", "--title", "Again")
    assert "has no topic weather" in sitebell.refused("topics", "remove", token, "weather")
    assert "letters" in sitebell.refused("topics", "add", token, "x" * (LONGEST_NAME + 1), "--title", "Long")


def test_send_unites_what_it_names(sitebell: CommandLine, installation: Installation) -> None:
    sitebell.run("topics", "add", installation.site.token, "news", "--title", "News")
    words = ["a" * 32, "external:42", "external:a:b", f"profile:{'b' * 24}", "topic:news", "tag:Käse ☃"]

    printed = sitebell.json(*send(installation, *(f"--to={word}" for word in words), "--where", IS_GOLD))

    assert installation.message(printed["id"]).audience == {
        "subscriber_hashes": ["a" * 32],
        "external_ids": ["42", "a:b"],
        "profile_ids": ["b" * 24],
        "topics": ["news"],
        "tags": ["Käse ☃"],
        "where": {"field": "_fname", "op": "eq", "value": "Ann"},
    }


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--to", "everyone", "--to", "tag:vip"],
        ["--to", "everyone", "--where", IS_GOLD],
        ["--to", "news"],
        ["--to", "topic:"],
        ["--to", "Topic:news"],
        ["--to", "profile:42"],
        ["--to", "tag:two\nlines"],
        ["--where", "_fname = Ann"],
        ["--where", "[]"],
    ],
    ids=str,
)
def test_an_audience_that_cannot_be_meant_is_a_usage_error(
    sitebell: CommandLine, installation: Installation, options: list[str]
) -> None:
    sitebell.refused(*send(installation, *options), code=2)


def test_an_audience_that_the_site_does_not_know_is_refused(sitebell: CommandLine, installation: Installation) -> None:
    assert "topics that the site has defined" in sitebell.refused(*send(installation, "--to", "topic:weather"))
    where = '{"field": "shoe", "op": "eq", "value": 43}'
    assert "has a field shoe" in sitebell.refused(*send(installation, "--where", where))
