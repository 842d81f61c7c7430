"""A machine that lacks something: a folder of programs to use as the PATH, with some left out and some played."""

from collections.abc import Mapping
from pathlib import Path

SYSTEM = (Path("/usr/bin"), Path("/bin"))
MANAGERS = ("apt-get", "dnf", "zypper", "pacman", "apk")


class Machine:
    """The programs of this machine, one by one as links in `folder`; its package manager is an apt-get that refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder.parent / "calls.txt"
        folder.mkdir()
        for directory in reversed(SYSTEM):
            for program in directory.iterdir():
                self._link(program)
        self.without(*MANAGERS).playing("apt-get", "exit 1")

    def _link(self, program: Path) -> None:
        link = self.folder / program.name
        link.unlink(missing_ok=True)
        link.symlink_to(program)

    def without(self, *names: str) -> "Machine":
        """Take programs away; a name may end with `*`."""
        for name in names:
            for link in list(self.folder.glob(name)):
                link.unlink()
        return self

    def playing(self, name: str, script: str) -> "Machine":
        """Put a shell script in the place of a program; the path of a file to note calls in is `$CALLS`."""
        self.without(name)
        (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.folder / name).chmod(0o755)
        return self

    def environment(self, bare: Mapping[str, str]) -> dict[str, str]:
        """Return `bare` with this machine's programs as its only PATH."""
        return {**bare, "PATH": str(self.folder), "CALLS": str(self.calls)}
