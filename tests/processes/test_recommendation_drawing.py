"""The drawing of a recommendation looks right in any BPMN editor, by the same tests as the admission's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from tests.processes.test_admission_drawing import Layout
from tests.processes.test_record_correction_drawing import LOOKS

DRAWING = Path(__file__).parents[2] / "bpmn" / "recommendation" / "recommendation.bpmn"


SHIPPED = sorted((DRAWING.parents[1]).rglob("*.bpmn"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_two_elements_share_an_id(path: Path) -> None:
    """An editor draws nothing when a property between cases is called as the process is."""
    ids = [element.get("id") for element in etree.parse(path).iter("{*}*") if element.get("id")]
    called = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
    operations = [element.get("id") for element in etree.parse(path).iter(f"{called}*") if element.get("id")]
    own = [each for each in ids if each not in operations]
    assert sorted(own) == sorted(set(own))


@pytest.fixture(scope="module")
def recommendation() -> Layout:
    return Layout(DRAWING)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.removeprefix("test_"))
def test_the_drawing_looks_right(recommendation: Layout, look: Callable[[Layout], None]) -> None:
    look(recommendation)


def test_everything_is_drawn_once(recommendation: Layout) -> None:
    wanted = {*recommendation.nodes, *recommendation.flows, *recommendation.lanes, "participant_recommendation"}
    assert recommendation.drawn == dict.fromkeys(wanted, 1)
