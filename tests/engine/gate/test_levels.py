"""Sub-processes, event sub-processes, boundary events, repeated steps: what may stop there and what may not."""

import pytest

from tests.engine.gate.shelf import LIBRARY, drawn, faults, told
from tests.support.drawings import (
    NONE_LEFT,
    STOP,
    both,
    boundary,
    end,
    flow,
    later,
    service,
    start,
    stop_subprocess,
    timer,
    user,
    wait,
    way,
    xor,
)
from workflows.engine import check

YES, NO = 'ask.outcome == "yes"', 'ask.outcome == "no"'
TERMINATE = "<bpmn:terminateEventDefinition/>"


def sub(node: str, *inner: str) -> str:
    return f'<bpmn:subProcess id="{node}" name="{node}">{"".join(inner)}</bpmn:subProcess>'


def ending(node: str, event: str) -> str:
    return f'<bpmn:endEvent id="{node}" name="{node}">{event}</bpmn:endEvent>'


def several(step: str, how: str = '<bpmn:multiInstanceLoopCharacteristics isSequential="true">') -> str:
    head, tail = step.rsplit("</bpmn:", 1)
    kind = how.split(":", 1)[1].split(" ", maxsplit=1)[0].rstrip(">")
    return f"{head}{how}<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:{kind}></bpmn:{tail}"


STOPPED = sub(
    "work",
    start("in"),
    user("ask"),
    xor("which"),
    user("left"),
    user("right"),
    both("join"),
    end("out"),
    way("in", "ask", "which"),
    flow("which", "left", YES),
    flow("which", "right", NO),
    way("left", "join", "out"),
    way("right", "join"),
)


def test_a_stop_inside_a_sub_process_is_named_inside() -> None:
    found = faults(start(), STOPPED, end(), way("begin", "work", "done"))
    assert told(found) == [("gate.deadlock", "join", ("begin", "work", "in", "ask", "which", "left", "join"))]


def test_a_stop_is_a_stop_even_where_a_deadline_or_a_withdrawal_would_end_it() -> None:
    late = boundary("late", "work", timer("P10D"), interrupting=True)
    withdrawal = stop_subprocess(end("stopped") + flow("stopping", "stopped"))
    found = faults(
        start(), STOPPED, late, end("too_late"), end(), way("begin", "work", "done"), way("late", "too_late")
    )
    assert [(each.code, each.element) for each in found] == [("gate.deadlock", "join")]
    found = faults(start(), STOPPED, end(), way("begin", "work", "done"), withdrawal)
    assert [(each.code, each.element) for each in found] == [("gate.deadlock", "join")]


def test_a_circle_that_only_a_withdrawal_ends_is_a_circle() -> None:
    found = faults(
        start(),
        xor("again"),
        user("first"),
        user("second"),
        way("begin", "again", "first", "second", "again"),
        xor("never", default="on"),
        stop_subprocess(end("stopped") + flow("stopping", "stopped")),
        end(),
        flow("never", "done", name="on"),
    )
    assert ("flow.unreached", "never") in [(each.code, each.element) for each in found]
    found = faults(
        start(),
        user("ask"),
        xor("which", default="on"),
        end(),
        xor("again"),
        user("first"),
        user("second"),
        way("begin", "ask", "which"),
        flow("which", "done", YES),
        flow("which", "again", name="on"),
        way("again", "first", "second", "again"),
        stop_subprocess(end("stopped") + flow("stopping", "stopped")),
    )
    assert [(each.code, each.element) for each in found] == [("gate.livelock", "first")]


def test_an_error_event_for_a_code_the_operation_does_not_have_never_happens() -> None:
    found = faults(
        start(),
        user("ask"),
        service("note", "shelf.note"),
        boundary("gone", "note", NONE_LEFT, interrupting=True),
        end(),
        end("none"),
        way("begin", "ask", "note", "done"),
        way("gone", "none"),
    )
    assert told(found) == [("gate.dead_step", "gone", ("begin", "ask", "note", "gone"))]
    assert "gone" in found[0].message


def test_a_withdrawal_that_is_never_available_never_happens() -> None:
    found = faults(
        start(),
        user("ask"),
        end(),
        way("begin", "ask", "done"),
        stop_subprocess(end("stopped") + flow("stopping", "stopped"), available_when='ask.outcome == "perhaps"'),
    )
    assert [(each.code, each.element) for each in found] == [("gate.dead_step", "stopping")]


