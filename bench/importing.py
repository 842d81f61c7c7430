"""What a row costs `sitebell import` and `sitebell export` at a million rows against ten thousand, and how much memory.

Each command is a process of its own on a new SQLite database; time is its processor time, without its start's. Alone:
`python bench/importing.py --scale 0.1`.
"""

import argparse
import base64
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

SIZES = (10_000, 1_000_000)
COLUMNS = ("endpoint", "p256dh", "auth", "customer", "email")
PERSONS_SHARE = 2  # browsers of one person
# A subscription of RFC 8291, appendix A; what tells the rows apart are their endpoints.
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"


def run_importing(scale: float, say: Callable[[str], None]) -> list[dict[str, float | str]]:
    """Import and export both sizes; return what each takes, and how many times the smallest that is."""
    rows: list[dict[str, float | str]] = []
    first: dict[str, dict[str, float]] = {}
    for size in (int(size * scale) for size in SIZES):
        with tempfile.TemporaryDirectory() as folder:
            for command, measured in _measure(Path(folder), size, say).items():
                smallest = first.setdefault(command, measured)
                times = measured["us"] / smallest["us"]
                rows.append({"command": command, "rows": size, **measured, "times_smallest": times})
    return rows


def _measure(folder: Path, size: int, say: Callable[[str], None]) -> dict[str, dict[str, float]]:
    say(f"writing a file of {size} rows")
    file, key = _write_rows(folder / "rows.csv", size), _write_key(folder / "key.json")
    made = _sitebell(folder, "sites", "create", "Bench", "--origin", "https://bench.example.com", "--json")
    site = json.loads(made)["token"]
    match = ("--match", "external_id=customer", "--match", "email=email")
    commands: dict[str, Sequence[object]] = {
        "import": ("import", site, file, "--vapid", key, *match),
        "export": ("export", site, folder / "rows.ndjson"),
    }
    measured = {}
    for name, words in commands.items():
        say(f"{name} of {size} rows")
        begin = _run(folder, ("vapid", "list", site))["s"]
        spent = _run(folder, words)
        measured[name] = {"us": (spent["s"] - begin) / size * 1e6, "peak_mb": spent["peak_mb"]}
    with (folder / "rows.ndjson").open() as lines:
        assert sum(1 for _ in lines) == size
    return measured


def _run(folder: Path, words: Sequence[object]) -> dict[str, float]:
    """Run a command to its end; return the processor seconds that it took, and the most memory that it had, in MB."""
    null = subprocess.DEVNULL
    process = subprocess.Popen(_command(words), env=_environment(folder), stdout=null, stderr=null)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"sitebell {words[0]} ended with {process.returncode}")
    return {"s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def _sitebell(folder: Path, *words: object) -> str:
    command, environment = _command(words), _environment(folder)
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def _command(words: Sequence[object]) -> list[str]:
    return [sys.executable, "-m", "sitebell", *map(str, words)]


def _environment(folder: Path) -> dict[str, str]:
    data = {"SITEBELL_DATA": str(folder / "data"), "SITEBELL_BASE_URL": "https://bell.example.com"}
    return {**os.environ, **data}


def _write_rows(path: Path, size: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(size):
            customer = number // PERSONS_SHARE
            endpoint = f"https://fcm.googleapis.com/fcm/send/{number:0140d}"
            writer.writerow((endpoint, P256DH, AUTH, f"c{customer}", f"c{customer}@example.com"))
    return path


def _write_key(path: Path) -> Path:
    path.write_text(json.dumps({"privateKey": base64.urlsafe_b64encode(b"\1" * 32).decode()}))
    return path


def main() -> None:
    """Measure, and print what was found."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1.0, help="share of the rows, for a quick look")
    rows = run_importing(arguments.parse_args().scale, lambda text: print(f"  {text}", file=sys.stderr, flush=True))
    print_importing(rows)


def print_importing(rows: Sequence[dict[str, float | str]]) -> None:
    """Print a table of what `run_importing` returned."""
    print(f"\n{'a row of':44} {'CPU us':>9} {'peak MB':>9} {'times smallest':>15}")
    for row in rows:
        what = f"{row['command']}, {row['rows']:,} rows"
        print(f"{what:>44} {row['us']:9.0f} {row['peak_mb']:9.0f} {row['times_smallest']:15.2f}")


if __name__ == "__main__":
    main()
