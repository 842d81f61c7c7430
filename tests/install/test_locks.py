"""The lock files say all that gets installed, by hash, and follow pyproject.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    """Return version by canonical name."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def wanted(lock: str) -> list[Requirement]:
    groups = PROJECT["dependency-groups"]
    listed = PROJECT["project"]["dependencies"] + groups["build"]
    if lock == "requirements-dev.lock":
        listed = listed + groups["test"] + [line for line in groups["dev"] if isinstance(line, str)]
    return [Requirement(line) for line in listed]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_follows_pyproject(lock: str) -> None:
    """`make lock` was run after the last change of a dependency."""
    locked = pins(lock)
    left_behind = [
        str(requirement)
        for requirement in wanted(lock)
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]

    assert left_behind == []


def test_the_two_locks_agree() -> None:
    """The tests run against the versions that operators get."""
    tested = pins("requirements-dev.lock")

    assert {name: tested.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_sec_44_every_pin_has_hashes(lock: str) -> None:
    """SEC-44: an archive that is not the one we resolved is refused."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())

    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
