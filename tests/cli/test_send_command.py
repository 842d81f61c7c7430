"""`sitebell send`: from the shell to a device, with a real worker where one is needed."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Message
from support.installation import Installation, shown_title


@pytest.fixture
def worker(installation: Installation) -> Iterator[None]:
    """A worker process beside the test."""
    with installation.fork_worker("test") as process:
        yield
        process.terminate()
    assert process.poll() == 0


def to_everyone(installation: Installation, *options: str) -> list[str]:
    """Return the shortest command that sends."""
    return ["send", "--site", installation.site.token, "--to", "everyone", "--title", "Hello", *options]


@contextmanager
def watching(sitebell: CommandLine, installation: Installation) -> Iterator[subprocess.Popen[str]]:
    """Start `sitebell send` with nobody there to send, and wait until it says so."""
    words = to_everyone(installation)
    with sitebell.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.readline() + process.stderr.readline()
        assert "No worker was seen in the last 30 seconds: the message goes out when `sitebell serve`" in said
        yield process


def only_message(installation: Installation) -> str:
    """Return the id of the one message that there is."""
    with installation.store.reading() as session:
        return session.scalars(select(Message)).one().public_id


@pytest.mark.usefixtures("worker")
def test_send_waits_until_the_message_is_out(sitebell: CommandLine, installation: Installation) -> None:
    devices = installation.add_devices(3)

    done = sitebell.process(*to_everyone(installation, "--body", "Grüße", "--url", "/news", "--json"))

    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert list(printed) == ["id", "status", "counts"]
    assert (printed["status"], printed["counts"]["accepted"]) == ("sent", 3)
    assert [shown_title(device) for device in devices] == ["Hello"] * 3
    assert "sent: 3 recipients (3 accepted)" in done.stderr


@pytest.mark.usefixtures("worker")
def test_send_draws_a_bar_on_a_terminal(sitebell: CommandLine, installation: Installation) -> None:
    installation.add_devices(3)
    ours, theirs = pty.openpty()
    with sitebell.start(*to_everyone(installation), stdout=subprocess.PIPE, stderr=theirs) as process:
        stdout, _ = process.communicate(timeout=60)
    os.close(theirs)
    screen = os.read(ours, 65_536).decode()
    os.close(ours)

    assert stdout == "sent: 3 recipients (3 accepted)\n"
    assert "\r[########################] sent: 3 recipients (3 accepted)" in screen


def test_send_reaches_only_whom_it_names(sitebell: CommandLine, installation: Installation) -> None:
    devices = installation.add_devices(3)
    chosen = installation.subscriptions()[1].subscriber_hash
    words = ["send", "--site", installation.site.token, "--to", chosen, "--title", "Hello", "--no-wait"]

    printed = sitebell.json(*words)
    installation.clock.advance(minutes=1)  # it stood still while the command ran
    installation.drain()

    assert (printed["status"], printed["counts"]["recipients"]) == ("scheduled", 0)
    assert [len(device.messages) for device in devices] == [0, 1, 0]


def test_send_takes_values_of_the_recipient(sitebell: CommandLine, installation: Installation) -> None:
    options = ("--title", "Hello {{ profile._fname }}", "--url", "/{{ profile.external_id }}", "--no-wait")
    printed = sitebell.json("send", "--site", installation.site.token, "--to", "everyone", *options)
    complaint = sitebell.refused(*to_everyone(installation, "--no-wait", "--url", "//{{ profile.external_id }}"))

    assert installation.message(printed["id"]).notification["url"] == "/{{ profile.external_id }}"
    assert "notification.url" in complaint


def test_every_option_of_send_reaches_the_message(sitebell: CommandLine, installation: Installation) -> None:
    content = {
        "title": "Hello",
        "body": "Two\nlines",
        "url": "https://shop.example.com/a?b=c#d",
        "icon": "/icon.png",
        "image": "https://cdn.example.com/i.png",
        "badge": "/badge.png",
        "tag": "news",
    }
    options = [word for name, value in content.items() for word in (f"--{name}", value)]
    options += ["--require-interaction", "--silent", "--ttl", "600", "--urgency", "high", "--replace-key", "score"]

    printed = sitebell.json("send", "--site", installation.site.token, "--to", "everyone", *options, "--no-wait")

    message = installation.message(printed["id"])
    assert message.notification == {**content, "require_interaction": True, "silent": True}
    assert (message.ttl, message.urgency, message.replace_key) == (600, "high", "score")
    assert message.audience == {"everyone": True}


def test_ctrl_c_ends_the_watching_and_not_the_message(sitebell: CommandLine, installation: Installation) -> None:
    with watching(sitebell, installation) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "scheduled: 0 recipients\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "goes on without this command" in stderr
    assert installation.message(only_message(installation)).status == "scheduled"


def test_send_reports_a_message_that_was_paused(sitebell: CommandLine, installation: Installation) -> None:
    with watching(sitebell, installation) as process:
        installation.pause(only_message(installation))
        stdout, _ = process.communicate(timeout=20)

    assert process.returncode == 1
    assert stdout == "paused: 0 recipients; paused by the sender\n"


def test_send_with_no_wait_returns_at_once(sitebell: CommandLine, installation: Installation) -> None:
    result = sitebell.run(*to_everyone(installation, "--no-wait"))

    assert result.exit_code == 0
    assert result.stdout == f"Message {only_message(installation)} is stored; a worker sends it.\n"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https://good.example@evil.example/",
        "https:evil.example",
        "https://",
        "https://[::1",
        "https://evil.example:x/",
        "java\tscript:alert(1)",
        "news",
        " https://shop.example.com",
        "",
    ],
)
def test_sec_35_a_click_opens_no_script_and_no_disguised_host(
    sitebell: CommandLine, installation: Installation, url: str
) -> None:
    complaint = sitebell.refused(*to_everyone(installation, "--no-wait", "--url", url), code=2)

    assert "Invalid value for '--url'" in complaint


@pytest.mark.parametrize(
    "options",
    [
        ["--to", "a1b2"],
        ["--ttl", "0"],
        ["--ttl", "2419201"],
        ["--urgency", "urgent"],
        ["--title", ""],
        ["--title", " \u00a0"],
        ["--url", "https://shop.example.com:99999/"],
        ["--title", "x" * 301],
        ["--replace-key", "x" * 201],
        ["--url", "https://shop.example.com/" + "x" * 2024],
        ["--body", "\udcff"],
    ],
)
def test_a_message_that_cannot_be_meant_is_a_usage_error(
    sitebell: CommandLine, installation: Installation, options: list[str]
) -> None:
    sitebell.refused(*to_everyone(installation, "--no-wait", *options), code=2)


@pytest.mark.parametrize("recipient", ["everyon", "Everyone", "", "a1b2", "A" * 32, "\udcff"])
def test_a_recipient_is_everyone_a_hash_or_a_word_with_its_kind(
    sitebell: CommandLine, installation: Installation, recipient: str
) -> None:
    """A mistyped word would else be a message to nobody."""
    words = ["send", "--site", installation.site.token, "--to", recipient, "--title", "Hello", "--no-wait"]

    complaint = sitebell.refused(*words, code=2)

    assert "write everyone, a subscriber hash, profile:ID" in complaint


@pytest.mark.usefixtures("worker")
def test_a_message_that_had_no_recipient_says_so_and_fails(sitebell: CommandLine, installation: Installation) -> None:
    words = ["send", "--site", installation.site.token, "--to", "0" * 32, "--title", "Hello"]

    done = sitebell.process(*words)

    assert done.returncode == 1
    assert done.stdout == "sent: 0 recipients: nobody of this audience is subscribed, so nothing was sent\n"


def test_a_notification_that_no_push_carries_is_refused(sitebell: CommandLine, installation: Installation) -> None:
    complaint = sitebell.refused(*to_everyone(installation, "--no-wait", "--body", "€" * 3000))

    assert "push services carry" in complaint


def test_send_to_an_unknown_site_says_so(sitebell: CommandLine) -> None:
    assert "No site has this token" in sitebell.refused("send", "--site", "x", "--to", "everyone", "--title", "Hello")
