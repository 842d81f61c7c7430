"""What the ids that a site brought along mean, in both directions, for the length of one call."""

from collections.abc import Mapping
from typing import Self

from sqlalchemy.orm import Session

from sitebell.models import AliasKind, Dialect, Site
from sitebell.services.dialects.aliases import list_aliases

IN_PAGES = (AliasKind.TOPIC, AliasKind.TAG, AliasKind.ATTRIBUTE)


class Words:
    """The aliases of one site in one dialect. An id that was never adopted means itself."""

    def __init__(self, pairs: Mapping[tuple[AliasKind, str], str]) -> None:
        self._ours = pairs
        self._theirs: dict[tuple[AliasKind, str], str] = {}
        for (kind, foreign_id), target in pairs.items():
            self._theirs.setdefault((kind, target), foreign_id)

    @classmethod
    def of_site(cls, session: Session, site: Site, dialect: Dialect) -> Self:
        """Return the words that a site brought along from a vendor."""
        rows = list_aliases(session, site, dialect)
        return cls({(AliasKind(row.kind), row.foreign_id): row.target for row in rows})

    def ours(self, kind: AliasKind, foreign_id: str) -> str:
        """Return the name of what the vendor's id means."""
        return self._ours.get((kind, foreign_id), foreign_id)

    def knows(self, kind: AliasKind, foreign_id: str) -> bool:
        """Say whether the site adopted this id."""
        return (kind, foreign_id) in self._ours

    def theirs(self, kind: AliasKind, name: str) -> str:
        """Return the vendor's id of something; the first one where there are several."""
        return self._theirs.get((kind, name), name)

    def for_pages(self) -> dict[str, dict[str, str]]:
        """Return what a facade in a page has to translate, by kind; anybody who loads the script can read it."""
        found: dict[str, dict[str, str]] = {kind: {} for kind in IN_PAGES}
        for (kind, foreign_id), target in self._ours.items():
            if kind in IN_PAGES:
                found[kind][foreign_id] = target
        return found

    def topics_for_pages(self) -> dict[str, str]:
        """Return the vendor's ids of our topics."""
        return {name: foreign_id for (kind, name), foreign_id in self._theirs.items() if kind == AliasKind.TOPIC}
