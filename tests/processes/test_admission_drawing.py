"""The admission drawing looks right in any BPMN editor: read from its XML alone, without engine or browser."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree

DRAWING = Path(__file__).parents[2] / "bpmn" / "admission" / "admission.bpmn"
MAIN_WAY = [
    "submit_application",
    "initial_talk",
    "determine_activist",
    "assign_mentor",
    "train_and_assess",
    "recommend_target",
    "pre_review",
    "public_notice",
    "notice_result",
    "confirm_introducers",
    "fill_admission_form",
    "check_admission_form",
    "branch_meeting",
    "approve_admission",
    "county_filing",
    "feedback_admitted",
    "archive",
    "certify_file",
    "end_admitted",
]

Point = tuple[float, float]
Segment = tuple[Point, Point]


class Box(NamedTuple):
    """A rectangle on the drawing, in its units."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> "Box":
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def holds(self, other: "Box") -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def of_segment(segment: Segment) -> Box:
    (x1, y1), (x2, y2) = segment
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


class Layout:
    """What the tests ask of the drawing: elements with their boxes, flows with their waypoints, labels."""

    def __init__(self, path: Path) -> None:
        root = etree.parse(path).getroot()
        process = root.find("{*}process")
        assert process is not None
        every = list(process.iter("{*}*"))
        self.flows = {item.get("id"): item for item in every if _kind(item) == "sequenceFlow"}
        self.nodes = {item.get("id"): item for item in every if _kind(item).endswith(_NODE_ENDINGS)}
        self.lanes = {
            lane.get("id"): [reference.text for reference in lane.iterfind("{*}flowNodeRef")]
            for lane in process.iter("{*}lane")
        }
        self.containers = {node for node, item in self.nodes.items() if _kind(item) == "subProcess"}
        shapes = list(root.iter("{*}BPMNShape"))
        edges = list(root.iter("{*}BPMNEdge"))
        self.drawn = Counter(item.get("bpmnElement") for item in [*shapes, *edges])
        self.boxes = {item.get("bpmnElement"): _box(item.find("{*}Bounds")) for item in shapes}
        self.ways: dict[str, list[Point]] = {
            item.get("bpmnElement"): [(float(p.get("x")), float(p.get("y"))) for p in item.iterfind("{*}waypoint")]
            for item in edges
        }
        self.labels = {
            item.get("bpmnElement"): _box(bounds)
            for item in [*shapes, *edges]
            if (bounds := item.find("{*}BPMNLabel/{*}Bounds")) is not None
        }

    def solid(self) -> dict[str, Box]:
        """The boxes of flow nodes that hold nothing else."""
        return {node: self.boxes[node] for node in self.nodes if node not in self.containers}

    def segments(self) -> Iterator[tuple[str, Segment]]:
        for flow, way in self.ways.items():
            for segment in pairwise(way):
                yield flow, segment

    def outgoing(self, node: str) -> list[str]:
        return [flow for flow, item in self.flows.items() if item.get("sourceRef") == node]

    def host(self, node: str) -> str | None:
        attached: str | None = self.nodes[node].get("attachedToRef")
        return attached


_NODE_ENDINGS = ("Task", "Gateway", "startEvent", "endEvent", "CatchEvent", "boundaryEvent", "subProcess")


def _kind(item: etree._Element) -> str:
    return etree.QName(item).localname


def _box(bounds: etree._Element) -> Box:
    x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + width, y + height)


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout(DRAWING)


def test_everything_is_drawn_once(layout: Layout) -> None:
    wanted = {*layout.nodes, *layout.flows, *layout.lanes, "participant_admission"}
    assert layout.drawn == dict.fromkeys(wanted, 1)


def test_every_step_lies_inside_the_lane_that_names_its_post(layout: Layout) -> None:
    placed = [node for nodes in layout.lanes.values() for node in nodes]
    outside = [
        node
        for lane, nodes in layout.lanes.items()
        for node in nodes
        if not layout.boxes[lane].grown(-3).holds(layout.boxes[node])
    ]
    top_level = [node for node, item in layout.nodes.items() if _kind(item.getparent()) == "process"]
    assert sorted(placed) == sorted(top_level)
    assert outside == []


