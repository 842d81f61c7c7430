"""One fresh clone for all tests of this folder: `make run` has installed it, and it serves the demo meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from install.checkout import bare_environment, fresh_clone
from install.serving import Serving


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with an empty home and a PATH of /usr/bin and /bin."""
    return bare_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def untouched_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which nothing was installed; tests leave it so."""
    return fresh_clone(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clone that `demo` runs in."""
    return fresh_clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="session")
def demo(clone: Path, tmp_path_factory: pytest.TempPathFactory, bare: dict[str, str]) -> Iterator[Serving]:
    """`make run` in a fresh clone, up and answering."""
    with Serving(["make", "run"], clone, tmp_path_factory.mktemp("demo"), bare, wait=180) as serving:
        yield serving


@pytest.fixture(scope="session")
def installed_clone(clone: Path, demo: Serving) -> Path:
    """The clone after `make run`: an editable checkout in an environment of its own."""
    assert demo.process.poll() is None
    return clone
