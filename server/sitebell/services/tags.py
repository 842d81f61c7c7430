"""Tags: the labels that a site puts on profiles."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.errors import Invalid
from sitebell.models import Profile, ProfileTag
from sitebell.services.fields.storing import insert_rows, touch

MAX_TAGS = 100
LONGEST_TAG = 100
MOST_DAYS = 3650
TAGS_PER_STEP = 1000


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """Tags to put on a profile and to take away; one that stands in both is put on.

    `days` says of those that come off by themselves for how many days they are put on.
    """

    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    days: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """There is nothing to change."""
        return not self.add and not self.remove

    def ends(self, now: datetime) -> Mapping[str, datetime]:
        """Return when those tags come off that do so by themselves."""
        return {tag: now + timedelta(days=days) for tag, days in self.days.items()}


NO_TAGS = TagChange()


def change_tags(
    session: Session,
    profile: Profile,
    add: Sequence[str],
    remove: Sequence[str],
    now: datetime,
    *,
    ends: Mapping[str, datetime] | None = None,
    clips: bool = False,
) -> None:
    """Take tags away from a profile and then put others on it; what is so already stays as it is.

    `ends` says when those come off that do so by themselves; of two ends the later counts, and none is the latest.
    `clips` is for callers who must not learn what is stored (SEC-15): tags beyond the hundredth are left out.

    Raises:
        Invalid: `invalid_tag`, or `too_many_tags` when the profile would have more than 100. Roll back.
    """
    wanted, ends = list(dict.fromkeys(map(check_tag, add))), ends or {}
    if not wanted and not remove:
        return
    session.refresh(profile, with_for_update={"key_share": True})  # two writers must not pass the limit together
    if remove:
        unwanted = delete(ProfileTag).where(ProfileTag.profile_id == profile.id, ProfileTag.tag.in_(set(remove)))
        session.execute(unwanted, execution_options=QUIET)
    _prolong(session, profile, wanted, ends)
    missing = _missing(list_tags(session, profile, now), wanted, clips=clips)
    own = {"profile_id": profile.id, "database_id": profile.database_id, "created_at": now}
    insert_rows(session, ProfileTag, [own | {"tag": tag, "expires_at": ends.get(tag)} for tag in missing])
    touch(session, profile, now)


def _missing(present: Collection[str], wanted: Sequence[str], *, clips: bool) -> Sequence[str]:
    missing = [tag for tag in wanted if tag not in present]
    if clips and len(wanted) <= MAX_TAGS:
        return missing[: MAX_TAGS - len(present)]
    if len(present) + len(missing) > MAX_TAGS:
        raise Invalid("too_many_tags", f"A profile has at most {MAX_TAGS} tags: remove some.")
    return missing


def list_tags(session: Session, profile: Profile, now: datetime) -> dict[str, datetime | None]:
    """Return the tags of a profile in the order of their characters, each with its end if it has one."""
    mine = select(ProfileTag.tag, ProfileTag.expires_at).where(ProfileTag.profile_id == profile.id, is_on(now))
    ends = {row.tag: row.expires_at for row in session.execute(mine)}
    return {tag: ends[tag] for tag in sorted(ends)}


def is_on(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a tag has not come off by itself."""
    return or_(ProfileTag.expires_at.is_(None), ProfileTag.expires_at > now)


def prune_tags(session: Session, now: datetime) -> bool:
    """Forget a bounded number of tags that have come off by themselves; False when there are none."""
    over = select(ProfileTag.profile_id, ProfileTag.tag).where(ProfileTag.expires_at <= now).limit(TAGS_PER_STEP)
    keys = [tuple(row) for row in session.execute(over)]
    if keys:
        gone = delete(ProfileTag).where(tuple_(ProfileTag.profile_id, ProfileTag.tag).in_(keys))
        session.execute(gone.where(ProfileTag.expires_at <= now), execution_options=QUIET)
    return bool(keys)


def _prolong(session: Session, profile: Profile, tags: Sequence[str], ends: Mapping[str, datetime]) -> None:
    """Give tags that are on already their later ends; as many statements whatever is stored (SEC-15)."""
    mine = update(ProfileTag).where(ProfileTag.profile_id == profile.id)
    for end in dict.fromkeys(ends.get(tag) for tag in tags):
        meant = [tag for tag in tags if ends.get(tag) == end]
        is_earlier = ProfileTag.expires_at.is_not(None) if end is None else ProfileTag.expires_at < end
        later = mine.where(ProfileTag.tag.in_(meant), is_earlier).values(expires_at=end)
        session.execute(later, execution_options=QUIET)


def check_tag(tag: str) -> str:
    """Return a tag that can be stored; raises Invalid `invalid_tag`."""
    if not 1 <= len(tag) <= LONGEST_TAG or not tag.isprintable() or tag != tag.strip():
        raise Invalid("invalid_tag", f"A tag has 1 to {LONGEST_TAG} printable characters and no outer blanks.")
    return tag
