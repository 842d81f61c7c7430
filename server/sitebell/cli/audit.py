"""`sitebell audit`: who did what, and whether the log of it is still what was written."""

from typing import Any

import click

from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_json, print_table
from sitebell.models import AuditEntry
from sitebell.services.audit import list_entries
from sitebell.services.audit import verify as verify_log


@click.group()
def audit() -> None:
    """Read the audit log and check it: keys, settings, messages, exports and erases."""


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many entries.")
@click.option("--before", type=int, metavar="ID", help="Only entries older than that of this id.")
@json_option
def list_all(*, limit: int, before: int | None, as_json: bool) -> None:
    """List the audit log, newest entries first."""
    with open_installation() as installation, installation.store.reading() as session:
        rows = list_entries(session, limit=limit, before=before)
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    lines = [(str(r.id), r.at, r.actor, r.address or "-", r.action, str(r.site_id or "-"), r.subject) for r in rows]
    print_table(("ID", "AT", "WHO", "FROM", "DID", "SITE", "TO"), lines)


@audit.command("verify")
@json_option
@click.pass_context
def verify(context: click.Context, *, as_json: bool) -> None:
    """Check that no entry was changed, removed, added or moved. Exits with 1 when one was."""
    with open_installation() as installation, installation.store.reading() as session:
        count, faults = verify_log(session, installation.vault)
    if as_json:
        found = [{"id": fault.entry_id, "fault": fault.what} for fault in faults]
        print_json({"entries": count, "is_sound": not faults, "faults": found})
    elif faults:
        click.echo("The audit log is not what was written:", err=True)
        click.echo("\n".join(f"  entry {fault.entry_id}: {fault.what}" for fault in faults), err=True)
    else:
        click.echo(f"The audit log is sound: {count} entries, none changed, removed or moved.")
    if faults:
        context.exit(1)


def _facts(row: AuditEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "actor": row.actor,
        "network": row.address,
        "action": row.action,
        "site_id": row.site_id,
        "subject": row.subject,
        "hash": row.hash.hex(),
        "previous_hash": row.previous_hash.hex(),
    }
