"""Waits for the sockets and timers of libcurl, since its own wait knows no other threads and only 1,024 descriptors."""

import selectors
import socket
import time
from contextlib import suppress
from typing import Any

import pycurl

_EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}
_MASKS = {
    selectors.EVENT_READ: pycurl.CSELECT_IN,
    selectors.EVENT_WRITE: pycurl.CSELECT_OUT,
    selectors.EVENT_READ | selectors.EVENT_WRITE: pycurl.CSELECT_IN | pycurl.CSELECT_OUT,
}


class SocketLoop:
    """Drives one `pycurl.CurlMulti` through its socket interface."""

    def __init__(self, multi: Any) -> None:
        self._multi = multi
        self._selector = selectors.DefaultSelector()
        self._timer: float | None = None
        self._bell, self._ear = socket.socketpair()
        self._bell.settimeout(0)
        self._ear.settimeout(0)
        self._selector.register(self._ear, selectors.EVENT_READ)
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def turn(self, patience: float) -> None:
        """Let libcurl do what is due; wait at most `patience` seconds for something to be."""
        if self._timer is not None:
            patience = min(patience, max(0.0, self._timer - time.monotonic()))
        for key, events in self._selector.select(patience):
            if key.fileobj is self._ear:
                self._ear.recv(4096)
            else:
                self._multi.socket_action(key.fd, _MASKS[events])
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def wake(self) -> None:
        """End the wait of `turn`, from any thread."""
        with suppress(OSError):  # full, so the loop wakes anyway; or closed, so nobody waits
            self._bell.send(b"\x00")

    def close(self) -> None:
        """Release the sockets of the loop itself; the multi handle must be closed."""
        self._selector.close()
        self._bell.close()
        self._ear.close()

    def _watch(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        if what == pycurl.POLL_REMOVE:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        elif descriptor in self._selector.get_map():
            self._selector.modify(descriptor, _EVENTS[what])
        else:
            self._selector.register(descriptor, _EVENTS[what])

    def _set_timer(self, milliseconds: int) -> None:
        self._timer = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
