"""The demo's own site: made once, found again, and never somebody else's."""

import dataclasses

from flask import Flask

from sitebell.app import create_app
from sitebell.config import Config
from sitebell.demo import SITE_NAME, demo_folder
from sitebell.services.keys import list_api_keys
from sitebell.services.sites import create_site, list_sites
from support.stopped_clock import StoppedClock
from support.web_application import parts


def origins_by_name(app: Flask) -> list[tuple[str, list[str]]]:
    with parts(app).store.reading() as session:
        return [(site.name, site.origin_names) for site in list_sites(session)]


def test_the_first_start_makes_a_site_for_every_name_of_this_machine(demo_app: Flask) -> None:
    origins = ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"]

    assert origins_by_name(demo_app) == [(SITE_NAME, origins)]


def test_a_second_start_on_another_port_finds_it_again(demo_config: Config) -> None:
    """The subscriptions of the last time stay with the site."""
    parts(create_app(demo_config)).store.close()

    again = create_app(dataclasses.replace(demo_config, port=9090))
    origins = ["http://localhost:9090", "http://127.0.0.1:9090", "http://[::1]:9090"]

    assert origins_by_name(again) == [(SITE_NAME, origins)]
    parts(again).store.close()


def test_a_site_of_the_public_that_is_called_demo_is_left_alone(app: Flask, config: Config) -> None:
    with parts(app).store.writing() as session:
        create_site(
            session,
            parts(app).vault,
            name=SITE_NAME,
            origins=["https://demo.example.com"],
            database_id=None,
            now=StoppedClock()(),
        )

    demo_app = create_app(dataclasses.replace(config, demo=True))

    (_, theirs), (_, ours) = origins_by_name(demo_app)
    assert theirs == ["https://demo.example.com"]
    assert ours[0] == "http://localhost:8080"
    parts(demo_app).store.close()


def test_the_demo_has_no_living_api_key(demo_app: Flask) -> None:
    with parts(demo_app).store.reading() as session:
        (site,) = list_sites(session)
        assert all(key.revoked_at for key in list_api_keys(session, site))


def test_the_files_come_from_the_checkout() -> None:
    assert demo_folder().parts[-2:] == ("examples", "demo")
