"""Makes the push request of one delivery: payload with its receipt, encrypted, signed by the right key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.clock import Clock
from sitebell.models import Message, Site, VapidKeyPair
from sitebell.push.client import PushRequest
from sitebell.push.encryption import SubscriptionKeys, make_pre_key, seal
from sitebell.push.endpoint import Endpoint, EndpointRules
from sitebell.push.vapid import VapidSigner
from sitebell.services.delivery.claiming import Claimed, Job
from sitebell.services.delivery.eligibility import may_be_named
from sitebell.services.delivery.foreign import FOREIGN_SHAPES, ForeignPayload, hub_of
from sitebell.services.delivery.payloads import Payload, push_topic
from sitebell.services.personalisation.filling import fill_in, is_personal, names_of
from sitebell.services.personalisation.values import load_values
from sitebell.services.receipts import LIFETIME_AFTER_EXPIRY, Receipts
from sitebell.services.vapid_keys import open_vapid_key
from sitebell.services.vault import Vault

TOPIC_BY_DEFAULT = ("apple", "mozilla")  # FCM keeps only four topics per device


class MessageComposer:
    """Everything that is the same for all recipients of one message; `people` holds what differs, by subscription."""

    def __init__(
        self,
        message: Message,
        receipts: Receipts,
        people: Mapping[int, Mapping[str, Any]] | None = None,
        *,
        origin: str = "",
        hub: str = "",
    ) -> None:
        self._message = message
        self._origin, self._hub = origin, hub
        self._payload = Payload(message.public_id, message.notification)
        self._people = people
        self._receipts = receipts
        self._receipt_expiry = message.expires_at + LIFETIME_AFTER_EXPIRY
        self._topic = push_topic(message.replace_key or message.public_id)

    def compose(self, job: Job, endpoint: Endpoint, signer: VapidSigner, now: datetime, reference: Any) -> PushRequest:
        """Return the request for one subscription, with the TTL that remains (RFC 8030 section 5.2).

        Raises:
            Invalid: the notification cannot be made for this recipient (`invalid_template`, `notification_too_large`).
        """
        receipt = self._receipts.issue(self._message.id, job.subscription_id, self._receipt_expiry)
        keys = SubscriptionKeys(job.p256dh, job.auth)
        wants_topic = self._message.replace_key is not None or endpoint.service in TOPIC_BY_DEFAULT
        return PushRequest(
            endpoint=endpoint,
            body=seal(make_pre_key(keys), self._payload_for(job).render(receipt)),
            authorization=signer.authorization(endpoint.origin),
            ttl=max(1, int((self._message.expires_at - now).total_seconds())),
            urgency=self._message.urgency,
            topic=self._topic if wants_topic else None,
            reference=reference,
        )

    def _payload_for(self, job: Job) -> Payload:
        is_foreign = job.worker in FOREIGN_SHAPES
        if self._people is None and not is_foreign:
            return self._payload
        notification = self._message.notification
        if self._people is not None:
            notification = fill_in(notification, self._people.get(job.subscription_id, {}))
        payload = Payload(self._message.public_id, notification)
        if job.worker is not None and is_foreign:
            payload = ForeignPayload(
                job.worker, self._message.public_id, notification, origin=self._origin, hub=self._hub
            )
        payload.check_size()
        return payload


class Composer:
    """Keeps what is dear to make: opened keys, their signers, and a composer for each message under way."""

    def __init__(self, vault: Vault, rules: EndpointRules, subject: str, clock: Clock, base_url: str) -> None:
        self._vault = vault
        self._base_url = base_url
        self._rules = rules
        self._subject = subject
        self._clock = clock
        self._signers: dict[int, VapidSigner] = {}
        self._receipts: dict[int, Receipts] = {}

    def endpoint(self, job: Job) -> Endpoint:
        """Return where the job goes; raises Invalid when its host is no longer allowed."""
        return self._rules.parse(job.address)

    def open(self, session: Session, claimed: Claimed) -> MessageComposer:
        """Prepare a claimed batch: after this, composing needs no database.

        Raises:
            SitebellError: nothing of the message can be sent.
        """
        site_id = claimed.message.site_id
        if site_id not in self._receipts:
            self._receipts[site_id] = Receipts.of_site(self._vault, session.get_one(Site, site_id))
        for key_id in {job.vapid_key_id for job in claimed.jobs} - self._signers.keys():
            key = open_vapid_key(self._vault, session.get_one(VapidKeyPair, key_id))
            self._signers[key_id] = VapidSigner(key, self._subject, self._clock)
        notification, people = claimed.message.notification, None
        if is_personal(notification):
            people = load_values(session, claimed.batch, names_of(notification), may_be_named(session, claimed.message))
        site = session.get_one(Site, site_id)
        origin, hub = site.origin_names[0], hub_of(self._base_url, site)
        return MessageComposer(claimed.message, self._receipts[site_id], people, origin=origin, hub=hub)

    def signer(self, job: Job) -> VapidSigner:
        """Return the signer of the pair that the job's subscription was made with (SEC-52)."""
        return self._signers[job.vapid_key_id]
