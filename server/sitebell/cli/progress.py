"""Watches a message on its way out, or a file on its way in: a bar on a terminal, lines elsewhere."""

import sys
import time
from dataclasses import dataclass

import click

from sitebell.cli.output import show_count
from sitebell.clock import utcnow
from sitebell.db import Store
from sitebell.models import DeliveryState, MessageStatus
from sitebell.services.heartbeats import has_living_worker
from sitebell.services.messages.lifecycle import FINISHED, count_deliveries, get_message
from sitebell.services.sites import get_site

INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C
BAR_WIDTH = 24
TERMINAL_SECONDS = 0.3
LINE_SECONDS = 2.0
SHARE_OF_TIME = 10  # looking takes at most a tenth of the time, however large the message
FINAL_STATES = [state.value for state in DeliveryState if state not in (DeliveryState.PENDING, DeliveryState.RETRYING)]


@dataclass(frozen=True)
class Sight:
    """A message as it stood at one look."""

    public_id: str
    status: str
    reason: str
    counts: dict[str, int]
    has_worker: bool

    @property
    def is_settled(self) -> bool:
        """Nothing more happens unless somebody acts."""
        return self.status in FINISHED or self.status == MessageStatus.PAUSED

    @property
    def reached_nobody(self) -> bool:
        """The message is finished and had no recipient."""
        return self.status in FINISHED and self.counts["recipients"] == 0

    @property
    def done(self) -> int:
        """The deliveries that reached their end."""
        return sum(self.counts[state] for state in FINAL_STATES)

    @property
    def sentence(self) -> str:
        """Where it stands, in words."""
        states = [state.value for state in DeliveryState]
        parts = [f"{show_count(self.counts[state])} {state}" for state in states if self.counts[state]]
        people = self.counts["recipients"]
        text = f"{self.status}: {show_count(people)} recipient{'' if people == 1 else 's'}"
        text += f" ({', '.join(parts)})" if parts else ""
        if self.reached_nobody and self.status == MessageStatus.SENT:
            text += ": nobody of this audience is subscribed, so nothing was sent"
        return f"{text}; {self.reason}" if self.reason else text

    def bar(self) -> str:
        """Return a line for a terminal; the audience may still be growing."""
        share = self.done / self.counts["recipients"] if self.counts["recipients"] else 0.0
        return _bar(share, self.sentence)


class Watch:
    """Looks at a message again and again; stops at Ctrl-C without touching the message."""

    def __init__(self, store: Store, token: str, public_id: str) -> None:
        self._store = store
        self._token = token
        self._public_id = public_id
        self._on_terminal = sys.stderr.isatty()
        self._shown = ""
        self._warned = False
        self.was_interrupted = False

    def look(self) -> Sight:
        """Return how the message stands now."""
        with self._store.reading() as session:
            message = get_message(session, get_site(session, self._token), self._public_id)
            counts = count_deliveries(session, message)
            has_worker = has_living_worker(session, utcnow())
        return Sight(self._public_id, message.status, message.status_reason, counts, has_worker)

    def until_finished(self) -> Sight:
        """Show the progress on standard error until the message is finished or paused, or Ctrl-C; return the end."""
        try:
            sight = self._follow()
        except KeyboardInterrupt:
            self.was_interrupted = True
            click.echo(f"\nThe message {self._public_id} goes on without this command.", err=True)
            return self.look()
        if self._on_terminal:
            click.echo("", err=True)
        return sight

    def _follow(self) -> Sight:
        while True:
            started = time.monotonic()
            sight = self.look()
            self._warn(sight)
            self._show(sight)
            if sight.is_settled:
                return sight
            looking = time.monotonic() - started
            time.sleep(max(TERMINAL_SECONDS if self._on_terminal else LINE_SECONDS, SHARE_OF_TIME * looking))

    def _warn(self, sight: Sight) -> None:
        if sight.has_worker or sight.is_settled or self._warned:
            return
        self._warned = True
        click.echo(
            "No worker was seen in the last 30 seconds: the message goes out when `sitebell serve` or `sitebell worker`"
            " runs. Ctrl-C ends the waiting, not the message.",
            err=True,
        )

    def _show(self, sight: Sight) -> None:
        line = sight.bar() if self._on_terminal else sight.sentence
        if line == self._shown:
            return
        if self._on_terminal:
            _overwrite(line, len(self._shown))
        else:
            click.echo(line, err=True)
        self._shown = line


class Meter:
    """Shows how much of a file has been read: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        self._on_terminal = sys.stderr.isatty()
        self._width = 0
        self._shown_at = time.monotonic()

    def show(self, position: int, text: str) -> None:
        """Show how things stand after so many bytes, unless that was shown just now."""
        now = time.monotonic()
        if now - self._shown_at < (TERMINAL_SECONDS if self._on_terminal else LINE_SECONDS):
            return
        self._shown_at = now
        share = min(1.0, position / self._size)
        if not self._on_terminal:
            click.echo(f"{share:.0%}: {text}", err=True)
            return
        line = _bar(share, text)
        _overwrite(line, self._width)
        self._width = len(line)

    def end(self) -> None:
        """Leave the bar's line."""
        if self._width:
            click.echo("", err=True)


def _bar(share: float, text: str) -> str:
    full = int(share * BAR_WIDTH)
    return f"[{'#' * full}{'.' * (BAR_WIDTH - full)}] {text}"


def _overwrite(line: str, width: int) -> None:
    """Write a line over the one of this width that the terminal shows."""
    click.echo(f"\r{line:<{width}}", err=True, nl=False)
