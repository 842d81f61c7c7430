"""After a restore nobody gets an old message again (REL-13)."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Batch, WorkerHeartbeat
from sitebell.services.messages.lifecycle import cancel_message, resume_message
from support.installation import Installation


def restore(sitebell: CommandLine, installation: Installation, file: Path) -> list[str]:
    """Stop using the installation, restore, and return which messages were paused."""
    installation.store.close()
    paused: list[str] = sitebell.json("restore", file, "--force")["paused_messages"]
    return paused


def test_rel_13_what_went_out_after_the_backup_is_not_sent_again(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    """The drill: back up in the middle of a message, let it finish, restore, and let the workers run again."""
    devices = installation.add_devices(20)
    message = installation.send()
    installation.plan()
    pipeline = installation.pipeline()
    assert pipeline.next_request() is not None  # leased, nothing recorded
    sitebell.json("backup", tmp_path / "bell.backup")
    installation.clock.advance(seconds=60)
    installation.drain()
    assert [len(device.messages) for device in devices] == [1] * 20

    assert restore(sitebell, installation, tmp_path / "bell.backup") == [message]
    installation.drain()

    assert [len(device.messages) for device in devices] == [1] * 20
    stored = installation.message(message)
    assert (stored.status, stored.status_reason[:22]) == ("paused", "restored from a backup")


def test_rel_13_each_unfinished_message_is_paused_and_no_other_is_touched(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    installation.add_devices(1)
    sent, cancelled, held, later, planned = (installation.send() for _ in range(5))
    for message in (cancelled, held, later, planned):
        installation.pause(message)
    installation.drain()
    installation.act(cancel_message, cancelled)
    for message in (later, planned):
        installation.act(resume_message, message)
    installation.plan()
    scheduled = installation.send(send_at=installation.clock() + timedelta(hours=1))
    before = {message: installation.message(message) for message in (sent, cancelled, held)}
    sitebell.json("backup", tmp_path / "bell.backup")

    assert restore(sitebell, installation, tmp_path / "bell.backup") == [later, planned, scheduled]

    for message in (later, planned, scheduled):
        assert installation.message(message).status == "paused"
    for message, row in before.items():
        after = installation.message(message)
        assert (after.status, after.status_reason) == (row.status, row.status_reason)


def test_rel_13_the_leases_and_workers_of_then_are_forgotten(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    """Else a message that is resumed would wait for a lease, and `send` would count on a worker that is no more."""
    installation.add_devices(3)
    installation.send()
    installation.plan()
    pipeline = installation.pipeline()
    assert pipeline.next_request() is not None
    now = installation.clock()
    with installation.store.writing() as session:
        session.add(WorkerHeartbeat(name="then", started_at=now, seen_at=now))
    sitebell.json("backup", tmp_path / "bell.backup")
    pipeline.stop()

    restore(sitebell, installation, tmp_path / "bell.backup")

    with installation.store.reading() as session:
        assert session.scalars(select(Batch)).one().lease_until is None
        assert session.scalars(select(WorkerHeartbeat)).all() == []


def test_a_resumed_message_goes_on_where_the_backup_left_it(
    sitebell: CommandLine, installation: Installation, tmp_path: Path
) -> None:
    devices = installation.add_devices(5)
    message = installation.send()
    sitebell.json("backup", tmp_path / "bell.backup")
    restore(sitebell, installation, tmp_path / "bell.backup")

    installation.act(resume_message, message)
    installation.drain()

    assert installation.counts(message)["accepted"] == 5
    assert [len(device.messages) for device in devices] == [1] * 5
