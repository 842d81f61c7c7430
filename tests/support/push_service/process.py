"""The push service in a process of its own, for tests in which it must not share a processor with the test."""

import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import support
from support.push_service import base64url
from support.running import Running

START_TIMEOUT = 30


@dataclass(frozen=True)
class Counts:
    """How many messages were accepted, how many requests came, how many of them are being worked on."""

    accepted: int
    requests: int
    in_flight: int


@dataclass(frozen=True)
class Accepted:
    """One accepted message. `plaintext` is None for a browser's; `accepted_at` is in seconds since the epoch."""

    id: str
    endpoint: str
    accepted_at: float
    ttl: int
    topic: str | None
    urgency: str
    plaintext: bytes | None


class PushServiceProcess(Running):
    """Has the methods of `PushService` that tests without a browser need."""

    def start(self) -> Self:
        """Start the process and wait until it listens."""
        tests = str(Path(support.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.push_service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": tests},
        )
        assert self._process.stdout is not None
        self._told = json.loads(self._process.stdout.readline())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return self

    def stop(self) -> None:
        """End it."""
        self._process.communicate(timeout=START_TIMEOUT)

    def settings(self) -> dict[str, str]:
        """See `PushService.settings`."""
        settings: dict[str, str] = self._told["settings"]
        return settings

    @property
    def https_port(self) -> int:
        """See `PushService.https_port`."""
        return int(self._told["https_port"])

    def add_subscribers(self, count: int, vapid_public_key: str | None, **host: str) -> list[dict[str, Any]]:
        """Subscribe devices that share one key pair; returns what `PushSubscription.toJSON()` gives."""
        subscribers: list[dict[str, Any]] = self._call(
            "add_subscribers", count=count, vapid_public_key=vapid_public_key, **host
        )
        return subscribers

    def counts(self) -> Counts:
        """Return how far it is."""
        return Counts(**self._call("counts"))

    def accepted(self, since: int = 0) -> list[Accepted]:
        """Return the accepted messages, from the `since`-th on."""
        return [_accepted(row) for row in self._call("accepted", since=since)]

    def accepted_per_endpoint(self) -> Counter[str]:
        """Return how many messages each endpoint has accepted: more than one for one message is a duplicate."""
        return Counter(message.endpoint for message in self.accepted())

    def refused(self) -> list[str]:
        """See `PushService.refused`."""
        refused: list[str] = self._call("refused")
        return refused

    def fault(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        *,
        count: int | None = 1,
        match: str = "",
        delay: float = 0,
    ) -> None:
        """See `PushService.fault`."""
        self._call("fault", status=status, headers=headers, count=count, match=match, delay=delay)

    def clear_faults(self) -> None:
        """See `PushService.clear_faults`."""
        self._call("clear_faults")

    def throttle(self, per_second: float | None) -> None:
        """See `PushService.throttle`."""
        self._call("throttle", per_second=per_second)

    def speak(self, versions: Literal["any", "http/1.1"]) -> None:
        """See `PushService.speak`."""
        self._call("speak", versions=versions)

    def route(self, host: str, port: int) -> None:
        """See `PushService.route`."""
        self._call("route", host=host, port=port)

    def expire(self, token_or_endpoint: str) -> None:
        """See `PushService.expire`."""
        self._call("expire", token_or_endpoint=token_or_endpoint)

    def set_offline(self, offline: bool, *, drop: bool = True) -> None:  # noqa: FBT001
        """See `PushService.set_offline`."""
        self._call("set_offline", offline=offline, drop=drop)

    def reset(self) -> None:
        """See `PushService.reset`."""
        self._call("reset")

    def _call(self, name: str, **arguments: Any) -> Any:
        url = f"{self._told['control']}/{name}"
        request = urllib.request.Request(url, json.dumps(arguments).encode(), method="POST")
        with self._opener.open(request, timeout=60) as reply:
            return json.load(reply)


def _accepted(row: dict[str, Any]) -> Accepted:
    plaintext = row.pop("plaintext")
    return Accepted(**row, plaintext=None if plaintext is None else base64url.decode(plaintext))
