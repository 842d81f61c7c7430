"""The wait for libcurl's sockets can be ended from another thread."""

import threading
import time

import pycurl

from sitebell.push.sockets import SocketLoop


def test_a_waiting_loop_is_woken_by_another_thread() -> None:
    multi = pycurl.CurlMulti()
    loop = SocketLoop(multi)
    began = time.monotonic()

    threading.Thread(target=loop.wake).start()
    loop.turn(30)

    assert time.monotonic() - began < 15
    multi.close()
    loop.close()


def test_waking_a_loop_that_is_closed_or_not_waiting_does_no_harm() -> None:
    multi = pycurl.CurlMulti()
    loop = SocketLoop(multi)
    for _ in range(100_000):
        loop.wake()
    multi.close()
    loop.close()

    loop.wake()
