"""A template that no profile could fill in is refused when its message is made, and says what to change."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.models import FieldType
from sitebell.services.databases import get_database
from sitebell.services.fields.defining import create_field
from sitebell.services.sites import NewSite
from support.effort import counted
from support.web_application import Json, parts, stored_rows

pytestmark = pytest.mark.shared_app
once = pytest.mark.databases("sqlite")  # what is decided before a database is asked


def send(client: FlaskClient, headers: dict[str, str], message: Json, **members: Any) -> tuple[int, str, Json]:
    """Send a message with these members in its notification; return status, error code and details."""
    body = {**message, "notification": {"title": "Hello", **members}}
    response = client.post("/v1/messages", json=body, headers=headers)
    error = (response.json or {}).get("error", {})
    return response.status_code, error.get("code", ""), error.get("details", {})


SOUND: list[Json] = [
    {"title": 'Hello {{ profile._fname | default("there") }}'},
    {"title": "{{profile._fname}}"},
    {"body": "{{ profile.email }} {{ profile.external_id }} {{ profile.phones }}"},
    {"body": '{{ profile._bdate | date("%d.%m.%Y") }} {{ profile._fname | truncate(10) | upper | lower | title }}'},
    {"body": '{{ "Sir" if profile._sex == "male" else "Madam" if profile._sex is defined else "you" }}'},
    {"body": "{% raw %} {# stays #} 100 % as it is {{ profile._city | capitalize }}"},
    {"url": "/orders/{{ profile.external_id }}?name={{ profile._fname | urlencode }}"},
    {"url": "https://www.example.com/{{ profile._fname }}"},
    {"url": "https://www.example.com?name={{ profile._fname }}"},
    {"icon": "/{{ profile._sex }}.png", "image": "/{{ profile._city }}.jpg", "badge": "/b{{ profile._city }}.png"},
    {"actions": [{"action": "a", "title": "Go, {{ profile._fname }}", "url": "/{{ profile._fname }}"}]},
]


@once
@pytest.mark.parametrize("members", SOUND, ids=range(len(SOUND)))
def test_a_template_of_known_members_and_filters_is_taken(
    client: FlaskClient, back_end: dict[str, str], message: Json, members: Json
) -> None:
    assert send(client, back_end, message, **members) == (202, "", {})


@once
@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "{{ }}",
        "{{ profile._fname",
        "{{ profile }}",
        "{{ _fname }}",
        "{{ profile.no_such_field }}",
        "{{ profile.__class__ }}",
        "{{ profile._fname.__class__ }}",
        '{{ profile["_fname"] }}',
        "{{ profile._fname() }}",
        "{{ profile._fname | no_such_filter }}",
        "{{ profile._fname | attr('x') }}",
        '{{ profile._fname | truncate("ten") }}',
        "{{ profile._fname | truncate(0) }}",
        "{{ profile._fname | truncate(*profile.phones) }}",
        "{{ profile._fname | upper(1) }}",
        '{{ profile._bdate | date("%s") }}',
        '{{ profile._bdate | date("%999999999d") }}',
        "{{ profile._fname | date }}",
        "{{ 1e400 | date }}",
        "{{ '\\ud800' }}",
        "{{ '\\u0000' }}",
        '{{ "x" | truncate(9 | date) }}',
        "{{ profile._fname > 1 }}",
        '{{ "a" * 1000000000 }}',
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ range(1000000000) }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ [profile._fname] }}",
        '{{ profile._fname ~ "a" }}',
        "{{ profile._fname is divisibleby(3) }}",
        "{{ " + "(" * 2900 + "1" + ")" * 80 + " }}",
        "{{ profile._fname" + " | upper" * 300 + " }}",
        "{{ profile._fname" + " | upper" * 196 + " }}",
        "{{ profile._fname | urlencode | urlencode }}",
        "{{ profile._fname | default('%' | urlencode) | upper | urlencode }}",
        "{{ ('%' | urlencode if profile._fname else 'x') | urlencode }}",
        "{{ '" + "%" * 2000 + "' | urlencode | upper | lower | upper | lower | upper | lower | upper | lower }}",
        "{{ '" + "%" * 2900 + "' | urlencode }}",
        "{{ " + "not " * 600 + "1 }}",
    ],
    ids=lambda text: text[:40],
)
def test_sec_37_what_is_more_than_a_value_is_refused(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, text: str
) -> None:
    before = stored_rows(app)

    status, code, details = send(client, back_end, message, body=text)

    assert (status, code, list(details)) == (422, "invalid_template", ["body"])
    assert len(details["body"]) > 20
    assert stored_rows(app) == before


@once
@pytest.mark.parametrize(
    "url",
    [
        "{{ profile.external_id }}",
        "https://{{ profile.external_id }}",
        "https://{{ profile.external_id }}.example.com/",
        "https://www.example.com{{ profile.external_id }}",
        "https://www.example.com:{{ profile.external_id }}/",
        "https://{{ profile.external_id }}@www.example.com/",
        "https://user@www.example.com/{{ profile.external_id }}",
        "ht{{ profile.external_id }}tps://www.example.com/",
        "{{ profile.external_id }}https://www.example.com/",
        "java{{ profile.external_id }}script:alert(1)",
        "javascript:{{ profile.external_id }}",
        "//{{ profile.external_id }}/",
        "/\\{{ profile.external_id }}",
        "/a b{{ profile.external_id }}",
        "{{- profile.external_id }}/",
        " {{- profile.external_id }}",
        '{{ "https://evil.example/" }}',
    ],
)
def test_sec_35_a_value_decides_neither_scheme_nor_host(
    client: FlaskClient, back_end: dict[str, str], message: Json, url: str
) -> None:
    for name in ("url", "icon", "image", "badge"):
        assert send(client, back_end, message, **{name: url})[:2] == (422, "invalid_template")
    for name in ("url", "icon"):
        action = {"action": "a", "title": "A", name: url}
        status, code, details = send(client, back_end, message, actions=[action])
        assert (status, code, list(details)) == (422, "invalid_template", [f"actions.0.{name}"])


@once
def test_every_fault_of_a_notification_is_told_at_once(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    faulty = {"title": "{{ x }}", "body": "{{ y }}", "actions": [{"action": "a", "title": "{{ z }}"}]}

    _, _, details = send(client, back_end, message, **faulty)

    assert set(details) == {"title", "body", "actions.0.title"}


@once
def test_sec_37_the_values_of_all_texts_count_together(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    text = "{{ profile._fname | upper }}" * 15
    members = {"body": text, "url": f"/{text}", "icon": f"/{text}"}

    assert send(client, back_end, message, **members)[0] == 202
    status, code, details = send(client, back_end, message, **members, badge=f"/{text}", image=f"/{text}")
    assert (status, code, list(details)) == (422, "invalid_template", ["badge"])


@once
@pytest.mark.parametrize("step", [" | title", " | upper", " if profile._fname else profile._city", " == 'x'"])
def test_sec_37_a_template_twice_as_long_costs_twice_as_much_to_check(
    client: FlaskClient, back_end: dict[str, str], message: Json, step: str
) -> None:
    """Nor are constants worked out while it is compiled, where nobody counts."""
    efforts = []
    for count in (15, 30):
        with counted("jinja2") as effort:
            assert send(client, back_end, message, body="{{ '" + "%" * 90 + "'" + step * count + " }}")[0] == 202
        efforts.append(effort)

    assert efforts[1].calls < 2.5 * efforts[0].calls


def test_a_field_of_one_linked_database_is_enough(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, site: NewSite
) -> None:
    text = "{{ profile.items }}"
    assert send(client, back_end, message, body=text)[1] == "invalid_template"

    with parts(app).store.writing() as session:
        create_field(session, get_database(session, site.database_id), name="items", kind=FieldType.LIST)

    assert send(client, back_end, message, body=text)[0] == 202


def test_a_field_of_another_sites_database_is_unknown(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, new_site: Any
) -> None:
    other = new_site("https://other.example.com")
    with parts(app).store.writing() as session:
        create_field(session, get_database(session, other.database_id), name="theirs", kind=FieldType.TEXT)

    assert send(client, back_end, message, body="{{ profile.theirs }}")[1] == "invalid_template"


def test_a_message_is_kept_as_its_template(client: FlaskClient, back_end: dict[str, str], message: Json) -> None:
    body = {**message, "notification": {"title": "Hello {{ profile._fname }}"}}
    created = client.post("/v1/messages", json=body, headers=back_end).get_json()

    shown = client.get(f"/v1/messages/{created['id']}", headers=back_end).get_json()

    assert shown["notification"] == body["notification"]


@once
def test_a_template_whose_fixed_parts_alone_are_too_large_is_refused(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    status, code, _ = send(client, back_end, message, body="é" * 2900 + "{{ profile._fname }}")

    assert (status, code) == (422, "notification_too_large")


@once
def test_a_template_may_be_longer_than_what_it_prints(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    text = "é" * 1800 + '{{ profile._fname | default("' + "é" * 500 + '") }}'

    assert send(client, back_end, message, body=text)[0] == 202
