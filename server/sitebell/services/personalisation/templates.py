"""The language of personalised texts: `{{ profile._fname | default("there") }}`, and little more than that.

A text is data of its sender, never a program: beside values it knows a few filters, comparisons and `a if b else c`.
There are no statements, calls, loops, arithmetic or names other than those of the profile.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template as Program
from jinja2 import TemplateError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sitebell.services.personalisation.filters import (
    FILTERS,
    TESTS,
    WORK,
    TemplateFault,
    Work,
    print_in_text,
    print_in_url,
)

MAX_NODES = 200
ALLOWED_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.Const),
    *(nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.Test, nodes.And, nodes.Or, nodes.Not),
)
NEVER = "\0"  # no text has NUL, so there are no statements and no comments, and {% stays what it is
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")

Values = Mapping[str, Any]


class Template:
    """A checked text.

    Attributes:
        names: the members of `profile` that it reads.
        pieces: its fixed parts in their order, with None where a value stands.
        size: of how many nodes it consists.
    """

    def __init__(self, tree: nodes.Template, program: Program) -> None:
        self.names = frozenset(node.attr for node in tree.find_all(nodes.Getattr))
        self.pieces = tuple(_pieces(tree))
        self.size = sum(1 for _ in tree.find_all(nodes.Node))
        self._program = program

    def render(self, values: Values, work: Work) -> str:
        """Return the text for a profile with these values; one that is missing prints nothing.

        `work` is the account of the whole notification.

        Raises:
            TemplateFault: two values cannot be compared, do not fit a filter, make what is no text, or too much of it.
        """
        try:
            text = work.check(self._program.render({"profile": values, WORK: work}))
        except TemplateFault:
            raise
        except Exception as error:  # whatever a filter makes of a value, one recipient fails and no worker
            raise TemplateFault("A value does not fit the filter or the comparison in which it stands.") from error
        if _NO_TEXT.search(text):
            raise TemplateFault("It makes NUL or half of a surrogate pair: write characters that UTF-8 can carry.")
        return text


class _Missing(Undefined):
    """A value that the profile does not have: prints nothing, is false, and is neither less nor more than another."""

    def _never(self, _other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja with our filters only; a field is never mistaken for a method of the mapping that holds it."""

    def __init__(self, finalize: Callable[..., str]) -> None:
        super().__init__(
            block_start_string=NEVER + "%",
            comment_start_string=NEVER + "#",
            keep_trailing_newline=True,
            undefined=_Missing,
            finalize=finalize,
            optimized=False,  # it works out constants again at each level of nesting, and on nobody's account
        )
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals.clear()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a value of the profile."""
        value = obj.get(attribute)
        return self.undefined(name=attribute) if value is None else value


@lru_cache(maxsize=512)
def compile_template(text: str, *, is_url: bool) -> Template:
    """Return a text as a template; in a URL every value is percent-encoded.

    Raises:
        TemplateFault: with a sentence that says what to change.
    """
    environment = _IN_URLS if is_url else _IN_TEXTS
    try:
        tree = environment.parse(text)
        _check(tree)
        return Template(tree, Program.from_code(environment, environment.compile(tree), {}))
    except TemplateError as error:
        raise TemplateFault(f"This is no template: {error.message}.") from error
    except (RecursionError, SyntaxError, MemoryError) as error:  # Python's parser, too, has an end
        raise TemplateFault("This template is nested too deeply.") from error


def is_template(text: str) -> bool:
    """Say whether a text has values to be filled in."""
    return "{{" in text


def _check(tree: nodes.Template) -> None:
    found = [tree, *tree.find_all(nodes.Node)]
    if len(found) > MAX_NODES:
        raise TemplateFault("This template is too long: write fewer values.")
    for node in found:
        if not isinstance(node, ALLOWED_NODES):
            raise TemplateFault(f"A template has values, filters, comparisons and if … else, and no {_word(node)}.")
    names = [node for node in found if isinstance(node, nodes.Name)]
    members = [node for node in found if isinstance(node, nodes.Getattr)]
    is_of_profile = all(isinstance(node.node, nodes.Name) and node.node.name == "profile" for node in members)
    if len(names) != len(members) or not is_of_profile:
        raise TemplateFault("Values are those of the profile: write profile. and a field's name.")
    _check_filters(found)


def _check_filters(found: list[nodes.Node]) -> None:
    for node in found:
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateFault(f"There is no filter {node.name[:40]}: the filters are {', '.join(FILTERS)}.")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise TemplateFault(f"There is no test {node.name[:40]}: the tests are {', '.join(TESTS)}.")
        if _encodes(node) and any(map(_encodes, node.find_all(nodes.Filter))):
            raise TemplateFault("urlencode stands once: what is encoded already only grows.")
        if isinstance(node, (nodes.Filter, nodes.Test)) and (node.dyn_args or node.dyn_kwargs):
            raise TemplateFault("A filter's arguments are written one by one.")


def _encodes(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == "urlencode"


def _word(node: nodes.Node) -> str:
    return type(node).__name__.lower()


def _pieces(tree: nodes.Template) -> Iterator[str | None]:
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else None


_IN_TEXTS = _Environment(print_in_text)
_IN_URLS = _Environment(print_in_url)
