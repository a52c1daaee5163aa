"""The reference page of decision tables: its cells can be read, and every refusal stands in it."""

import re
from pathlib import Path

import pytest

from workflows.engine.decisions import cells, model

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "decisions.md").read_text("utf-8")


def rows(heading: str) -> list[str]:
    """The first column of the table below a heading."""
    section = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("cell", [cell for row in rows("条件") for cell in re.findall(r"`([^`]+)`", row)])
def test_a_cell_on_the_page_is_read_as_the_page_says(cell: str) -> None:
    is_opaque = isinstance(cells.parse(cell), cells.Expression)
    assert is_opaque == (cell in ("len($) > 3", "> rules.low + 1"))


def test_every_refusal_of_a_decision_stands_on_the_page_and_no_other() -> None:
    sources = [*(ROOT / "workflows" / "engine" / "decisions").glob("*.py"), ROOT / "workflows" / "engine" / "check.py"]
    used = {code for path in sources for code in re.findall(r'"(decision\.[a-z_]+)"', path.read_text("utf-8"))}
    assert set(re.findall(r"`(decision\.[a-z_]+)`", PAGE.split("## 拒绝", 1)[1])) == used


def test_every_hit_policy_and_aggregation_stands_on_the_page() -> None:
    named = set(re.findall(r"`([^`]+)`", PAGE))
    assert {*model.HIT_POLICIES, *model.AGGREGATIONS} <= named
