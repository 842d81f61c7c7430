"""`make bench`: what delivery, matching and importing cost, ours beside Python's usual ways, in interleaved rounds.

Every peer sends the same 300-byte payload to the same push service double (its own process, TLS, on loopback). The
figure is the processor time of the sending process per message, which the speed of the double does not change; wall
time stands beside it. Ratios are of one run; absolute numbers are not comparable between machines.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from bench_peers import PEERS, Sink, Subscriptions  # noqa: E402
from importing import print_importing, run_importing  # noqa: E402
from matching import run_matching  # noqa: E402

from support.push_service.process import PushServiceProcess  # noqa: E402

RESULTS = ROOT / "bench" / "results.json"
OURS = "sitebell, fresh key"


def measure(send: Callable[[Subscriptions], None], subscriptions: Subscriptions) -> dict[str, float]:
    """Return processor and wall time per message, in microseconds."""
    wall, processor = time.perf_counter(), time.process_time()
    send(subscriptions)
    count = len(subscriptions.endpoints)
    return {
        "cpu_us": (time.process_time() - processor) / count * 1e6,
        "wall_us": (time.perf_counter() - wall) / count * 1e6,
    }


def run_rounds(sink: Sink, rounds: int, scale: float) -> Iterator[tuple[str, dict[str, float]]]:
    """Measure every peer in turn, so that what else the machine does falls on all of them."""
    for number in range(rounds):
        for peer in PEERS:
            count = max(10, int(peer.messages * scale))
            _say(f"round {number + 1}: {peer.name} ({count} messages)")
            yield peer.name, measure(peer.send, sink.subscribe(count))


def summarise(rows: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Return the medians, and how many times our processor time each peer takes."""
    medians = {
        name: {key: statistics.median(row[key] for row in measured) for key in ("cpu_us", "wall_us")}
        for name, measured in rows.items()
    }
    ours = medians[OURS]["cpu_us"]
    return [{"peer": name, **values, "times_ours": values["cpu_us"] / ours} for name, values in medians.items()]


def main() -> None:
    """Run the rounds, print the table and write bench/results.json."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--scale", type=float, default=1.0, help="share of the messages, for a quick look")
    options = arguments.parse_args()
    importing = run_importing(options.scale, _say)  # first: a child's peak of memory begins with that of this process
    with PushServiceProcess() as service:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {0})  # the sender has one core, the double what is left
        delivery = _table(service, options.rounds, options.scale)
    matching = run_matching(options.rounds, options.scale, _say)
    results = {"delivery": delivery, "matching": matching, "importing": importing}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"{'peer':44} {'CPU us':>9} {'wall us':>9} {'times ours':>11}")
    for row in delivery:
        print(f"{row['peer']:44} {row['cpu_us']:9.0f} {row['wall_us']:9.0f} {row['times_ours']:11.1f}")
    print(f"\n{'match by custom field among':44} {'us':>9} {'times smallest':>15}")
    for line in matching:
        print(f"{line['profiles']:>35,.0f} profiles {line['us']:9.0f} {line['times_smallest']:15.2f}")
    print_importing(importing)


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _table(service: PushServiceProcess, rounds: int, scale: float) -> list[dict[str, Any]]:
    rows: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in PEERS}
    for name, row in run_rounds(Sink(service), rounds, scale):
        rows[name].append(row)
    return summarise(rows)


if __name__ == "__main__":
    main()
