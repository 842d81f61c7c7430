"""Wheel, sdist and editable checkout each hold all that a running server needs, the SDK and the demo included.

An environment is clean when it sees nothing of the checkout. Installing every dependency three times would take long,
so wheel and sdist get an empty environment with one `.pth` line that lends them the dependencies of the clone that
`make run` has installed: runtime dependencies only, and not its editable Sitebell, since Python follows the `.pth`
files of its own site folder, not those of a folder that such a file names.
"""

import subprocess
from pathlib import Path

import pytest

from install.serving import Serving

KINDS = ("wheel", "sdist", "checkout")
REACHABLE = {"SITEBELL_VAPID_SUBJECT": "mailto:operator@example.com"}  # only the demo goes without


def answer_of(python: Path, code: str, where: Path) -> str:
    """Run a line of Python, alone in its environment, and return what it prints."""
    command = [str(python), "-I", "-c", code]
    return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def site_folder(environment: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(answer_of(environment / "bin" / "python", code, environment))


def clean_environment(folder: Path, clone: Path, wheel: Path) -> Path:
    """Make a virtual environment with one wheel in it, which borrows only the dependencies of the clone's."""
    python = str(clone / ".venv" / "bin" / "python")
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    pip = [python, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", "--no-index", "--no-deps", str(wheel)], check=True, timeout=60)
    (site_folder(folder) / "borrowed.pth").write_text(f"{site_folder(clone / '.venv')}\n")
    return folder


@pytest.fixture(scope="session")
def built(installed_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of the clone, and in `from-sdist` the wheel that pip makes of the sdist."""
    out = tmp_path_factory.mktemp("dist")
    python = str(installed_clone / ".venv" / "bin" / "python")
    subprocess.run([python, "-m", "hatchling", "build", "-d", str(out)], cwd=installed_clone, check=True, timeout=60)
    (sdist,) = out.glob("*.tar.gz")
    make_wheel = [python, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*make_wheel, "-w", str(out / "from-sdist"), str(sdist)], cwd=out, check=True, timeout=60)
    return out


@pytest.fixture(scope="session")
def environments(installed_clone: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A virtual environment for each kind of package."""
    folder = tmp_path_factory.mktemp("environments")
    (wheel,) = built.glob("*.whl")
    (from_sdist,) = (built / "from-sdist").glob("*.whl")
    return {
        "wheel": clean_environment(folder / "wheel", installed_clone, wheel),
        "sdist": clean_environment(folder / "sdist", installed_clone, from_sdist),
        "checkout": installed_clone / ".venv",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_imported_from_where_it_was_installed(
    kind: str, environments: dict[str, Path], installed_clone: Path, tmp_path: Path
) -> None:
    """Or the tests below would prove nothing: none of the three may see this work tree, nor a package the clone."""
    code = "import sitebell; print(sitebell.__file__)"

    found = Path(answer_of(environments[kind] / "bin" / "python", code, tmp_path))

    home = installed_clone / "server" if kind == "checkout" else environments[kind]
    assert found.is_relative_to(home)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_each_kind_hands_out_the_sdk(
    kind: str, environments: dict[str, Path], demo: Serving, bare: dict[str, str], tmp_path: Path
) -> None:
    """Every kind serves the very bytes that `make run` does, and ends with 0 when it is told to stop."""
    command = [str(environments[kind] / "bin" / "sitebell"), "serve"]

    with Serving(command, tmp_path, tmp_path, bare | REACHABLE) as server:
        page, worker = server.get("/sdk/v1/sitebell.js"), server.get("/sdk/v1/worker.js")
        code = server.stop()

    assert (page[0], page[1].partition(";")[0], worker[0]) == (200, "text/javascript", 200)
    assert page[2] == demo.get("/sdk/v1/sitebell.js")[2]
    assert code == 0, server.log.read_text()


def test_the_wheel_holds_the_demo(
    environments: dict[str, Path], demo: Serving, bare: dict[str, str], tmp_path: Path
) -> None:
    """`pip install` and `sitebell demo` are enough to see a notification; no checkout is needed."""
    command = [str(environments["wheel"] / "bin" / "sitebell"), "demo"]

    with Serving(command, tmp_path, tmp_path, bare) as server:
        status, _, page = server.get("/")

    assert (status, len(page)) == (200, len(demo.get("/")[2]))
