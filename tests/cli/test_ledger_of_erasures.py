"""Workers shorten the ledger of erasures, however long it is, and hold up no erase where nothing is to be dropped."""

import fcntl
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from sitebell.clock import utcnow
from sitebell.services.erasure import Ledger

MANY = 40_000  # lines, 100 bytes each
MEMORY = 500_000  # bytes
PATIENCE = 20  # seconds
NOW = utcnow()
OVER, CURRENT = (f"{(NOW - timedelta(days=days)).isoformat()} {'ab' * 32}\n" for days in (31, 29))
PERSON = f"{(NOW - timedelta(days=900)).isoformat()} {'cd' * 16}\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger that nobody is in yet."""
    return Ledger(tmp_path)


def test_the_ledger_is_shortened_in_memory_that_does_not_grow_with_it(ledger: Ledger) -> None:
    ledger.file.write_text(PERSON * MANY + OVER + CURRENT)
    tracemalloc.start()
    try:
        ledger.forget_names(NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert ledger.file.read_text() == PERSON * MANY + CURRENT
    assert peak < MEMORY


def test_a_ledger_with_nothing_to_drop_is_looked_at_without_holding_up_erases(ledger: Ledger) -> None:
    ledger.file.write_text(PERSON + CURRENT)
    folder = os.open(ledger.folder, os.O_RDONLY)
    with ThreadPoolExecutor(1) as pool:
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            pool.submit(ledger.forget_names, NOW).result(PATIENCE)
        finally:
            os.close(folder)

    assert ledger.file.read_text() == PERSON + CURRENT


def test_what_a_power_cut_left_unfinished_stays_in_the_ledger(ledger: Ledger) -> None:
    torn = PERSON[:40]
    ledger.file.write_text(OVER + PERSON + torn)

    ledger.forget_names(NOW)

    assert ledger.file.read_text() == PERSON + torn
