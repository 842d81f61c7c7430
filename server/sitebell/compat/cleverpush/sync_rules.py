"""What a sync writes, by whatever it names: an address, a subscription, a person. All of it is written, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import AliasKind, BoundBy, Dialect, Site, Subscription
from sitebell.services.binding.enrolling import Introduction, enroll_somewhere
from sitebell.services.binding.enrollments import is_unconfirmed
from sitebell.services.confirmations import EmailSignup, sign_up
from sitebell.services.databases import get_database, list_database_ids
from sitebell.services.dialects import Words, find_alias
from sitebell.services.dialects.attributes import Attributes, read_attributes
from sitebell.services.inventory import find_newest_subscriber
from sitebell.services.matching import Match, find_profile
from sitebell.services.profiles import ProfileChanges, lock_upserts, upsert_profile
from sitebell.services.subscribers import get_subscriber
from sitebell.services.tags import TagChange
from sitebell.services.topics import check_topics, choose_topics
from sitebell.services.vault import Vault

NO_SUBSCRIPTION = "This person has no subscription yet that could choose topics: sync them once there is one."


@dataclass(frozen=True, kw_only=True)
class Sync:
    """What a call says, in our words; `topics` None leaves the choice, `tags` are put on and none is taken away."""

    email: str | None
    form_id: str | None
    subscriber: str | None
    attributes: Attributes
    topics: Sequence[str] | None
    tags: Sequence[str]

    @property
    def match(self) -> Match:
        """By what the person is found."""
        return Match(external_id=self.attributes.user_id, email=self.email)


def read_sync(session: Session, site: Site, words: Words, body: Mapping[str, Any]) -> Sync:
    """Return what a loaded body means here.

    Raises:
        Invalid: as `read_attributes`.
    """
    return Sync(
        email=body["email_address"],
        form_id=body["form_id"],
        subscriber=body["subscription_id"],
        attributes=read_attributes(session, site, words, body["attributes"]),
        topics=None if body["topics"] is None else [words.ours(AliasKind.TOPIC, one) for one in body["topics"]],
        tags=[words.ours(AliasKind.TAG, one) for one in body["tags"]],
    )


def sync(
    session: Session, vault: Vault, site: Site, given: Sync, base_url: str, now: datetime
) -> tuple[Subscription | None, bool]:
    """Return the subscription, None when only a person was named, and whether a confirmation is missing.

    Raises:
        Invalid: `missing_subject`, `unknown_opt_in_form`, `unknown_topic`; `invalid`, topics of who has no
            subscription; what `sign_up`, `enroll_somewhere` and `upsert_profile` raise. Roll back.
        NotFound: `subscriber_not_found`.
    """
    tags = TagChange(add=given.tags)
    fields = given.attributes.as_changes()
    introduction = Introduction(match=given.match, fields=fields, tags=tags, bound_by=BoundBy.BACKEND)
    if given.email is not None:
        confirms = _is_double(session, site, given.form_id)
        signup = EmailSignup(address=given.email, introduction=introduction, topics=given.topics, confirms=confirms)
        return sign_up(session, vault, site, signup, base_url, now)
    if given.subscriber is None:
        row = _write_person(session, site, given.match, ProfileChanges(fields=fields, tags=tags), now)
    else:
        row = get_subscriber(session, site, given.subscriber, lock=True)
        enroll_somewhere(session, site, row, introduction, now)
    _choose(session, site, row, given.topics, now)
    return row, row is not None and is_unconfirmed(session, row)


def _is_double(session: Session, site: Site, form_id: str | None) -> bool:
    """Say whether a form asks the owner of an address first; without a form nobody is asked."""
    if form_id is None:
        return False
    form = find_alias(session, site, Dialect.CLEVERPUSH, AliasKind.OPT_IN_FORM, form_id)
    if form is None:
        raise Invalid(
            "unknown_opt_in_form",
            "Whether this opt-in form asks twice is not known: sitebell sites alias … --opt-in-form ID=double.",
        )
    return form.target == "double"


def _write_person(
    session: Session, site: Site, match: Match, changes: ProfileChanges, now: datetime
) -> Subscription | None:
    """Store whom a back end names by the user id alone; return their newest subscription, locked, if there is any."""
    if match.external_id is None:
        raise Invalid("missing_subject", "Name emailAddress, subscriptionId or customAttributes.user_id.")
    databases = list_database_ids(session, site)
    known = [find_profile(session, database_id, match) for database_id in databases]
    row = find_newest_subscriber(session, site, [profile.id for profile in known if profile is not None])
    if row is not None:  # before the identities, which is everybody's order
        row = get_subscriber(session, site, row.subscriber_hash, lock=True)
    for database_id in databases:
        lock_upserts(session, database_id, [(match, changes)])
        upsert_profile(session, get_database(session, database_id), match, changes, now)
    return row


def _choose(
    session: Session, site: Site, row: Subscription | None, topics: Sequence[str] | None, now: datetime
) -> None:
    if row is not None and topics is not None:
        choose_topics(session, site, row, topics, now)
    elif topics:
        check_topics(session, site, topics)
        raise Invalid("invalid", f"topics: {NO_SUBSCRIPTION}", {"topics": NO_SUBSCRIPTION})
