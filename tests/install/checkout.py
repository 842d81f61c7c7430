"""A fresh clone of this repository, as if all that lies in the work tree had been committed, and a bare environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_THE_CALLER = ("SITEBELL_", "PYTHON", "PYENV", "VIRTUAL_ENV", "XDG_", "PIP_REQUIRE", "MAKE", "MFLAGS")


def fresh_clone(folder: Path) -> Path:
    """Copy every file that git keeps, or would keep, into a folder; ignored ones, such as `.venv`, stay behind."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in listed:
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def bare_environment(home: Path, path: str = "/usr/bin:/bin") -> dict[str, str]:
    """Return the environment of somebody who has just logged in: an empty home, a short PATH, no Python settings.

    What leads to the network (proxies, certificates) stays, and so does pip's cache, which saves downloads only. Where
    the short PATH has no Python that will do, the one that runs these tests is put at its end.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_CALLER)}
    last = home / "python-of-the-tests"
    last.mkdir(parents=True, exist_ok=True)
    (last / "python3").unlink(missing_ok=True)
    (last / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    (home / "empty").mkdir(exist_ok=True)
    cache = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
    return kept | {"PATH": f"{path}:{last}", "HOME": str(home / "empty"), "PIP_CACHE_DIR": cache}
