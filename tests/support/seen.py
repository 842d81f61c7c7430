"""What a web server sees of a visitor: user agents of real browsers, addresses behind a proxy, and where those are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sitebell.models import Subscription
from support.geoip import BERLIN, OSLO, write_places
from support.web_application import Json, parts

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0"
    " Mobile/15E148 Safari/604.1"
)
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4"
    " Safari/605.1.15"
)
IN_BERLIN, IN_OSLO, NOWHERE = "203.0.113.7", "2001:db8::7", "198.51.100.1"

Put = Callable[..., Json]


def behind_a_proxy(file: Path) -> dict[str, Any]:
    """Return the settings of an installation behind one proxy, which knows where two networks are; write that file."""
    write_places(file, {"203.0.113.0/24": BERLIN, "2001:db8::/32": OSLO})
    return {"geoip_file": str(file), "proxy_hops": 1}


def speak_as(client: FlaskClient, agent: str, address: str) -> None:
    """Let all further requests carry a user agent and come from an address behind the proxy."""
    client.environ_base |= {"HTTP_USER_AGENT": agent, "HTTP_X_FORWARDED_FOR": address}


def stored_subscription(app: Flask) -> Subscription:
    """Return the only subscription there is."""
    with parts(app).store.reading() as session:
        return session.scalars(select(Subscription)).one()
