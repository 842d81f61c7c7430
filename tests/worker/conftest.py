"""An installation with the push service behind it, for tests of delivery."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.installation import Installation
from support.push_service import PushService


@pytest.fixture
def installation(tmp_path: Path, push_service: PushService) -> Iterator[Installation]:
    """A fresh site on SQLite whose pushes go to the double."""
    installation = Installation(tmp_path, push_service)
    yield installation
    installation.close()
