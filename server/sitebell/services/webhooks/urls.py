"""Which URLs a webhook may have: the rules of push endpoints, at any host (SEC-02 to SEC-04, SEC-07)."""

from sitebell.errors import Invalid
from sitebell.push.endpoint import Endpoint, read_url


def parse_webhook_url(url: str) -> Endpoint:
    """Return the place that a URL names: https, port 443, a host name; its address is checked at each dial.

    Raises:
        Invalid: `invalid_webhook_url`.
    """
    try:
        return read_url(url)
    except ValueError as error:
        raise Invalid("invalid_webhook_url", f"The webhook's URL {error}.") from error
