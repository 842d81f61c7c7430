"""Files that hold what browsers are reached with: for their owner's eyes only, even where a file of that name is."""

import os
import stat
from pathlib import Path


def open_private(path: Path, *, appends: bool = False) -> int:
    """Open a file for writing, emptied unless it `appends`, and return its descriptor.

    A file gets the mode 0600 before anything is written; a pipe or a device keeps its own.

    Raises:
        OSError: it cannot be opened, or belongs to somebody else, and is left as it was.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if appends else 0), 0o600)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
            if not appends:
                os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
