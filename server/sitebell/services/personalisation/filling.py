"""Notifications that name their recipient: checked when a message is made, filled in for each delivery by the worker.

A filled-in notification is sent and forgotten: what is stored is the template alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Field, FieldType, Site
from sitebell.services.content import LONGEST_URL, find_title_fault, find_url_fault
from sitebell.services.databases import list_database_ids
from sitebell.services.personalisation.filters import TemplateFault, Work
from sitebell.services.personalisation.templates import MAX_NODES, Template, Values, compile_template, is_template

TEXTS = ("title", "body")
URLS = ("url", "icon", "image", "badge")  # of the notification; an action has title, url and icon alike
OF_EVERY_PROFILE = {"email": "ann@example.com", "external_id": "customer-42", "phones": ["+4930901820"]}
SAMPLES = {
    FieldType.TEXT: "x",
    FieldType.INTEGER: 1,
    FieldType.DECIMAL: 1.5,
    FieldType.BOOLEAN: True,
    FieldType.DATE: datetime(2000, 1, 1, tzinfo=UTC).date().isoformat(),
    FieldType.DATETIME: "2000-01-01T00:00:00Z",
    FieldType.LIST: ["x"],
}

# Up to the end of the authority nothing of a URL may come from a profile; a path begins with its one slash.
_ORIGIN = re.compile(r"(https?://[^/?#]+[/?#]|/).*", re.IGNORECASE | re.DOTALL)

_BRACES = re.compile(r"\{\{+")
_WRITTEN_OUT = re.compile(r'\{\{ "(\{\{+)" \}\}')


def is_personal(notification: Mapping[str, Any]) -> bool:
    """Say whether a notification has anything to fill in; else it is the same for all."""
    return any(is_template(text) for _, _, text in _places(notification))


def names_of(notification: Mapping[str, Any]) -> frozenset[str]:
    """Return which members of a profile a notification reads.

    Raises:
        Invalid: `invalid_template`.
    """
    try:
        templates = [_compile(name, text) for _, name, text in _places(notification) if is_template(text)]
    except TemplateFault as error:
        raise Invalid("invalid_template", str(error)) from error
    return frozenset[str]().union(*(template.names for template in templates))


def check_personalisation(session: Session, site: Site, notification: Mapping[str, Any]) -> None:
    """Refuse templates that no profile could fill in.

    Raises:
        Invalid: `invalid_template`; details maps each place to its fault.
    """
    if not is_personal(notification):
        return
    faults = _find_faults(notification, _sample_values(session, site))
    if faults:
        (path, sentence), *_ = faults.items()
        raise Invalid("invalid_template", f"notification.{path}: {sentence}", faults)


def fill_in(notification: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return the notification as this recipient gets it.

    Raises:
        Invalid: `invalid_template`, the texts cannot be made, nobody could read the title, or a URL is none any more
            (SEC-35). The sentence holds no value of the profile.
    """
    work = Work()
    return _map_texts(notification, lambda name, text: _fill(name, text, values, work))


def fixed_parts(notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked notification without any value: the least that each recipient gets."""
    return _map_texts(notification, lambda name, text: "".join(filter(None, _compile(name, text).pieces)))


def write_out(notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notification of somebody who knows no templates: its braces go out as they are written."""
    return _map_texts(notification, lambda _name, text: _BRACES.sub(r'{{ "\g<0>" }}', text))


def read_back(text: str) -> str:
    """Return a text as it was before `write_out`."""
    return _WRITTEN_OUT.sub(r"\g<1>", text)


def _map_texts(members: Mapping[str, Any], change: Callable[[str, str], str]) -> dict[str, Any]:
    """Return a copy of a notification, or of one of its actions, with each template changed."""
    mapped = dict(members)
    for name in (*TEXTS, *URLS):
        if is_template(members.get(name, "")):
            mapped[name] = change(name, members[name])
    if "actions" in members:
        mapped["actions"] = [_map_texts(action, change) for action in members["actions"]]
    return mapped


def _places(members: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, name and text of everything that may be a template."""
    for name in (*TEXTS, *URLS):
        if name in members:
            yield path + name, name, members[name]
    for place, action in enumerate(members.get("actions", ())):
        yield from _places(action, f"actions.{place}.")


def _compile(name: str, text: str) -> Template:
    return compile_template(text, is_url=name in URLS)


def _fill(name: str, text: str, values: Values, work: Work) -> str:
    try:
        filled = _compile(name, text).render(values, work)
    except TemplateFault as error:
        raise Invalid("invalid_template", f"{name}: {error}") from error
    fault = _find_filled_fault(name, filled)
    if fault is not None:
        raise Invalid("invalid_template", f"{name}, as it reads for this recipient: {fault}")
    return filled


def _find_filled_fault(name: str, filled: str) -> str | None:
    if name == "title":
        return find_title_fault(filled)
    if name not in URLS:
        return None
    return find_url_fault(filled) if len(filled) <= LONGEST_URL else f"Write at most {LONGEST_URL} characters."


def _find_faults(notification: Mapping[str, Any], known: Values) -> dict[str, str]:
    """Return what to change, by place; the templates are tried with nothing known, and with everything."""
    faults, size = dict[str, str](), 0
    profiles = [(values, Work()) for values in ({}, known)]
    for path, name, text in _places(notification):
        if not is_template(text):
            continue
        try:
            template = _compile(name, text)
            size += template.size
            if size > MAX_NODES:
                return faults | {path: "The templates of this notification are too long together: write fewer values."}
            fault = _find_fault(name, template, profiles)
        except TemplateFault as error:
            fault = str(error)
        if fault is not None:
            faults[path] = fault
    return faults


def _find_fault(name: str, template: Template, profiles: list[tuple[Values, Work]]) -> str | None:
    known, _ = profiles[-1]
    unknown = sorted(template.names - known.keys())
    if unknown:
        return f"No database of this site has a field {unknown[0][:64]}: create it first."
    for values, work in profiles:
        template.render(values, work)
    return _find_origin_fault(template) if name in URLS else None


def _find_origin_fault(template: Template) -> str | None:
    first, *_ = template.pieces
    if first is None or not _ORIGIN.fullmatch(first):
        return "Write scheme and host, or the first slash of a path, before the first value."
    return find_url_fault("".join("x" if piece is None else piece for piece in template.pieces))


def _sample_values(session: Session, site: Site) -> dict[str, Any]:
    query = select(Field.name, Field.type).where(Field.database_id.in_(list_database_ids(session, site)))
    rows = session.execute(query.order_by(Field.database_id.desc())).all()
    return {name: SAMPLES[FieldType(kind)] for name, kind in rows} | OF_EVERY_PROFILE
