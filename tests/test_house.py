"""The house rules that a machine can watch: sizes, imports, commits, and pages that keep up with the code."""

import ast
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("workflows", "webapp", "tasks")
REFERENCE = ROOT / "docs" / "reference"

MOST_LINES_OF_A_MODULE = 500
MOST_LINES_OF_A_FUNCTION = 60

NAMES_WITHOUT_MEANING = {"utils", "helpers", "common", "manager", "misc", "base"}

COMMITS = {
    "webapp/database.py": "the web's transactions",
    "tasks/database.py": "the worker's transactions",
    "workflows/database.py": "the settings of a new PostgreSQL connection, before any transaction",
}
"""The files in which a commit may stand, each with its reason."""


def sources(*folders: str) -> list[Path]:
    """Every Python file of the product below the folders."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if "node_modules" not in path.parts]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", sources(*ROOMS, "tests"), ids=named)
def test_a_module_and_its_functions_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE
    long = [
        each.name for each in functions(path) if (each.end_lineno or 0) - each.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert not (long and "migrations/versions" not in named(path))


def test_no_module_is_named_for_nothing() -> None:
    assert not [named(path) for path in sources(*ROOMS) if path.stem in NAMES_WITHOUT_MEANING]


def test_imports_go_one_way() -> None:
    """The contracts stand in pyproject.toml; a broken one is printed."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_only_the_edges_commit() -> None:
    commits = {
        named(path)
        for path in sources(*ROOMS)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "commit" and not _of_the_edges_own_function(node)
    }
    assert commits <= COMMITS.keys() | _stages()


def _of_the_edges_own_function(node: ast.Attribute) -> bool:
    """`database.commit()` is webapp's own function, which stands in webapp/database.py."""
    return isinstance(node.value, ast.Name) and node.value.id == "database"


def _stages() -> set[str]:
    """A rehearsal commits in a database of its own, in memory."""
    return {"workflows/operations/rehearsal.py"}


def test_every_public_module_says_what_it_is_for() -> None:
    silent = [named(path) for path in sources(*ROOMS) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not [path for path in silent if "migrations/versions" not in path]


GENERATED = runpy.run_path(str(ROOT / "docs" / "generate.py"))


@pytest.mark.parametrize("page", sorted(GENERATED["PAGES"]))
def test_the_reference_says_what_the_code_says(page: str) -> None:
    """When this fails: `make docs`, and look at what changed."""
    assert (REFERENCE / page).read_text("utf-8") == GENERATED["PAGES"][page]()


def test_refusals_have_codes_of_their_own() -> None:
    """One that looks like another from outside on purpose inherits its code."""
    codes = [refusal.code for refusal in GENERATED["refusals"]() if "code" in vars(refusal)]
    assert not {code for code in codes if codes.count(code) > 1}


def test_every_setting_has_its_heading() -> None:
    used = {
        name
        for path in [*sources(*ROOMS, "tests"), ROOT / "Makefile"]
        for name in re.findall(r"TUANCHENG_[A-Z]+(?:_[A-Z]+)+", path.read_text("utf-8"))
    }
    headings = set(
        re.findall(r"^## `(TUANCHENG_[A-Z_]+)`$", REFERENCE.joinpath("settings.md").read_text(), re.MULTILINE)
    )
    assert used == headings


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    broken = [
        f"{named(page)}: {target}"
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert not broken


def test_nothing_committed_names_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    foreign = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    found = [
        name
        for name in listed.split("\0")
        if name and (path := ROOT / name).is_file() and path.suffix not in {".png", ".woff2", ".ico"}
        if foreign.search(path.read_text("utf-8", errors="replace"))
    ]
    assert not found


def test_no_secret_and_no_host_is_locked_with_the_requirements() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", ".ci/uv.txt"):
        assert "://" not in (ROOT / name).read_text()
