"""By what names messages call people: noted when a message is created, looked up by a merge, an export and an erase.

A name is noted by the first half of its SHA-256. That hides nothing, for the audience says it in full, but has one
length and one index; a scan of every audience would hold a lock for seconds where lists have ten thousand names.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Select, delete, exists, false, insert, literal, select, update
from sqlalchemy.orm import Session, aliased

from sitebell.db import QUIET
from sitebell.models import FormerName, Message, MessageName, Profile

HASH_BYTES = 16
HASHES_PER_QUERY = 500


def fingerprint(name: str) -> bytes:
    """Return the hash by which a name is noted."""
    return hashlib.sha256(name.encode()).digest()[:HASH_BYTES]


def fingerprints(name: str) -> set[bytes]:
    """Return the hashes by which somebody may be found who is called so: an e-mail address also in lower case."""
    return {fingerprint(name), fingerprint(name.lower())} if "@" in name else {fingerprint(name)}


def note_names(session: Session, message_id: int, hashes: Iterable[bytes]) -> None:
    """Note that a message calls somebody by these names, none of which is noted for it already."""
    rows = [{"name_hash": name_hash, "message_id": message_id} for name_hash in sorted(hashes)]
    if rows:
        session.execute(insert(MessageName), rows)


def drop_names(session: Session, message_id: int, hashes: Iterable[bytes]) -> None:
    """Forget that a message calls somebody by these names."""
    for some in _portions(hashes):
        gone = delete(MessageName).where(MessageName.name_hash.in_(some), MessageName.message_id == message_id)
        session.execute(gone, execution_options=QUIET)


def note_database(session: Session, site_id: int, database_id: int) -> None:
    """Note at the messages of a site that they may name people of a database: do it before the link is taken away."""
    mark, noted = _mark_of_database(database_id), aliased(MessageName)
    known = exists().where(noted.name_hash == mark, noted.message_id == Message.id)
    said = select(literal(mark), Message.id).where(Message.site_id == site_id, ~known)
    session.execute(insert(MessageName).from_select(["name_hash", "message_id"], said))


def messages_calling(
    session: Session,
    site_ids: Iterable[int],
    hashes: Iterable[bytes],
    *which: ColumnElement[bool],
    once_of: int | None = None,
) -> list[int]:
    """Return which messages of these sites, of those that meet conditions, call somebody so, oldest first.

    `once_of` is a database: messages of sites that were linked to it when they were made are looked at, too.
    """
    found, marked = set[int](), aliased(MessageName)
    theirs: ColumnElement[bool] = Message.site_id.in_(list(site_ids))
    if once_of is not None:
        mark = _mark_of_database(once_of)
        theirs |= exists().where(marked.name_hash == mark, marked.message_id == MessageName.message_id)
    mine = select(MessageName.message_id).join(Message, Message.id == MessageName.message_id)
    for some in _portions(hashes):
        found.update(session.scalars(mine.where(MessageName.name_hash.in_(some), theirs, *which)))
    return sorted(found)


def note_former_names(session: Session, profile: Profile, names: Sequence[str]) -> None:
    """Note names that a profile loses now, those alone that a message says; always one statement (SEC-15)."""
    hashes = {name_hash for name in names for name_hash in fingerprints(name)}
    known = exists().where(FormerName.profile_id == profile.id, FormerName.name_hash == MessageName.name_hash)
    said = select(literal(profile.id), MessageName.name_hash, false()).where(MessageName.name_hash.in_(hashes), ~known)
    session.execute(insert(FormerName).from_select(["profile_id", "name_hash", "is_id"], said.distinct()))


def former_names(session: Session, profiles: Iterable[Profile]) -> frozenset[bytes]:
    """Return the hashes of names that these profiles had before."""
    ids = [profile.id for profile in profiles]
    return frozenset(session.scalars(select(FormerName.name_hash).where(FormerName.profile_id.in_(ids))))


def hashes_of_ids(session: Session, profile: Profile) -> set[bytes]:
    """Return the hashes of a profile's id, and of those of the profiles that were merged into it."""
    merged = select(FormerName.name_hash).where(FormerName.profile_id == profile.id, FormerName.is_id)
    return {fingerprint(profile.public_id), *session.scalars(merged)}


def find_merged(session: Session, public_id: str) -> Profile | None:
    """Return the profile into which the one of an id was merged."""
    merged = exists().where(
        FormerName.profile_id == Profile.id, FormerName.name_hash == fingerprint(public_id), FormerName.is_id
    )
    return session.scalars(select(Profile).where(merged)).one_or_none()


def inherit_names(session: Session, target: Profile, source: Profile) -> None:
    """Make the former names of a merged profile the target's, and its id one of them, said by a message or not.

    The id is random and tells nobody anything; by it an erase of the target is applied again to a restored backup in
    which the two are still apart.
    """
    has = aliased(FormerName)
    doubled = exists().where(has.profile_id == target.id, has.name_hash == FormerName.name_hash)
    of_source = FormerName.profile_id == source.id
    session.execute(delete(FormerName).where(of_source, doubled), execution_options=QUIET)
    session.execute(update(FormerName).where(of_source).values(profile_id=target.id), execution_options=QUIET)
    own = {"profile_id": target.id, "name_hash": fingerprint(source.public_id), "is_id": True}
    session.execute(insert(FormerName).values(own))


def mark_of_name(kind: str, value: str) -> bytes:
    """Return the hash by which something is noted of a name of one kind, such as `external_id`; no message says it."""
    return fingerprint(f"\0{kind}\0{value}")


def note_lost_id(session: Session, profile: Profile, external_id: str) -> None:
    """Note an external id that a profile lost in a merge: whoever comes with it is this person, until it is another's.

    It is kept also when no message says it; an erase of the profile takes it away.
    """
    give_ids_away(session, profile.database_id, [external_id])
    own = {"profile_id": profile.id, "name_hash": mark_of_name("external_id", external_id), "is_id": False}
    session.execute(insert(FormerName).values(own))


def lost_ids(session: Session, profile: Profile) -> frozenset[bytes]:
    """Return the marks of the external ids that a profile lost in merges: former names that no message says."""
    said = exists().where(MessageName.name_hash == FormerName.name_hash)
    mine = select(FormerName.name_hash).where(FormerName.profile_id == profile.id, ~FormerName.is_id, ~said)
    return frozenset(session.scalars(mine))


def who_lost_id(database_id: int, external_id: str) -> Select[Profile]:
    """Return the query for the profile that lost an external id in a merge."""
    lost = select(FormerName.profile_id).where(FormerName.name_hash == mark_of_name("external_id", external_id))
    return select(Profile).where(Profile.id.in_(lost), Profile.database_id == database_id)


def give_ids_away(session: Session, database_id: int, external_ids: Iterable[str]) -> None:
    """Forget who lost external ids in merges: they are somebody's of their own now."""
    here = FormerName.profile_id.in_(select(Profile.id).where(Profile.database_id == database_id))
    for some in _portions(mark_of_name("external_id", external_id) for external_id in external_ids):
        session.execute(delete(FormerName).where(FormerName.name_hash.in_(some), here), execution_options=QUIET)


def _mark_of_database(database_id: int) -> bytes:
    return fingerprint(f"\0database\0{database_id}")  # no name and no field begins so


def _portions(hashes: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield all of them, as many at once as one statement takes."""
    ordered = sorted(hashes)
    for place in range(0, len(ordered), HASHES_PER_QUERY):
        yield ordered[place : place + HASHES_PER_QUERY]
