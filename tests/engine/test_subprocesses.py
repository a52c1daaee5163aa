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


def test_a_step_of_a_sub_process_in_a_sub_process_waits_like_any_other(office: Office) -> None:
    office.begin("subprocess_nested")
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.waiting == ["more"]
    office.do("more", "yes")
    office.do("after", "yes")
    assert office.ended_at == "done"


def test_an_event_on_the_border_of_a_sub_process_takes_away_what_runs_in_it_however_deep(office: Office) -> None:
    office.begin("subprocess_nested")
    office.send("stop", "yes")
    assert office.waiting == []
    assert office.ended_at == "stopped"


def test_a_sub_process_may_be_the_first_thing_of_a_case(office: Office) -> None:
    office.begin("subprocess")
    office.do("ask", "yes")
    assert office.waiting == ["after"]


def test_a_call_activity_runs_a_process_of_the_same_file(office: Office) -> None:
    office.begin("call_activity_same_file")
    office.do("ask", "yes", on="2020-03-02")
    assert office.waiting == ["after"]
    assert office.data["ask"]["on"] == "2020-03-02"
    office.do("after", "yes")
    assert office.ended_at == "done"


def test_a_call_activity_runs_a_process_of_another_file_of_the_bundle(office: Office) -> None:
    office.begin("call_activity")
    office.do("first", "yes")
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.waiting == ["after"]


def test_an_error_leaves_the_called_process_for_the_border_of_the_call(office: Office) -> None:
    office.begin("call_activity")
    office.do("first", "yes")
    office.do("ask", "no")
    assert office.ended_at == "failed"
