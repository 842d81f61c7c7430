"""E-mail addresses and their double opt-in: kept unconfirmed until a signed link is opened and its button pressed.

Sitebell sends no mail. The link goes to the site's own mailer by webhook; the page behind it asks for a click, since
scanners of mail open every link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid
from sitebell.models import Enrollment, EnrollmentStatus, EventType, Site, Subscription, SubscriptionStatus
from sitebell.services.addresses import EMAIL, note_address, parse_email_address
from sitebell.services.binding.changing import change_present, lift
from sitebell.services.binding.enrolling import Introduction, enroll_somewhere
from sitebell.services.binding.enrollments import end_waiting, is_unconfirmed
from sitebell.services.identity.signing_keys import OWN_ALGORITHM, OWN_KID, own_key
from sitebell.services.identity.tokens import Purpose, VerifiedToken, verify_token
from sitebell.services.profiles.standing import ENDED
from sitebell.services.subscriptions.lifecycle import record_change
from sitebell.services.topics import choose_topics
from sitebell.services.vault import Vault
from sitebell.services.webhooks.telling import name_profiles, show_moment, tell_of_confirmation

SAME_MOMENT = timedelta(milliseconds=1)  # a JWT's times are floating-point numbers

NO_MAILER = "No webhook of this site is told of confirm_email: make one, it hands the link to your mailer."


class InvalidConfirmation(Invalid):
    """A link confirms nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_confirmation", f"The link {reason}.")


CONFIRMATION = Purpose(("bell-confirm+jwt",), timedelta(days=30), InvalidConfirmation)


@dataclass(frozen=True, kw_only=True)
class EmailSignup:
    """An address that a site's back end names; `confirms` asks its owner first, `topics` None leaves the choice."""

    address: str
    introduction: Introduction
    topics: Sequence[str] | None = None
    confirms: bool = False


def sign_up(
    session: Session, vault: Vault, site: Site, signup: EmailSignup, base_url: str, now: datetime
) -> tuple[Subscription, bool]:
    """Store an e-mail address and bind it; return its row and whether its owner has yet to confirm it.

    An address that waits for its confirmation goes on waiting, whatever form names it: the link alone ends that. Who
    has opted out is asked again where the form asks, and stays opted out otherwise.

    Raises:
        Invalid: `invalid_email`, `unknown_topic`, or what every database says of fields and match.
        Conflict: `no_database`; `no_mailer`, nobody would hear of the link. Roll back.
    """
    address = parse_email_address(signup.address)
    row, is_new = note_address(session, vault, site, address, now)
    waits = (is_new and signup.confirms) or is_unconfirmed(session, row)
    enroll_somewhere(session, site, row, signup.introduction, now)
    if signup.topics is not None:
        choose_topics(session, site, row, signup.topics, now)
    if waits:
        subscribed = (Enrollment.subscription_id == row.id, Enrollment.status == EnrollmentStatus.SUBSCRIBED)
        change_present(session, {"status": EnrollmentStatus.UNCONFIRMED}, now, *subscribed)
    asks_again = signup.confirms and _has_opted_out(session, row)
    if signup.confirms and (waits or asks_again):
        _hand_over(session, vault, site, row, base_url, now)
    if is_new and not waits:
        record_change(session, row, EventType.SUBSCRIBED, now)
        name_profiles(session, row)
    return row, waits or asks_again


def read_confirmation(session: Session, vault: Vault, site: Site, token: str, now: datetime) -> Subscription:
    """Return the address that a link is about; nothing is changed.

    Raises:
        Invalid: `invalid_confirmation`, it is forged, expired, another site's, or the address was erased.
    """
    return _read(session, vault, site, token, now, lock=False)[0]


def confirm(session: Session, vault: Vault, site: Site, token: str, now: datetime) -> Subscription:
    """Do what the owner of an address wishes: it is subscribed wherever it waits, or had opted out before the link.

    Raises:
        Invalid: `invalid_confirmation`, as `read_confirmation`; or its owner has opted out since the link was made.
    """
    row, link = _read(session, vault, site, token, now, lock=True)
    waiting = _present(session, row, EnrollmentStatus.UNCONFIRMED)
    ended = _present(session, row, *ENDED)
    has_left = row.status == SubscriptionStatus.UNSUBSCRIBED
    refusals = [one.updated_at for one in ended] + ([row.updated_at] if has_left else [])
    if any(moment > link.issued_at + SAME_MOMENT for moment in refusals):
        raise InvalidConfirmation("is older than your wish to hear nothing more")
    if has_left:
        row.status, row.status_reason, row.updated_at = SubscriptionStatus.SUBSCRIBED, "", now
    end_waiting(session, row, now)
    lift(session, now, Enrollment.id.in_([one.id for one in ended]))
    if waiting or ended or has_left:
        record_change(session, row, EventType.SUBSCRIBED, now)
        name_profiles(session, row)
    return row


def _read(
    session: Session, vault: Vault, site: Site, token: str, now: datetime, *, lock: bool
) -> tuple[Subscription, VerifiedToken]:
    (typ,) = CONFIRMATION.types
    key = own_key(vault, site, typ)
    link = verify_token(token, CONFIRMATION, lambda kid: key if kid == OWN_KID else None, audience=site.token, now=now)
    query = select(Subscription).where(Subscription.site_id == site.id)
    query = query.where(Subscription.subscriber_hash == link.claims["sub"], Subscription.channel == EMAIL)
    row = session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise InvalidConfirmation("is about an address that is not known any more")
    return row, link


def _hand_over(session: Session, vault: Vault, site: Site, row: Subscription, base_url: str, now: datetime) -> None:
    (typ,) = CONFIRMATION.types
    expires_at = now + CONFIRMATION.lifetime
    times = {"iat": now.timestamp(), "exp": int(expires_at.timestamp())}
    claims = {"aud": site.token, "sub": row.subscriber_hash, **times}
    token = jwt.encode(claims, own_key(vault, site, typ).key, OWN_ALGORITHM, {"typ": typ, "kid": OWN_KID})
    facts = {
        "email": row.address,
        "link": f"{base_url}/confirm/{site.token}/{token}",
        "expires_at": show_moment(expires_at),
    }
    if not tell_of_confirmation(session, row, facts, now):
        raise Conflict("no_mailer", NO_MAILER)


def _has_opted_out(session: Session, row: Subscription) -> bool:
    is_ended = _stands(session, row, *ENDED) and not _stands(session, row, EnrollmentStatus.SUBSCRIBED)
    return is_ended or row.status == SubscriptionStatus.UNSUBSCRIBED


def _stands(session: Session, row: Subscription, *statuses: EnrollmentStatus) -> bool:
    return bool(_present(session, row, *statuses))


def _present(session: Session, row: Subscription, *statuses: EnrollmentStatus) -> Sequence[Enrollment]:
    query = select(Enrollment).where(Enrollment.subscription_id == row.id, Enrollment.left_at.is_(None))
    return session.scalars(query.where(Enrollment.status.in_(statuses)).order_by(Enrollment.id)).all()
