"""Messages call people by names that change: an erase still finds them, and a merge lets them reach who is left."""

from collections.abc import Callable

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.chores import plan
from support.query_plans import tables_walked, watched
from support.visitors import add_fields
from support.web_application import Json, parts

AudienceOf = Callable[[str], Json]


def look(office: BackEnd, message_id: str) -> Json:
    """Return a message."""
    return office.ask("GET", f"/v1/messages/{message_id}")


def compare(field: str, op: str, value: object) -> Json:
    """Return an audience of one comparison."""
    return {"where": {"field": field, "op": op, "value": value}}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (compare("email", "eq", " Ann@EXAMPLE.com"), compare("email", "eq", "ann@example.com")),
        (compare("email", "in", ["Ann@EXAMPLE.com"]), compare("email", "in", ["ann@example.com"])),
        (compare("email", "begins_with", "Ann@"), compare("email", "begins_with", "ann@")),
        (compare("phones", "contains", "+49 (30) 90 18 20"), compare("phones", "contains", "+4930901820")),
        (compare("_city", "eq", "Köln"), compare("_city", "eq", "Köln")),
        (
            {"where": {"not": {"field": "phones", "op": "exists"}}},
            {"where": {"not": {"field": "phones", "op": "exists"}}},
        ),
    ],
)
def test_an_audience_is_stored_in_the_form_in_which_profiles_are(office: BackEnd, given: Json, stored: Json) -> None:
    assert look(office, office.send(audience=given))["audience"] == stored


NAMES: dict[str, AudienceOf] = {
    "profile id": lambda ben: {"profile_ids": [ben]},
    "external id": lambda _: {"external_ids": ["ben"]},
    "external id in where": lambda _: compare("external_id", "in", ["ben"]),
    "email": lambda _: compare("email", "eq", "ben@example.com"),
    "phone": lambda _: compare("phones", "contains", "+4930901821"),
}


@pytest.mark.parametrize("audience_of", NAMES.values(), ids=NAMES)
def test_a_message_that_calls_a_merged_person_by_a_lost_name_reaches_who_is_left(
    app: Flask, office: BackEnd, audience_of: AudienceOf
) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com")
    ben = office.add_profile(external_id="ben", email="ben@example.com", phones=["+4930901821"])
    office.add_subscriber(match={"external_id": "ann"})
    message_id = office.send(audience=audience_of(ben))
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": ben})
    plan(app)

    assert look(office, message_id)["counts"]["recipients"] == 1
    office.erase(ann)
    assert look(office, message_id)["notification"] == {"title": "(erased)"}


def test_a_message_that_is_planned_keeps_the_name_by_which_it_was_sent(app: Flask, office: BackEnd) -> None:
    ann, ben = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    message_id = office.send(audience={"external_ids": ["ben"]})
    plan(app)
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": ben})

    assert look(office, message_id)["audience"] == {"external_ids": ["ben"]}


def test_a_merge_reads_no_message_that_is_planned(app: Flask, office: BackEnd) -> None:
    """Else it would lock and load all that ever named the person, each with its whole audience."""
    ann, ben, eve = (office.add_profile(external_id=name) for name in ("ann", "ben", "eve"))

    def cost(source: str) -> int:
        with watched(parts(app).store.engine) as statements:
            office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": source})
        return len(statements)

    for _ in range(5):
        office.send(audience={"external_ids": ["ben"]})
    plan(app)

    assert cost(ben) == cost(eve)


@pytest.mark.parametrize(
    ("named", "audience", "change"),
    [
        ({"external_id": "old"}, {"external_ids": ["old"]}, {"external_id": "new"}),
        ({"email": "old@example.com"}, compare("email", "eq", "OLD@example.com"), {"email": None}),
        ({"phones": ["+4930901820"]}, compare("phones", "contains", "+4930901820"), {"phones": ["+4930901821"]}),
    ],
)
def test_a_former_name_goes_with_its_person_unless_somebody_else_has_it_now(
    office: BackEnd, named: Json, audience: Json, change: Json
) -> None:
    ann, message_id = office.add_profile(**named), office.send(audience=audience)
    office.ask("PATCH", f"{office.profiles}/{ann}", change)
    ben = office.add_profile(**named)
    before = look(office, message_id)
    office.erase(ann)
    assert look(office, message_id) == before

    eve = office.add_profile(email="eve@example.com")
    office.ask("PATCH", f"{office.profiles}/{ben}", change)
    office.erase(eve)
    assert look(office, message_id) == before
    office.erase(ben)
    assert look(office, message_id)["notification"] == {"title": "(erased)"}


@pytest.mark.parametrize(
    ("kind", "value", "spelling"),
    [
        ("text", "4711", "4711"),
        ("integer", 4711, 4711),
        ("decimal", 9.9, 9.9),
        ("list", ["a", "b"], "b"),
        ("date", "1990-05-31", "1990-05-31T10:00:00Z"),
        ("datetime", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"),
    ],
)
def test_a_value_of_a_custom_field_is_a_name_when_nobody_else_has_it(
    app: Flask, office: BackEnd, kind: str, value: object, spelling: object
) -> None:
    add_fields(app, office.site.database_id, card=kind)
    ann, ben = office.add_profile(fields={"card": value}), office.add_profile(fields={"card": value})
    message_id = office.send(audience=compare("card", "contains" if kind == "list" else "eq", spelling))
    office.erase(ann)
    assert look(office, message_id)["audience"]["where"]["value"] == spelling

    office.erase(ben)
    assert look(office, message_id)["audience"]["where"]["value"].startswith("erased:")


def test_a_standard_field_says_nothing_that_is_a_name(office: BackEnd) -> None:
    """A campaign to one town is not its only inhabitant's."""
    ann = office.add_profile(fields={"_city": "Köln"})
    message_id = office.send(audience=compare("_city", "eq", "Köln"))
    office.erase(ann)

    assert look(office, message_id)["audience"] == compare("_city", "eq", "Köln")


def test_neither_an_erase_nor_an_export_reads_all_messages(app: Flask, office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com", phones=["+4930901820"])
    office.send(audience={"external_ids": ["ann"]})
    with watched(parts(app).store.engine) as statements:
        office.ask("GET", f"{office.profiles}/{ann}/export")
        office.erase(ann)

    named = [one for one in statements if "message_name" in one[0]]
    assert named
    with parts(app).store.reading() as session:
        assert tables_walked(session, named) == set()
