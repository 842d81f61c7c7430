"""PushEngage's REST API, `/apiv1`, in its own words; see docs/leaving-pushengage.md."""

from sitebell.compat.pushengage.routes import pushengage

__all__ = ["pushengage"]
