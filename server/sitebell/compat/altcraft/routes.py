"""All of Altcraft's routes: importing the modules gives them to the blueprint."""

from sitebell.compat.altcraft import back_end, reporting, subscribing  # noqa: F401  (they add their views)
from sitebell.compat.altcraft.envelope import altcraft

__all__ = ["altcraft"]
