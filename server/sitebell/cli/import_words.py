"""What `sitebell import` tells people when it is through."""

import click

from sitebell.cli.import_run import Options
from sitebell.cli.output import print_facts, show_count
from sitebell.services.importing.report import Report


def print_report(report: Report, options: Options) -> None:
    """Print counts, keys, hosts, what was refused, and what the first message will look like."""
    done = "Nothing was imported: every row was rejected." if report.is_in_vain else "Imported."
    click.echo("Nothing was changed; an import would do this:" if options.is_dry else done)
    print_facts({name: show_count(count) for name, count in _counts(report).items()})
    _print_counter("VAPID keys", report.keys)
    if report.current_key:
        click.echo(f"The current key, also for new subscriptions: {report.current_key}")
    _print_counter("Push hosts", report.hosts)
    for line, first in report.repetitions:
        if line != first:  # in an array that is one line it says nothing
            click.echo(f"  line {line} repeats line {first}")
    if report.rejected:
        click.echo("Rejected:")
        for code, count in report.reasons.most_common():
            click.echo(f"  {show_count(count)} {code}")
        for line, code, reason in report.examples:
            click.echo(f"  line {line}: {code}: {reason}")
        click.echo(f"All of them are in {options.rejected_file}: mend that file and import it.")
    sentences = list(report.first_messages())
    if sentences:
        click.echo("The first message will be shown by:")
    for sentence in sentences:
        click.echo(f"  {sentence}")


def _counts(report: Report) -> dict[str, int]:
    counts = {
        "rows": report.rows,
        "new": report.added,
        "… opted out, paused or gone": report.ended,
        "… with a profile": report.named,
        "known already": report.known,
        "repeated in the file": report.repeated,
        "erased here before": report.erased,
        "rejected": report.rejected,
        "topics not offered here": report.lost_topics,
        "values of fields not taken": report.lost_fields,
        "tags not taken": report.lost_tags,
        "profiles not taken": report.lost_people,
    }
    return {name: count for name, count in counts.items() if count or name in ("rows", "new", "rejected")}


def _print_counter(title: str, counter: dict[str, int]) -> None:
    if counter:
        click.echo(f"{title}:")
        for name, count in sorted(counter.items(), key=lambda pair: -pair[1]):
            click.echo(f"  {show_count(count)} {name}")
