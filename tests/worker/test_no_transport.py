"""Messages to addresses that no transport carries anything to: an app's device beside browsers."""

from sitebell.services.addresses import parse_native_address, put_address
from sitebell.services.binding.enrolling import Introduction, enroll
from support.installation import Installation


def add_app(installation: Installation, token: str) -> None:
    """Store a device of the site's app, at a profile without a name."""
    now = installation.clock()
    with installation.store.writing() as session:
        address = parse_native_address("android-firebase", token)
        row, _ = put_address(session, installation.vault, installation.site, address, now)
        enroll(session, installation.site, row, Introduction(), is_explicit=True, now=now)


def test_a_message_to_an_app_is_skipped_for_want_of_a_transport_and_counted(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    add_app(installation, "device-1")
    message = installation.send()

    installation.drain()

    assert len(device.messages) == 1
    assert installation.counts(message) == {"recipients": 2, "accepted": 1, "skipped": 1}
    assert [(row.state, row.reason) for row in installation.deliveries(message)] == [
        ("accepted", ""),
        ("skipped", "no_transport"),
    ]
    assert installation.message(message).status == "sent"


def test_a_message_to_apps_alone_ends(installation: Installation) -> None:
    for number in range(3):
        add_app(installation, f"device-{number}")
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 3, "skipped": 3}
    assert installation.message(message).status == "sent"
