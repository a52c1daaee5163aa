"""The drawing of a correction looks right in any BPMN editor, by the same tests as the admission's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import test_admission_drawing as looks
from tests.processes.test_admission_drawing import Layout

DRAWING = Path(__file__).parents[2] / "bpmn" / "record_correction" / "record_correction.bpmn"
LOOKS: list[Callable[[Layout], None]] = [
    looks.test_every_step_lies_inside_the_lane_that_names_its_post,
    looks.test_no_shape_touches_another,
    looks.test_a_deadline_sits_on_the_border_of_its_step,
    looks.test_flows_run_straight_and_dock_on_the_border,
    looks.test_no_flow_crosses_or_covers_another,
    looks.test_no_flow_runs_through_a_shape,
    looks.test_splitting_gateways_ask_a_question_and_every_answer_is_labelled,
    looks.test_every_event_has_a_name_and_a_place_for_it,
    looks.test_labels_cover_nothing,
]


@pytest.fixture(scope="module")
def correction() -> Layout:
    return Layout(DRAWING)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.removeprefix("test_"))
def test_the_drawing_looks_right(correction: Layout, look: Callable[[Layout], None]) -> None:
    look(correction)


def test_everything_is_drawn_once(correction: Layout) -> None:
    wanted = {*correction.nodes, *correction.flows, *correction.lanes, "participant_record_correction"}
    assert correction.drawn == dict.fromkeys(wanted, 1)
