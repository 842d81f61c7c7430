"""What a merge does to the names by which messages call the two."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import Message, MessageStatus, Profile, SiteDatabase
from sitebell.services.audiences.people import Names
from sitebell.services.audiences.rewriting import hashes_in, rename
from sitebell.services.messages.names import (
    drop_names,
    inherit_names,
    messages_calling,
    note_former_names,
    note_lost_id,
    note_names,
)

UNFINISHED = (MessageStatus.DRAFT, MessageStatus.SCHEDULED, MessageStatus.SENDING, MessageStatus.PAUSED)
_IS_TO_PLAN = Message.is_planned.is_(False) & Message.status.in_(UNFINISHED)


def redirect_messages(session: Session, source: Profile, target: Profile) -> None:
    """Let messages that are still to be planned call the target by its own names, where they call it by lost ones.

    What is planned already stays as it was written, and is found by the names that are noted as former ones. Call it
    before the target takes over what it lacks.
    """
    new = {"profile_ids": target.public_id}
    words, emails = set[str](), set[str]()
    if source.external_id and target.external_id:
        new |= dict.fromkeys(("external_ids", "external_id"), target.external_id)
        words.add(source.external_id)
    if source.email and target.email:
        new["email"] = target.email
        emails.add(source.email)
    note_former_names(session, target, sorted(words | emails))
    inherit_names(session, target, source)
    if source.external_id and target.external_id:
        note_lost_id(session, target, source.external_id)
    lost = Names(words=frozenset({source.public_id, *words}), emails=frozenset(emails - {target.email}))
    linked = session.scalars(select(SiteDatabase.site_id).where(SiteDatabase.database_id == target.database_id)).all()
    for message_id in messages_calling(session, linked, lost.hashes, _IS_TO_PLAN):
        query = select(Message).where(Message.id == message_id, _IS_TO_PLAN)  # it may be planned by now
        message = session.scalars(query.with_for_update()).one_or_none()
        if message is not None:
            _redirect(session, message, lost, new)
    session.flush()


def _redirect(session: Session, message: Message, lost: Names, new: dict[str, str]) -> None:
    audience = rename(message.audience, lost, new)
    if audience == message.audience:
        return
    before, after = hashes_in(message.audience), hashes_in(audience)
    message.audience = audience
    drop_names(session, message.id, before - after)
    note_names(session, message.id, after - before)
