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

# Authority without user name: https://good.example@evil.example shows one host and opens the other.
_ABSOLUTE = re.compile(r"https?://[^/?#@:]+(:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)
_IPV6 = re.compile(r"https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?([/?#].*)?", re.IGNORECASE)


def find_url_fault(url: str) -> str | None:
    """Return what to change in a URL that a browser would open elsewhere or run, or None.

    Good are http(s) URLs and paths on the site that begin with one slash; faults are other schemes, a user name,
    `//host`, backslashes, blanks and control characters.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        return "Write a URL without blanks, control characters and backslashes."
    if url.startswith("/") and not url.startswith("//"):
        return None
    if _ABSOLUTE.fullmatch(url) or _IPV6.fullmatch(url):
        return None
    return "Write https://…, http://… or a path on the site such as /news."
