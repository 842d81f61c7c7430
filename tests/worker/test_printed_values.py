"""Values of a profile in a notification read as people write them, and in a URL they lead nowhere else."""

from typing import Any

from sitebell.models import FieldType
from support.installation import Installation
from support.people import add_fields, add_person, shown

PRINTED: list[tuple[FieldType, Any, str, str]] = [
    (FieldType.INTEGER, -7, "{{ profile.it }}", "-7"),
    (FieldType.DECIMAL, 10, "{{ profile.it }}", "10"),
    (FieldType.DECIMAL, 9.5, "{{ profile.it }}", "9.5"),
    (FieldType.DECIMAL, 0.000001, "{{ profile.it }}", "0.000001"),
    (FieldType.BOOLEAN, True, "{{ profile.it }}", "true"),
    (FieldType.BOOLEAN, False, "{{ profile.it }}", "false"),
    (FieldType.DATE, "1990-05-31", "{{ profile.it }}", "1990-05-31"),
    (FieldType.DATE, "1990-05-31", '{{ profile.it | date("%d.%m.%Y") }}', "31.05.1990"),
    (FieldType.DATETIME, "2026-12-24T19:00:00+01:00", "{{ profile.it }}", "2026-12-24T18:00:00Z"),
    (FieldType.DATETIME, "2026-12-24T19:00:00+01:00", '{{ profile.it | date("%B %d") }}', "December 24"),
    (FieldType.LIST, ["b", "a"], "{{ profile.it }}", "b, a"),
    (FieldType.TEXT, "ÄRGER & <b>", "{{ profile.it | capitalize }}", "Ärger & <b>"),
    (FieldType.TEXT, "{{ profile.email }}", "{{ profile.it }}", "{{ profile.email }}"),
    (FieldType.TEXT, "one two three", "{{ profile.it | truncate(8) }}", "one two…"),
    (FieldType.INTEGER, 18, '{{ "adult" if profile.it >= 18 else "minor" }}', "adult"),
    (FieldType.INTEGER, None, '{{ "adult" if profile.it >= 18 else "minor" }}', "minor"),
]


def test_values_print_as_people_write_them(installation: Installation) -> None:
    """One field for each of the cases, all in one notification."""
    kinds = {f"it{number}": kind for number, (kind, *_) in enumerate(PRINTED)}
    add_fields(installation, **kinds)
    person = add_person(installation, "ann", **{name: case[1] for name, case in zip(kinds, PRINTED, strict=True)})
    texts = [case[2].replace("profile.it", f"profile.{name}") for name, case in zip(kinds, PRINTED, strict=True)]
    installation.send(notification={"title": "Hello", "body": "\n".join(texts)})

    installation.drain()

    assert shown(person)["body"].split("\n") == [printed for *_, printed in PRINTED]


def test_phones_are_values_too(installation: Installation) -> None:
    person = add_person(installation, "ann", phones=["+49 30 901820", "+49 30 901821"])
    installation.send(notification={"title": "{{ profile.phones }}"})

    installation.drain()

    assert shown(person)["title"] == "+4930901820, +4930901821"


ENCODED = [
    ("a b&c=d#e", "a%20b%26c%3Dd%23e"),
    ("//evil.example/", "%2F%2Fevil.example%2F"),
    ("\\\\evil.example", "%5C%5Cevil.example"),
    ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    ("@evil.example", "%40evil.example"),
    ("Zürich\n", "Z%C3%BCrich%0A"),
    ("%2e", "%252e"),
]


def test_sec_35_a_value_in_a_url_is_percent_encoded(installation: Installation) -> None:
    people = [add_person(installation, f"c-{number}", _city=value) for number, (value, _) in enumerate(ENCODED)]
    installation.send(
        notification={
            "title": "Hello",
            "url": "https://shop.example.com/{{ profile._city }}?q={{ profile._city | urlencode }}",
            "icon": "/{{ profile._city }}",
        }
    )

    installation.drain()

    for person, (_, encoded) in zip(people, ENCODED, strict=True):
        assert shown(person)["navigate"] == f"https://shop.example.com/{encoded}?q={encoded}"
        assert shown(person)["icon"] == f"/{encoded}"
