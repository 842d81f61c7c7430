"""The export of a person: all of theirs, nothing of anybody else, and no credential."""

import json

import pytest
from flask import Flask

from api.at_work import accepted_receipt
from support.back_end import WEBHOOK, BackEnd
from support.planting import CLICK, EVENT, PROFILE, REASON, VISIT, Planted
from support.stopped_clock import StoppedClock
from support.visitors import Browser, add_database, profile_ids
from support.web_application import Json

PARTS = ["exported_at", "profile", "subscriptions", "messages", "deliveries", "events", "webhook_events"]


def export(office: BackEnd, profile_id: str) -> Json:
    """Export a person."""
    return office.ask("GET", f"{office.profiles}/{profile_id}/export")


def note(office: BackEnd, browser: Browser, text: str) -> None:
    """Let a page of the site note something at a browser."""
    event = {"type": "custom", "subscription": browser.subscription, "at": 1, "action": text}
    assert office.client.post(f"{browser.page}/events", json={"events": [event]}).status_code == 200


def test_an_export_shows_each_thing_in_its_place(app: Flask, office: BackEnd, browser: Browser) -> None:
    planted = Planted(app, office, browser)
    shown = export(office, planted.profile_id)

    assert list(shown) == PARTS
    assert shown["profile"]["id"] == planted.profile_id
    assert shown["profile"]["fields"]["notes"] == PROFILE["fields"]["notes"]
    [browser_shown] = shown["subscriptions"]
    assert browser_shown["push_service"] == "fcm.googleapis.com"
    assert (browser_shown["locale"], browser_shown["topics"]) == (VISIT["locale"], VISIT["topics"])
    assert browser_shown["enrollment"]["status"] == "subscribed"
    assert {row["id"] for row in shown["messages"]} == {*planted.former_message_ids, *planted.message_ids}
    assert {row["reason"] for row in shown["deliveries"]} == {REASON, ""}
    assert [row["action"] for row in shown["events"] if row["type"] == "clicked"] == [CLICK]
    assert EVENT["data"] in [row["data"] for row in shown["events"]]
    assert {row["event"]["type"] for row in shown["webhook_events"]} == {"subscribe", "click"}


def test_an_export_of_somebody_without_a_browser_is_their_profile(office: BackEnd) -> None:
    shown = export(office, office.add_profile(external_id="ann"))

    assert shown["profile"]["external_id"] == "ann"
    assert [shown[part] for part in PARTS[2:]] == [[]] * 5


