"""What a process logs: a line of JSON each, with secrets taken out by name and by look (SEC-41)."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, logging, sys, structlog
from sitebell.logs import configure_logging
configure_logging()
text = sys.argv[1]
structlog.get_logger("test").warning("event", text=text, nested={"list": [text], "email": text}, endpoint=text)
logging.getLogger("library").warning("said %s", text)
try:
    raise ValueError(text)
except ValueError:
    logging.getLogger("library").exception("failed")
"""


def logged(text: str) -> str:
    """Return what a process writes that logs a text in every way."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, text], check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("sent to https://fcm.googleapis.com/fcm/send/dH3x:APA91b", "APA91b"),
        ("sent to https://updates.push.services.mozilla.com/wpush/v2/gAAAAB", "gAAAAB"),
        ("sent to https://web.push.apple.com/QGuQyavXutnMH", "QGuQyav"),
        ("key sb_0123456789012345678901234567", "sb_0123"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl came", "eyJzdWIi"),
        ("nobody is ann.smith+news@mail.example.com here", "ann.smith"),
        ("postgresql://bell:secret@db.example.com/bell", "secret"),
    ],
)
def test_sec_41_a_secret_is_known_by_its_look_wherever_it_stands(text: str, secret: str) -> None:
    written = logged(text)

    assert secret not in written
    assert written.count("[redacted]") >= 5


def test_sec_41_what_is_no_secret_is_logged_as_it_is() -> None:
    [line, said, *_] = logged("the lane of fcm.googleapis.com is closed until 12:00").splitlines()

    assert json.loads(line)["text"] == "the lane of fcm.googleapis.com is closed until 12:00"
    assert json.loads(line)["nested"]["email"] == json.loads(line)["endpoint"] == "[redacted]"
    assert said == "said the lane of fcm.googleapis.com is closed until 12:00"
