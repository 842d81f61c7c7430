"""Clients that are closed at the end of the test."""

from collections.abc import Callable, Iterator

import pytest

from sitebell.push.client import PushClient

ClientFactory = Callable[..., PushClient]


@pytest.fixture
def make_client() -> Iterator[ClientFactory]:
    """Make clients with any options; time is shorter than in life, so that nothing has to wait for 15 s."""
    made: list[PushClient] = []

    def make(**options: object) -> PushClient:
        made.append(PushClient(**({"timeout": 10.0, "connect_timeout": 5.0} | options)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()
