"""What a template may do with a value, and the account of what that costs."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.filters import do_capitalize, do_title
from jinja2.runtime import Context

LONGEST_TEXT = 8_000  # characters; twice what a push carries
MOST_WORK = 40_000  # characters; some milliseconds of the dearest filter
WORK = "work"  # the name under which a template's context has it; a template can only name `profile`

_DATE_FORMAT = re.compile(r"(?:[^%]|%[dmYyBbAaHM%])*")


class TemplateFault(ValueError):
    """A text that cannot be made; its only argument is a sentence that says what to change."""


class Work:
    """Counts the characters that go through the filters of one notification, for one recipient.

    One worker sends for every site, so what a sender and a profile make together must never keep it for long.
    """

    def __init__(self) -> None:
        self._spent = 0

    def read(self, text: str) -> str:
        """Return a text that is about to be worked on.

        Raises:
            TemplateFault: the notification has made enough of it.
        """
        self._spent += len(text)
        if self._spent > MOST_WORK:
            raise TemplateFault(f"Its filters go through more than {MOST_WORK} characters: use fewer of them.")
        return text

    @staticmethod
    def check(text: str) -> str:
        """Return a text that was made.

        Raises:
            TemplateFault: it is longer than any push.
        """
        if len(text) > LONGEST_TEXT:
            raise TemplateFault(f"It becomes longer than {LONGEST_TEXT} characters: shorten its values.")
        return text


class _Encoded(str):
    """Text that is percent-encoded already."""

    __slots__ = ()


@pass_context
def print_in_text(context: Context, value: Any) -> str:
    """Return a value as it stands in a text."""
    text: str = context[WORK].read(_show(value))
    return text


@pass_context
def print_in_url(context: Context, value: Any) -> str:
    """Return a value as it stands in a URL: percent-encoded, once."""
    text: str = context[WORK].read(_show(value))
    return text if isinstance(value, _Encoded) else _encode(text)


def _of_text(change: Callable[..., str]) -> Callable[..., str]:
    """Return a filter that changes a value's text, on the account of the notification."""

    @pass_context
    def changed(context: Context, value: Any, *arguments: Any, **named: Any) -> str:
        work: Work = context[WORK]
        return work.check(change(work.read(_show(value)), *arguments, **named))

    return changed


def _show(value: Any) -> str:
    """Return a value as people write it."""
    match value:
        case None | Undefined():
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case list():
            return _show_list(value)
    return str(value)


def _show_list(values: list[Any]) -> str:
    """Return a list's texts with commas; of one that is too long as much as shows that it is."""
    shown, length = list[str](), 0
    for value in values:
        shown.append(_show(value))
        length += len(shown[-1])
        if length > LONGEST_TEXT:
            break
    return ", ".join(shown)


def _encode(text: str) -> _Encoded:
    return _Encoded(quote(text, safe=""))


def _default(value: Any, fallback: Any = "", _even_if_empty: Any = True) -> Any:  # noqa: FBT002
    """Take what Jinja's filter takes; an empty text always counts as missing."""
    return fallback if isinstance(value, Undefined) or value in ("", []) else value


def _truncate(text: str, length: int) -> str:
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise TemplateFault("truncate takes a length of at least 1, in characters.")
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _date(text: str, pattern: str = "%Y-%m-%d") -> str:
    """Write a date or moment (as it is stored: in UTC) in another way."""
    if not isinstance(pattern, str) or not _DATE_FORMAT.fullmatch(pattern):
        raise TemplateFault("date takes a pattern of %d %m %Y %y %B %b %A %a and other signs.")
    return date.fromisoformat(text[:10]).strftime(pattern) if text else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "upper": _of_text(str.upper),
    "lower": _of_text(str.lower),
    "title": _of_text(do_title),
    "capitalize": _of_text(do_capitalize),
    "truncate": _of_text(_truncate),
    "urlencode": _of_text(_encode),
    "date": _of_text(_date),
}
TESTS: dict[str, Callable[..., bool]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
}
