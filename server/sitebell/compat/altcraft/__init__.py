"""Altcraft's REST calls: an app's push_subscribe, and what a back end says of profiles, subscriptions and events."""

from sitebell.compat.altcraft import back_end, reporting, subscribing  # noqa: F401  (their views)
from sitebell.compat.altcraft.envelope import altcraft

__all__ = ["altcraft"]
