"""What finding a profile by a custom field costs among a million profiles, against ten thousand."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from sitebell.db import Store, open_store
from sitebell.models import FieldValue, Profile
from sitebell.services.databases import create_database
from sitebell.services.fields.defining import create_field
from sitebell.services.matching import Match, find_or_create_profile

SIZES = (10_000, 1_000_000)
LOOKUPS = 2000
ROWS_AT_ONCE = 50_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run_matching(rounds: int, scale: float, say: Callable[[str], None]) -> list[dict[str, float]]:
    """Measure both sizes in turn; return microseconds per match, and how many times the smallest each takes."""
    sizes = [int(size * scale) for size in SIZES]
    times: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        stores = {size: _filled(Path(folder) / f"{size}.sqlite3", size, say) for size in sizes}
        for number in range(rounds):
            for size, (store, database_id) in stores.items():
                say(f"round {number + 1}: {LOOKUPS} matches among {size} profiles")
                times[size].append(_match_many(store, database_id, size))
        for store, _ in stores.values():
            store.close()
    medians = {size: statistics.median(values) for size, values in times.items()}
    return [{"profiles": size, "us": us, "times_smallest": us / medians[sizes[0]]} for size, us in medians.items()]


def _filled(file: Path, size: int, say: Callable[[str], None]) -> tuple[Store, int]:
    say(f"making {size} profiles")
    store = open_store(f"sqlite:///{file}")
    store.upgrade()
    with store.writing() as session:
        database = create_database(session, name="bench", now=NOW)
        field = create_field(session, database, name="customer", kind="text")
    for start in range(0, size, ROWS_AT_ONCE):
        numbers = range(start + 1, min(start + ROWS_AT_ONCE, size) + 1)
        moments = {"database_id": database.id, "created_at": NOW, "updated_at": NOW}
        profiles = [{"id": number, "public_id": f"{number:024x}", **moments} for number in numbers]
        values = [
            {"profile_id": number, "field_id": field.id, "position": 0, "text": f"customer-{number}"}
            for number in numbers
        ]
        with store.writing() as session:
            session.execute(insert(Profile), profiles)
            session.execute(insert(FieldValue), values)
    return store, database.id


def _match_many(store: Store, database_id: int, size: int) -> float:
    """Return the median time of one match, in microseconds; the customers are drawn from everywhere."""
    customers = [f"customer-{random.randint(1, size)}" for _ in range(LOOKUPS)]
    times = []
    with store.writing() as session:
        for customer in customers:
            before = time.perf_counter()
            find_or_create_profile(session, database_id, Match(custom=("customer", customer)), NOW)
            times.append(time.perf_counter() - before)
            session.expunge_all()
    return statistics.median(times) * 1e6
