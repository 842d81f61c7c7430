"""The process that delivers: claim, encrypt, send, write down, until told to stop."""

from sitebell.worker.parent import watch_parent
from sitebell.worker.process import release_leases, run

__all__ = ["release_leases", "run", "watch_parent"]
