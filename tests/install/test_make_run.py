"""`make run` is the first command that anybody tries: it has to work where there is nothing but Python and make."""

import subprocess
from pathlib import Path

from install.serving import Serving


def test_make_run_in_a_fresh_clone_serves_the_demo(demo: Serving) -> None:
    """An empty home and a bare PATH are enough."""
    status, content_type, page = demo.get("/")

    assert (status, content_type.partition(";")[0]) == (200, "text/html"), demo.log.read_text()
    assert b"/sdk/v1/sitebell.js" in page


def test_make_run_says_where_to_go(demo: Serving) -> None:
    assert f"http://localhost:{demo.port}/" in demo.log.read_text()


def test_what_is_installed_is_left_alone(installed_clone: Path, bare: dict[str, str]) -> None:
    """The second `make run` starts at once: nothing is looked up, nothing is printed."""
    again = subprocess.run(
        ["scripts/environment.sh", "run"], cwd=installed_clone, env=bare, capture_output=True, text=True, timeout=60
    )

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_changed_lock_is_installed(installed_clone: Path, bare: dict[str, str]) -> None:
    """After a `git pull` the environment follows."""
    with (installed_clone / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")

    again = subprocess.run(
        ["scripts/environment.sh", "run"], cwd=installed_clone, env=bare, capture_output=True, text=True, timeout=120
    )

    assert (again.returncode, again.stdout) == (0, "Installing requirements.lock into .venv ...\n"), again.stderr


def test_ctrl_c_ends_the_demo_and_everything_it_started(
    installed_clone: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    with Serving(["make", "run"], installed_clone, tmp_path, bare) as demo:
        demo.interrupt()

        assert demo.get("/livez")[0] == 0
        assert "Traceback" not in demo.log.read_text()
