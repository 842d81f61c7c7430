"""Foreign ids: a site brings them along from another vendor, and its templates and back end go on using them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import NAMES_A_SITE, Alias, AliasKind, Dialect, Site
from sitebell.services.databases import LARGEST_ID
from sitebell.services.dialects.targets import check_target
from sitebell.services.tags import LONGEST_TAG

LONGEST_ID = 200
OPT_IN_MODES = ("single", "double")

KINDS: Mapping[Dialect, tuple[AliasKind, ...]] = {
    Dialect.ALTCRAFT: (AliasKind.RESOURCE_TOKEN, AliasKind.RESOURCE_ID),
    Dialect.PUSHENGAGE: (AliasKind.APP_ID, AliasKind.SEGMENT),
    Dialect.CLEVERPUSH: (
        AliasKind.CHANNEL,
        AliasKind.TOPIC,
        AliasKind.TAG,
        AliasKind.ATTRIBUTE,
        AliasKind.SEGMENT,
        AliasKind.OPT_IN_FORM,
    ),
}
MEANS_THE_SITE = (*NAMES_A_SITE, AliasKind.RESOURCE_ID)


@dataclass(frozen=True)
class NewAlias:
    """A foreign id and the name of what it means; no name where it means the site itself."""

    dialect: Dialect
    kind: AliasKind
    foreign_id: str
    target: str = ""


def add_alias(session: Session, site: Site, new: NewAlias) -> Alias:
    """Adopt a foreign id for a site; a known one gets the new meaning.

    Raises:
        Invalid: `invalid_alias`, the dialect has no such ids, id or name cannot be used, or there is no topic or field
            of this name.
        Conflict: `alias_taken`, the id already names another site.
    """
    _check(new)
    if new.kind == AliasKind.RESOURCE_ID:  # calls say it as a number
        new = replace(new, foreign_id=str(int(new.foreign_id)))
    check_target(session, site, new.kind, new.target)
    known = find_alias(session, site, new.dialect, new.kind, new.foreign_id)
    if known is not None:
        known.target = new.target
        return known
    if new.kind == AliasKind.RESOURCE_ID:  # answers carry it, so there is one
        _forget(session, site, new.dialect, new.kind)
    alias = Alias(site_id=site.id, dialect=new.dialect, kind=new.kind, foreign_id=new.foreign_id, target=new.target)
    try:
        with session.begin_nested():
            session.add(alias)
    except IntegrityError as error:
        raise Conflict("alias_taken", f"Another site has the {_words(new.kind)} {new.foreign_id} already.") from error
    return alias


def remove_alias(session: Session, site: Site, dialect: Dialect, kind: AliasKind, foreign_id: str) -> None:
    """Forget a foreign id of a site.

    Raises:
        NotFound: `alias_not_found`.
    """
    alias = find_alias(session, site, dialect, kind, foreign_id)
    if alias is None:
        sentence = f"The site has no {_words(kind)} {foreign_id} of {dialect}: see `sitebell sites aliases`."
        raise NotFound("alias_not_found", sentence)
    session.delete(alias)


def find_alias(session: Session, site: Site, dialect: Dialect, kind: AliasKind, foreign_id: str) -> Alias | None:
    """Return what a foreign id means at a site, None when it never brought that along."""
    query = select(Alias).where(Alias.site_id == site.id, Alias.dialect == dialect)
    return session.scalars(query.where(Alias.kind == kind, Alias.foreign_id == foreign_id)).one_or_none()


def find_site_by_alias(session: Session, dialect: Dialect, foreign_id: str) -> Site | None:
    """Return the site that a vendor's id of a whole site names: a resource token, an app id, a channel."""
    if not _is_possible(foreign_id):
        return None
    query = select(Site).join(Alias, Alias.site_id == Site.id).where(Alias.dialect == dialect)
    kinds = [kind.value for kind in NAMES_A_SITE]
    return session.scalars(query.where(Alias.kind.in_(kinds), Alias.foreign_id == foreign_id)).one_or_none()


def foreign_id_of(session: Session, site: Site, dialect: Dialect, kind: AliasKind, target: str = "") -> str | None:
    """Return the id by which the vendor knew something of ours; the first one where there are several."""
    query = select(Alias.foreign_id).where(Alias.site_id == site.id, Alias.dialect == dialect, Alias.kind == kind)
    return session.scalars(query.where(Alias.target == target).order_by(Alias.id).limit(1)).first()


def list_aliases(session: Session, site: Site, dialect: Dialect | None = None) -> Sequence[Alias]:
    """Return the foreign ids of a site, of one dialect or of all."""
    query = select(Alias).where(Alias.site_id == site.id)
    if dialect is not None:
        query = query.where(Alias.dialect == dialect)
    return session.scalars(query.order_by(Alias.dialect, Alias.kind, Alias.foreign_id)).all()


def _forget(session: Session, site: Site, dialect: Dialect, kind: AliasKind) -> None:
    session.execute(delete(Alias).where(Alias.site_id == site.id, Alias.dialect == dialect, Alias.kind == kind))


def _check(new: NewAlias) -> None:
    if new.kind not in KINDS[new.dialect]:
        kinds = ", ".join(map(_words, KINDS[new.dialect]))
        raise Invalid("invalid_alias", f"{new.dialect} has no {_words(new.kind)}: it has {kinds}.")
    if not _is_possible(new.foreign_id):
        raise Invalid("invalid_alias", f"The {_words(new.kind)} has 1 to {LONGEST_ID} printable characters.")
    if new.kind == AliasKind.RESOURCE_ID and not _is_number(new.foreign_id):
        raise Invalid("invalid_alias", f"A resource id is a whole number from 1 to {LARGEST_ID}, such as 22.")
    if new.kind == AliasKind.OPT_IN_FORM and new.target not in OPT_IN_MODES:
        raise Invalid(
            "invalid_alias", f"An opt-in form means {' or '.join(OPT_IN_MODES)}, such as {new.foreign_id}=double."
        )
    if (new.kind in MEANS_THE_SITE) == bool(new.target) or len(new.target) > LONGEST_TAG:
        raise Invalid(
            "invalid_alias",
            f"Say what the {_words(new.kind)} {new.foreign_id} means here, such as {new.foreign_id}=news.",
        )


def _is_possible(foreign_id: str) -> bool:
    return 1 <= len(foreign_id) <= LONGEST_ID and foreign_id.isprintable()  # PostgreSQL takes no NUL


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdigit() and 1 <= int(written) <= LARGEST_ID


def _words(kind: AliasKind) -> str:
    return kind.replace("_", " ")
