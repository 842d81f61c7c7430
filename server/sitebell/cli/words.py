"""An option that takes several words of a list, parted by commas."""

from collections.abc import Callable, Sequence
from typing import Any

import click

NONE = "none"


def words_option(name: str, words: Sequence[str], *, explanation: str) -> Callable[[Callable[..., Any]], Any]:
    """Return the option `--name`: words such as `altcraft,pushengage`, or `none`; its value is a list, else None."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
        if value is None:
            return None
        wanted = [] if value == NONE else [word.strip() for word in value.split(",")]
        unknown = set(wanted) - set(words)
        if unknown:
            raise click.BadParameter(f"{min(unknown)!r} is not one of {', '.join([*words, NONE])}.")
        return wanted

    choices = f"[{'|'.join([*words, NONE])}],…"
    return click.option(f"--{name}", f"{name}s", callback=read, metavar=choices, help=explanation)
