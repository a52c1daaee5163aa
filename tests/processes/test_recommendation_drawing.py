"""The drawing of a recommendation looks right in any BPMN editor, by the same tests as the admission's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes.test_admission_drawing import Layout
from tests.processes.test_record_correction_drawing import LOOKS

DRAWING = Path(__file__).parents[2] / "bpmn" / "recommendation" / "recommendation.bpmn"


@pytest.fixture(scope="module")
def recommendation() -> Layout:
    return Layout(DRAWING)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.removeprefix("test_"))
def test_the_drawing_looks_right(recommendation: Layout, look: Callable[[Layout], None]) -> None:
    look(recommendation)


def test_everything_is_drawn_once(recommendation: Layout) -> None:
    wanted = {*recommendation.nodes, *recommendation.flows, *recommendation.lanes, "participant_recommendation"}
    assert recommendation.drawn == dict.fromkeys(wanted, 1)
