"""Both drawings of joint recognition look right in any BPMN editor, by the same tests as the admission's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from tests.processes import test_admission_drawing as looks
from tests.processes.test_admission_drawing import Layout

BUNDLES = Path(__file__).parents[2] / "bpmn" / "joint_recognition"
LOOKS: list[Callable[[Layout], None]] = [
    looks.test_every_step_lies_inside_the_lane_that_names_its_post,
    looks.test_a_subprocess_holds_its_steps,
    looks.test_no_shape_touches_another,
    looks.test_a_deadline_sits_on_the_border_of_its_step,
    looks.test_flows_run_straight_and_dock_on_the_border,
    looks.test_no_flow_crosses_or_covers_another,
    looks.test_no_flow_runs_through_a_shape,
    looks.test_splitting_gateways_ask_a_question_and_every_answer_is_labelled,
    looks.test_every_event_has_a_name_and_a_place_for_it,
    looks.test_labels_cover_nothing,
]


class TwoPools(Layout):
    """A drawing with message flows: they end at a pool, or at the element of this side that sends or waits."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        root = etree.parse(path).getroot()
        self.pools = [item.get("id") for item in root.iter("{*}participant")]
        self.messages = {item.get("id"): item for item in root.iter("{*}messageFlow")}
        every = self.ways
        self.message_ways = {flow: every[flow] for flow in self.messages}
        self.ways = {flow: way for flow, way in every.items() if flow not in self.messages}


@pytest.fixture(scope="module", params=["league", "party"])
def drawing(request: pytest.FixtureRequest) -> TwoPools:
    return TwoPools(BUNDLES / request.param / f"joint_recognition_{request.param}.bpmn")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__.removeprefix("test_"))
def test_the_drawing_looks_right(drawing: TwoPools, look: Callable[[Layout], None]) -> None:
    look(drawing)


def test_everything_is_drawn_once(drawing: TwoPools) -> None:
    wanted = {*drawing.nodes, *drawing.flows, *drawing.lanes, *drawing.pools, *drawing.messages}
    assert drawing.drawn == dict.fromkeys(wanted, 1)


def test_messages_pass_between_the_pools_without_crossing_anything(drawing: TwoPools) -> None:
    other = drawing.boxes["participant_other"]
    for flow, way in drawing.message_ways.items():
        ends = {drawing.messages[flow].get("sourceRef"), drawing.messages[flow].get("targetRef")}
        assert "participant_other" in ends
        assert any(y == other.bottom and other.left < x < other.right for x, y in way)
        assert len({x for x, _ in way}) == 1
        line = looks.of_segment((way[0], way[-1]))
        assert [node for node, box in drawing.solid().items() if box.grown(-1).meets(line.grown(0.5))] == []
        crossed = [each for each, part in drawing.segments() if looks.of_segment(part).grown(1).meets(line.grown(1))]
        assert crossed == [], flow


def test_the_two_pools_do_not_touch(drawing: TwoPools) -> None:
    ours, theirs = (drawing.boxes[pool] for pool in drawing.pools)
    assert not ours.grown(20).meets(theirs)
