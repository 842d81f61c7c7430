"""Ten browsers of people in two databases, and what `where` means for them, written a second time in plain Python."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from sitebell.models import Subscription
from sitebell.services.sites import NewSite
from support.shop import Shop
from support.visitors import add_fields
from support.web_application import Json, new_subscription, parts

FIRST = {
    "plan": "text",
    "visits": "integer",
    "spent": "decimal",
    "is_new": "boolean",
    "birthday": "date",
    "seen": "datetime",
    "colours": "list",
}
SECOND = {"plan": "text", "visits": "text"}  # the second database knows less, and counts its visits in words
PEOPLE: list[Json] = [
    {},
    {"plan": "gold", "visits": 3, "spent": 9.99, "is_new": True, "colours": ["red", "blue"]},
    {"plan": "Gold", "visits": -3, "spent": 0.000001, "is_new": False, "colours": []},
    {"plan": "gold plus", "visits": 0, "birthday": "1990-05-31", "seen": "2026-03-01T12:00:00Z"},
    {"plan": "", "spent": -10, "birthday": "2026-01-01", "seen": "2026-03-01T13:00:00+01:00", "colours": ["red"]},
    {"plan": "gö%d_☃", "visits": 2**53 - 1, "birthday": "0999-12-31", "colours": ["Red", "green"]},
    {"visits": 3, "spent": 10, "is_new": True},
    {"plan": "silver", "birthday": "1990-06-01"},
]
CONTACTS: list[Json] = [
    {},
    {"email": "ann@example.com"},
    {"email": "bob@example.com", "phones": ["+49301234567"]},
    {"phones": ["+49301234567", "+442079460000"]},
]
FACTS: list[Json] = [
    {"browser": None, "platform": None, "country": None, "clicked_at": None},
    {"browser": "Firefox", "platform": "Linux", "country": "DE", "clicked_at": timedelta(days=1)},
    {"browser": "Chrome", "platform": "Android", "country": "FR", "clicked_at": timedelta(days=40)},
]
LOCALES = [None, "de", "de-AT", "den", "pt-BR"]
TIME_ZONES = [None, "Europe/Berlin", "America/Sao_Paulo"]
TAGS = [[], ["vip"], ["vip", "new"]]
TOPICS = [[], ["news"], ["news", "offers"]]


@dataclass
class Profile:
    """What one database knows of a person: JSON values by name, and the types of its fields."""

    types: dict[str, str]
    values: Json


@dataclass
class Browser:
    """One browser, what is known of it, and the profiles at which it is subscribed."""

    hash: str
    facts: Json
    topics: list[str]
    events: dict[str, list[datetime]]
    profiles: list[Profile] = field(default_factory=list)


def populate(app: Flask, site: NewSite) -> tuple[Shop, list[Browser]]:
    """Let ten browsers visit a site of two databases; the clock goes on by a day between them."""
    shop = Shop(app, site)
    add_fields(app, shop.database_id, **FIRST)
    second = shop.add_database(**SECOND)
    shop.offer("news", "offers")
    browsers = []
    for number in range(10):
        browsers.append(_visit(shop, second, number))
        parts(app).clock.advance(days=1)  # type: ignore[attr-defined]
    return shop, browsers


def _visit(shop: Shop, second: int, number: int) -> Browser:
    device, now = new_subscription(), parts(shop.app).clock()
    person, contact = PEOPLE[number % len(PEOPLE)], CONTACTS[number % len(CONTACTS)]
    tags, topics = TAGS[number % len(TAGS)], TOPICS[number % len(TOPICS)]
    browser_says = {"locale": LOCALES[number % len(LOCALES)], "time_zone": TIME_ZONES[number % len(TIME_ZONES)]}
    match = {"match": {"external_id": f"person {number}"}} if number % 4 else {}
    answer = shop.subscribe(
        device,
        **match,
        **browser_says,
        database_ids=[shop.database_id],
        fields={**person, **contact},
        tags={"add": tags},
        topics=topics,
    )
    facts = {**FACTS[number % len(FACTS)], **browser_says, "created_at": now, "seen_at": now}
    browser = Browser(answer["subscriber_hash"], facts, topics, {"subscribed": [now], "custom": []})
    known = {**person, **contact, "tags": tags} | ({"external_id": f"person {number}"} if match else {})
    browser.profiles.append(Profile(FIRST, known))
    if number % 2:
        words = {name: str(person[name]) for name in SECOND if name in person}
        members = {"database_ids": [second], "fields": words, "exclusive": False, "intent": "refresh"}
        shop.subscribe(device, match={"external_id": f"other {number}"}, **browser_says, **members)
        browser.profiles.append(Profile(SECOND, {**words, "external_id": f"other {number}", "tags": []}))
    _tell_facts(shop, browser, now)
    if number % 3 == 0:
        _do_something(shop, device, browser, now - timedelta(days=number))
    return browser


def _tell_facts(shop: Shop, browser: Browser, now: datetime) -> None:
    """Write what a user agent, an address and a click would tell: how they are read has tests of its own."""
    clicked = browser.facts["clicked_at"]
    browser.facts["clicked_at"] = now - clicked if clicked else None
    values = {name: browser.facts[name] for name in ("browser", "platform", "country", "clicked_at")}
    with parts(shop.app).store.writing() as session:
        session.execute(update(Subscription).where(Subscription.subscriber_hash == browser.hash).values(values))


def _do_something(shop: Shop, device: Json, browser: Browser, at: datetime) -> None:
    event = {"type": "custom", "subscription": device, "at": int(at.timestamp() * 1000), "action": "buy"}
    assert shop.client.post(f"{shop.page}/events", json={"events": [event]}).json == {"accepted": 1, "ignored": 0}
    browser.events["custom"].append(at)


def reached(tree: Json, browsers: list[Browser], now: datetime) -> set[str]:
    """Return the hashes of those browsers that have a profile for which a tree holds."""
    return {b.hash for b in browsers if any(holds(tree, b, profile, now) for profile in b.profiles)}


def holds(tree: Json, browser: Browser, profile: Profile, now: datetime) -> bool:
    """Say whether a tree holds for a browser at one of its profiles."""
    if "all" in tree:
        return all(holds(inner, browser, profile, now) for inner in tree["all"])
    if "any" in tree:
        return any(holds(inner, browser, profile, now) for inner in tree["any"])
    if "not" in tree:
        return not any(holds(tree["not"], browser, other, now) for other in browser.profiles)
    op, wanted = tree["op"], tree.get("value", True)
    if op == "ne" or (op == "exists" and not wanted):
        opposite = {**tree, "op": "eq"} if op == "ne" else {**tree, "value": True}
        return holds({"not": opposite}, browser, profile, now)
    kind, found = lookup(tree["field"], browser, profile)
    if op == "exists":
        return bool(found)
    choices = wanted if op == "in" else [wanted]
    return any(
        compare(kind, op, value, typed(kind, choice, now))
        for value in found
        for choice in choices
        if typed(kind, choice, now) is not None
    )


def lookup(name: str, browser: Browser, profile: Profile) -> tuple[str, list[Any]]:
    """Return the type of a field and its values, none to several."""
    if name.startswith("event."):
        return "datetime", browser.events.get(name.removeprefix("event."), [])
    if name == "subscription.language":
        return "language", [browser.facts["locale"]] if browser.facts["locale"] else []
    if name.startswith("subscription."):
        value = browser.facts[name.removeprefix("subscription.")]
        return "datetime" if name.endswith("_at") else "name", [] if value is None else [value]
    if name == "topics":
        return "text", browser.topics
    kind = profile.types.get(name, "text")
    value = profile.values.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    if kind in ("date", "datetime"):
        return kind, [typed(kind, value, datetime.now(UTC)) for value in values]
    return ("text" if kind == "list" else kind), values


def typed(kind: str, wanted: Any, now: datetime) -> Any:
    """Return a wanted value as it is compared, or None when it is of another type."""
    if kind in ("date", "datetime"):
        if isinstance(wanted, dict):
            moment = now - timedelta(days=wanted["days_ago"])
            return moment.date() if kind == "date" else moment
        if not isinstance(wanted, str) or not wanted[:1].isdigit():
            return None
        return date.fromisoformat(wanted) if kind == "date" else datetime.fromisoformat(wanted)
    accepted = {"text": str, "name": str, "language": str, "boolean": bool, "integer": int, "decimal": (int, float)}
    is_right = isinstance(wanted, accepted[kind]) and (kind == "boolean" or not isinstance(wanted, bool))  # type: ignore[arg-type]
    return wanted if is_right else None


def compare(kind: str, op: str, value: Any, wanted: Any) -> bool:
    """Compare one value with a wanted one of its own type."""
    if kind == "language":
        return f"{value}-".lower().startswith(f"{wanted}-".lower())
    if kind == "name":
        value, wanted = value.lower(), wanted.lower()
    results: dict[str, bool] = {
        "eq": value == wanted,
        "in": value == wanted,
        "contains": value == wanted,
        "begins_with": isinstance(value, str) and value.startswith(str(wanted)),
    }
    if op in results:
        return results[op]
    is_greater, is_less = bool(value > wanted), bool(value < wanted)
    return {
        "gt": is_greater,
        "after": is_greater,
        "lt": is_less,
        "before": is_less,
        "gte": not is_less,
        "lte": not is_greater,
    }[op]
