"""A tree of `where` as one condition: what is asked for holds at one enrollment, what is not wanted at none."""

from dataclasses import dataclass, replace

from sqlalchemy import and_, false, not_, or_, select
from sqlalchemy.orm import aliased

from sitebell.errors import SitebellError
from sitebell.models import Enrollment, Subscription
from sitebell.services.audiences.leaves import Condition, Vocabulary, condition_of_leaf
from sitebell.services.audiences.lookups import finds_a_row
from sitebell.services.audiences.trees import Branch, Tree
from sitebell.services.delivery.eligibility import Proof, is_fact_of_the_browser, requirements_of_place


@dataclass(frozen=True)
class Compiler:
    """Compiles the trees of one site.

    Attributes:
        site_id: whose enrollments count.
        known: what the names mean.
        proof: by whose words an enrollment must be bound to get the message.
        is_lenient: for a message that was checked when it was created: what has lost its meaning since then, as a topic
            that was removed, is false.
    """

    site_id: int
    known: Vocabulary
    proof: Proof = ()
    is_lenient: bool = False

    def condition_of(self, tree: Tree) -> Condition:
        """Return the condition over `Subscription` and `Enrollment` of a tree.

        Raises:
            Invalid: as `condition_of_leaf` does.
        """
        return self._compile(tree, self.known, depth=0)

    def _compile(self, tree: Tree, known: Vocabulary, depth: int) -> Condition:
        unwanted = _negated(tree)
        if unwanted is not None:
            return not_(self._somewhere(unwanted, known, depth + 1))
        if isinstance(tree, Branch):
            inner = [self._compile(item, known, depth) for item in tree.inner]
            return and_(*inner) if tree.kind == "all" else or_(*inner)
        try:
            return condition_of_leaf(tree, known)
        except SitebellError:
            if self.is_lenient:
                return false()
            raise

    def _somewhere(self, tree: Tree, known: Vocabulary, depth: int) -> Condition:
        """Return the condition that a tree holds at one of the browser's places; `depth` is how many `not` it is in.

        Whoever is unwanted by anybody's word is left out. What makes up for that, in a `not` within a `not`, speaks for
        the browser and needs proof like all that does. Parts that are the same at all places are asked once: places
        within places would multiply, and a stranger can claim many.
        """
        join = or_ if isinstance(tree, Branch) and tree.kind == "any" else and_
        parts = tree.inner if isinstance(tree, Branch) and tree.kind != "not" else (tree,)
        conditions = [self._compile(part, known, depth) for part in parts if not _depends_on_place(part)]
        different = [part for part in parts if _depends_on_place(part)]
        if different:
            place = aliased(Enrollment)
            needed = requirements_of_place(self.site_id, place, proof=() if depth % 2 else self.proof)
            places = select(place.id).where(place.subscription_id == Subscription.id, *(one.is_met for one in needed))
            there = [self._compile(part, replace(known, enrollment=place), depth) for part in different]
            conditions.append(finds_a_row(places.where(join(*there)), Subscription))
        return join(*conditions)


def _depends_on_place(tree: Tree) -> bool:
    """Say whether a tree may hold at one place of a browser and not at another; what holds nowhere may not."""
    if _negated(tree) is not None:
        return False
    if isinstance(tree, Branch):
        return any(map(_depends_on_place, tree.inner))
    return not is_fact_of_the_browser(tree.field)


def _negated(tree: Tree) -> Tree | None:
    """Return what must not hold, of a tree that is the opposite of another; None for all others."""
    if isinstance(tree, Branch):
        return tree.inner[0] if tree.kind == "not" else None
    if tree.op == "ne":
        return replace(tree, op="eq")
    return replace(tree, value=True) if tree.op == "exists" and not tree.value else None
