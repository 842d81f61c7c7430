"""All commands by name. What a user can cause becomes one sentence and exit code 1; our own mistakes keep a trace."""

import errno
from importlib import import_module
from typing import Any

import click
from sqlalchemy.exc import DatabaseError, NoSuchModuleError, OperationalError

from sitebell.config import ConfigError
from sitebell.errors import SitebellError

DAMAGED = ("malformed", "not a database")


MODULES = {
    "audit": "audit",
    "backup": "backup",
    "databases": "databases",
    "demo": "running",
    "export": "importing",
    "fields": "fields",
    "identity": "identity",
    "import": "importing",
    "keys": "keys",
    "profiles": "profiles",
    "restore": "backup",
    "send": "send",
    "serve": "running",
    "sites": "sites",
    "topics": "topics",
    "vapid": "vapid",
    "web": "running",
    "webhooks": "webhooks",
    "worker": "running",
}


class Commands(click.Group):
    """The root of all commands; the module of one is loaded when it is asked for, as no process needs them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order of the help page."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load the command of a name; None when there is none."""
        if cmd_name not in MODULES:
            return None
        module = import_module(f"sitebell.cli.{MODULES[cmd_name]}")
        known = (one for one in vars(module).values() if isinstance(one, click.Command))
        return next(command for command in known if command.name == cmd_name)

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
