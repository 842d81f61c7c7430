"""What `sitebell demo` prints when it starts."""

import dataclasses
from pathlib import Path

import pytest

from sitebell.config import Config
from sitebell.demo import steps


@pytest.mark.parametrize(
    "words", ["http://localhost:8080/ ", "Subscribe", "Send me one", "notification", "Ctrl-C", "online"]
)
def test_the_steps_say_what_to_do(demo_config: Config, words: str) -> None:
    assert words in steps(demo_config)


def test_the_steps_say_where_data_is_kept(demo_config: Config) -> None:
    assert str(demo_config.data / "sitebell.sqlite3") in steps(demo_config)
    assert str(demo_config.data / "master.key") in steps(demo_config)


def test_the_password_of_a_database_is_not_printed(demo_config: Config) -> None:
    settings = dataclasses.replace(demo_config, database_url="postgresql://bell:hush@db/bell", data=Path("data"))

    assert "hush" not in steps(settings)
    assert "SITEBELL_DATABASE_URL" in steps(settings)
