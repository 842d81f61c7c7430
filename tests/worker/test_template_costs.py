"""One worker sends for every site: no template and no profile, however they were chosen, keep it for long (SEC-37)."""

import pytest

from sitebell.models import FieldType
from support.effort import counted
from support.installation import Installation
from support.people import add_fields, add_person, shown

pytestmark = pytest.mark.databases("sqlite")  # what is counted here is done without a database
PERSONALISATION = "services/personalisation"
MOST_CHARACTERS = 500_000  # handed from function to function, for one recipient
LARGEST = ["-%é " * 125] * 100

HOSTILE = [
    "{{ profile.likes | upper" + " | upper" * 90 + " }}",
    "{{ profile.likes | title" + " | title" * 90 + " }}",
    "{{ profile.likes | urlencode }}",
    "{{ profile.likes | truncate(7999) | urlencode }}",
    "{{ profile.likes | truncate(7999)" + " | title" * 90 + " | truncate(1) }}",
    "{{ profile.likes | truncate(7999) | title | truncate(1) }}" * 25,
    "{{ profile.likes | default(profile.likes | upper) | upper | truncate(1) }}" * 20,
    "{{ profile.likes }}" * 60,
    "{{ 'yes' if profile.likes | upper in profile.likes | upper else 'no' }}" * 15,
    "{{ profile._city | title" + " | title" * 150 + " }}",
    "{% if %}" + "{{ profile._city | urlencode }}" * 40,
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:60])
def test_sec_37_no_template_and_profile_make_more_than_a_bounded_amount_of_work(
    installation: Installation, body: str
) -> None:
    """The delivery to the profile that asks for too much fails by itself, and with a reason that says so."""
    add_fields(installation, likes=FieldType.LIST)
    add_person(installation, "large", likes=LARGEST, _city="-é" * 250)
    small = add_person(installation, "small", likes=["tea"], _city="Rome")
    message = installation.send(notification={"title": "Hello", "body": body})

    with counted(PERSONALISATION) as effort:
        installation.drain()

    [failed, sent] = installation.deliveries(message)
    assert effort.characters < 2 * MOST_CHARACTERS
    assert (failed.state, sent.state, len(small.messages)) == ("failed", "accepted", 1)
    assert "characters" in failed.reason or "bytes" in failed.reason


def test_sec_37_the_texts_of_a_notification_share_one_account(installation: Installation) -> None:
    """Eighteen texts may not do eighteen times as much."""
    add_fields(installation, likes=FieldType.LIST)
    add_person(installation, "large", likes=LARGEST)
    text = "{{ profile.likes | truncate(7999) | title | truncate(9) }}"
    actions = [{"action": str(number), "title": text, "url": f"/{text}", "icon": f"/{text}"} for number in range(4)]
    urls = dict.fromkeys(("url", "icon", "image", "badge"), f"/{text}")
    message = installation.send(notification={"title": text, "body": text, **urls, "actions": actions})

    with counted(PERSONALISATION) as effort:
        installation.drain()

    [failed] = installation.deliveries(message)
    assert effort.characters < MOST_CHARACTERS
    assert (failed.state, "40000 characters" in failed.reason) == ("failed", True)


def test_a_list_as_long_as_a_profile_may_have_can_be_cut_and_encoded(installation: Installation) -> None:
    """What is cut off makes no difference to what is shown."""
    add_fields(installation, likes=FieldType.LIST)
    person = add_person(installation, "ann", likes=[f"{number} é" for number in range(100)])
    large = add_person(installation, "bob", likes=LARGEST)
    body = "{{ profile.likes | upper | truncate(10) | urlencode }}"
    installation.send(audience={"external_ids": ["ann"]}, notification={"title": "Hello", "body": body})
    body = "{{ profile.likes | truncate(8) | title }}"
    installation.send(audience={"external_ids": ["bob"]}, notification={"title": "Hello", "body": body})

    installation.drain()

    assert shown(person)["body"] == "0%20%C3%89%2C%201%20%C3%89%2C%E2%80%A6"
    assert shown(large)["body"] == "-%é -%é…"
