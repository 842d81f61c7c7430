"""Tags: the labels that a site puts on profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Profile, ProfileTag

MAX_TAGS = 100
LONGEST_TAG = 100


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """Tags to put on a profile and to take away; one that stands in both is put on."""

    add: Sequence[str] = ()
    remove: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """There is nothing to change."""
        return not self.add and not self.remove


NO_TAGS = TagChange()


def change_tags(session: Session, profile: Profile, add: Sequence[str], remove: Sequence[str], now: datetime) -> None:
    """Take tags away from a profile and then put others on it; what is so already stays as it is.

    Raises:
        Invalid: `invalid_tag`, or `too_many_tags` when the profile would have more than 100. Roll back.
    """
    wanted = list(dict.fromkeys(map(check_tag, add)))
    if not wanted and not remove:
        return
    session.refresh(profile, with_for_update=True)  # two writers must not pass the limit together
    if remove:
        unwanted = delete(ProfileTag).where(ProfileTag.profile_id == profile.id, ProfileTag.tag.in_(set(remove)))
        session.execute(unwanted, execution_options={"synchronize_session": False})
    present = set(list_tags(session, profile))
    missing = [tag for tag in wanted if tag not in present]
    if len(present) + len(missing) > MAX_TAGS:
        raise Invalid("too_many_tags", f"A profile has at most {MAX_TAGS} tags: remove some.")
    if missing:
        own = {"profile_id": profile.id, "database_id": profile.database_id, "created_at": now}
        session.execute(insert(ProfileTag), [own | {"tag": tag} for tag in missing])
    profile.updated_at = now
    session.flush()


def list_tags(session: Session, profile: Profile) -> list[str]:
    """Return the tags of a profile in the order of their characters."""
    return sorted(session.scalars(select(ProfileTag.tag).where(ProfileTag.profile_id == profile.id)))


def check_tag(tag: str) -> str:
    """Return a tag that can be stored; raises Invalid `invalid_tag`."""
    if not 1 <= len(tag) <= LONGEST_TAG or not tag.isprintable() or tag != tag.strip():
        raise Invalid("invalid_tag", f"A tag has 1 to {LONGEST_TAG} printable characters and no outer blanks.")
    return tag
