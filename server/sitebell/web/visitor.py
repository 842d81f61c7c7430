"""What the request at hand tells of its sender: address, browser and system, and where that address is."""

from flask import request

from sitebell.services.visitors.facts import Visitor
from sitebell.services.visitors.user_agents import describe_user_agent
from sitebell.web.context import places


def read_visitor() -> Visitor:
    """Return what this request tells. It takes a millisecond: call it before a transaction, not in it."""
    browser, system = describe_user_agent(request.headers.get("User-Agent", ""))
    address = request.remote_addr
    return Visitor(address=address, browser=browser, system=system, place=places().find(address))
