"""The threads of a process write to SQLite in the order in which they came."""

import threading

from sitebell.turns import Turns
from support.waiting import wait_until


def test_who_came_first_is_first_and_who_comes_again_is_last() -> None:
    turns, order = Turns(30), list[str]()

    def write(name: str) -> None:
        with turns.take():
            order.append(name)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("first", "second", "third")]
    with turns.take():
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_until(lambda number=number: turns.waiting == number, "the thread waits")  # type: ignore[misc]
    write("again")
    for thread in threads:
        thread.join(20)

    assert order == ["first", "second", "third", "again"]


def test_who_waited_too_long_goes_on_and_takes_nobodys_turn() -> None:
    turns = Turns(0)
    with turns.take():
        with turns.take():
            assert turns.waiting == 0
        with turns.take():
            pass
    with turns.take():
        assert turns.waiting == 0
