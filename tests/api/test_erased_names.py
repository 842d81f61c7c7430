"""What an erase does to messages whose audience names somebody: the names go, the others still get theirs."""

import pytest
from flask import Flask

from sitebell.models import MessageStatus
from support.back_end import BackEnd
from support.chores import plan
from support.visitors import link, profile_ids, unlink
from support.web_application import Json

EMAIL = {"field": "email", "op": "eq", "value": "Ann@Example.com"}
CITY = {"field": "_city", "op": "eq", "value": "Berlin"}


def test_a_message_to_several_loses_the_erased_persons_name_and_nothing_else(office: BackEnd) -> None:
    ann, _ = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    message_id = office.send(audience={"external_ids": ["ann", "ben"], "tags": ["vip"]})
    office.erase(ann)

    message = office.ask("GET", f"/v1/messages/{message_id}")
    names = message["audience"]["external_ids"]
    assert message["notification"] == {"title": "Hello"}
    assert "ann" not in names
    assert "ben" in names
    assert len(names) == 2  # a planner may stand at a place in the list
    assert message["audience"]["tags"] == ["vip"]


def test_names_that_only_look_alike_stay(office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com")
    audience = {"external_ids": ["ANN", "anna", "joann"]}
    message_id = office.send(audience=audience)
    office.erase(ann)

    assert set(office.ask("GET", f"/v1/messages/{message_id}")["audience"]["external_ids"]) == {"ANN", "anna", "joann"}


@pytest.mark.parametrize(
    ("where", "is_left"),
    [
        (EMAIL, False),
        ({"all": [EMAIL, CITY]}, False),
        ({"any": [EMAIL, {"field": "external_id", "op": "in", "value": ["ann"]}]}, False),
        ({"any": [EMAIL, CITY]}, True),
        ({"not": EMAIL}, True),
        ({"field": "email", "op": "in", "value": ["ann@example.com", "ben@example.com"]}, True),
    ],
)
def test_a_condition_that_only_the_erased_person_met_takes_the_content_with_it(
    app: Flask,
    office: BackEnd,
    where: Json,
    is_left: bool,  # noqa: FBT001
) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com")
    message_id = office.send(audience={"where": where})
    office.erase(ann)
    message = office.ask("GET", f"/v1/messages/{message_id}")
    plan(app)

    assert "ann" not in str(message["audience"]).lower()
    assert message["notification"] == {"title": "Hello" if is_left else "(erased)"}
    assert office.ask("GET", f"/v1/messages/{message_id}")["status"] == MessageStatus.SENT


def test_others_that_a_condition_named_beside_the_erased_person_are_still_reached(app: Flask, office: BackEnd) -> None:
    ann = office.add_profile(email="ann@example.com")
    ben = office.subscribe(match={"email": "ben@example.com"})
    where = {"field": "email", "op": "in", "value": ["ann@example.com", "ben@example.com"]}
    message_id = office.send(audience={"where": where})
    office.erase(ann)
    plan(app)

    assert ben["status"] == "subscribed"
    assert office.ask("GET", f"/v1/messages/{message_id}")["counts"]["recipients"] == 1


@pytest.mark.parametrize("action", ["", "pause"])
def test_a_message_to_the_erased_person_alone_ends_by_itself(app: Flask, office: BackEnd, action: str) -> None:
    ann = profile_ids(office.subscribe(match={"external_id": "ann"}))[0]
    message_id = office.send(audience={"external_ids": ["ann"]})
    if action:
        office.ask("POST", f"/v1/messages/{message_id}/{action}")
    office.erase(ann)
    if action:
        office.ask("POST", f"/v1/messages/{message_id}/resume")
    plan(app)

    message = office.ask("GET", f"/v1/messages/{message_id}")
    assert (message["status"], message["counts"]["recipients"]) == (MessageStatus.SENT, 0)


def test_messages_of_a_site_that_had_the_database_once_lose_the_name(
    app: Flask, office: BackEnd, other_office: BackEnd
) -> None:
    link(app, other_office.site, office.site.database_id)
    ann = office.add_profile(external_id="ann")
    first = other_office.send(audience={"external_ids": ["ann"]})
    for _ in range(2):  # unlinked again after it was linked again
        unlink(app, other_office.site, office.site.database_id)
        link(app, other_office.site, office.site.database_id)
    unlink(app, other_office.site, office.site.database_id)
    later = other_office.send(audience={"external_ids": ["ann"]})
    office.erase(ann)

    message = other_office.ask("GET", f"/v1/messages/{first}")
    assert "ann" not in str(message["audience"])
    assert message["notification"] == {"title": "(erased)"}
    assert other_office.ask("GET", f"/v1/messages/{later}")["audience"] == {"external_ids": ["ann"]}  # somebody else


def test_messages_of_sites_that_never_knew_the_person_stay_as_they_are(office: BackEnd, other_office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann")
    message_id = other_office.send(audience={"external_ids": ["ann"]})
    office.erase(ann)

    assert other_office.ask("GET", f"/v1/messages/{message_id}")["audience"] == {"external_ids": ["ann"]}
