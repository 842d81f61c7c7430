"""Which browser and system a User-Agent header names: a claim of a stranger, good for statistics and texts only."""

import re

LONGEST_HEADER = 512  # what is behind says nothing more, and costs time
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}")  # a pattern of the parser may hand on what the header says
_SPECIAL_BUILD = re.compile(r"(?:Mobile )?(.+?)(?: (?:Mobile|iOS|Mobile iOS|WebView|Mobile WebView))?")
BROWSERS = {"HeadlessChrome": "Chrome", "Chromium": "Chrome", "Edge Mobile": "Edge", "Opera Touch": "Opera"}
SYSTEMS = {"Mac OS X": "macOS", "Ubuntu": "Linux", "Debian": "Linux", "Fedora": "Linux", "iPadOS": "iOS"}


def describe_user_agent(header: str) -> tuple[str | None, str | None]:
    """Return browser and system by the names that people use, such as Chrome and Android; None is unknown.

    Mobile and other builds of a browser have its one name.
    """
    import ua_parser  # noqa: PLC0415  (its patterns take 0.2 s and 7 MB, which only the web server needs)

    shown = "".join(character for character in header[:LONGEST_HEADER] if character.isprintable())
    browser, system = ua_parser.parse_user_agent(shown), ua_parser.parse_os(shown)
    return _browser(browser.family) if browser else None, _checked(system.family, SYSTEMS) if system else None


def _browser(family: str) -> str | None:
    special = _SPECIAL_BUILD.fullmatch(family)
    return _checked(special[1] if special else family, BROWSERS)


def _checked(family: str, names: dict[str, str]) -> str | None:
    name = names.get(family, family)
    return name if _NAME.fullmatch(name) else None
