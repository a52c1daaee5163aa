"""Gateways: conditions choose one way, parallel ways meet again, an impossible choice refuses the act."""

import pytest

from tests.engine.conftest import DEPUTY, Office
from tests.support.drawings import YES_NO_FORM, both, bundle, drawing, end, flow, start, user, way, xor
from workflows.engine.running import DrawingAtFault

CHOICE = drawing(
    start(),
    user("ask"),
    xor("which", default="otherwise"),
    user("again"),
    end("agreed", result="yes"),
    way("begin", "ask", "which"),
    flow("which", "agreed", 'ask.outcome == "yes"'),
    flow("which", "again", name="otherwise"),
    flow("again", "ask"),
    lanes={"书记": ["ask", "again"]},
)


def test_a_condition_chooses_the_way(office: Office) -> None:
    office.start(bundle(CHOICE, ask=YES_NO_FORM, again=YES_NO_FORM))
    office.do("ask", "yes")
    assert office.ended_at == "agreed"


def test_a_back_flow_asks_again_and_overwrites_the_answer(office: Office) -> None:
    office.start(bundle(CHOICE, ask=YES_NO_FORM, again=YES_NO_FORM))
    for _ in range(3):
        office.do("ask", "no", on="2020-01-01")
        office.do("again", "no")
    office.do("ask", "yes", on="2020-02-02")
    assert office.ended_at == "agreed"
    assert office.data["ask"] == {"on": "2020-02-02", "outcome": "yes"}


def test_no_way_that_fits_refuses_the_act_and_keeps_the_step_open(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        xor("which"),
        end("a"),
        end("b"),
        way("begin", "ask", "which"),
        flow("which", "a", 'ask.outcome == "yes"'),
        flow("which", "b", 'ask.outcome == "perhaps"'),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(text, ask=YES_NO_FORM), checked=False)
    with pytest.raises(DrawingAtFault, match="which"):
        office.do("ask", "no")
    office.session.rollback()
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.ended_at == "a"


def test_parallel_ways_wait_for_each_other_in_any_order(office: Office) -> None:
    text = drawing(
        start(),
        both("split"),
        user("left"),
        user("right"),
        both("join"),
        user("last"),
        end(),
        way("begin", "split", "left", "join", "last", "done"),
        way("split", "right", "join"),
        lanes={"书记": ["left", "right", "last"]},
    )
    office.start(bundle(text, left=YES_NO_FORM, right=YES_NO_FORM, last=YES_NO_FORM))
    assert office.waiting == ["left", "right"]
    office.do("right", "yes")
    assert office.waiting == ["left"]
    office.do("left", "no", actor=DEPUTY)
    assert office.waiting == ["last"]
    assert (office.data["left"]["outcome"], office.data["right"]["outcome"]) == ("no", "yes")
    office.do("last", "yes")
    assert office.ended_at == "done"


@pytest.mark.parametrize("order", [["left", "right"], ["right", "left"]])
def test_a_parallel_gateway_waits_for_all_its_ways(office: Office, order: list[str]) -> None:
    office.begin("parallel_gateway")
    office.do(order[0], "yes")
    assert office.waiting == [order[1]]
    office.do(order[1], "yes")
    assert office.waiting == ["last"]


def test_an_exclusive_gateway_takes_the_first_way_whose_condition_holds(office: Office) -> None:
    office.begin("exclusive_gateway")
    office.do("ask", "no")
    assert office.waiting == ["again"]
    office.do("again", "yes")
    office.do("ask", "yes")
    assert office.ended_at == "agreed"


@pytest.mark.parametrize("outcome, ways", [("yes", ["left", "right"]), ("no", ["else"])])
def test_an_inclusive_gateway_waits_for_the_ways_that_were_taken_only(
    office: Office, outcome: str, ways: list[str]
) -> None:
    office.begin("inclusive_gateway")
    office.do("ask", outcome)
    assert office.waiting == ways
    for number, way_taken in enumerate(ways, 1):
        assert (office.waiting == ["last"]) is False
        office.do(way_taken, "yes")
        assert (office.waiting == ["last"]) is (number == len(ways))
    office.do("last", "yes")
    assert office.ended_at == "done"
