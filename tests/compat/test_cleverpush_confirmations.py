"""The double opt-in of an e-mail address: a link for the site's mailer, a page that asks, a button that confirms."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, Channel, sample_channel
from sitebell.models import Quirk
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.dialects import ask_for
from support.stopped_clock import StoppedClock
from support.visitors import add_database
from support.web_application import refusal

ANN = "user@example.com"


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel with the ids of the samples."""
    return sample_channel(app, client, site)


def test_the_mailer_is_told_of_an_address_that_waits(channel: Channel) -> None:
    channel.listen()

    answer = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")

    [told] = channel.told()
    assert (told["email"], told["subscriber_hash"]) == (ANN, answer["id"])
    assert channel.told("subscribe") == []


def test_the_link_asks_and_confirms_nothing(channel: Channel) -> None:
    """Mail scanners open links."""
    channel.listen()
    answer = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")

    asked = channel.client.get(channel.link())
    assert (asked.status_code, asked.mimetype) == (200, "text/html")
    assert '<form method="post">' in asked.text
    assert ANN in asked.text
    assert channel.statuses(answer["id"]) == ["unconfirmed"]


def test_the_button_behind_the_link_confirms(channel: Channel) -> None:
    channel.listen()
    answer = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")

    assert channel.client.post(channel.link()).status_code == 200
    assert channel.statuses(answer["id"]) == ["subscribed"]
    assert [event["subscriber_hash"] for event in channel.told("subscribe")] == [answer["id"]]
    assert "<form" not in channel.client.get(channel.link()).text
    again = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")
    assert again == answer | {"emailConfirmationNeeded": False, "inactive": False, "topics": []}


def test_an_address_that_waits_goes_on_waiting_whatever_form_names_it(channel: Channel) -> None:
    channel.listen()
    first = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")

    again = channel.sync(
        emailAddress=ANN.upper(), emailOptInFormId="SINGLE_FORM", customAttributes={"user_id": "another"}
    )

    assert (again["id"], again["emailConfirmationNeeded"]) == (first["id"], True)
    assert set(channel.statuses(first["id"])) == {"unconfirmed"}
    assert len(channel.told()) == 1, "a form that asks once hands no link over"


@pytest.mark.parametrize("change", ["forged", "other_site", "expired"])
def test_a_link_that_is_not_ours_confirms_nothing(
    change: str, channel: Channel, other_office: BackEnd, clock: StoppedClock
) -> None:
    channel.listen()
    answer = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")
    link = channel.link()
    if change == "forged":
        link = re.sub(r".{8}$", "AAAAAAAA", link)
    elif change == "other_site":
        link = link.replace(channel.site.site.token, other_office.site.site.token)
    else:
        clock.advance(days=31)

    assert [channel.client.open(link, method=method).status_code for method in ("GET", "POST")] == [422, 422]
    assert channel.statuses(answer["id"]) == ["unconfirmed"]


def test_an_old_link_does_not_undo_a_later_opt_out_and_a_new_one_does(channel: Channel, clock: StoppedClock) -> None:
    channel.listen()
    answer = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")
    old = channel.link()
    channel.client.post(old)
    clock.advance(hours=1)
    channel.office.ask("POST", f"/v1/subscribers/{answer['id']}/unsubscribe")

    assert channel.client.post(old).status_code == 422
    assert channel.sync(emailAddress=ANN)["inactive"] is True
    clock.advance(hours=1)
    asked = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")
    assert (asked["inactive"], asked["emailConfirmationNeeded"]) == (True, True)
    assert channel.client.post(channel.link()).status_code == 200
    assert channel.sync(emailAddress=ANN)["inactive"] is False


def test_the_page_behind_the_link_runs_nothing_and_keeps_nothing(channel: Channel) -> None:
    channel.listen()
    channel.sync(emailAddress="ann&lt@example.com", emailOptInFormId="OPT_IN_FORM_ID")

    page = channel.client.get(channel.link())

    assert "script" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "ann&amp;lt@example.com" in page.text
    assert "ann&lt@" not in page.text


def test_an_address_is_not_stored_when_nobody_would_hear_of_its_link(channel: Channel) -> None:
    body = {"emailAddress": ANN, "emailOptInFormId": "OPT_IN_FORM_ID"}

    assert refusal(channel.call("POST", f"/subscription/sync/{CHANNEL}", body)) == (409, "no_mailer")
    assert channel.office.search() == []


