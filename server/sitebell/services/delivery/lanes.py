"""Lanes: when a push host asks to be left alone, its deliveries wait while the other hosts' go on (REL-06, SEC-53)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.models import Lane, Message, MessageStatus
from sitebell.push.client import Outcome, OutcomeKind

EVERY_SITE = 0
REFUSALS_IN_A_ROW = 5
FAILURES_IN_A_ROW = 20
THROTTLED_SUBSCRIPTIONS = 5
THROTTLE_WINDOW = timedelta(minutes=1)
REFUSED_PAUSE = timedelta(minutes=5)
UNAVAILABLE_PAUSE = timedelta(seconds=30)

LaneKey = tuple[int, str]


@dataclass
class _Record:
    """What one host said lately."""

    refusals: int = 0
    failures: int = 0
    throttled: dict[int, datetime] = field(default_factory=dict)


class LaneMonitor:
    """Watches one worker's answers and says when a lane has to close.

    A single bad subscription never closes a lane: 401 and 403 must come five times in a row to one site, failures
    twenty times in a row, 406 and 429 from five different subscriptions within a minute.
    """

    def __init__(self) -> None:
        self._records: dict[LaneKey, _Record] = defaultdict(_Record)

    def observe(self, site_id: int, host: str, subscription_id: int, outcome: Outcome, now: datetime) -> Lane | None:
        """Take in one answer; return the lane to close, if this was the answer too many."""
        ours, all_sites = self._records[site_id, host], self._records[EVERY_SITE, host]
        if outcome.kind is OutcomeKind.refused:
            ours.refusals += 1
            if ours.refusals >= REFUSALS_IN_A_ROW:
                ours.refusals = 0
                return _lane(site_id, host, now + REFUSED_PAUSE, _refused_reason(host, outcome))
        elif outcome.kind is OutcomeKind.throttled:
            return self._throttled(all_sites, host, subscription_id, outcome, now)
        elif outcome.kind is OutcomeKind.unavailable:
            all_sites.failures += 1
            if all_sites.failures >= FAILURES_IN_A_ROW:
                all_sites.failures = 0
                return _lane(EVERY_SITE, host, now + UNAVAILABLE_PAUSE, f"{host} cannot be reached: {outcome.reason}")
        else:
            ours.refusals = all_sites.failures = 0
        return None

    @staticmethod
    def _throttled(record: _Record, host: str, subscription_id: int, outcome: Outcome, now: datetime) -> Lane | None:
        record.throttled = {k: at for k, at in record.throttled.items() if at > now - THROTTLE_WINDOW}
        record.throttled[subscription_id] = now
        if len(record.throttled) < THROTTLED_SUBSCRIPTIONS:
            return None
        record.throttled.clear()
        wait = timedelta(seconds=outcome.retry_after or THROTTLE_WINDOW.total_seconds())
        return _lane(EVERY_SITE, host, now + wait, f"{host} asks for fewer messages ({outcome.status})")


def closed_lanes(session: Session, now: datetime) -> dict[LaneKey, datetime]:
    """Return every closed lane with the moment at which it opens."""
    rows = session.scalars(select(Lane).where(Lane.closed_until > now))
    return {(lane.site_id, lane.host): lane.closed_until for lane in rows}


def close_lane(session: Session, lane: Lane) -> None:
    """Close a lane for every worker; the messages of the site that it concerns say why they stand still."""
    _write(session, lane)
    if lane.site_id != EVERY_SITE:
        waiting = update(Message).where(Message.site_id == lane.site_id, Message.status == MessageStatus.SENDING)
        session.execute(waiting.values(status_reason=lane.reason), execution_options=QUIET)


def _write(session: Session, lane: Lane) -> None:
    """Store a lane; what another worker said keeps it closed if it lasts longer."""
    key = (lane.site_id, lane.host)
    known = session.get(Lane, key, with_for_update=True, populate_existing=True)
    if known is None:
        try:
            with session.begin_nested():
                session.add(lane)
                return
        except IntegrityError:  # another worker was faster
            known = session.get_one(Lane, key, with_for_update=True, populate_existing=True)
    if lane.closed_until > known.closed_until:
        known.closed_until, known.reason = lane.closed_until, lane.reason


def opens_at(lanes: Mapping[LaneKey, datetime], site_id: int, host: str, now: datetime) -> datetime | None:
    """Return when a host's lane opens for a site, or None when it is open."""
    moments = [lanes.get((site_id, host), now), lanes.get((EVERY_SITE, host), now)]
    latest = max(moments)
    return latest if latest > now else None


def _lane(site_id: int, host: str, closed_until: datetime, reason: str) -> Lane:
    return Lane(site_id=site_id, host=host, closed_until=closed_until, reason=reason[:500])


def _refused_reason(host: str, outcome: Outcome) -> str:
    return (
        f"{host} refuses our VAPID signature ({outcome.status}): check this machine's clock, SITEBELL_VAPID_SUBJECT"
        " and the site's keys"
    )
