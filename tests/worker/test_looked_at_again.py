"""Claimed into a worker's memory is not sent: who leaves before the request is handed over gets nothing (SEC-43)."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from sitebell.models import Profile
from sitebell.push.client import PushRequest
from sitebell.services.erasure import erase_profile
from sitebell.worker.open_batch import HANDED_OVER_AHEAD
from sitebell.worker.pipeline import CHECKPOINT, Pipeline
from support.installation import Installation
from support.query_plans import watched
from support.visitors import Browser
from support.webhook_site import proof

Leave = Callable[[Installation, Browser], object]


def add_ann(installation: Installation, client: FlaskClient) -> Browser:
    """Subscribe one more browser, of somebody who is known."""
    [device] = installation.push.add_subscribers(1, installation.vapid_public_key)
    ann = Browser(client, f"/v1/sites/{installation.site.token}", proof(device))
    ann.put(match={"external_id": "ann"})
    return ann


def erase(installation: Installation, _ann: Browser) -> None:
    """Erase the one who is known."""
    with installation.store.writing() as session:
        profile = session.scalars(select(Profile).where(Profile.external_id == "ann")).one()
        erase_profile(session, installation.vault, profile, installation.clock())


def pull(pipeline: Pipeline, most: int) -> list[PushRequest]:
    """Take at most so many requests out of a pipeline, without an answer to any."""
    requests = list[PushRequest]()
    while len(requests) < most and (request := pipeline.next_request()) is not None:
        requests.append(request)
    return requests


def answer_in_turn(installation: Installation, pipeline: Pipeline, most: int) -> list[PushRequest]:
    """Take at most so many requests out of a pipeline, and answer each before the next."""
    requests = list[PushRequest]()
    while len(requests) < most and (request := pipeline.next_request()) is not None:
        requests.append(request)
        installation.answer(pipeline, [request])
    return requests


def went_to(browser: Browser, requests: list[PushRequest]) -> bool:
    """Say whether one of these requests is for a browser."""
    return browser.subscription["endpoint"] in {request.endpoint.url for request in requests}


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (erase, "the subscription is erased"),
        (lambda _, ann: ann.post("unsubscribe"), "the subscription is unsubscribed"),
        (lambda _, ann: ann.post("logout"), "the enrollment is suspended"),
        (lambda _, ann: ann.post("pause"), "the enrollment is suspended"),
        (lambda _, ann: ann.identify("bob"), "the enrollment is suspended"),
    ],
    ids=["erase", "unsubscribe", "logout", "pause", "login of somebody else"],
)
def test_who_leaves_while_a_batch_is_in_memory_is_skipped(
    installation: Installation, client: FlaskClient, leave: Leave, reason: str
) -> None:
    installation.add_devices(319)
    ann = add_ann(installation, client)
    message = installation.send(notification={"title": "Hello {{ profile.external_id }}"})
    pipeline = installation.pipeline()
    answer_in_turn(installation, pipeline, 2 * CHECKPOINT)

    leave(installation, ann)
    rest = answer_in_turn(installation, pipeline, 320)
    pipeline.flush()

    assert (went_to(ann, rest), len(rest)) == (False, 119)
    delivery = installation.deliveries(message)[-1]
    assert (delivery.state, delivery.reason, delivery.attempts) == ("skipped", reason, 0)
    assert installation.counts(message) == {"recipients": 320, "accepted": 319, "skipped": 1}
    assert installation.message(message).status == "sent"


def test_no_more_is_handed_over_ahead_than_a_bounded_number(installation: Installation, client: FlaskClient) -> None:
    """Also while no push service answers, and so no checkpoint comes."""
    installation.add_devices(HANDED_OVER_AHEAD)
    ann = add_ann(installation, client)
    installation.add_devices(10)
    installation.send()
    pipeline = installation.pipeline()
    handed_over = pull(pipeline, 1)

    ann.post("unsubscribe")
    handed_over += pull(pipeline, 1000)

    assert (len(handed_over), went_to(ann, handed_over)) == (HANDED_OVER_AHEAD + 10, False)


def test_each_checkpoint_looks_at_all_that_is_left(installation: Installation, client: FlaskClient) -> None:
    """At a host that answers little there is one each second."""
    installation.add_devices(1)
    ann = add_ann(installation, client)
    installation.add_devices(1)
    message = installation.send()
    pipeline = installation.pipeline()
    handed_over = pull(pipeline, 1)

    ann.post("unsubscribe")
    pipeline.flush()
    handed_over += pull(pipeline, 10)
    installation.answer(pipeline, handed_over)
    pipeline.flush()

    assert (len(handed_over), went_to(ann, handed_over)) == (2, False)
    assert [row.state for row in installation.deliveries(message)] == ["accepted", "skipped", "accepted"]


def test_who_left_and_came_back_before_the_look_gets_the_message(
    installation: Installation, client: FlaskClient
) -> None:
    installation.add_devices(1)
    ann = add_ann(installation, client)
    installation.send()
    pipeline = installation.pipeline()
    pull(pipeline, 1)

    ann.post("pause")
    ann.post("resume")
    pipeline.flush()

    assert went_to(ann, pull(pipeline, 10))


def test_a_batch_that_is_left_by_everybody_ends(installation: Installation, client: FlaskClient) -> None:
    installation.add_devices(1)
    browsers = [add_ann(installation, client) for _ in range(3)]
    message = installation.send()
    pipeline = installation.pipeline()
    handed_over = pull(pipeline, 1)
    installation.answer(pipeline, handed_over)

    for ann in browsers:
        ann.post("unsubscribe")
    pipeline.flush()
    rest = pull(pipeline, 10)
    pipeline.flush()

    assert rest == []
    assert installation.counts(message) == {"recipients": 4, "accepted": 1, "skipped": 3}
    assert installation.message(message).status == "sent"


def test_a_look_is_one_statement_for_each_checkpoint(installation: Installation) -> None:
    """One for the claim of each batch, and one for each hundred answers but the last."""
    installation.add_devices(1000)
    installation.send()
    pipeline = installation.pipeline(steady=lambda: 0.0)  # no checkpoint because a second has passed

    with watched(installation.store.engine) as statements:
        answer_in_turn(installation, pipeline, 1000)

    looks = [sql for sql, _ in statements if "LEFT OUTER JOIN enrollment" in sql]
    assert len(looks) == 2 + 2 * 4
