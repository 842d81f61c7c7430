"""How far an import has come: written beside the database after each chunk, so that the same command goes on there."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sitebell.errors import Conflict
from sitebell.services.importing.rejects import Written
from sitebell.services.importing.report import Report

FOLDER = "imports"
RUNNING = (
    "This import is running already, or another one that writes its rejected rows into the same file: wait for it, or"
    " name another file with --rejected."
)


@dataclass
class Checkpoint:
    """An import that is under way. Repeating what it has not noted does no harm: those rows are known by then.

    Attributes:
        number: through which row of the file everything is stored: which line that is, or which entry of an array.
        rejected: what of the file of rejected rows belongs to that.
    """

    path: Path
    number: int = 0
    rejected: Written | None = None
    report: Report = field(default_factory=Report)

    def save(self) -> None:
        """Write it whole or not at all."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        rejected, report = self.rejected and vars(self.rejected), self.report.as_json()
        values = {"number": self.number, "rejected": rejected, "report": report}
        draft = self.path.with_suffix(".new")
        with draft.open("w") as file:
            json.dump(values, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def remove(self) -> None:
        """Forget it: the import is through."""
        self.path.unlink(missing_ok=True)


def open_checkpoint(data: Path, *facts: Any) -> Checkpoint:
    """Return how far the import of this file with these options has come; one that cannot be read counts as none."""
    path = data / FOLDER / f"{_name(facts)}.json"
    try:
        found = json.loads(path.read_text())
        report = Report.from_json(found["report"])
        return Checkpoint(path, int(found["number"]), Written(**found["rejected"]), report)
    except (OSError, ValueError, KeyError, TypeError):
        return Checkpoint(path)


@contextmanager
def alone(data: Path, *facts: Any) -> Iterator[None]:
    """See to it that of several processes with the same facts one runs the block. One that is killed claims nothing.

    Raises:
        Conflict: `import_running`, another one does.
    """
    path = data / FOLDER / f"{_name(facts)}.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.path.samestat(os.fstat(file.fileno()), path.stat())  # and not of one that ended just now
        except (BlockingIOError, FileNotFoundError):
            is_ours = False
        if not is_ours:
            raise Conflict("import_running", RUNNING)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _name(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()[:32]