def test_a_subprocess_holds_its_steps(layout: Layout) -> None:
    inside = [(node, item.getparent().get("id")) for node, item in layout.nodes.items()]
    wrong = [
        node
        for node, parent in inside
        if parent in layout.containers and not layout.boxes[parent].holds(layout.boxes[node])
    ]
    assert wrong == []


def test_no_shape_touches_another(layout: Layout) -> None:
    boxes = layout.solid() | {node: layout.boxes[node] for node in layout.containers}
    touching = [
        (one, other)
        for one, other in combinations(boxes, 2)
        if boxes[one].grown(5).meets(boxes[other])
        and layout.host(one) != other
        and layout.host(other) != one
        and layout.nodes[one].getparent().get("id") != other
        and layout.nodes[other].getparent().get("id") != one
    ]
    assert touching == []


def test_a_deadline_sits_on_the_border_of_its_step(layout: Layout) -> None:
    for node in layout.nodes:
        if host := layout.host(node):
            event, step = layout.boxes[node], layout.boxes[host]
            assert (event.top + event.bottom) / 2 == step.bottom
            assert step.left < event.left < event.right < step.right


def test_flows_run_straight_and_dock_on_the_border(layout: Layout) -> None:
    for flow, way in layout.ways.items():
        assert all(x1 == x2 or y1 == y2 for (x1, y1), (x2, y2) in pairwise(way)), flow
        ends = [(layout.flows[flow].get("sourceRef"), way[0]), (layout.flows[flow].get("targetRef"), way[-1])]
        assert [node for node, point in ends if not _on_border(layout, node, point)] == [], flow


def _on_border(layout: Layout, node: str, point: Point) -> bool:
    box, (x, y) = layout.boxes[node], point
    middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    if not _kind(layout.nodes[node]).endswith("Task"):
        return point in ((box.left, middle[1]), (box.right, middle[1]), (middle[0], box.top), (middle[0], box.bottom))
    at_a_side = x in (box.left, box.right) and box.top < y < box.bottom
    at_an_edge = y in (box.top, box.bottom) and box.left < x < box.right
    return at_a_side or at_an_edge


def test_no_flow_crosses_or_covers_another(layout: Layout) -> None:
    crossing = [
        (one, other)
        for (one, first), (other, second) in combinations(layout.segments(), 2)
        if one != other and of_segment(first).grown(1).meets(of_segment(second).grown(1))
    ]
    assert crossing == []


def test_no_flow_runs_through_a_shape(layout: Layout) -> None:
    through = [
        (flow, node)
        for flow, segment in layout.segments()
        for node, box in layout.solid().items()
        if of_segment(segment).grown(0.5).meets(box.grown(-1))
        and node not in (layout.flows[flow].get("sourceRef"), layout.flows[flow].get("targetRef"))
    ]
    assert through == []


def test_splitting_gateways_ask_a_question_and_every_answer_is_labelled(layout: Layout) -> None:
    splits = [
        node
        for node, item in layout.nodes.items()
        if _kind(item) == "exclusiveGateway" and len(layout.outgoing(node)) > 1
    ]
    assert splits
    assert [node for node in splits if not layout.nodes[node].get("name")] == []
    answers = [flow for node in splits for flow in layout.outgoing(node)]
    assert [flow for flow in answers if not layout.flows[flow].get("name") or flow not in layout.labels] == []


def test_every_event_has_a_name_and_a_place_for_it(layout: Layout) -> None:
    events = [node for node, item in layout.nodes.items() if _kind(item).endswith("Event")]
    assert [node for node in events if not layout.nodes[node].get("name") or node not in layout.labels] == []


def test_labels_cover_nothing(layout: Layout) -> None:
    shapes = layout.solid()
    for owner, label in layout.labels.items():
        assert [node for node, box in shapes.items() if label.meets(box)] == [], owner
        assert [flow for flow, segment in layout.segments() if label.meets(of_segment(segment).grown(1))] == [], owner
        assert [other for other, box in layout.labels.items() if other != owner and label.meets(box)] == [], owner
        assert [
            lane for lane in layout.lanes if label.meets(layout.boxes[lane]) and not layout.boxes[lane].holds(label)
        ] == []


def test_the_main_way_goes_from_left_to_right(layout: Layout) -> None:
    lefts = [layout.boxes[node].left for node in MAIN_WAY]
    assert lefts == sorted(lefts)
