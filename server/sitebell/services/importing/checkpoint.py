"""How far an import has come: written beside the database after each chunk, so that the same command goes on there."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sitebell.services.importing.rejects import Written
from sitebell.services.importing.report import Report

FOLDER = "imports"


@dataclass
class Checkpoint:
    """An import that is under way. Repeating what it has not noted does no harm: those rows are known by then.

    Attributes:
        line: through which line of the file everything is stored.
        rejected: what of the file of rejected rows belongs to that.
    """

    path: Path
    line: int = 0
    rejected: Written | None = None
    report: Report = field(default_factory=Report)

    def save(self) -> None:
        """Write it whole or not at all."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        values = {"line": self.line, "rejected": self.rejected and vars(self.rejected), "report": self.report.as_json()}
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
    name = hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()[:32]
    path = data / FOLDER / f"{name}.json"
    try:
        found = json.loads(path.read_text())
        report = Report.from_json(found["report"])
        return Checkpoint(path, int(found["line"]), Written(**found["rejected"]), report)
    except (OSError, ValueError, KeyError, TypeError):
        return Checkpoint(path)
