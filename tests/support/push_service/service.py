"""The push service as tests see it: one object to start, to steer and to ask."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from support.push_service import base64url
from support.push_service.faults import Fault
from support.push_service.journal import Event, PushRequest
from support.push_service.providers import MOZILLA, provider_of
from support.push_service.running import HttpVersions, RunningPushService
from support.push_service.store import Message
from support.push_service.subscriber import DeviceKeys, Subscriber

T = TypeVar("T")


class PushService(RunningPushService):
    """A push service on loopback, in its own thread: a context manager, or `start()` and `stop()`."""

    # Subscribers without a browser

    def add_subscriber(
        self, vapid_public_key: str | None = None, host: str = MOZILLA.hosts[0], keys: DeviceKeys | None = None
    ) -> Subscriber:
        """Subscribe a device whose messages can be decrypted.

        Args:
            vapid_public_key: base64url; pushes must be signed with it. None takes any, or none.
            host: decides which push service's rules hold; see `providers.py`.
            keys: new ones unless given.
        """
        return self.add_subscribers(1, vapid_public_key, host, keys)[0]

    def add_subscribers(
        self,
        count: int,
        vapid_public_key: str | None = None,
        host: str = MOZILLA.hosts[0],
        keys: DeviceKeys | None = None,
    ) -> list[Subscriber]:
        """Subscribe `count` devices that share one key pair.

        Raises:
            ValueError: the host is none of a push service.
        """
        provider = provider_of(host)
        if provider is None:
            raise ValueError(f"{host} is no host of a push service that the double plays")
        key = base64url.decode(vapid_public_key) if vapid_public_key else None
        shared = keys or DeviceKeys()
        subscribers = [Subscriber.create(provider, host, key, shared) for _ in range(count)]
        self._thread.run(self._devices.connect(subscribers), timeout=60)
        return subscribers

    # What it saw

    @property
    def history(self) -> list[Message]:
        """All accepted messages."""
        return self._store.history

    @property
    def requests(self) -> list[PushRequest]:
        """All requests to the push API, accepted or not."""
        return self._journal.requests

    @property
    def events(self) -> list[Event]:
        """All steps of all protocols."""
        return self._journal.events

    @property
    def refused(self) -> list[str]:
        """First lines of what the proxies were asked for and refused."""
        return self._journal.refused

    @property
    def in_flight(self) -> int:
        """How many requests are being worked on."""
        return sum(request.status is None for request in self.requests)

    def wait_for(self, condition: Callable[[], T], timeout: float = 20) -> T:
        """Block until `condition()` is true and return its value; it is tried whenever something happened.

        Raises:
            TimeoutError: with the last events.
        """
        return self._journal.wait_for(condition, timeout)

    # How it behaves

    def fault(
        self,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        count: int | None = 1,
        match: str = "",
        delay: float = 0,
    ) -> Fault:
        """Answer wrongly; see `Fault` for the arguments. Returns it: `count` tells what is left."""
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        fault = Fault(status, lowered, body, count, match, delay)
        self._faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Answer truly again."""
        self._faults.clear()

    def throttle(self, per_second: float | None) -> None:
        """Answer at most so many requests a second; None lifts the limit."""
        self._throttle.set(per_second)

    def speak(self, versions: HttpVersions) -> None:
        """Choose what new connections through the proxy can speak; HTTP/2 is what a client prefers."""
        self._versions = versions

    def route(self, host: str, port: int) -> None:
        """Lead one host of the proxy to another loopback port, such as a `HostileServer`'s."""
        self._routes[host] = port

    def expire(self, token_or_endpoint: str) -> None:
        """Answer 410 for a subscription from now on.

        Raises:
            KeyError: there is none.
        """
        self._store.find(token_or_endpoint).gone = True

    def set_offline(self, offline: bool, *, drop: bool = True) -> None:  # noqa: FBT001
        """Make browsers and devices unreachable, or reachable again.

        With `drop`, connections are cut and new ones refused: Firefox is back within a second, Chromium only
        after its own back-off of 10 to 30 s. Without, messages are only held back and handed over at the end.
        """
        self._thread.run(self._store.set_offline(offline, drop=drop))

    def forget_clients(self) -> None:
        """Give Firefox a new id at its next hello: it drops its subscriptions and fires pushsubscriptionchange."""
        self._thread.run(self._store.forget_clients())

    @property
    def corrupt(self) -> bool:
        """Whether ciphertext is damaged on its way."""
        return self._store.corrupt

    @corrupt.setter
    def corrupt(self, corrupt: bool) -> None:
        self._store.corrupt = corrupt

    def reset(self) -> None:
        """Behave well again and forget history, requests and events; subscriptions and `refused` stay."""
        self.clear_faults()
        self.throttle(None)
        self.speak("any")
        self._routes.clear()
        self.corrupt = False
        self.set_offline(False)
        self.history.clear()
        self._journal.clear()
