"""The rules of CONTRIBUTING.md that a program can check, over every file that git keeps or would keep."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("server", "tests", "static", "examples", "bench", "scripts")
NOT_WRITTEN = ("server/sitebell/migrations/versions/", "server/sitebell/api/vendor/")  # but generated, or taken over
THE_PLACE_THAT_WAITS = "tests/support/waiting.py"
SHUNNED_IN_TESTS = re.compile(
    r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip|flaky)|unittest\.skip|(unittest\.)?mock(\..*)?|.*MagicMock"
    r"|monkeypatch\.setattr|time\.sleep|.*\.wait_for_timeout"
)
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|deb\.debian\.org|debian\.org/debian")
OWN_FOLDERS = [re.escape(f"{path}/") for path in (ROOT.parent, Path.home()) if len(path.parts) > 1]
MACHINE_PATH = re.compile(rf"(?<![\w.])(/(work|root|home/\w+|Users/\w+)/{''.join('|' + f for f in OWN_FOLDERS)})")


def committed() -> list[str]:
    """Return the path from the top of the repository of each file that git keeps or would keep."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and (ROOT / name).is_file())


def written(*endings: str) -> list[str]:
    """Return the files of ours with one of these endings."""
    return [n for n in committed() if n.startswith(CODE) and n.endswith(endings) and not n.startswith(NOT_WRITTEN)]


def parsed(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(), name)


def test_functions_have_at_most_thirty_lines() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name in written(".py")
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 30
    ]

    assert not long, "\n".join(long)


def test_files_have_at_most_250_lines() -> None:
    sizes = {name: len((ROOT / name).read_text().splitlines()) for name in written(".py", ".js", ".sh")}
    long = [f"{name} has {size} lines" for name, size in sizes.items() if size > 250]

    assert not long, "\n".join(long)


def test_every_module_says_why_it_exists() -> None:
    silent = [n for n in written(".py") if (ROOT / n).read_text().strip() and not ast.get_docstring(parsed(n))]

    assert not silent, "\n".join(silent)


def test_no_module_is_called_utils_helpers_common_or_misc() -> None:
    empty_names = {"utils", "util", "helpers", "helper", "common", "misc"}

    found = [name for name in written(".py", ".js") if empty_names & {Path(name).stem, Path(name).parent.name}]

    assert not found, "\n".join(found)


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of what a module imports or touches as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_tests_neither_skip_nor_mock_nor_sleep() -> None:
    """A missing browser fails, our own code is never replaced, and a test waits for a condition, not for a time."""
    found = [
        f"{name}:{line} {use}"
        for name in written(".py")
        if name.startswith("tests/") and name != THE_PLACE_THAT_WAITS
        for line, use in uses(parsed(name))
        if SHUNNED_IN_TESTS.fullmatch(use)
    ]

    assert not found, "\n".join(found)


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return place and text of each match in the committed text files."""
    found = []
    for name in committed():
        if name.startswith(NOT_WRITTEN):
            continue
        data = (ROOT / name).read_bytes()
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            found += [f"{name}:{number} {match[0]}" for match in pattern.finditer(line)]
    return found


def test_no_file_names_the_host_of_a_package_registry() -> None:
    """Lock files hold versions and hashes; which mirror serves them is the installer's business."""
    found = lines_with(REGISTRY)

    assert not found, "\n".join(found)


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = lines_with(MACHINE_PATH)

    assert not found, "\n".join(found)