def test_of_an_audience_an_export_shows_the_persons_own_names_alone(office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com")
    where = {"field": "email", "op": "in", "value": ["ann@example.com", "ben@example.com"]}
    body = {"audience": {"external_ids": ["ann", "ben"], "where": where}, "notification": {"title": "Hello"}}
    office.ask("POST", "/v1/messages", body)

    shown = export(office, ann)
    assert [row["audience"] for row in shown["messages"]] == [{"external_ids": ["ann"], "where": ["ann@example.com"]}]
    assert "ben" not in json.dumps(shown)


def test_what_others_did_at_a_shared_browser_is_theirs(office: BackEnd, browser: Browser, clock: StoppedClock) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    note(office, browser, "noted of ann")
    clock.advance(minutes=1)
    browser.post("logout")
    clock.advance(minutes=1)
    [ben] = profile_ids(browser.identify("ben"))
    note(office, browser, "noted of ben")

    of_ann, of_ben = json.dumps(export(office, ann)), json.dumps(export(office, ben))
    assert ("noted of ann" in of_ann, "noted of ben" in of_ann) == (True, False)
    assert ("noted of ann" in of_ben, "noted of ben" in of_ben) == (False, True)


def test_messages_to_others_at_a_shared_browser_are_theirs(
    app: Flask, office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    planted = Planted(app, office, browser)
    clock.advance(minutes=1)
    [ben] = profile_ids(browser.identify("ben"))
    body = {"audience": {"external_ids": ["ben"]}, "notification": {"title": "For Ben"}}
    office.ask("POST", "/v1/messages", body)

    of_ann, of_ben = export(office, planted.profile_id), export(office, ben)
    assert "For Ben" not in json.dumps(of_ann)
    assert len(of_ann["deliveries"]) == len(planted.message_ids)
    assert [row["notification"]["title"] for row in of_ben["messages"]] == ["For Ben"]
    assert "zq-" not in json.dumps([of_ben[part] for part in ("messages", "deliveries", "events", "webhook_events")])


def test_what_is_reported_of_a_notification_is_the_persons_for_whom_it_was(
    app: Flask, office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    """She logs out, somebody else logs in, and her notification is clicked."""
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    message_id = office.send(audience={"external_ids": ["ann"]})
    receipt = accepted_receipt(app, office.site, browser.subscription, message_id, clock)
    browser.post("logout")
    clock.advance(minutes=1)
    [ben] = profile_ids(browser.identify("ben"))
    clock.advance(minutes=1)
    click = {"type": "clicked", "receipt": receipt, "at": int(clock().timestamp() * 1000)}
    assert office.client.post(f"{browser.page}/events", json={"events": [click]}).json == {"accepted": 1, "ignored": 0}

    reported = [
        [row["message_id"] for row in export(office, person)["events"] if row["type"] == "clicked"]
        for person in (ann, ben)
    ]
    assert reported == [[message_id], []]


def test_what_is_known_of_a_shared_browser_is_shown_to_whose_time_it_is_of(
    office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    topics = [{"name": name, "title": name} for name in ("hiv", "sports")]
    office.ask("PUT", "/v1/topics", {"topics": topics})
    [ann] = profile_ids(
        browser.put(match={"external_id": "ann"}, topics=["sports"], locale="de", time_zone="Europe/Berlin")
    )
    clock.advance(minutes=1)
    [before] = export(office, ann)["subscriptions"]
    assert [before[name] for name in ("topics", "locale", "time_zone")] == [["sports"], "de", "Europe/Berlin"]
    assert before["seen_at"] == before["created_at"]
    browser.post("logout")
    clock.advance(minutes=1)
    [ben] = profile_ids(
        browser.identify("ben", topics=["sports", "hiv"], locale="fr", time_zone="Europe/Paris"),
    )
    clock.advance(minutes=1)
    browser.post("unsubscribe")

    [of_ann], [of_ben] = (export(office, person)["subscriptions"] for person in (ann, ben))
    changing = ("topics", "locale", "time_zone", "seen_at", "updated_at", "status", "status_reason")
    assert [of_ann[name] for name in changing] == [["sports"], None, None, None, None, None, None]
    assert (of_ann["subscriber_hash"], of_ann["enrollment"]["status"]) == (of_ben["subscriber_hash"], "suspended")
    assert [of_ben[name] for name in changing[:3]] == [["hiv"], "fr", "Europe/Paris"]
    assert (of_ben["created_at"], of_ben["status"]) == (None, "unsubscribed")
    assert of_ben["seen_at"] is not None


@pytest.mark.parametrize(
    ("visitors", "shown"),
    [
        (["ann", "ann", "ben"], ["ann 0", "ann 1"]),
        (["ben", "ann", "ann", "eve"], ["ann 1", "ann 2"]),
        (["ben", "ann", "ann", "ben"], ["ann 2"]),  # when he left before is not known any more
        (["ann", "ben", "ann", "ann", "eve"], ["ann 2", "ann 3"]),  # nor how long she stayed before that
    ],
    ids=["first", "after another", "before one who came back", "after coming back"],
)
def test_a_whole_stay_at_a_shared_browser_is_the_persons(
    office: BackEnd, browser: Browser, clock: StoppedClock, visitors: list[str], shown: list[str]
) -> None:
    """However often a page identified them meanwhile, and nothing of the others'."""
    for number, name in enumerate(visitors):
        browser.put(match={"external_id": name})
        clock.advance(minutes=1)
        note(office, browser, f"{name} {number}")
        clock.advance(minutes=1)

    [ann] = office.search(external_id="ann")
    events = export(office, ann["id"])["events"]
    assert [row["action"] for row in events if row["type"] == "custom"] == shown


def test_what_an_unknown_visitor_does_after_a_logout_is_not_the_persons(
    office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    office.ask("PUT", "/v1/topics", {"topics": [{"name": "hiv", "title": "HIV"}]})
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}, locale="de"))
    note(office, browser, "noted of ann")
    clock.advance(minutes=1)
    browser.post("logout")
    clock.advance(minutes=1)
    browser.refresh(topics=["hiv"], locale="fr")
    note(office, browser, "noted of a guest")

    shown = export(office, ann)
    assert (shown["subscriptions"][0]["topics"], shown["subscriptions"][0]["locale"]) == ([], None)
    assert [row["action"] for row in shown["events"] if row["type"] == "custom"] == ["noted of ann"]
    browser.identify("ann")
    assert "noted of a guest" in json.dumps(export(office, ann)), "the guest was the same visitor, who logs in again"


def test_a_long_export_is_sent_in_pieces(office: BackEnd, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    for number in range(30):
        note(office, browser, f"event {number:04} {'x' * 80}")

    with office.call("GET", f"{office.profiles}/{ann}/export", buffered=False) as answer:
        assert answer.mimetype == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        pieces = list(answer.iter_encoded())
    assert (len(pieces) > 1, answer.content_length) == (True, sum(map(len, pieces)))


def test_the_same_person_in_another_database_hides_nothing(
    app: Flask, office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    add_database(app, office.site)
    office.ask("POST", "/v1/webhooks", WEBHOOK | {"events": ["subscribe", "unsubscribe"]})
    browser.put(match={"external_id": "ann"})
    id_ = browser.profile_id()
    for text in ("early", "late"):
        note(office, browser, text)
        clock.advance(hours=1)
        browser.identify("ann")
    browser.post("unsubscribe")

    shown = export(office, id_)
    assert [row["action"] for row in shown["events"] if row["type"] == "custom"] == ["early", "late"]
    told = [row["event"] for row in shown["webhook_events"]]
    assert "unsubscribe" in {event["type"] for event in told}
    assert {person["profile_id"] for event in told for person in event["profiles"]} == {id_}
