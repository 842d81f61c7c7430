"""Decides which URLs and addresses a push may go to, since an endpoint is text that a stranger sent us."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

from sitebell.errors import Invalid

MAX_URL_LENGTH = 2048

SERVICE_BY_HOST = {
    "fcm.googleapis.com": "fcm",
    "android.googleapis.com": "fcm",
    "jmt17.google.com": "fcm",
    "updates.push.services.mozilla.com": "mozilla",
    "*.push.apple.com": "apple",
    "*.notify.windows.com": "wns",
}

# A label of a host name, and a last label that no parser takes for a part of a number.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_NAME}\Z")
_PATTERN = re.compile(rf"(?=.{{1,253}}\Z)(?:\*|(?:\*\.)?{_NAME})\Z")

# RFC 3986 sections 3.3 and 3.4: exactly the characters on which all parsers agree.
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_URL = re.compile(
    r"(?P<scheme>[A-Za-z]+)://"
    r"(?P<host>[A-Za-z0-9.-]+)"
    r"(?::(?P<port>[0-9]+))?"
    rf"(?P<path>/{_CHARACTER}*)"
    rf"(?:\?(?P<query>(?:{_CHARACTER}|\?)*))?\Z"
)
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of one browser at its push service (RFC 8030 section 4: the push resource).

    Args:
        url: canonical, rebuilt from its parts; the only form that is stored and sent to.
        host: lower case, a name and never an address.
    """

    url: str = field(repr=False)
    host: str

    @property
    def origin(self) -> str:
        """`https://host`, which is the audience of a VAPID token (RFC 8292 section 2)."""
        return f"https://{self.host}"

    @property
    def service(self) -> str:
        """Which push service this is: `fcm`, `mozilla`, `apple`, `wns` or `other`."""
        for pattern, service in SERVICE_BY_HOST.items():
            if _matches(self.host, pattern):
                return service
        return "other"


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """Which hosts may be pushed to: those of the known push services, and what the operator adds.

    Args:
        extra_hosts: whole names such as `push.example.org`, names below one such as `*.example.org`, or `*` for
            every name; an address must be public all the same when it is dialled.

    Raises:
        Invalid: `invalid_push_host`, an extra host is neither of these.
    """

    extra_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for host in self.extra_hosts:
            if not _PATTERN.match(host):
                raise Invalid(
                    "invalid_push_host",
                    f"The push host {host!r} must be a lower-case name like push.example.org or *.example.org, "
                    "without scheme, port or path, and not an address.",
                )

    def parse(self, url: Any) -> Endpoint:
        """Return the endpoint that `url` names, if a push may go there.

        Raises:
            Invalid: `invalid_endpoint`, with what is wrong; whatever `url` is, nothing else is raised.
        """
        try:
            endpoint = read_url(url)
        except ValueError as error:
            raise _refusal(str(error)) from error
        if not self.allows(endpoint.host):
            raise _refusal(
                f"is at {endpoint.host}, which is not a known push service; SITEBELL_PUSH_HOSTS can allow it"
            )
        return endpoint

    def allows(self, host: str) -> bool:
        """Tell whether a canonical host name is on the list, label by label."""
        return any(_matches(host, pattern) for pattern in (*SERVICE_BY_HOST, *self.extra_hosts))


def is_host_name(text: str) -> bool:
    """Tell whether a lower-case text is a full domain name (RFC 1123 section 2.1), which no address ever is."""
    return _HOST.match(text) is not None


def read_url(url: Any) -> Endpoint:
    """Return the place that a URL of a stranger names: https, port 443, a full host name, rebuilt from its parts.

    Raises:
        ValueError: what is wrong, as the end of a sentence that begins with what the URL is for.
    """
    parts = _URL.match(_plain_text(url))
    if parts is None or _DOT_SEGMENT.search(parts["path"]):
        raise ValueError("must be an https:// URL with a host name and a path, without user name or fragment")
    if parts["scheme"].lower() != "https":
        raise ValueError("must begin with https://")
    if parts["port"] not in {None, "443"}:
        raise ValueError("must use port 443")
    host = parts["host"].lower()
    if not is_host_name(host):
        raise ValueError("must name its host by a full domain name, not by an address")
    query = "" if parts["query"] is None else f"?{parts['query']}"
    return Endpoint(f"https://{host}{parts['path']}{query}", host)


def _plain_text(url: Any) -> str:
    """Reject before parsing what makes parsers disagree about the host: SEC-02."""
    if not isinstance(url, str) or not url:
        raise ValueError("must be a string that holds a URL")
    if len(url) > MAX_URL_LENGTH:
        raise ValueError(f"must not be longer than {MAX_URL_LENGTH} characters")
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise ValueError("must consist of plain ASCII without spaces, control characters or backslashes")
    return url


def _refusal(complaint: str) -> Invalid:
    return Invalid("invalid_endpoint", f"The endpoint {complaint}.")


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return host == pattern


_DENIED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public_address(address: str) -> bool:
    """Tell whether an IP address in text form belongs to the public internet: SEC-03.

    `ipaddress.is_global` alone says yes to multicast and to IPv6 forms that carry a private IPv4 address. Of IPv6
    only global unicast passes, and the NAT64 prefix (RFC 6052) when the IPv4 address inside it would pass.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed in _NAT64:
            return is_public_address(str(ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)))
        if parsed not in _GLOBAL_UNICAST or parsed.scope_id is not None:
            return False
    return parsed.is_global and not any(parsed in network for network in _DENIED_NETWORKS)
