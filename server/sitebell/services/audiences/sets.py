"""The parts of an audience that describe recipients instead of listing them: topics, tags and `where`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Field, ProfileTag, SiteDatabase, Subscription, SubscriptionTopic
from sitebell.services.audiences.conditions import Compiler
from sitebell.services.audiences.leaves import Vocabulary
from sitebell.services.audiences.lookups import finds_a_row
from sitebell.services.audiences.trees import Leaf, Tree, leaves_of, parse_where
from sitebell.services.delivery.eligibility import Proof
from sitebell.services.tags import is_on
from sitebell.services.topics import find_topic_ids

SETS = ("topics", "tags", "where")


def condition_of_sets(
    session: Session, site_id: int, audience: dict[str, Any], now: datetime, *, proof: Proof
) -> ColumnElement[bool]:
    """Return the condition that a subscription and its enrollment belong to any of the audience's sets.

    The audience was checked when its message was created; `now` is the moment for relative ones,
    `proof` is `proof_for`'s answer.
    """
    if "everyone" in audience:
        return true()
    parts: list[ColumnElement[bool]] = []
    if "topics" in audience:
        parts.append(_chose(list(find_topic_ids(session, site_id, audience["topics"]).values())))
    if "tags" in audience:
        parts.append(_has_tag(audience["tags"], now))
    if "where" in audience:
        tree = parse_where(audience["where"])
        known = load_vocabulary(session, site_id, tree, now)
        parts.append(Compiler(site_id, known, proof=proof, is_lenient=True).condition_of(tree))
    return or_(*parts)


def check_where(session: Session, site_id: int, raw: Any, now: datetime) -> None:
    """Raise what `parse_where` and `Compiler.condition_of` raise about a tree that no message can be sent to."""
    tree = parse_where(raw)
    Compiler(site_id, load_vocabulary(session, site_id, tree, now)).condition_of(tree)


def load_vocabulary(session: Session, site_id: int, tree: Tree, now: datetime) -> Vocabulary:
    """Look the names of a tree up: fields in the site's databases, topics of the site."""
    found = list(leaves_of(tree))
    fields: dict[str, list[Field]] = {}
    query = select(Field).join(SiteDatabase, SiteDatabase.database_id == Field.database_id)
    names = {leaf.field for leaf in found}
    for field in session.scalars(query.where(SiteDatabase.site_id == site_id, Field.name.in_(names))):
        fields.setdefault(field.name, []).append(field)
    return Vocabulary(fields, find_topic_ids(session, site_id, _topic_names(found)), now)


def _topic_names(found: list[Leaf]) -> list[str]:
    return [leaf.value for leaf in found if leaf.field == "topics" and isinstance(leaf.value, str)]


def _chose(topic_ids: list[int]) -> ColumnElement[bool]:
    mine = select(SubscriptionTopic.topic_id).where(SubscriptionTopic.subscription_id == Subscription.id)
    return finds_a_row(mine.where(SubscriptionTopic.topic_id.in_(topic_ids)), Subscription)


def _has_tag(tags: list[str], now: datetime) -> ColumnElement[bool]:
    mine = select(ProfileTag.tag).where(ProfileTag.profile_id == Enrollment.profile_id, is_on(now))
    return finds_a_row(mine.where(ProfileTag.tag.in_(tags)), Enrollment)
