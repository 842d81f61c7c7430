"""What is stored: every table, importable from here so that the metadata is always complete."""

from sitebell.models.database import Database, SiteDatabase
from sitebell.models.event import Event, EventType
from sitebell.models.installation import Installation, TokenBucket, WorkerHeartbeat
from sitebell.models.message import (
    OPEN_STATES,
    Batch,
    Delivery,
    DeliveryState,
    IdempotencyKey,
    Lane,
    Message,
    MessageStatus,
)
from sitebell.models.site import ApiKey, Site, SiteOrigin, VapidKeyPair
from sitebell.models.subscription import Subscription, SubscriptionStatus

__all__ = [
    "OPEN_STATES",
    "ApiKey",
    "Batch",
    "Database",
    "Delivery",
    "DeliveryState",
    "Event",
    "EventType",
    "IdempotencyKey",
    "Installation",
    "Lane",
    "Message",
    "MessageStatus",
    "Site",
    "SiteDatabase",
    "SiteOrigin",
    "Subscription",
    "SubscriptionStatus",
    "TokenBucket",
    "VapidKeyPair",
    "WorkerHeartbeat",
]
