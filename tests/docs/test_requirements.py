"""docs/requirements.md says what each number means that code, tests and pages cite."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CITING = ("server", "tests", "docs")
TEXTS = {".py", ".md", ".js", ".ts", ".html"}
CITED = re.compile(r"(?<![A-Za-z0-9])(SEC-|REL-|sec_|rel_)(\d{2})(?!\d)")
LISTED = re.findall(r"^\| ((?:SEC|REL)-\d\d) \| .+ \|$", (ROOT / "docs/requirements.md").read_text(), re.MULTILINE)


def cited() -> dict[str, str]:
    """Return each number that is cited, with one of the files that cite it."""
    found = {}
    for folder in CITING:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in TEXTS and path.name != "requirements.md":
                for kind, number in CITED.findall(path.read_text()):
                    found[f"{kind[:3].upper()}-{number}"] = str(path.relative_to(ROOT))
    return found


def test_numbers_are_found_in_prose_and_in_the_names_of_tests() -> None:
    """Else the next test would hold of nothing."""
    assert {"SEC-15", "REL-01"} < set(cited())


@pytest.mark.parametrize(("number", "file"), sorted(cited().items()))
def test_every_number_that_is_cited_stands_in_the_list(number: str, file: str) -> None:
    assert number in LISTED, file


def test_the_list_has_each_number_once_and_in_order() -> None:
    assert sorted(set(LISTED), key=lambda one: (one < "SEC", one)) == LISTED
