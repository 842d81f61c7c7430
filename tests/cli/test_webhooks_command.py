"""`sitebell webhooks`, from making one to reading what became of its calls."""

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.push_service import PushService
from support.webhook_receiver import StandardWebhook, WebhookReceiver

URL = "https://hooks.example.com/sitebell"


def test_a_webhook_is_made_and_its_secret_is_shown_only_then(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    shown = sitebell.run("webhooks", "create", token, URL, "--event", "click").stdout
    [listed] = sitebell.json("webhooks", "list", token)

    assert "whsec_" in shown
    assert "only now" in shown
    assert (listed["url"], listed["events"], listed["is_enabled"]) == (URL, ["click"], True)
    for command in ("list", "show", "log"):
        arguments = [token] if command == "list" else [token, listed["id"]]
        assert "whsec_" not in sitebell.run("webhooks", command, *arguments).stdout


def test_without_an_event_all_are_told(sitebell: CommandLine) -> None:
    made = sitebell.json("webhooks", "create", sitebell.create_site()["token"], URL)

    assert made["events"] == ["subscribe", "update_subscription", "unsubscribe", "show", "click", "close"]


def test_a_test_event_arrives_signed_and_the_log_tells_it(
    sitebell: CommandLine, installation: Installation, push_service: PushService
) -> None:
    token = installation.site.token
    made = sitebell.json("webhooks", "create", token, URL)
    rotated = sitebell.json("webhooks", "rotate", token, made["id"])
    call = sitebell.json("webhooks", "test", token, made["id"])
    installation.clock.advance(seconds=5)
    with WebhookReceiver(push_service) as receiver:
        installation.drain_webhooks()
        sitebell.run("webhooks", "retry", token, made["id"], call["id"])
        installation.clock.advance(seconds=60)
        installation.drain_webhooks()

    now = installation.clock().timestamp()
    assert receiver.ids == [call["id"]] * 2
    for secret in (made["secret"], rotated["secret"]):
        assert StandardWebhook((secret,)).verifies(receiver.calls[1], now)
    [logged] = sitebell.json("webhooks", "log", token, made["id"])
    assert (logged["state"], logged["attempts"], logged["http_status"]) == ("delivered", 2, 204)
    assert call["id"] in sitebell.run("webhooks", "log", token, made["id"], "--limit", 1).stdout


def test_the_list_says_which_webhook_is_off_and_how_many_events_wait(
    sitebell: CommandLine, installation: Installation
) -> None:
    token = installation.site.token
    made = sitebell.json("webhooks", "create", token, URL)
    installation.subscribe(installation.push.add_subscribers(3))
    waiting = sitebell.json("webhooks", "show", token, made["id"])["waiting"]
    sitebell.run("webhooks", "set", token, made["id"], "--off")

    assert waiting == 3
    assert "off: switched off" in sitebell.run("webhooks", "list", token).stdout
    assert "switched off" in sitebell.refused("webhooks", "test", token, made["id"])
    assert sitebell.json("webhooks", "set", token, made["id"], "--on", "--event", "show")["events"] == ["show"]


def test_a_removed_webhook_is_gone(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    made = sitebell.json("webhooks", "create", token, URL)
    sitebell.run("webhooks", "test", token, made["id"])
    removed = sitebell.run("webhooks", "remove", token, made["id"])

    assert URL in removed.stdout
    assert sitebell.json("webhooks", "list", token) == []
    assert "no webhook" in sitebell.refused("webhooks", "show", token, made["id"])


def test_another_sites_webhook_is_not_found(sitebell: CommandLine) -> None:
    made = sitebell.json("webhooks", "create", sitebell.create_site()["token"], URL)
    other = sitebell.create_site("Blog")["token"]

    assert "no webhook" in sitebell.refused("webhooks", "remove", other, made["id"])


@pytest.mark.parametrize("url", ["http://hooks.example.com/x", "https://10.0.0.1/x", "hooks.example.com/x"])
def test_sec_07_a_url_that_calls_may_not_go_to_is_refused(sitebell: CommandLine, url: str) -> None:
    token = sitebell.create_site()["token"]

    assert "The webhook's URL must" in sitebell.refused("webhooks", "create", token, url)


def test_a_change_of_nothing_is_a_usage_error(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    made = sitebell.json("webhooks", "create", token, URL)

    assert "Name at least one thing" in sitebell.refused("webhooks", "set", token, made["id"], code=2)
