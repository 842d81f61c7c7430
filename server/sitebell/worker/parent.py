"""How a child process learns that its supervisor is gone, even by kill -9."""

import os
import threading
from collections.abc import Callable

STANDARD_INPUT = 0


def watch_parent(on_gone: Callable[[], None]) -> None:
    """Call `on_gone` in a thread when standard input ends: the supervisor holds its other end, and so does nobody else.

    It reads the bare descriptor: a buffered reader waiting in a thread would abort the interpreter's own end.
    """

    def watch() -> None:
        while os.read(STANDARD_INPUT, 1):
            pass
        on_gone()

    threading.Thread(target=watch, daemon=True).start()
