"""Speaks to the application as the pages and back ends of sites do that came from another vendor."""

from api.conftest import (
    back_end,
    browser,
    message,
    message_id,
    new_browser,
    office,
    other_office,
    page,
    receipt,
    signed,
    signer,
    subscribed,
)
from compat.altcraft_site import altcraft, push_subscribe, rest
from support.pushengage_office import pushengage

__all__ = [
    "altcraft",
    "back_end",
    "browser",
    "message",
    "message_id",
    "new_browser",
    "office",
    "other_office",
    "page",
    "push_subscribe",
    "pushengage",
    "receipt",
    "rest",
    "signed",
    "signer",
    "subscribed",
]