def test_an_old_link_does_not_undo_an_opt_out_at_one_profile(channel: Channel, clock: StoppedClock) -> None:
    channel.listen()
    subscriber = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["id"]
    channel.client.post(channel.link())
    [profile] = channel.office.search()
    clock.advance(hours=1)
    channel.office.attach(profile["id"], subscriber, status="unsubscribed")

    assert channel.client.post(channel.link()).status_code == 422
    assert channel.statuses(subscriber) == ["unsubscribed"]
    clock.advance(hours=1)
    assert channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["emailConfirmationNeeded"] is True
    assert channel.client.post(channel.link()).status_code == 200
    assert channel.statuses(subscriber) == ["subscribed"]


def test_an_address_that_waits_goes_on_waiting_whoever_binds_it_and_to_whom(channel: Channel) -> None:
    channel.listen()
    subscriber = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["id"]
    [first] = channel.office.search()
    ben = channel.office.add_profile(external_id="ben")

    answer = channel.sync(subscriptionId=subscriber, customAttributes={"user_id": "9"})
    assert (answer["emailConfirmationNeeded"], answer["inactive"]) == (True, True)
    channel.office.attach(ben, subscriber)
    assert channel.statuses(subscriber) == ["unconfirmed"]
    channel.office.ask("DELETE", f"{channel.office.profiles}/{ben}/subscriptions/{subscriber}")
    assert channel.statuses(subscriber) == ["unconfirmed"], "nobody's, and still not confirmed"
    channel.office.attach(first["id"], subscriber)
    assert channel.statuses(subscriber) == ["unconfirmed"]

    assert channel.client.post(channel.link()).status_code == 200
    for profile in (ben, first["id"]):
        channel.office.attach(profile, subscriber)
        assert channel.statuses(subscriber) == ["subscribed"], "confirmed once, it is so for everybody"


def test_an_id_alone_does_not_confirm_an_address(app: Flask, channel: Channel, site: NewSite) -> None:
    channel.listen()
    ask_for(app, site, Quirk.CLEVERPUSH_ID_WRITES)
    subscriber = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["id"]
    body = {"channelId": CHANNEL, "subscriptionId": subscriber, "attributeId": "user_id", "value": "somebody"}

    assert channel.call("POST", "/subscription/attribute", body, key=None).status_code == 200

    assert channel.statuses(subscriber) == ["unconfirmed"]


def test_an_address_that_waits_is_listed_and_counted_as_inactive(channel: Channel) -> None:
    channel.listen()
    browser = channel.office.add_subscriber()
    subscriber = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["id"]
    members = ("id", "type", "inactive", "emailAddress", "emailConfirmationNeeded")

    def listed() -> list[tuple[object, ...]]:
        found = channel.read("subscriptions")["subscriptions"]
        return [tuple(row[name] for name in members) for row in found]

    shown = (browser, "web", False, None, False)
    assert listed() == [shown, (subscriber, "email", True, ANN, True)]
    assert channel.read("subscription-count") == {"subscriptions": 1, "inactiveSubscriptions": 1}

    channel.client.post(channel.link())

    assert listed() == [shown, (subscriber, "email", False, ANN, False)]
    assert channel.read("subscription-count") == {"subscriptions": 2, "inactiveSubscriptions": 0}


@pytest.mark.parametrize("has_opted_out", [False, True])
def test_a_confirmed_address_stays_suspended_until_the_operator_resumes(
    channel: Channel, clock: StoppedClock, *, has_opted_out: bool
) -> None:
    channel.listen()
    form = {"emailAddress": ANN, "emailOptInFormId": "OPT_IN_FORM_ID"}
    subscriber = channel.sync(**form)["id"]
    if has_opted_out:
        channel.client.post(channel.link())
        [profile] = channel.office.search()
        channel.office.attach(profile["id"], subscriber, status="unsubscribed")
        clock.advance(hours=1)
        channel.sync(**form)
    channel.office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")

    assert channel.client.post(channel.link()).status_code == 200
    assert channel.statuses(subscriber) == ["suspended"]
    channel.office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert channel.statuses(subscriber) == ["subscribed"]


def test_no_operators_resume_confirms_an_address_wherever_it_was_bound(channel: Channel) -> None:
    channel.listen()
    subscriber = channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID")["id"]
    channel.office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    more = add_database(channel.app, channel.site)

    channel.sync(emailAddress=ANN, emailOptInFormId="OPT_IN_FORM_ID", customAttributes={"user_id": "9"})
    channel.office.ask("POST", f"/v1/subscribers/{subscriber}/resume")

    shown = channel.office.ask("GET", f"/v1/subscribers/{subscriber}")["enrollments"]
    assert {(row["database_id"], row["status"]) for row in shown} == {
        (channel.site.database_id, "unconfirmed"),
        (more, "unconfirmed"),
    }
