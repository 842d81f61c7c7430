"""Topics: the interests that a site offers, and the visitors' choice among them."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import Site, Subscription, SubscriptionTopic, Topic

MAX_TOPICS = 100
LONGEST_NAME = 100
LONGEST_TITLE = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def add_topic(session: Session, site: Site, *, name: str, title: str) -> Topic:
    """Offer one more interest, at the end of the list.

    Raises:
        Invalid: `invalid_topic`, the name or title cannot be used, or there are 100 already.
        Conflict: `topic_exists`.
    """
    _check(name, title)
    known = list_topics(session, site)
    if name in {topic.name for topic in known}:
        raise Conflict("topic_exists", f"The site has a topic {name} already.")
    if len(known) >= MAX_TOPICS:
        raise Invalid("invalid_topic", f"A site has at most {MAX_TOPICS} topics.")
    topic = Topic(site_id=site.id, name=name, title=title, position=known[-1].position + 1 if known else 0)
    session.add(topic)
    session.flush()
    return topic


def set_topics(session: Session, site: Site, wanted: Sequence[tuple[str, str]]) -> Sequence[Topic]:
    """Make these pairs of name and title the site's list, in this order; return it.

    A topic keeps its visitors as long as its name is in the list; what is missing there is removed with their choices.

    Raises:
        Invalid: `invalid_topic`, a name or title cannot be used, a name comes twice, or there are more than 100.
    """
    names = [name for name, _ in wanted]
    if len(set(names)) < len(names) or len(names) > MAX_TOPICS:
        raise Invalid("invalid_topic", f"List at most {MAX_TOPICS} topics, each name once.")
    for name, title in wanted:
        _check(name, title)
    session.refresh(site, with_for_update=True)  # two lists at once would become a mixture
    known = {topic.name: topic for topic in list_topics(session, site)}
    _delete(session, [topic for name, topic in known.items() if name not in names])
    for position, (name, title) in enumerate(wanted):
        topic = known.get(name) or Topic(site_id=site.id, name=name)
        topic.title, topic.position = title, position
        session.add(topic)
    session.flush()
    return list_topics(session, site)


def remove_topic(session: Session, site: Site, name: str) -> None:
    """Take a topic and every choice of it away.

    Raises:
        NotFound: `topic_not_found`.
    """
    topic = session.scalars(select(Topic).where(Topic.site_id == site.id, Topic.name == name)).one_or_none()
    if topic is None:
        raise NotFound("topic_not_found", f"The site has no topic {name}: see `sitebell topics list`.")
    _delete(session, [topic])


def list_topics(session: Session, site: Site) -> Sequence[Topic]:
    """Return a site's topics in the order in which it offers them."""
    return session.scalars(select(Topic).where(Topic.site_id == site.id).order_by(Topic.position, Topic.id)).all()


def count_choices(session: Session, site: Site) -> dict[str, int]:
    """Return by how many browsers each topic is chosen, whether or not they are subscribed now."""
    query = (
        select(Topic.name, func.count(SubscriptionTopic.subscription_id))
        .outerjoin(SubscriptionTopic, SubscriptionTopic.topic_id == Topic.id)
        .where(Topic.site_id == site.id)
        .group_by(Topic.name)
    )
    return dict(session.execute(query).all())


def find_topic_ids(session: Session, site_id: int, names: Sequence[str]) -> dict[str, int]:
    """Return the ids of those topics that the site has."""
    if not names:
        return {}
    query = select(Topic.name, Topic.id).where(Topic.site_id == site_id, Topic.name.in_(names))
    return dict(session.execute(query).all())


def check_topics(session: Session, site: Site, names: Sequence[str]) -> dict[str, int]:
    """Return the ids of topics by their names.

    Raises:
        Invalid: `unknown_topic`, the site does not have one of them.
    """
    found = find_topic_ids(session, site.id, names)
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise Invalid("unknown_topic", "Name topics that the site has defined.", {"topics": unknown[:20]})
    return found


def choose_topics(
    session: Session, site: Site, subscription: Subscription, names: Sequence[str], now: datetime
) -> None:
    """Make these topics the visitor's choice in one browser; the caller has locked the subscription.

    Raises:
        Invalid: `unknown_topic`.
    """
    wanted = set(check_topics(session, site, names).values())
    of_browser = SubscriptionTopic.subscription_id == subscription.id
    present = set(session.scalars(select(SubscriptionTopic.topic_id).where(of_browser)))
    if present - wanted:
        dropped = delete(SubscriptionTopic).where(of_browser, SubscriptionTopic.topic_id.in_(present - wanted))
        session.execute(dropped, execution_options=QUIET)
    if wanted - present:
        own = {"subscription_id": subscription.id, "created_at": now}
        session.execute(insert(SubscriptionTopic), [own | {"topic_id": topic_id} for topic_id in wanted - present])


def chosen_topics(session: Session, subscription: Subscription) -> list[str]:
    """Return the names of the topics that the visitor chose in this browser, in the site's order."""
    query = select(Topic.name).join(SubscriptionTopic, SubscriptionTopic.topic_id == Topic.id)
    mine = query.where(SubscriptionTopic.subscription_id == subscription.id)
    return list(session.scalars(mine.order_by(Topic.position, Topic.id)))


def _check(name: str, title: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid("invalid_topic", f"A topic's name has 1 to {LONGEST_NAME} letters, digits, points, - and _.")
    if not 1 <= len(title.strip()) <= LONGEST_TITLE or not title.isprintable() or len(title) > LONGEST_TITLE:
        raise Invalid("invalid_topic", f"A topic's title has 1 to {LONGEST_TITLE} printable characters.")


def _delete(session: Session, topics: Sequence[Topic]) -> None:
    ids = [topic.id for topic in topics]
    for statement in (
        delete(SubscriptionTopic).where(SubscriptionTopic.topic_id.in_(ids)),
        delete(Topic).where(Topic.id.in_(ids)),
    ):
        session.execute(statement)
