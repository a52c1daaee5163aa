"""Due times are rows: no job is ever sent to the broker to be done later."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LATER = {"eta", "countdown"}


def _sent_for_later(source: str) -> Iterator[int]:
    """Lines on which a call, or a mapping of options, says when a job is to be done."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and LATER & {keyword.arg for keyword in node.keywords}:
            yield node.lineno
        if isinstance(node, ast.Dict) and LATER & {key.value for key in node.keys if isinstance(key, ast.Constant)}:
            yield node.lineno


@pytest.mark.parametrize("room", ["tasks", "webapp", "workflows"])
def test_no_job_is_given_a_time_or_a_countdown(room: str) -> None:
    sources = list((ROOT / room).rglob("*.py"))
    assert sources
    found = [f"{path}:{line}" for path in sources for line in _sent_for_later(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "source", ["job.apply_async(eta=soon)", "job.apply_async((), countdown=60)", "send('job', **{'countdown': 60})"]
)
def test_it_would_be_found(source: str) -> None:
    assert list(_sent_for_later(source)) == [1]
