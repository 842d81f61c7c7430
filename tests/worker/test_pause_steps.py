"""Many pauses end at one moment: in steps of bounded work over an index, before the message that they held back."""

from datetime import timedelta

from sqlalchemy import func, select, update

from sitebell.models import Enrollment
from sitebell.services.binding.enrollments import PAUSES_PER_STEP
from support.installation import Installation
from support.query_plans import tables_walked, watched


def pause_all(installation: Installation) -> None:
    """Let the visitor of each browser have paused until an hour ago."""
    over = {"suspended_by": "visitor", "suspended_until": installation.clock() - timedelta(hours=1)}
    with installation.store.writing() as session:
        session.execute(update(Enrollment).values(status="suspended", **over))


def paused(installation: Installation) -> int:
    """Return how many pauses there are."""
    with installation.store.reading() as session:
        return session.scalar(select(func.count()).where(Enrollment.suspended_until.is_not(None))) or 0


def test_a_message_waits_for_pauses_that_end_in_steps_and_then_reaches_everybody(installation: Installation) -> None:
    installation.add_devices(PAUSES_PER_STEP + 1)
    pause_all(installation)
    message_id = installation.send()

    installation.plan()
    assert (paused(installation), installation.counts(message_id)) == (1, {})
    while not installation.message(message_id).is_planned:
        installation.plan()

    assert paused(installation) == 0
    assert installation.counts(message_id)["recipients"] == PAUSES_PER_STEP + 1


def test_pauses_that_are_over_are_found_in_an_index(installation: Installation) -> None:
    installation.add_devices(3)
    pause_all(installation)

    with watched(installation.store.engine) as statements:
        installation.plan()

    searches = [statement for statement in statements if "suspended_until <=" in statement[0]]
    assert len(searches) == 2  # a search, and a change
    with installation.store.reading() as session:
        assert tables_walked(session, statements) & {"enrollment", "subscription"} == set()
