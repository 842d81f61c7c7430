"""How tests are shared out among processes (pytest-xdist)."""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class FilesTogether(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay in one process, and so does all that drives a browser: two at once take each other's focus.

    Groups by marks (`--dist loadgroup`) do nothing with pytest 9.2: it does not show what xdist adds to a test's name.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        drives_browsers = file.parent.name in ("browser", "demo") or file.name.startswith("test_support")
        return "browsers" if drives_browsers else str(file)
