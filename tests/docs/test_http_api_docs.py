"""docs/http-api.md names every route and every error code, and says of each what is so."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import sitebell
from sitebell.web.failures import FAILURES, HTTP_CODES

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind

PACKAGE = Path(sitebell.__file__).parent
PAGE = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text()
CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def modules() -> Iterator[ast.Module]:
    """Yield each module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ast.parse(path.read_text())


def error_classes() -> set[str]:
    """Return the names of SitebellError and of all that derive from it."""
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    known: set[str] = set()
    found = {"SitebellError"}
    while found != known:
        known = found
        found = known | {name for name, parents in bases.items() if parents & known}
    return known


def raised_codes() -> set[str]:
    """Return the codes that stand as arguments where an error is made."""
    classes = error_classes()
    codes = set()
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {*classes, "super().__init__"}:
                arguments = [*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
                texts = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                codes |= {text for text in texts if CODE.fullmatch(text)}
    return codes


def test_the_codes_in_the_source_are_found() -> None:
    """Else the next tests would hold of nothing."""
    assert {"rate_limited", "malformed", "invalid_endpoint", "site_not_found", "message_finished"} < raised_codes()
    assert len(raised_codes()) > 20


@pytest.mark.parametrize("code", sorted(raised_codes() | set(FAILURES)))
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize(("code", "status", "meaning"), [(code, *rest) for code, rest in FAILURES.items()])
def test_every_code_of_a_route_stands_in_the_table_with_its_status(code: str, status: int, meaning: str) -> None:
    assert f"| `{code}` | {status} | {meaning} |" in PAGE


def test_no_code_is_documented_that_nothing_raises() -> None:
    listed = set(re.findall(r"^\| `([a-z_]+)` \| \d{3} \|", PAGE, re.MULTILINE))
    of_http = {*HTTP_CODES.values(), "not_found", "method_not_allowed", "unsupported_media_type"}

    assert listed - raised_codes() - of_http == set()


def test_every_route_is_documented(app: Flask) -> None:
    routes = {
        f"`{method} {rule.rule}`"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert len(routes) > 15
    assert {route for route in routes if route not in PAGE} == set()


def test_no_route_is_documented_that_does_not_exist(app: Flask) -> None:
    documented = set(re.findall(r"`((?:GET|PUT|POST|DELETE|PATCH) /[^`]*)`", PAGE))
    served = {f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods or ()}

    assert documented - served == set()
