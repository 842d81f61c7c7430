"""Posts pushes and other requests, many at a time over few connections, and reports what came of each."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pycurl

from sitebell.clock import Clock, utcnow
from sitebell.push.answer import no_answer
from sitebell.push.dialing import Dialing, Proxy
from sitebell.push.exchange import Outcome, OutcomeKind, PushRequest, Request, SignedRequest
from sitebell.push.lanes import CONNECTIONS_PER_HOST, Lane
from sitebell.push.names import Resolver, resolve
from sitebell.push.sockets import SocketLoop
from sitebell.push.transfer import Transfer, transfer_options

__all__ = ["Outcome", "OutcomeKind", "PushClient", "PushRequest", "SignedRequest"]

Kind = TypeVar("Kind", bound=Request)
NextRequest = Callable[[], Kind | None]
Done = Callable[[Kind, Outcome], None]

_TICK = 0.25
# Whoever hands over requests encrypts them then and there, which must not keep the wire waiting for long.
_PULLED_AT_ONCE = 32
_KEPT_LANES = 256


class PushClient:
    """A streaming client for push services: libcurl over HTTP/2 where the service speaks it; for one thread.

    A lane per push host: a host has at most `per_host` requests under way, and 16 until it has answered over HTTP/2
    (over HTTP/1.1: always 16, a connection each). So a host that never answers leaves at least `in_flight - per_host`
    places to the others. Requests for a full lane are parked, at most `in_flight` of them in all; when there are as
    many, nothing more is pulled until one of them starts. A host that lets 8 requests in a row run out of time is
    closed for a while: what is parked or pulled for it comes back `unavailable` at once, with `retry_after`.
    A request whose old connection broke before any answer is sent once more; nothing else is.

    Args:
        in_flight: requests under way at once, over all hosts.
        per_host: … to one host; three quarters of `in_flight` unless given.
        ca_file: PEM file with the only authorities to trust; the system's without one.
        proxy: `http://` or `https://` URL of the egress proxy; then no other address is dialled.
        resolver: addresses by name, called in a thread; raises OSError. The system's unless given.
        connect_map: for tests: host to (loopback address, port).
        timeout: seconds for a whole request.
        connect_timeout: seconds to resolve the name, and again to connect.
        hopes_for_http2: wait for a connection that is being made, since it may be shared. Of the requests that wait,
            libcurl lets go only one at a time: not for servers that may be slow over HTTP/1.1.

    Raises:
        Invalid: `invalid_push_proxy`.
        SitebellError: `invalid_push_ca_file`.
        ValueError: a connect map that leads off loopback.
    """

    def __init__(
        self,
        *,
        in_flight: int = 100,
        per_host: int | None = None,
        ca_file: str | None = None,
        proxy: str | None = None,
        resolver: Resolver | None = None,
        connect_map: Mapping[str, tuple[str, int]] | None = None,
        timeout: float = 15.0,
        connect_timeout: float = 5.0,
        hopes_for_http2: bool = True,
        clock: Clock = utcnow,
    ) -> None:
        self._clock = clock
        self._in_flight = in_flight
        self._per_host = min(per_host or max(1, in_flight * 3 // 4), in_flight)
        options = transfer_options(timeout, connect_timeout, ca_file)
        through = Proxy.parse(proxy) if proxy else None
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST)
        self._sockets = SocketLoop(self._multi)
        self._dialing = Dialing(resolver or resolve, connect_timeout, self._sockets.wake, connect_map or {}, through)
        self._options = [*options, (pycurl.PIPEWAIT, int(hopes_for_http2)), *self._dialing.options()]
        self._active: dict[Any, Transfer] = {}
        self._spare: list[Transfer] = []
        self._lanes: dict[str, Lane] = {}
        self._waiting: dict[str, Lane] = {}
        self._parked, self._exhausted = 0, False

    def run(self, next_request: NextRequest[Kind], done: Done[Kind], idle: Callable[[], None] | None = None) -> None:
        """Send until `next_request` has nothing and everything sent is done.

        Args:
            next_request: asked whenever there is room; None means that there is nothing now, and it is asked again
                after the next outcome or quarter of a second.
            done: called once for each request, with what came of it; never from inside `next_request`.
            idle: called about four times a second.

        Whatever any of them raises ends the run and passes: the requests under way are dropped, and it is unknown
        whether they arrived. The client can be used again.
        """
        self._exhausted = False
        next_tick = time.monotonic() + _TICK
        try:
            while True:
                self._fill(next_request, done)
                if self._exhausted and not self._active and not self._parked:
                    return
                wait = max(0.0, next_tick - time.monotonic())
                self._sockets.turn(0.0 if self._wants_more else wait)
                self._collect(done)
                if time.monotonic() >= next_tick:
                    next_tick = time.monotonic() + _TICK
                    self._exhausted = False
                    if idle:
                        idle()
        finally:
            self._drop_all()

    def close(self) -> None:
        """Close every connection; the client is of no use afterwards."""
        if self._multi is None:
            return
        self._drop_all()
        for transfer in self._spare:
            transfer.close()
        self._spare.clear()
        self._dialing.close()
        self._multi.close()
        self._multi = None
        self._sockets.close()

    @property
    def _wants_more(self) -> bool:
        room = len(self._active) < self._in_flight and self._parked < self._in_flight
        return room and not self._exhausted

    def _fill(self, next_request: NextRequest[Any], done: Done[Any]) -> None:
        for lane in list(self._waiting.values()):
            self._start_parked(lane, done)
        for _ in range(_PULLED_AT_ONCE):
            if not self._wants_more:
                return
            request = next_request()
            if request is None:
                self._exhausted = True
                return
            lane = self._lane(request.endpoint.host)
            if lane.parked or not self._start(lane, request, done):
                lane.parked.append(request)
                self._waiting[lane.host] = lane
                self._parked += 1

    def _start_parked(self, lane: Lane, done: Done[Any]) -> None:
        while lane.parked and self._start(lane, lane.parked[0], done):
            lane.parked.popleft()
            self._parked -= 1
        if not lane.parked:
            del self._waiting[lane.host]

    def _start(self, lane: Lane, request: Request, done: Done[Any]) -> bool:
        """Put a request on its way, or answer it at once when there is none; False if it has to wait."""
        now = time.monotonic()
        if seconds := lane.closed_for(now):
            sentence = f"{lane.host} has not answered for some time and is tried again later"
            self._report(request, no_answer(sentence, request.endpoint, seconds), done)
            return True
        if not lane.has_room or len(self._active) >= self._in_flight:
            return False
        pin = self._dialing.find(lane.host, now)
        if pin is None:
            return False
        if pin.problem:
            self._report(request, no_answer(pin.problem, request.endpoint), done)
            return True
        transfer = self._spare.pop() if self._spare else Transfer(self._options)
        transfer.begin(request, pin)
        self._multi.add_handle(transfer.curl)
        self._active[transfer.curl] = transfer
        lane.in_flight += 1
        return True

    def _collect(self, done: Done[Any]) -> None:
        queued = 1
        while queued:
            queued, ended, failed = self._multi.info_read()
            for curl in ended:
                self._end(curl, 0, "", done)
            for curl, error, message in failed:
                self._end(curl, error, message, done)

    def _end(self, curl: Any, error: int, message: str, done: Done[Any]) -> None:
        transfer = self._active.pop(curl)
        self._multi.remove_handle(curl)
        if transfer.begin_again(error):
            self._multi.add_handle(curl)
            self._active[curl] = transfer
            return
        self._spare.append(transfer)
        request = transfer.request
        outcome = transfer.outcome(error, message, self._clock())
        lane = self._lane(request.endpoint.host)
        lane.in_flight -= 1
        if outcome.status is not None:
            lane.answered(multiplexed=transfer.multiplexed())
        else:
            self._dialing.forget(lane.host)
            if error == pycurl.E_OPERATION_TIMEDOUT:
                lane.timed_out(time.monotonic())
        self._report(request, outcome, done)

    def _report(self, request: Request, outcome: Outcome, done: Done[Any]) -> None:
        self._exhausted = False
        done(request, outcome)

    def _lane(self, host: str) -> Lane:
        lane = self._lanes.get(host)
        if lane is None:
            if len(self._lanes) >= _KEPT_LANES:
                self._lanes = {name: kept for name, kept in self._lanes.items() if not kept.is_idle}
            lane = self._lanes[host] = Lane(host, self._per_host)
        return lane

    def _drop_all(self) -> None:
        for transfer in self._active.values():
            self._multi.remove_handle(transfer.curl)
            self._spare.append(transfer)
        self._active.clear()
        for lane in self._lanes.values():
            lane.in_flight = 0
            lane.parked.clear()
        self._waiting.clear()
        self._parked = 0
