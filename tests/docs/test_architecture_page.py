"""docs/architecture.md: a reason for each dependency, a line for each package of rules, and files that are there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()
TABLE = re.compile(r"^\| library \|.*\n\| ---.*\n((?:\|.*\n)+)", re.MULTILINE)
PLACES = ("", "server/sitebell", "server/sitebell/services")  # from which the page names files
NAMED = sorted(set(re.findall(r"`((?:\w+/)+\w+\.\w+|(?:\w+/)+|\w+\.py)`", PAGE)))


def explained() -> list[str]:
    """Return the libraries that the table gives a reason for."""
    [rows] = TABLE.findall(PAGE)
    cells = [row.split("|")[1] for row in rows.splitlines()]
    return [name.strip() for cell in cells for name in re.sub(r"\(.*?\)", "", cell).split(",")]


def test_each_dependency_has_its_reason_and_no_other_library_has_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [re.split(r"[\[<>=]", requirement)[0] for requirement in project["dependencies"]]

    assert sorted(explained()) == sorted(needed)


def test_the_tree_has_one_line_for_each_package_of_rules_and_each_room_of_the_tests() -> None:
    services = [path.parent.name for path in (ROOT / "server/sitebell/services").glob("*/__init__.py")]
    of_services = PAGE.partition("  services/ ")[2].partition("\n  web/ ")[0]
    tests = {path.parent.name for path in (ROOT / "tests").glob("*/*.py")}
    of_tests = PAGE.partition("\ntests/ ")[2].partition("```")[0]

    assert sorted(re.findall(r"^    (\w+)/  ", of_services, re.MULTILINE)) == sorted(services)
    assert {name for line in of_tests.splitlines() for name in re.findall(r"(\w+)/", line[:29])} == tests


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_the_page_names_is_there(name: str) -> None:
    assert [place for place in PLACES if (ROOT / place / name).exists()], name
