"""A browser's call in one piece: its subscription stored, its word about its visitor weighed, its profiles bound."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from sitebell.models import Site, Subscription, SubscriptionStatus
from sitebell.services.binding.enrolling import Introduction, enroll
from sitebell.services.binding.enrollments import EnrollmentResult
from sitebell.services.identity.admitting import Admission, Shown, admit
from sitebell.services.identity.link_tokens import Followed, follow_link
from sitebell.services.identity.tokens import IDENTITY, give_back
from sitebell.services.subscriptions.lifecycle import Registration, put_subscription
from sitebell.services.topics import choose_topics, chosen_topics
from sitebell.services.vault import Vault
from sitebell.services.visitors.facts import NOBODY, Visit, Visitor, note_visit
from sitebell.services.webhooks.telling import name_profiles


@dataclass(frozen=True)
class Registered:
    """What came of a call: the subscription, whether it is new, where it stands, what was not believed, its topics."""

    subscription: Subscription
    is_new: bool
    enrollments: list[EnrollmentResult]
    admission: Admission
    topics: list[str] = field(default_factory=list)
    followed: Followed | None = None


def register(
    session: Session,
    vault: Vault,
    site: Site,
    registration: Registration,
    introduction: Introduction,
    token: str | None,
    now: datetime,
    *,
    link: str | None = None,
    visitor: Visitor = NOBODY,
) -> Registered:
    """Store or refresh a subscription and bind it; a refused identity or link still stores it.

    Raises:
        SitebellError: as `put_subscription` and `enroll` do; nothing was changed.
    """
    subscription, is_new = put_subscription(session, vault, site, registration, now)
    if subscription.status == SubscriptionStatus.ERASED:
        return Registered(subscription, is_new, [], Admission(introduction))
    shown = None if token is None else Shown(token, subscription)
    admission = admit(session, vault, site, introduction, shown, now)
    if registration.topics is not None:
        choose_topics(session, site, subscription, registration.topics, now)
    results = _bind(session, site, subscription, admission, is_explicit=registration.is_explicit, now=now)
    followed = None if link is None else follow_link(session, vault, site, subscription, link, now)
    note_visit(session, site, subscription, _visit(visitor, registration, admission, now, word=token or link))
    name_profiles(session, subscription)
    chosen = chosen_topics(session, subscription)
    return Registered(subscription, is_new, _newest(results, followed), admission, chosen, followed)


def _visit(
    visitor: Visitor, registration: Registration, admission: Admission, now: datetime, *, word: str | None
) -> Visit:
    return Visit(
        visitor=replace(visitor, locale=registration.locale, time_zone=registration.time_zone),
        now=now,
        named=frozenset(admission.introduction.fields),
        is_introduced=bool(word) or not admission.introduction.match.is_empty,
    )


def _bind(
    session: Session, site: Site, subscription: Subscription, admission: Admission, *, is_explicit: bool, now: datetime
) -> list[EnrollmentResult]:
    """Enroll; a token that counts once may be shown again when no database took the binding."""
    results = enroll(session, site, subscription, admission.introduction, is_explicit=is_explicit, now=now)
    if admission.token is not None and all(result.error is not None for result in results):
        give_back(session, site, admission.token, IDENTITY)
    return results


def _newest(results: list[EnrollmentResult], followed: Followed | None) -> list[EnrollmentResult]:
    """Return where the subscription stands after a link was followed."""
    joined = {result.database_id: result for result in (followed.joined if followed else ())}
    return [joined.get(result.database_id, result) for result in results]
