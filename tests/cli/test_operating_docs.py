"""docs/operating.md describes every command and every option, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from sitebell.cli import cli

DOCS = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
COMMANDS = DOCS[DOCS.index("\n## Commands") : DOCS.index("\n## Behind a web server")]


def visible(group: click.Group, name: str = "sitebell") -> Iterator[tuple[str, click.Command]]:
    """Yield full name and command of everything that `--help` shows."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from visible(command, f"{name} {word}")
        elif not command.hidden:
            yield f"{name} {word}", command


def options_of(command: click.Command) -> set[str]:
    """Return the long options that `--help` shows, but for --json and --help, which the page explains once."""
    shown = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    names = {name for option in shown for name in (*option.opts, *option.secondary_opts)}
    return {name for name in names if name.startswith("--")} - {"--json"}


def documented() -> dict[str, set[str]]:
    """Return the commands of the tables, each with the options in the rows below it."""
    found: dict[str, set[str]] = {}
    options: set[str] = set()
    for row in re.findall(r"^\| (.+?) \| ", COMMANDS, re.MULTILINE):
        command = re.match(r"`(sitebell [a-z ]*[a-z])( [A-Z ]+)?`$", row)
        if command:
            options = found.setdefault(command[1], set())
        else:
            options |= set(re.findall(r"--[a-z][a-z-]*", row))
    return found


def test_every_command_is_described_with_every_option() -> None:
    assert documented() == {name: options_of(command) for name, command in visible(cli)}


def test_every_command_explains_itself() -> None:
    """--help of each says what it does, and what each option is for."""
    for name, command in visible(cli):
        assert command.help, name
        assert all(p.help for p in command.params if isinstance(p, click.Option)), name


def test_options_that_all_commands_share_are_explained_once() -> None:
    assert all(f"`{option}`" in COMMANDS for option in ("--json", "--help", "--version"))
