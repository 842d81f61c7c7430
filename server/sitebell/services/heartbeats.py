"""Whether anybody is there to send: workers say so in the database, since they may run on other machines."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from sitebell.models import WorkerHeartbeat

SILENCE = timedelta(seconds=30)  # REL-19


def has_living_worker(session: Session, now: datetime) -> bool:
    """Say whether a worker was seen within the last 30 seconds; a moment far ahead means a clock that was set back."""
    recent = WorkerHeartbeat.seen_at.between(now - SILENCE, now + SILENCE)
    return session.scalar(select(exists(select(WorkerHeartbeat.name).where(recent)))) or False
