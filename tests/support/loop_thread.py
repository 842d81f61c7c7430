"""An asyncio loop in its own thread, so that plain synchronous tests can talk to real asynchronous servers."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs from its creation until `stop()`."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = 15) -> T:
        """Run a coroutine in the loop and return its result.

        Raises:
            TimeoutError: it took longer than `timeout` seconds.
        """
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def stop(self) -> None:
        """Cancel what is left, close its connections, end the thread and close the loop."""
        self.run(_cancel_the_others())
        self.run(_abort_connections())
        self.run(self.loop.shutdown_asyncgens())  # in its own thread: the caller's may be running another loop
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


async def _cancel_the_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _abort_connections() -> None:
    """Close what peers left open, as killed workers do; else it is found at some later test, which is not to blame."""
    # The loop alone knows connections whose handler was cancelled, or that never got one.
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]
    for transport in list(transports.values()):
        if not transport.is_closing() or transport.get_write_buffer_size():  # some that have closed cannot be aborted
            transport.abort()
    await asyncio.sleep(0)  # an aborted transport closes its socket in the next round of the loop
