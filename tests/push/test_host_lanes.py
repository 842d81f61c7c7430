"""A host that stays silent is left alone for a while; one that answers is not."""

from sitebell.push.lanes import CONNECTIONS_PER_HOST, Lane


def lane(per_host: int = 75) -> Lane:
    return Lane("fcm.googleapis.com", per_host)


def silence(subject: Lane, times: int, now: float) -> None:
    for _ in range(times):
        subject.timed_out(now)


def fill(subject: Lane) -> int:
    while subject.has_room:
        subject.in_flight += 1
    return subject.in_flight


def test_a_host_gets_few_places_until_it_has_answered_over_http2() -> None:
    subject = lane()
    assert fill(subject) == CONNECTIONS_PER_HOST == 16

    subject.answered(multiplexed=True)
    assert fill(subject) == 75


def test_a_host_that_speaks_http1_gets_a_place_per_connection() -> None:
    subject = lane()
    subject.answered(multiplexed=False)

    assert fill(subject) == CONNECTIONS_PER_HOST


def test_no_host_gets_more_places_than_one_may_have() -> None:
    assert fill(lane(per_host=4)) == 4


def test_eight_silences_in_a_row_close_a_lane_for_five_seconds() -> None:
    subject = lane()
    silence(subject, 7, now=100.0)
    assert subject.closed_for(100.0) == 0

    subject.timed_out(100.0)
    assert subject.closed_for(100.0) == 5.0
    assert subject.closed_for(104.0) == 1.0
    assert subject.closed_for(105.0) == 0


def test_any_answer_between_them_starts_the_count_anew() -> None:
    subject = lane()
    silence(subject, 7, now=100.0)
    subject.answered(multiplexed=True)
    silence(subject, 7, now=100.0)

    assert subject.closed_for(100.0) == 0


def test_requests_that_end_together_close_a_lane_once() -> None:
    subject = lane()
    silence(subject, 75, now=100.0)

    assert subject.closed_for(100.0) == 5.0


def test_after_the_pause_one_request_tries_and_the_others_keep_away() -> None:
    subject = lane()
    silence(subject, 8, now=100.0)
    subject.in_flight = 1

    assert subject.closed_for(106.0) > 0


def test_each_pause_is_twice_the_one_before_up_to_a_minute() -> None:
    subject = lane()
    silence(subject, 8, now=0.0)
    now, pauses = 0.0, []
    for _ in range(6):
        pauses.append(subject.closed_for(now))
        now += pauses[-1]
        subject.timed_out(now)

    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_host_that_is_back_is_treated_as_before() -> None:
    subject = lane()
    silence(subject, 8, now=0.0)
    subject.answered(multiplexed=True)
    assert subject.closed_for(0.0) == 0

    silence(subject, 8, now=100.0)
    assert subject.closed_for(100.0) == 5.0
