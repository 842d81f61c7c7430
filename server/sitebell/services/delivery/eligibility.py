"""Which enrollments may get a message: one list of requirements for planning, for the claim and for handing over."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, literal, null, select, true
from sqlalchemy.orm import Session

from sitebell.models import (
    NAMING,
    PROVEN,
    BoundBy,
    Delivery,
    Enrollment,
    EnrollmentStatus,
    Message,
    Site,
    Subscription,
    SubscriptionStatus,
)
from sitebell.services.binding.known import is_known
from sitebell.services.databases import linked_database_ids
from sitebell.services.identity.strictness import is_signed

OF_THE_BROWSER = ("everyone", "subscriber_hashes", "topics")
FACTS_OF_THE_BROWSER = ("subscription.", "event.")  # no field of a profile has a dot in its name


Proof = tuple[BoundBy, ...]  # the words that count as proof of whose browser it is; empty: no proof is asked


@dataclass(frozen=True)
class Requirement:
    """A condition over `Subscription` and `Enrollment`, and the reason to give where it does not hold."""

    is_met: ColumnElement[bool]
    reason: ColumnElement[str]


TRANSPORT = Requirement(Subscription.channel == "web", literal("no_transport"))


def proof_for(session: Session, message: Message) -> Proof:
    """Return by whose words an enrollment must be bound to get a message.

    Proof is asked when its sender asked for it (`verified`), and on a signed site whenever the audience says who is
    meant: there, what browsers claimed about themselves before the site was signed does not count any more, and nobody
    is needed where nobody is known. A link of a newsletter counts there, but is no proof to a sender who asks for it:
    newsletters are forwarded.
    """
    if message.is_verified:
        return PROVEN
    return NAMING if is_signed(session, message.site_id) and names_people(message.audience) else ()


def may_be_named(session: Session, message: Message) -> ColumnElement[bool]:
    """Return at which enrollments a message may speak of the profile: on a signed site not at those merely claimed.

    Else a stranger who claimed somebody's profile before the site was signed would read their name in a message to all.
    """
    if is_signed(session, message.site_id):
        return Enrollment.bound_by.in_(NAMING) | Enrollment.is_anonymous
    return true()


def _is_proved(site_id: int, place: type[Enrollment], proof: Proof) -> ColumnElement[bool]:
    """Say whether an enrollment is bound by one of these words.

    Unless its sender asks for proof, a message reaches a browser at its own profile too, where nobody was claimed to
    be: none is known by a name, nor by a value that could be written there while the site was open.
    """
    proved = place.bound_by.in_(proof)
    if BoundBy.LINK not in proof:
        return proved
    strict_since = select(Site.strict_since).where(Site.id == site_id).scalar_subquery()
    return proved | (~is_known(place) & (place.bound_at >= strict_since))


def names_people(audience: dict[str, Any]) -> bool:
    """Say whether any part of an audience tells people from each other by what is known of their profiles."""
    others = set(audience) - {*OF_THE_BROWSER, "where"}
    return bool(others) or ("where" in audience and _asks_for_profile(audience["where"]))


def requirements(site_id: int, *, proof: Proof) -> list[Requirement]:
    """Return what a subscription and its enrollment must be to get a message; `proof` is `proof_for`'s answer.

    `TRANSPORT` is not among them: who cannot be reached is planned, so that the message's counts tell of it.
    """
    return [
        Requirement(Subscription.site_id == site_id, literal("the subscription is another site's")),
        Requirement(
            Subscription.status == SubscriptionStatus.SUBSCRIBED,
            literal("the subscription is ") + func.coalesce(Subscription.status, "gone"),
        ),
        *requirements_of_place(site_id, Enrollment, proof=proof),
    ]


def requirements_of_place(site_id: int, place: type[Enrollment], *, proof: Proof) -> list[Requirement]:
    """Return what an enrollment must be, by itself, for its browser to get a message; `place` may be an alias."""
    linked = linked_database_ids(site_id)
    needed = [
        Requirement(
            place.status == EnrollmentStatus.SUBSCRIBED,
            literal("the enrollment is ") + func.coalesce(place.status, "gone"),
        ),
        Requirement(place.database_id.in_(linked), literal("its database is not the site's any more")),
    ]
    if proof:
        needed.append(Requirement(_is_proved(site_id, place, proof), literal("the enrollment is not proved")))
    return needed


def is_fact_of_the_browser(field: str) -> bool:
    """Say whether a field of `where` is the browser's, whoever is there, and no profile's."""
    return field == "topics" or field.startswith(FACTS_OF_THE_BROWSER)


def obstacle(needed: Sequence[Requirement]) -> ColumnElement[str | None]:
    """Return the reason of the first requirement that does not hold, NULL where all of them hold."""
    reason: ColumnElement[Any] = null()
    for requirement in reversed(needed):
        reason = case((requirement.is_met, reason), else_=requirement.reason)  # an unknown truth counts as false
    return reason


def obstacles_in(session: Session, site_id: int, batch_id: int, *, proof: Proof, first: int = 0) -> dict[int, str]:
    """Return why deliveries of a batch may not go out, by subscription; `first` is the first one to look at.

    Deliveries that have ended are looked at too.
    """
    rows = session.connection().execute(_select_obstacles(site_id, proof), {"the_batch": batch_id, "first": first})
    return {subscription_id: reason for subscription_id, reason in rows}  # noqa: C416


@lru_cache(maxsize=256)
def _select_obstacles(site_id: int, proof: Proof) -> Select[int, str]:
    """Return the one statement for a site; to make it anew for each look would cost several times the look."""
    reason: ColumnElement[Any] = obstacle([*requirements(site_id, proof=proof), TRANSPORT])
    return (
        select(Delivery.subscription_id, reason.label("reason"))
        .outerjoin(Subscription, Subscription.id == Delivery.subscription_id)
        .outerjoin(Enrollment, Enrollment.id == Delivery.enrollment_id)
        .where(Delivery.batch_id == bindparam("the_batch"), Delivery.subscription_id >= bindparam("first"))
        .where(reason.is_not(None))
    )


def _asks_for_profile(where: Any) -> bool:
    """Walk a tree of conditions; what is not known to be about the browser is taken to be about the person."""
    if not isinstance(where, dict):
        return True
    inner = [*where.get("all", ()), *where.get("any", ()), *([where["not"]] if "not" in where else [])]
    if inner:
        return any(map(_asks_for_profile, inner))
    return not is_fact_of_the_browser(str(where.get("field", "")))