def test_a_reminder_that_stops_on_its_own_way_is_named_with_the_way_there() -> None:
    found = faults(
        start(),
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        xor("which", default="on"),
        user("left"),
        both("join"),
        end("told"),
        end(),
        way("begin", "ask", "done"),
        way("late", "which"),
        flow("which", "left", "ask.on != null"),
        flow("which", "join", name="on"),
        way("left", "join", "told"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.deadlock", "join")]
    assert found[0].path[:3] == ("begin", "late", "which")


def test_a_step_after_a_sub_process_that_always_fails_is_dead() -> None:
    work = sub(
        "work", start("in"), user("ask"), ending("failed", '<bpmn:errorEventDefinition errorRef="error_none_left"/>')
    )
    found = faults(
        start(),
        work.replace("</bpmn:subProcess>", way("in", "ask", "failed") + "</bpmn:subProcess>"),
        boundary("gone", "work", NONE_LEFT, interrupting=True),
        user("after"),
        end(),
        end("none"),
        way("begin", "work", "after", "done"),
        way("gone", "none"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.dead_step", "after")]


@pytest.mark.parametrize("name, codes", [("message", []), ("nobody", ["gate.deadlock"])])
def test_a_message_that_may_not_be_sent_at_this_point_stops_the_case(name: str, codes: list[str]) -> None:
    when = 'ask.outcome == "yes"' if name == "message" else 'ask.outcome == "perhaps"'
    found = faults(
        start(),
        xor("again"),
        user("ask"),
        xor("which", default="back"),
        wait("hear", STOP, form="any", lane="书记", available_when=when),
        end(),
        way("begin", "again", "ask", "which"),
        flow("which", "hear", YES),
        flow("which", "again", name="back"),
        way("hear", "done"),
    )
    assert [each.code for each in found] == codes


SOUND = {
    "a terminate end leaves others behind": (
        start(),
        both("fork"),
        user("ask"),
        user("right"),
        xor("which"),
        ending("all_over", TERMINATE),
        both("join"),
        end(),
        way("begin", "fork", "ask", "which"),
        flow("which", "all_over", YES),
        flow("which", "join", NO),
        way("fork", "right", "join", "done"),
    ),
    "a withdrawal from anywhere": (
        start(),
        both("fork"),
        user("left"),
        user("right"),
        both("join"),
        end(),
        way("begin", "fork", "left", "join", "done"),
        way("fork", "right", "join"),
        stop_subprocess(end("stopped") + flow("stopping", "stopped")),
    ),
    "a withdrawal until somebody says yes": (
        start(),
        user("ask"),
        user("after"),
        end(),
        way("begin", "ask", "after", "done"),
        stop_subprocess(
            user("why") + end("stopped") + way("stopping", "why", "stopped"), available_when='ask.outcome != "yes"'
        ),
    ),
    "a deadline that takes a step away": (
        start(),
        user("ask"),
        boundary("late", "ask", timer("P10D"), interrupting=True),
        xor("on"),
        end(),
        way("begin", "ask", "on", "done"),
        way("late", "on"),
    ),
    "a step done several times": (
        start(),
        several(user("each")),
        end(),
        way("begin", "each", "done"),
    ),
    "a sub-process done several times": (
        start(),
        several(sub("work", start("in"), user("ask"), end("out"), way("in", "ask", "out"))),
        end(),
        way("begin", "work", "done"),
    ),
    "a reminder with a step of its own": (
        start(),
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        user("look"),
        end("looked"),
        end(),
        way("begin", "ask", "done"),
        way("late", "look", "looked"),
    ),
    "a reminder of a reminder's step": (
        start(),
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        user("look"),
        boundary("later", "look", timer("P10D")),
        user("look_again"),
        end("looked"),
        end("looked_again"),
        end(),
        way("begin", "ask", "done"),
        way("late", "look", "looked"),
        way("later", "look_again", "looked_again"),
    ),
    "a refused operation tried again": (
        start(),
        user("wish"),
        xor("again"),
        service("take", "shelf.take"),
        boundary("gone", "take", NONE_LEFT, interrupting=True),
        user("ask"),
        xor("which"),
        service("put", "shelf.put_back"),
        end(),
        end("given_up"),
        way("begin", "wish", "again", "take", "put", "done"),
        way("gone", "ask", "which"),
        flow("which", "again", YES),
        flow("which", "given_up", NO),
    ),
}


@pytest.mark.parametrize("elements", SOUND.values(), ids=SOUND.keys())
def test_levels_and_events_that_are_sound_are_not_refused(elements: tuple[str, ...]) -> None:
    assert told(faults(*elements)) == []


def test_one_cause_gives_one_fault_however_much_follows() -> None:
    after = [f"after_{number}" for number in range(5)]
    files = drawn(start(), STOPPED, *(user(each) for each in after), end(), way("begin", "work", *after, "done"))
    assert [fault.element for fault in check.faults_in(files, LIBRARY)] == ["join"]


def test_a_way_beside_one_that_ends_everything_at_once_is_named() -> None:
    """No step is dead and none done twice: another way leads to the same steps."""
    all_over = end("over").replace("</bpmn:endEvent>", TERMINATE + "</bpmn:endEvent>")
    ways = (
        *(start(), user("ask"), xor("which"), user("vote"), both("split"), xor("met"), user("go_on"), end(), all_over),
        *(way("begin", "ask", "which"), flow("which", "vote", YES), flow("which", "met", NO), way("vote", "split")),
        *(flow("split", "met", name="adopted"), flow("split", "over", name="lost"), way("met", "go_on", "done")),
    )
    [fault] = faults(*ways)
    assert (fault.code, fault.element) == ("gate.dead_branch", "adopted")
    assert fault.path == ("begin", "ask", "which", "vote", "split")
    beside = (start(), user("ask"), both("split"), end(), all_over, way("begin", "ask", "split", "done"))
    assert faults(*beside, way("split", "over")) == []


def test_a_reminder_in_a_sub_process_that_comes_back_is_named_where_it_meets_the_way() -> None:
    inner = (
        start("b")
        + user("look")
        + boundary("late", "look", timer("P10D"))
        + later(service("tell", "shelf.note"))
        + xor("met")
        + user("go_on")
        + end("e")
        + way("b", "look", "met", "go_on", "e")
        + way("late", "tell", "met")
    )
    found = faults(start(), sub("work", inner), end(), way("begin", "work", "done"))
    assert [(each.code, each.element) for each in found] == [("gate.doubled", "met")]
