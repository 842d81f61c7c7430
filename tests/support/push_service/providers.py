"""The push services that the double plays: their hosts, the form of their endpoints, and where their answers differ."""

from dataclasses import dataclass
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Provider:
    """One push service.

    hosts: exact names; one that starts with "*." stands for any one label.
    paths: what comes before the token in an endpoint; new endpoints use the first.
    vapid_status: the answer to a wrong or missing VAPID header.
    """

    name: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    vapid_status: int
    accepts_ttl_zero: bool = True
    topic_is_base64url: bool = False
    needs_public_subject: bool = False

    def serves(self, host: str) -> bool:
        """Return whether this push service answers under the host name."""
        wildcard = "*." + host.partition(".")[2]
        return host in self.hosts or wildcard in self.hosts

    def endpoint(self, host: str, token: str) -> str:
        """Return the endpoint of a token under one of the hosts."""
        return f"https://{host}{self.paths[0]}{quote(token, safe=':-_')}"

    def token(self, path: str) -> str | None:
        """Return the token in the path (with its query) of an endpoint."""
        for prefix in self.paths:
            if path.startswith(prefix) and path != prefix:
                return unquote(path.removeprefix(prefix))
        return None


MOZILLA = Provider("mozilla", ("updates.push.services.mozilla.com",), ("/wpush/v2/", "/wpush/v1/"), vapid_status=401)
# Debian's Chromium carries no Google branding and builds its endpoints on the second host.
GOOGLE = Provider("google", ("fcm.googleapis.com", "jmt17.google.com"), ("/fcm/send/", "/wp/"), vapid_status=403)
APPLE = Provider(
    "apple",
    ("web.push.apple.com", "*.push.apple.com"),
    ("/",),
    vapid_status=403,
    topic_is_base64url=True,
    needs_public_subject=True,
)
WINDOWS = Provider("windows", ("*.notify.windows.com",), ("/w/?token=",), vapid_status=401, accepts_ttl_zero=False)
PROVIDERS = (MOZILLA, GOOGLE, APPLE, WINDOWS)
HOSTS = [host for provider in PROVIDERS for host in provider.hosts]


def provider_of(host: str) -> Provider | None:
    """Return the push service that answers under a host name."""
    return next((provider for provider in PROVIDERS if provider.serves(host)), None)
