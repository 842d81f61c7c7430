"""A worker writes down answers while somebody is erased: neither waits for the other in a circle."""

import pytest
from sqlalchemy import select

from sitebell.models import Profile
from sitebell.services.erasure import erase_profile
from support.installation import Installation
from support.interleaving import interleave

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time


def erase_beside_a_checkpoint(installation: Installation) -> None:
    """Let a worker write down the answer of the one delivery that is due, and erase its person in the middle."""
    installation.plan()
    pipeline = installation.pipeline()
    installation.answer(pipeline, [pipeline.next_request()])

    def erase() -> None:
        with installation.store.writing() as session:
            profile = session.scalars(select(Profile)).one()
            erase_profile(session, installation.vault, profile, installation.clock())

    interleave(installation.store.engine, pipeline.flush, erase, after="UPDATE delivery")
    pipeline.stop()


def test_a_checkpoint_with_the_first_answer_of_a_browser_and_its_erase_both_succeed(installation: Installation) -> None:
    """Both write the subscription and the delivery."""
    installation.add_devices(1)
    message_id = installation.send()

    erase_beside_a_checkpoint(installation)

    [delivery] = installation.deliveries(message_id)
    [shell] = installation.subscriptions()
    assert (delivery.state, delivery.enrollment_id, shell.status) == ("accepted", None, "erased")


def test_a_checkpoint_of_a_message_that_names_the_erased_and_the_erase_both_succeed(installation: Installation) -> None:
    """Both write the message and the delivery."""
    installation.add_devices(1)
    installation.send()
    installation.drain()
    [row] = installation.subscriptions()
    message_id = installation.send(audience={"subscriber_hashes": [row.subscriber_hash]})

    erase_beside_a_checkpoint(installation)

    [delivery] = installation.deliveries(message_id)
    assert (delivery.state, delivery.enrollment_id) == ("accepted", None)
    assert row.subscriber_hash not in str(installation.message(message_id).audience)
