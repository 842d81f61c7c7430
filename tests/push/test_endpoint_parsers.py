"""SEC-02 against other parsers: what is accepted leads everywhere to the host that was checked."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pycurl
import urllib3.util
from hypothesis import given, settings
from hypothesis import strategies as st

from sitebell.errors import Invalid
from sitebell.push.endpoint import Endpoint, EndpointRules

RULES = EndpointRules()
VALID = "https://fcm.googleapis.com:443/fcm/send/a-b_c:d%3d?e=f&g"
TRICKY = st.sampled_from(
    [
        *"@\\#?/:;%.[]&=+,'\"<>|^`{}~$!*()\n\r\t \0é\u2160\uff0e\u3002",
        "//",
        "..",
        "/../",
        "%2e",
        "%5c",
        "%00",
        "127.0.0.1",
    ]
)
MARK = "127.9.9.9"


@st.composite
def nearly_valid(draw: st.DrawFn) -> str:
    """Return a valid URL in which a few places were changed."""
    url = VALID
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(url)))
        url = url[:place] + draw(TRICKY) + url[place + draw(st.integers(0, 2)) :]
    return url


def accepted(text: Any) -> Endpoint | None:
    try:
        return RULES.parse(text)
    except Invalid:
        return None


def dialled_by_curl(url: str) -> list[tuple[str, int]]:
    """Return the addresses that libcurl would have connected to; it is refused every socket."""
    dialled: list[tuple[str, int]] = []

    def refuse(_purpose: int, address: Any) -> int:
        dialled.append(address.addr[:2])
        return int(pycurl.SOCKET_BAD)

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.RESOLVE, [f"+fcm.googleapis.com:443:{MARK}"])
    curl.setopt(pycurl.OPENSOCKETFUNCTION, refuse)
    with suppress(pycurl.error):
        curl.perform()
    curl.close()
    return dialled


@settings(max_examples=600)
@given(nearly_valid())
def test_sec_02_accepted_urls_mean_the_same_to_every_parser(text: str) -> None:
    endpoint = accepted(text)
    if endpoint is None:
        return
    for url in (text, endpoint.url):
        assert (urlsplit(url).hostname, urlsplit(url).port or 443) == (endpoint.host, 443)
        other = urllib3.util.parse_url(url)
        assert (other.scheme, other.host, other.port or 443) == ("https", endpoint.host, 443)
        assert other.auth is None
    assert dialled_by_curl(endpoint.url) == [(MARK, 443)]


@given(nearly_valid())
def test_sec_02_the_canonical_form_is_stable(text: str) -> None:
    endpoint = accepted(text)

    assert endpoint is None or RULES.parse(endpoint.url) == endpoint


@given(
    st.one_of(st.text(), st.text().map("https://fcm.googleapis.com/{}".format), st.integers(), st.binary(), st.none())
)
def test_garbage_raises_nothing_but_a_refusal(garbage: Any) -> None:
    accepted(garbage)
