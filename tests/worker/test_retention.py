"""What is forgotten when a site's retention time is over, and what stays."""

from datetime import timedelta

from sqlalchemy import func, select

from sitebell.models import Batch, Delivery, Event, IdempotencyKey, Subscription, UsedToken
from sitebell.services import retention
from support.chores import prune
from support.installation import Installation


def count(installation: Installation, table: type) -> int:
    """Return the rows of a table."""
    with installation.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_old_events_and_deliveries_go_and_the_counts_of_their_message_stay(installation: Installation) -> None:
    installation.add_devices(1300)
    installation.subscribe(installation.push.add_subscribers(1))
    message = installation.send()
    installation.drain()
    before = installation.counts(message)

    installation.clock.advance(days=91)
    steps = prune(installation.store, installation.clock())

    assert installation.counts(message) == before
    assert [count(installation, table) for table in (Event, Delivery, Batch)] == [0, 0, 0]
    assert count(installation, Subscription) == 1301
    assert steps > 3  # a thousand rows at a time, so that the write lock is never held for long


def test_what_is_younger_than_the_retention_time_stays(installation: Installation) -> None:
    installation.subscribe(installation.push.add_subscribers(2))
    installation.send()
    installation.drain()

    installation.clock.advance(days=89)
    prune(installation.store, installation.clock())

    assert [count(installation, table) for table in (Event, Delivery)] == [2, 2]


def test_an_unfinished_message_keeps_its_deliveries(installation: Installation) -> None:
    installation.add_devices(1)
    installation.send(send_at=installation.clock() + timedelta(days=200))
    message = installation.send(ttl=2_419_200)
    installation.plan()

    installation.clock.advance(days=120)
    prune(installation.store, installation.clock())

    assert installation.counts(message) == {"recipients": 1, "pending": 1}


def test_rel_03_idempotency_keys_are_kept_for_a_week(installation: Installation) -> None:
    installation.send(idempotency_key="order-1")
    installation.clock.advance(days=6)
    prune(installation.store, installation.clock())
    kept = count(installation, IdempotencyKey)

    installation.clock.advance(days=2)
    prune(installation.store, installation.clock())

    assert (kept, count(installation, IdempotencyKey)) == (1, 0)


def test_retention_is_due_once_an_hour(installation: Installation) -> None:
    prune(installation.store, installation.clock())
    installation.clock.advance(minutes=59)
    with installation.store.reading() as session:
        early = retention.is_due(session, installation.clock())
    installation.clock.advance(minutes=2)
    with installation.store.reading() as session:
        late = retention.is_due(session, installation.clock())

    assert (early, late) == (False, True)


def test_used_tokens_are_remembered_as_long_as_they_could_be_shown_again(installation: Installation) -> None:
    expires_at = installation.clock() + timedelta(hours=1)
    with installation.store.writing() as session:
        session.add(UsedToken(site_id=installation.site.id, jti_hash=bytes(32), expires_at=expires_at))
    counts = []
    for _ in range(2):
        installation.clock.advance(minutes=59)
        prune(installation.store, installation.clock())
        counts.append(count(installation, UsedToken))

    assert counts == [1, 0]
