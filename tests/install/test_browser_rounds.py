"""`make test-browser ROUNDS=n` is how a flake is hunted: it must stop at the first red round and keep what it said."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rounds(folder: Path, number: str, breaks_in: int) -> subprocess.CompletedProcess[str]:
    """Run the script with a Python that plays pytest and fails in one round."""
    (folder / "scripts").mkdir()
    (folder / "scripts" / "test-browser.sh").write_text((ROOT / "scripts" / "test-browser.sh").read_text())
    player = folder / "python"
    fail = f'echo x >>rounds; n=$(grep -c x rounds); echo "result $n"; [ "$n" -ne {breaks_in} ]'
    player.write_text(f"#!/bin/sh\n{fail}\n")
    player.chmod(0o755)
    command = ["sh", "scripts/test-browser.sh", str(player), number]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)


def test_each_round_prints_its_result(tmp_path: Path) -> None:
    answer = rounds(tmp_path, "3", breaks_in=99)

    assert answer.returncode == 0
    assert answer.stdout.splitlines() == [f"round {n} of 3: result {n}" for n in (1, 2, 3)]


def test_the_first_failure_ends_it_and_leaves_its_log(tmp_path: Path) -> None:
    answer = rounds(tmp_path, "5", breaks_in=2)

    assert answer.returncode == 1
    assert answer.stderr == "round 2 of 5 failed; the whole log is in build/test-browser/round-2.log\n"
    assert (tmp_path / "build" / "test-browser" / "round-2.log").read_text() == "result 2\n"


def test_a_number_of_rounds_that_is_none_is_refused(tmp_path: Path) -> None:
    answer = rounds(tmp_path, "many", breaks_in=99)

    assert answer.returncode == 2
    assert "ROUNDS must be a whole number" in answer.stderr
