"""Embedded sub-processes: their steps wait like any other, in the lane of the sub-process when they have none."""

from tests.engine.conftest import Office
from tests.support.drawings import ANY_FORM, YES_NO_FORM, bundle, drawing, end, flow, start, user, way, xor

INNER = (
    '<bpmn:subProcess id="check" name="check">'
    + start("inner_begin")
    + user("look")
    + xor("enough", default="enough_no")
    + end("inner_done")
    + way("inner_begin", "look", "enough")
    + flow("enough", "inner_done", 'look.outcome == "yes"')
    + flow("enough", "look", name="enough_no")
    + "</bpmn:subProcess>"
)
TEXT = drawing(
    start(),
    user("ask"),
    INNER,
    user("sign"),
    end(),
    way("begin", "ask", "check", "sign", "done"),
    lanes={"书记": ["ask", "check", "sign"]},
)


def test_a_sub_process_runs_its_own_steps_and_then_the_case_goes_on(office: Office) -> None:
    office.start(bundle(TEXT, ask=ANY_FORM, look=YES_NO_FORM, sign=ANY_FORM))
    office.do("ask")
    assert office.waiting == ["look"]
    office.do("look", "no")
    assert office.waiting == ["look"]
    office.do("look", "yes")
    assert office.waiting == ["sign"]
    office.do("sign")
    assert office.ended_at == "done"
    assert office.data["look"]["outcome"] == "yes"


def test_an_inclusive_gateway_takes_every_way_that_fits_and_joins_them(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        '<bpmn:inclusiveGateway id="split"/>',
        user("left"),
        user("right"),
        user("never"),
        '<bpmn:inclusiveGateway id="join"/>',
        end(),
        way("begin", "ask", "split"),
        flow("split", "left", 'ask.outcome == "yes"'),
        flow("split", "right", 'ask.outcome != "no"'),
        flow("split", "never", 'ask.outcome == "no"'),
        way("left", "join", "done"),
        way("right", "join"),
        way("never", "join"),
        lanes={"书记": ["ask", "left", "right", "never"]},
    )
    office.start(bundle(text, ask=YES_NO_FORM, left=ANY_FORM, right=ANY_FORM, never=ANY_FORM))
    office.do("ask", "yes")
    assert office.waiting == ["left", "right"]
    office.do("left")
    office.do("right")
    assert office.ended_at == "done"
