"""Whom a notification of PushEngage's API is for, as an audience of ours."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import AliasKind, Dialect, Quirk, Site
from sitebell.services.dialects import allows, list_aliases
from sitebell.services.public_ids import is_subscriber_hash
from sitebell.services.statistics import MOBILE

Json = dict[str, Any]

NOBODY = "Name subscriber_hash, profile_id, include_segments or another include_… to say whom it is for"


def audience_of(session: Session, site: Site, body: Json) -> Json:
    """Return the audience that a loaded body names.

    Raises:
        Invalid: `empty_audience`, it names nobody and the site did not ask for everybody by name; `invalid_audience`,
            people and conditions in one notification; `unknown_segment`.
    """
    people, where = _people(body), list(_conditions(session, site, body))
    # Segments to leave out alone would still be a broadcast by omission.
    is_narrowed_only = not any(body[name] for name in body if name.startswith("include_"))
    if people is not None:
        if where:
            sentence = "Send to subscribers and profiles, or to who fits conditions: not to both in one notification."
            raise Invalid("invalid_audience", sentence)
        return people
    if is_narrowed_only and not allows(site, Quirk.PUSHENGAGE_SEND_UNTARGETED):
        sentence = f"{NOBODY}; everybody is meant only after `sitebell sites set --quirk pushengage_send_untargeted`."
        raise Invalid("empty_audience", sentence)
    return {"where": {"all": where}} if where else {"everyone": True}


def tag_of_id(session: Session, site: Site, segment: str) -> str:
    """Return the tag that a segment is here; raises Invalid `unknown_segment`."""
    return _tags_of(session, site, [segment])[0]


def tag_of_name(session: Session, site: Site, segment: str) -> str:
    """Return the tag of a segment that is called by its name, which may be a number."""
    return _known_segments(session, site).get(segment, segment)


def _people(body: Json) -> Json | None:
    """Return the people and browsers that are named one by one; None when nobody is."""
    if not body["subscriber_hash"] and not body["profile_id"]:
        return None
    people = {
        "subscriber_hashes": list(filter(is_subscriber_hash, body["subscriber_hash"])),
        "external_ids": list(body["profile_id"]),
    }
    named = {kind: names for kind, names in people.items() if names}
    if not named:
        raise Invalid("empty_audience", "None of these is the hash of a subscriber here: ids of before have changed.")
    return named


def _conditions(session: Session, site: Site, body: Json) -> Iterator[Json]:
    included, required, excluded = (
        [_contains(tag) for tag in _tags_of(session, site, body[name])]
        for name in ("include_segments", "include_and_segments", "exclude_segments")
    )
    if included:
        yield {"any": included}
    yield from required
    if excluded:
        yield {"not": {"any": excluded}}
    for name, field in (
        ("include_countries", "subscription.country"),
        ("include_states", "_region"),
        ("include_cities", "_city"),
    ):
        if body[name]:
            yield {"field": field, "op": "in", "value": list(body[name])}
    if body["include_browsers"]:
        browsers = body["include_browsers"]
        yield {"any": [{"field": "subscription.browser", "op": "begins_with", "value": name} for name in browsers]}
    if body["include_device_types"]:
        yield {"any": [_device(name.lower()) for name in body["include_device_types"]]}


def _contains(tag: str) -> Json:
    return {"field": "tags", "op": "contains", "value": tag}


def _device(kind: str) -> Json:
    is_mobile = {"field": "subscription.platform", "op": "in", "value": list(MOBILE)}
    return is_mobile if kind == "mobile" else {"not": is_mobile}


def _tags_of(session: Session, site: Site, segments: Sequence[str]) -> list[str]:
    """Translate adopted ids; a name is the tag of this name, but a number that nobody adopted is no name."""
    if not segments:
        return []
    known = _known_segments(session, site)
    lost = [segment for segment in segments if segment not in known and segment.isdigit()]
    if lost:
        way = f"sitebell sites alias {site.token} --dialect pushengage --segment {lost[0]}=TAG"
        raise Invalid("unknown_segment", f"No tag is known for the segment {lost[0]}: `{way}`.")
    return [known.get(segment, segment) for segment in segments]


def _known_segments(session: Session, site: Site) -> dict[str, str]:
    aliases = list_aliases(session, site, Dialect.PUSHENGAGE)
    return {alias.foreign_id: alias.target for alias in aliases if alias.kind == AliasKind.SEGMENT}
