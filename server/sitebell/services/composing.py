"""Makes the push request of one delivery: payload with its receipt, encrypted, signed by the right key."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.clock import Clock
from sitebell.models import Message, Site, VapidKeyPair
from sitebell.push.client import PushRequest
from sitebell.push.encryption import SubscriptionKeys, make_pre_key, seal
from sitebell.push.endpoint import Endpoint, EndpointRules
from sitebell.push.vapid import VapidSigner
from sitebell.services.claiming import Claimed, Job
from sitebell.services.payloads import Payload, push_topic
from sitebell.services.receipts import LIFETIME_AFTER_EXPIRY, Receipts
from sitebell.services.vapid_keys import open_vapid_key
from sitebell.services.vault import Vault

TOPIC_BY_DEFAULT = ("apple", "mozilla")  # FCM keeps only four topics per device


class MessageComposer:
    """Everything that is the same for all recipients of one message."""

    def __init__(self, message: Message, receipts: Receipts) -> None:
        self._message = message
        self._payload = Payload(message.public_id, message.notification)
        self._receipts = receipts
        self._receipt_expiry = message.expires_at + LIFETIME_AFTER_EXPIRY
        self._topic = push_topic(message.replace_key or message.public_id)

    def compose(self, job: Job, endpoint: Endpoint, signer: VapidSigner, now: datetime, reference: Any) -> PushRequest:
        """Return the request for one subscription, with the TTL that remains (RFC 8030 section 5.2)."""
        receipt = self._receipts.issue(self._message.id, job.subscription_id, self._receipt_expiry)
        keys = SubscriptionKeys(job.p256dh, job.auth)
        wants_topic = self._message.replace_key is not None or endpoint.service in TOPIC_BY_DEFAULT
        return PushRequest(
            endpoint=endpoint,
            body=seal(make_pre_key(keys), self._payload.render(receipt)),
            authorization=signer.authorization(endpoint.origin),
            ttl=max(1, int((self._message.expires_at - now).total_seconds())),
            urgency=self._message.urgency,
            topic=self._topic if wants_topic else None,
            reference=reference,
        )


class Composer:
    """Keeps what is dear to make: opened keys, their signers, and a composer for each message under way."""

    def __init__(self, vault: Vault, rules: EndpointRules, subject: str, clock: Clock) -> None:
        self._vault = vault
        self._rules = rules
        self._subject = subject
        self._clock = clock
        self._signers: dict[int, VapidSigner] = {}
        self._receipts: dict[int, Receipts] = {}

    def endpoint(self, job: Job) -> Endpoint:
        """Return where the job goes; raises Invalid when its host is no longer allowed."""
        return self._rules.parse(job.address)

    def open(self, session: Session, claimed: Claimed) -> MessageComposer:
        """Prepare a claimed batch: after this, composing needs no database."""
        site_id = claimed.message.site_id
        if site_id not in self._receipts:
            self._receipts[site_id] = Receipts.of_site(self._vault, session.get_one(Site, site_id))
        for key_id in {job.vapid_key_id for job in claimed.jobs} - self._signers.keys():
            key = open_vapid_key(self._vault, session.get_one(VapidKeyPair, key_id))
            self._signers[key_id] = VapidSigner(key, self._subject, self._clock)
        return MessageComposer(claimed.message, self._receipts[site_id])

    def signer(self, job: Job) -> VapidSigner:
        """Return the signer of the pair that the job's subscription was made with (SEC-52)."""
        return self._signers[job.vapid_key_id]
