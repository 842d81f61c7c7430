"""What is stored: every table, importable from here so that the metadata is always complete."""

from sitebell.models.database import Database, SiteDatabase
from sitebell.models.dialect import NAMES_A_SITE, Alias, AliasKind, Dialect, Quirk
from sitebell.models.enrollment import (
    NAMING,
    PAUSED,
    PROVEN,
    STOPPED,
    BoundBy,
    Enrollment,
    EnrollmentStatus,
    SuspendedBy,
)
from sitebell.models.erasure import AuditEntry, ErasedName, Tombstone
from sitebell.models.event import Event, EventType
from sitebell.models.field import Field, FieldType
from sitebell.models.identity import IdentityMode, SigningKey, UsedToken
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
from sitebell.models.naming import FormerName, MessageName
from sitebell.models.profile import FieldValue, Profile, ProfilePhone, ProfileTag
from sitebell.models.site import ApiKey, Site, SiteOrigin, VapidKeyPair
from sitebell.models.subscription import Subscription, SubscriptionStatus
from sitebell.models.topic import SubscriptionTopic, Topic
from sitebell.models.webhook import CallState, Webhook, WebhookCall, WebhookCallSubscription, WebhookEvent

__all__ = [
    "NAMES_A_SITE",
    "NAMING",
    "OPEN_STATES",
    "PAUSED",
    "PROVEN",
    "STOPPED",
    "Alias",
    "AliasKind",
    "ApiKey",
    "AuditEntry",
    "Batch",
    "BoundBy",
    "CallState",
    "Database",
    "Delivery",
    "DeliveryState",
    "Dialect",
    "Enrollment",
    "EnrollmentStatus",
    "ErasedName",
    "Event",
    "EventType",
    "Field",
    "FieldType",
    "FieldValue",
    "FormerName",
    "IdempotencyKey",
    "IdentityMode",
    "Installation",
    "Lane",
    "Message",
    "MessageName",
    "MessageStatus",
    "Profile",
    "ProfilePhone",
    "ProfileTag",
    "Quirk",
    "SigningKey",
    "Site",
    "SiteDatabase",
    "SiteOrigin",
    "Subscription",
    "SubscriptionStatus",
    "SubscriptionTopic",
    "SuspendedBy",
    "TokenBucket",
    "Tombstone",
    "Topic",
    "UsedToken",
    "VapidKeyPair",
    "Webhook",
    "WebhookCall",
    "WebhookCallSubscription",
    "WebhookEvent",
    "WorkerHeartbeat",
]
