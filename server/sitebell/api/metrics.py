"""The text that Prometheus reads. No label carries a message, a subscriber or an address."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from sitebell.services.measures import (
    count_living_workers,
    count_messages,
    count_recent_deliveries,
    oldest_due_age,
    webhook_backlog,
)


class _Measures(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def render_metrics(session: Session, now: datetime) -> bytes:
    """Return the metrics as they stand in the database, the same from whichever process is asked."""
    age = oldest_due_age(session, now).total_seconds()
    backlog = webhook_backlog(session, now)
    untold = backlog.oldest_age.total_seconds()
    families: list[Metric] = [
        _by("sitebell_messages", "Messages by status.", "status", count_messages(session)),
        _by(
            "sitebell_recent_deliveries",
            "Deliveries by state, of the messages due within the last hour.",
            "state",
            count_recent_deliveries(session, now),
        ),
        GaugeMetricFamily("sitebell_oldest_due_age_seconds", "How long the oldest due work has waited.", value=age),
        GaugeMetricFamily(
            "sitebell_workers", "Workers seen within 30 seconds.", value=count_living_workers(session, now)
        ),
        GaugeMetricFamily("sitebell_webhook_due_calls", "Webhook calls that are due.", value=backlog.due_calls),
        GaugeMetricFamily(
            "sitebell_webhook_waiting_events", "Events that are in no webhook call yet.", value=backlog.waiting_events
        ),
        GaugeMetricFamily(
            "sitebell_webhook_oldest_age_seconds", "Age of the oldest event that webhooks were not told.", value=untold
        ),
    ]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measures(families))
    return generate_latest(registry)


def _by(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
