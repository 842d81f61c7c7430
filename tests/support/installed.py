"""Finds the programs and libraries that the tests need, and says how to get what is missing."""

import ctypes.util
import shutil

INSTALL = "apt-get install -y firefox-esr chromium dbus libnotify4"


class MissingProgramError(RuntimeError):
    """Something that the tests need is not installed."""


def program(name: str) -> str:
    """Return the path of a program.

    Raises:
        MissingProgramError: it is not on the PATH; the text names the install line.
    """
    path = shutil.which(name)
    if path is None:
        raise MissingProgramError(f"{name} is needed by the tests and not installed. Install it: {INSTALL}")
    return path


def require_library(name: str) -> None:
    """Make sure of a shared library that a browser loads only when it is there.

    Raises:
        MissingProgramError: it is not there; the text names the install line.
    """
    if ctypes.util.find_library(name) is None:
        raise MissingProgramError(f"lib{name} is needed by the tests and not installed. Install it: {INSTALL}")
