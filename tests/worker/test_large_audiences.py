"""A large site is planned in bounded steps, whatever few or many of its browsers are meant."""

from sqlalchemy import insert, select

from sitebell.models import Enrollment, Profile, Subscription
from sitebell.services.audiences import MAX_IDS
from sitebell.services.audiences.walking import WINDOW
from sitebell.services.delivery.planner import BATCH_SIZE
from sitebell.services.matching import make_profile
from sitebell.services.tags import change_tags
from sitebell.worker.pipeline import STEPS_AT_ONCE
from support.installation import Installation, enroll_in_bulk
from worker.visits import introduce

BULK = 5000


def add_subscriptions(installation: Installation, count: int) -> list[str]:
    """Store subscriptions of no device, for what is planned and never sent; return their hashes."""
    installation.add_devices(1)
    [model] = installation.subscriptions()
    common = {column.key: getattr(model, column.key) for column in Subscription.__table__.columns if column.key != "id"}
    hashes = [f"{number:024x}{'0' * 8}" for number in range(count)]
    with installation.store.writing() as session:
        for start in range(0, count, BULK):
            some = hashes[start : start + BULK]
            rows = [{"subscriber_hash": text, "address_hash": bytes.fromhex(text) * 2} for text in some]
            session.execute(insert(Subscription), [common | row for row in rows])
            enroll_in_bulk(session, installation.database_id, some, installation.clock())
    return hashes


def test_a_rare_match_is_sought_in_bounded_steps_that_let_other_messages_pass(installation: Installation) -> None:
    hashes = add_subscriptions(installation, WINDOW + 100)
    with installation.store.writing() as session:
        [last] = session.scalars(select(Profile).where(Profile.public_id == hashes[-1][:24]))
        change_tags(session, last, ["vip"], [], installation.clock())
    rare = installation.send(audience={"tags": ["vip"]})
    small = installation.send(audience={"subscriber_hashes": [hashes[0]]})

    installation.plan()
    assert (installation.counts(rare), installation.message(rare).is_planned) == ({}, False)
    installation.plan()
    assert installation.counts(small) == {"recipients": 1, "pending": 1}
    installation.plan()

    assert (installation.counts(rare), installation.message(rare).is_planned) == ({"recipients": 1, "pending": 1}, True)


def test_one_person_with_more_browsers_than_a_batch_holds_is_planned_batch_by_batch(installation: Installation) -> None:
    """A site that identifies every visitor as `guest` must not fill the worker's memory."""
    add_subscriptions(installation, 2 * BATCH_SIZE)
    now = installation.clock()
    with installation.store.writing() as session:
        guest = make_profile(session, installation.database_id, now, external_id="guest")
        common = {"profile_id": guest.id, "database_id": installation.database_id, "bound_at": now}
        moments = {"created_at": now, "updated_at": now}
        ids = session.scalars(select(Subscription.id)).all()
        session.execute(insert(Enrollment), [common | moments | {"subscription_id": id_} for id_ in ids])
    message = installation.send(audience={"external_ids": ["guest", "someone else"]})

    planned = []
    while not installation.message(message).is_planned:
        installation.plan()
        planned.append(installation.counts(message)["recipients"])

    assert planned == [BATCH_SIZE, 2 * BATCH_SIZE, 2 * BATCH_SIZE + 1]


def test_the_longest_lists_are_planned(installation: Installation) -> None:
    """Three lists at their bounds: more values than a statement may have."""
    [device] = installation.add_devices(1)
    [row] = installation.subscriptions()
    introduce(installation, device, "zoe")
    audience = {
        "subscriber_hashes": [f"{number:032x}" for number in range(MAX_IDS - 1)] + [row.subscriber_hash],
        "profile_ids": [f"{number:024x}" for number in range(MAX_IDS)],
        "external_ids": [f"person {number}" for number in range(MAX_IDS - 1)] + ["zoe"],
    }
    message = installation.send(audience=audience)

    installation.drain()

    assert len(device.messages) == 1
    assert installation.counts(message) == {"recipients": 1, "accepted": 1}


def test_a_step_that_finds_nobody_waits_for_no_poll(installation: Installation) -> None:
    """Twenty steps at once, which let answers in between: the clock by which workers poll stands still here."""
    [device] = installation.add_devices(1)
    introduce(installation, device, "zoe")
    unknown = [f"person {number}" for number in range((STEPS_AT_ONCE - 1) * BATCH_SIZE)]
    pipeline = installation.pipeline(steady=lambda: 0.0)

    installation.send(audience={"external_ids": [*unknown, "zoe"]})
    assert pipeline.next_request() is not None
    assert pipeline.next_request() is None
