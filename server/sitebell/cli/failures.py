"""Turns what a user can cause into one sentence and exit code 1; a traceback is left for our own mistakes."""

import errno
from typing import Any

import click
from alembic.util.exc import CommandError
from sqlalchemy.exc import DatabaseError, NoSuchModuleError, OperationalError

from sitebell.config import ConfigError
from sitebell.errors import SitebellError

DAMAGED = ("malformed", "not a database")


class SentenceGroup(click.Group):
    """The root of all commands."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        Raises:
            click.ClickException: what went wrong and what to change.
        """
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.ClickException("\n  ".join(["Change these settings:", *error.details])) from error
        except SitebellError as error:
            raise click.ClickException(error.message) from error
        except DatabaseError as error:
            raise _explain(error) from error
        except CommandError as error:
            raise click.ClickException(
                "This database was made by a newer Sitebell: install that version, or restore a backup of this one."
            ) from error
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise click.ClickException(
                f"SITEBELL_DATABASE_URL cannot be used ({error}): begin it with sqlite:// or postgresql://."
            ) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of a pipe left; click ends quietly
                raise
            raise click.ClickException(_name_file(error)) from error


def _explain(error: DatabaseError) -> Exception:
    text = str(error.orig).strip()
    first = text.splitlines()[0] if text else "no reason given"
    if any(word in text for word in DAMAGED):
        return click.ClickException(f"The database is damaged ({first}): restore a backup with `sitebell restore`.")
    if isinstance(error, OperationalError):
        return click.ClickException(
            f"The database cannot be used: {first}. Look at SITEBELL_DATABASE_URL and the disk."
        )
    return error


def _name_file(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
