"""CleverPush's routes in one blueprint: importing the modules that hold them is what registers them."""

from sitebell.compat.cleverpush import id_writes, listing, public_facts, sending, subscriptions
from sitebell.compat.cleverpush.channel import cleverpush

__all__ = ["cleverpush", "id_writes", "listing", "public_facts", "sending", "subscriptions"]
