"""The drawing of joint training looks right in any BPMN editor, by the same tests as the admission's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import test_admission_drawing as looks
from tests.processes.test_admission_drawing import Layout

DRAWING = Path(__file__).parents[2] / "bpmn" / "joint_training" / "joint_training.bpmn"
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
def training() -> Layout:
    return Layout(DRAWING)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.removeprefix("test_"))
def test_the_drawing_looks_right(training: Layout, look: Callable[[Layout], None]) -> None:
    look(training)


def test_everything_is_drawn_once(training: Layout) -> None:
    wanted = {*training.nodes, *training.flows, *training.lanes, "participant_joint_training"}
    assert training.drawn == dict.fromkeys(wanted, 1)
