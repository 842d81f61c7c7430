"""Who a message is for: an explicit audience, walked by key in bounded steps and never held in memory whole."""

from sitebell.services.audiences.checking import (
    MAX_IDS,
    MAX_NAMES,
    check_audience,
)
from sitebell.services.audiences.naming import LISTS, names_in
from sitebell.services.audiences.preview import SAMPLE_SIZE, Preview, preview_audience
from sitebell.services.audiences.walking import Page, Recipient, last_subscription_id, next_page

__all__ = [
    "LISTS",
    "MAX_IDS",
    "MAX_NAMES",
    "SAMPLE_SIZE",
    "Page",
    "Preview",
    "Recipient",
    "check_audience",
    "last_subscription_id",
    "names_in",
    "next_page",
    "preview_audience",
]
