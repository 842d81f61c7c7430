"""docs/traps.md has a row for each trap, and every test that a row names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAPS = 24
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.*) \|$", re.MULTILINE)
ROWS = [(int(number), proof) for number, _, _, proof in ROW.findall((ROOT / "docs/traps.md").read_text())]


def test_each_trap_has_one_row_in_the_order_of_their_numbers() -> None:
    assert [number for number, _ in ROWS] == list(range(1, TRAPS + 1))


@pytest.mark.parametrize(("number", "proof"), ROWS)
def test_a_row_names_tests_that_are_there(number: int, proof: str) -> None:
    named = [name.split("::") for name in re.findall(r"`([^`]+)`", proof)]

    assert named, number
    assert proof == ", ".join(f"`{file}::{test}`" for file, test in named), "nothing but tests, as `file::test`"
    assert [f"{file}::{test}" for file, test in named if f"\ndef {test}(" not in (ROOT / file).read_text()] == []


def test_no_row_waits_for_a_dialect() -> None:
    """Every dialect is built: what it gets stands in the row, with its tests."""
    assert "with the dialect" not in (ROOT / "docs/traps.md").read_text().lower()
