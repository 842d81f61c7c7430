"""The tree is the architecture: every import points down, and only the edge knows Flask (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "server" / "sitebell"

GROUND = {"clock", "errors"}
STORE = GROUND | {"db", "work_queue", "models"}
RULES = STORE | {"push", "services"}
EDGE = RULES - {"work_queue"}
START = {"config", "logs"}  # what a process reads and sets up before anything else
MAY_IMPORT: dict[str, set[str]] = {
    "clock": set(),
    "errors": set(),
    "version": set(),
    "config": GROUND,
    "logs": set(),
    "push": GROUND,
    "turns": set(),
    "connections": set(),
    "db": GROUND | {"connections", "turns"},
    "work_queue": GROUND | {"db"},
    "models": GROUND | {"db", "work_queue"},
    "services": STORE | {"push"},
    "web": EDGE,
    "api": EDGE | {"version", "web"},
    "compat": EDGE | {"web"},
    "demo": EDGE | {"config", "api", "web"},
    "worker": RULES | START,
    "serve": GROUND | START | {"app", "worker"},
    "app": RULES | START | {"web", "api", "compat", "demo"},
    "cli": RULES | START | {"app", "demo", "worker", "serve", "version"},
    "__init__": {"app"},
    "__main__": {"cli"},
}
MAY_KNOW_FLASK = {"app", "web", "api", "compat", "demo", "cli", "db"}
MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.relative_to(PACKAGE).parts[0] != "migrations"]


def layer_of(path: Path) -> str:
    """Return the part of the package that a file belongs to: its top folder, or its own name."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the absolute dotted name of everything that a file imports."""
    package = ("sitebell", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(path)
    assert layer in MAY_IMPORT, f"{layer} has no place among the layers: say above what it may import"

    for name in imported_modules(path):
        top, _, rest = name.partition(".")
        if top == "sitebell":
            target = rest.partition(".")[0]
            assert target in MAY_IMPORT[layer] | {layer}, f"{layer} imports {target}"
        assert not top.startswith("flask") or layer in MAY_KNOW_FLASK, f"{layer} knows Flask"


def test_each_layer_above_is_there() -> None:
    assert set(MAY_IMPORT) == {layer_of(path) for path in MODULES}
    assert set(MAY_IMPORT) > MAY_KNOW_FLASK


def test_the_layers_form_no_circle() -> None:
    """Taken one by one each rule above may look right while two of them lead back to where they started."""
    TopologicalSorter(MAY_IMPORT).prepare()
