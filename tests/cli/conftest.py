"""An installation and its command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from support.databases import Databases
from support.installation import Installation
from support.old_vendor import OldVendor
from support.push_service import PushService


@pytest.fixture
def unmade(tmp_path: Path) -> CommandLine:
    """The command line of an installation that does not exist yet."""
    return CommandLine(tmp_path / "data")


@pytest.fixture
def sitebell(unmade: CommandLine, sqlite_databases: Databases) -> Iterator[CommandLine]:
    """The command line of an installation that was started once and is empty: to migrate one takes half a second."""
    with sqlite_databases.fresh(unmade.data):
        yield unmade


@pytest.fixture
def installation(sitebell: CommandLine, push_service: PushService) -> Iterator[Installation]:
    """The installation of `sitebell`, with a site, and with the push service double behind its workers."""
    installation = Installation(sitebell.data, push_service)
    sitebell.settings |= installation.settings
    yield installation
    installation.close()


@pytest.fixture
def new_home(sitebell: CommandLine, push_service: PushService, databases: Databases) -> Iterator[Installation]:
    """The installation of `sitebell`, on each kind of database, to which a site moves from another vendor."""
    sitebell.database.unlink()
    with databases.fresh(sitebell.data) as url:
        installation = Installation(sitebell.data, push_service, url)
        sitebell.settings |= installation.settings
        yield installation
        installation.close()


@pytest.fixture
def other(tmp_path: Path, push_service: PushService, databases: Databases) -> Iterator[Installation]:
    """Another installation, on the same kind of database, to which a site moves on: see `command_of`."""
    with databases.fresh(tmp_path / "other") as url:
        installation = Installation(tmp_path / "other", push_service, url)
        yield installation
        installation.close()


@pytest.fixture
def vendor(push_service: PushService, tmp_path: Path) -> OldVendor:
    """The vendor that the site has had so far."""
    return OldVendor(push_service, tmp_path)
