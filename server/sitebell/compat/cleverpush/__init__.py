"""CleverPush's REST calls: what a back end says of subscriptions, sends and reads, and writes by an id alone."""

from sitebell.compat.cleverpush import id_writes, listing, public_facts, sending, sync_routes  # noqa: F401  (their views)
from sitebell.compat.cleverpush.channel import cleverpush

__all__ = ["cleverpush"]
