"""An installation for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.databases import Databases
from support.installation import Installation
from support.push_service import PushService


@contextmanager
def installed(folder: Path, push: PushService, databases: Databases) -> Iterator[Installation]:
    """Make a fresh site in a folder, on a database of its own."""
    with databases.fresh(folder) as url:
        installation = Installation(folder, push, url)
        yield installation
        installation.close()
