"""How tests are shared out among processes (pytest-xdist)."""

from collections import Counter
from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

DRIVE_BROWSERS = ("browser", "demo", "surroundings")
PROCESSES_OF_THEIR_OWN = ("worker", "install")  # these rooms start and kill them, and wait for them


class FilesTogether(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay in one process, and so does all that drives a browser: two at once take each other's focus.

    Groups by marks (`--dist loadgroup`) do nothing with pytest 9.2: it does not show what xdist adds to a test's name.
    """

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid.partition("::")[0])


def share_of(file: str) -> str:
    """Return the name of what is run in one process: a file, or all that drives a browser."""
    path = PurePosixPath(file)
    return "browsers" if path.parent.name in DRIVE_BROWSERS else file


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Put first what takes long though it has few tests, then files with many: or one process ends long after all."""
    shares = {item.nodeid: share_of(item.nodeid.partition("::")[0]) for item in items}
    sizes = Counter(shares.values())

    def place(item: pytest.Item) -> tuple[int, int, str]:
        share = shares[item.nodeid]
        is_slow = PurePosixPath(share).parent.name in PROCESSES_OF_THEIR_OWN
        return (0 if share == "browsers" else 1 if is_slow else 2, -sizes[share], share)

    items.sort(key=place)
