"""What an erase costs."""

from collections.abc import Callable

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.query_plans import watched
from support.visitors import Browser, profile_ids
from support.web_application import parts


@pytest.mark.parametrize("somebody_else", [False, True], ids=["own", "shared"])
def test_an_erase_costs_no_more_statements_for_more_browsers(
    app: Flask, office: BackEnd, new_browser: Callable[[], Browser], *, somebody_else: bool
) -> None:
    """It holds locks, on SQLite the only writer's, and a stranger's claims make browsers of a person."""
    counts = []
    for name, number in (("ann", 2), ("ben", 7)):
        browsers = [new_browser() for _ in range(number)]
        answers = [browser.put(match={"external_id": name}) for browser in browsers]
        for place, browser in enumerate(browsers):
            if somebody_else:
                browser.identify(f"{name}-{place}")
            else:
                browser.post("logout")
        with watched(parts(app).store.engine) as statements:
            erased = office.erase(profile_ids(answers[0])[0])
        counts.append(len(statements))
        assert erased["subscriptions"] == (0 if somebody_else else number)

    assert counts[0] == counts[1]
