"""How the command line prints data: aligned for people, JSON for programs."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def print_json(data: Any) -> None:
    """Print data as JSON; moments in ISO 8601."""
    click.echo(json.dumps(data, indent=2, default=datetime.isoformat))


def print_facts(facts: dict[str, object]) -> None:
    """Print names and values, one pair a line, the values below each other."""
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"  {name:<{width}}  {value}")


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns as wide as their widest cell."""
    cells = [list(head), *([_shown(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def show_moment(moment: datetime) -> str:
    """Return a moment as people read it, to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def show_count(number: int) -> str:
    """Return a number with its thousands set apart."""
    return f"{number:,}".replace(",", " ")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return show_moment(value)
    return show_count(value) if isinstance(value, int) else str(value)
