"""What a message may say, from wherever it comes: limits, and URLs that open what they show (SEC-35)."""

import re

DAY = 86_400
LONGEST_TTL = 28 * DAY  # seconds; what push services keep at most
URGENCIES = ("very-low", "low", "normal", "high")  # RFC 8030 section 5.3

LONGEST_TITLE = 300
LONGEST_BODY = 3000
LONGEST_TAG = 200
LONGEST_REPLACE_KEY = 200
LONGEST_URL = 2048
LAST_PORT = 65_535

# Authority without user name: https://good.example@evil.example shows one host and opens the other.
_ABSOLUTE = re.compile(r"https?://([^/?#@:]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?([/?#].*)?", re.IGNORECASE)


def find_title_fault(title: str) -> str | None:
    """Return what to change in a title of which nobody would see anything, or None."""
    return None if title.strip() else "Write a title that is more than blanks."


def find_url_fault(url: str) -> str | None:
    """Return what to change in a URL that a browser would open elsewhere or run, or None.

    Good are http(s) URLs and paths on the site that begin with one slash; faults are other schemes, a user name,
    `//host`, a port that does not exist, backslashes, blanks and control characters.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        return "Write a URL without blanks, control characters and backslashes."
    if url.startswith("/") and not url.startswith("//"):
        return None
    absolute = _ABSOLUTE.fullmatch(url)
    if absolute is not None:
        return None if int(absolute["port"] or 0) <= LAST_PORT else f"Write a port of at most {LAST_PORT}."
    return "Write https://…, http://… or a path on the site such as /news."
