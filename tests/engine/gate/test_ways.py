"""Ways that stop, circle or double, steps that nobody comes to, and ways that only look as if they did."""

import pytest

from tests.engine.gate.shelf import faults, told
from tests.support.drawings import both, boundary, decide, end, flow, later, service, start, timer, user, wait, way, xor

YES, NO = 'ask.outcome == "yes"', 'ask.outcome == "no"'
WHEN = "<bpmn:conditionalEventDefinition><bpmn:condition>%s</bpmn:condition></bpmn:conditionalEventDefinition>"


def inclusive(node: str, default: str = "") -> str:
    return xor(node, default).replace("exclusiveGateway", "inclusiveGateway")


def asked(gateway: str = "which", default: str = "") -> str:
    return start() + user("ask") + xor(gateway, default) + way("begin", "ask", gateway)


def parallel(join: str) -> str:
    """Two steps side by side that meet at `join`."""
    return (
        start()
        + both("fork")
        + user("left")
        + user("right")
        + join
        + end()
        + way("begin", "fork", "left", "join", "done")
        + way("fork", "right", "join")
    )


STOPS = {
    "a choice before a parallel join": (
        asked(),
        flow("which", "left", YES),
        flow("which", "right", NO),
        user("left"),
        user("right"),
        both("join"),
        end(),
        way("left", "join", "done"),
        way("right", "join"),
    ),
    "a way past a join": (
        start(),
        both("fork"),
        user("ask"),
        xor("which", default="on"),
        user("right"),
        both("join"),
        end(),
        end("early"),
        way("begin", "fork", "ask", "which"),
        flow("which", "early", YES),
        flow("which", "join", name="on"),
        way("fork", "right", "join", "done"),
    ),
    "two joins in a row": (
        start(),
        both("fork"),
        user("ask"),
        xor("which"),
        user("left"),
        user("middle"),
        user("right"),
        both("first"),
        both("second"),
        end(),
        way("begin", "fork", "ask", "which"),
        flow("which", "left", YES),
        flow("which", "middle", NO),
        way("left", "first", "second", "done"),
        way("middle", "first"),
        way("fork", "right", "second"),
    ),
    "a wait for what never comes true": (
        start(),
        user("ask"),
        wait("until", WHEN % 'ask.outcome == "perhaps"'),
        end(),
        way("begin", "ask", "until", "done"),
    ),
}
"""Drawings in which a case comes to stand still for ever."""


def test_a_choice_before_a_parallel_join_stops_the_case() -> None:
    found = faults(*STOPS["a choice before a parallel join"])
    assert told(found) == [("gate.deadlock", "join", ("begin", "ask", "which", "left", "join"))]
    assert "right" in found[0].message
    assert "which" in found[0].message


def test_a_join_that_a_way_bypasses_stops_the_case() -> None:
    found = faults(*STOPS["a way past a join"])
    assert [(each.code, each.element) for each in found] == [("gate.deadlock", "join")]
    assert found[0].path[-1] == "join"
    assert {"ask", "which", "right"} <= set(found[0].path)


def test_of_two_joins_in_a_row_the_first_is_named() -> None:
    found = faults(*STOPS["two joins in a row"])
    assert [(each.code, each.element) for each in found] == [("gate.deadlock", "first")]


def test_two_ways_that_meet_at_an_exclusive_gateway_double_the_case() -> None:
    found = faults(parallel(xor("join")))
    assert told(found) == [("gate.doubled", "join", ("begin", "fork", "left", "right", "join"))]
    assert "join" in found[0].message


def test_two_ways_that_meet_at_a_step_do_it_twice() -> None:
    found = faults(
        start(),
        both("fork"),
        user("left"),
        user("again"),
        end(),
        way("begin", "fork", "left", "again", "done"),
        way("fork", "again"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.doubled", "again")]


def test_a_loop_that_leaves_something_behind_each_time_is_named() -> None:
    found = faults(
        start(),
        xor("again"),
        user("ask"),
        both("fork"),
        user("extra"),
        xor("which", default="on"),
        end("extra_done"),
        end(),
        way("begin", "again", "ask", "fork", "extra", "extra_done"),
        way("fork", "which"),
        flow("which", "again", YES),
        flow("which", "done", name="on"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.doubled", "extra")]


def test_a_reminder_that_flows_back_into_the_way_doubles_it() -> None:
    found = faults(
        start(),
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        xor("on"),
        user("after"),
        end(),
        way("begin", "ask", "on", "after", "done"),
        way("late", "on"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.doubled", "on")]
    assert "late" in found[0].path


def test_an_answer_for_which_there_is_no_branch_is_told_with_its_value() -> None:
    found = faults(asked(), flow("which", "a", YES), flow("which", "b", 'ask.outcome == "perhaps"'), end("a"), end("b"))
    assert told(found) == [("gate.no_branch", "which", ("begin", "ask", "which"))]
    assert "ask.outcome 为 no" in found[0].message


def test_a_branch_on_a_step_that_was_not_done_yet_is_told() -> None:
    found = faults(
        asked(),
        flow("which", "a", 'other.outcome == "yes"'),
        flow("which", "other", 'other.outcome == "no"'),
        user("other"),
        end("a"),
        end("b"),
        way("other", "b"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.no_branch", "which")]
    assert "other.outcome 还没有值" in found[0].message


def test_a_vote_whose_result_has_no_branch_is_told() -> None:
    found = faults(
        start(),
        user("ask"),
        service("count", "vote.count", "vote"),
        xor("which"),
        end(),
        way("begin", "ask", "count", "which"),
        flow("which", "done", 'vote.result == "adopted"'),
    )
    assert [(each.code, each.element) for each in found] == [("gate.no_branch", "which")]
    assert "vote.result 为 rejected" in found[0].message


TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="fit" name="fit"><decisionTable'
    ' hitPolicy="FIRST"><input id="i" label="i"><inputExpression><text>ask.outcome</text></inputExpression></input>'
    '<output id="o" name="grade"/>'
    '<rule id="r1"><inputEntry><text>"yes"</text></inputEntry><outputEntry><text>"good"</text></outputEntry></rule>'
    '<rule id="r2"><inputEntry><text>-</text></inputEntry><outputEntry><text>%s</text></outputEntry></rule>'
    "</decisionTable></decision></definitions>"
)


@pytest.mark.parametrize("answer, codes", [('"bad"', ["gate.no_branch"]), ("ask.on", [])])
def test_the_answers_of_a_table_are_known_when_they_are_literals(answer: str, codes: list[str]) -> None:
    found = faults(
        start(),
        user("ask"),
        decide("judge", "fit"),
        xor("which"),
        end("a"),
        end("b"),
        way("begin", "ask", "judge", "which"),
        flow("which", "a", 'fit.grade == "good"'),
        flow("which", "b", 'fit.grade == "fair"') if codes else flow("which", "b", "fit.grade != null"),
        fit_dmn=TABLE % answer,
    )
    assert [fault.code for fault in found][:1] == codes


def test_a_circle_without_a_way_out_is_named_with_its_steps() -> None:
    found = faults(
        asked(default="on"),
        flow("which", "done", YES),
        flow("which", "again", name="on"),
        xor("again"),
        user("first"),
        user("second"),
        end(),
        way("again", "first", "second", "again"),
    )
    assert told(found) == [("gate.livelock", "first", ("begin", "ask", "which", "again", "first"))]
    assert "first" in found[0].message
    assert "second" in found[0].message


def test_a_circle_left_only_by_a_condition_that_never_holds_is_named() -> None:
    found = faults(
        start(),
        xor("again"),
        user("ask"),
        xor("which", default="back"),
        end(),
        way("begin", "again", "ask", "which"),
        flow("which", "again", name="back"),
        flow("which", "done", 'ask.outcome == "perhaps"'),
    )
    assert {(each.code, each.element) for each in found} == {("gate.livelock", "ask"), ("gate.dead_step", "done")}


def test_a_circle_is_named_by_its_own_steps_and_not_by_what_waits_beside_it() -> None:
    found = faults(
        start(),
        both("fork"),
        user("ask"),
        xor("again"),
        user("first"),
        user("second"),
        end(),
        way("begin", "fork", "ask", "done"),
        way("fork", "again", "first", "second", "again"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.livelock", "first")]
    assert "ask" not in found[0].message


def test_a_step_behind_a_condition_that_cannot_hold_is_dead() -> None:
    found = faults(
        asked(default="on"),
        flow("which", "never", 'ask.outcome == "perhaps"'),
        flow("which", "done", name="on"),
        user("never"),
        user("after_never"),
        end(),
        way("never", "after_never", "done"),
    )
    assert told(found) == [("gate.dead_step", "never", ("begin", "ask", "which", "never"))]
    assert "perhaps" in found[0].message


def test_a_second_question_about_the_same_answer_knows_the_first() -> None:
    found = faults(
        asked(default="no_way"),
        flow("which", "left", YES),
        flow("which", "done", name="no_way"),
        user("left"),
        xor("then", default="on"),
        way("left", "then"),
        flow("then", "never", NO),
        flow("then", "done", name="on"),
        user("never"),
        end(),
        way("never", "done"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.dead_step", "never")]


def test_a_branch_that_leads_where_another_leads_and_is_never_taken_is_named() -> None:
    found = faults(
        asked(default="on"),
        flow("which", "done", 'ask.outcome == "perhaps"', name="maybe"),
        flow("which", "after", name="on"),
        user("after"),
        end(),
        way("after", "done"),
    )
    assert [(each.code, each.element) for each in found] == [("gate.dead_branch", "maybe")]


def test_a_wait_for_what_never_comes_true_stops_the_case() -> None:
    found = faults(*STOPS["a wait for what never comes true"])
    assert told(found) == [("gate.deadlock", "until", ("begin", "ask", "until"))]


def test_a_drawing_that_nobody_can_begin_is_refused() -> None:
    found = faults(start(), service("note", "shelf.note"), end(), way("begin", "note", "done"))
    assert [(each.code, each.element) for each in found] == [("gate.nobody_begins", "tiny")]


SOUND = {
    "both ways meet": (parallel(both("join")),),
    "both ways end by themselves": (
        start(),
        both("fork"),
        user("left"),
        user("right"),
        end(),
        end("other"),
        way("begin", "fork", "left", "done"),
        way("fork", "right", "other"),
    ),
    "both ways end in one end": (
        start(),
        both("fork"),
        user("left"),
        user("right"),
        end(),
        way("begin", "fork", "left", "done"),
        way("fork", "right", "done"),
    ),
    "a choice repeated by the same answer meets at a parallel join of its own": (
        asked(default="no_way"),
        flow("which", "fork", YES),
        flow("which", "done", name="no_way"),
        both("fork"),
        user("left"),
        user("right"),
        both("join"),
        end(),
        way("fork", "left", "join", "done"),
        way("fork", "right", "join"),
    ),
    "every answer has a branch": (asked(), flow("which", "a", YES), flow("which", "b", NO), end("a"), end("b")),
    "negation covers the rest": (
        asked(),
        flow("which", "a", YES),
        flow("which", "b", f"not({YES})"),
        end("a"),
        end("b"),
    ),
    "what comes from outside may be anything": (
        asked(),
        flow("which", "a", 'rules.kind == "A"'),
        flow("which", "b", 'rules.kind == "B"'),
        end("a"),
        end("b"),
    ),
    "a condition that is not understood may hold or not": (
        asked(),
        flow("which", "a", "len(ask.on) > 3"),
        flow("which", "b", "len(ask.on) <= 3"),
        end("a"),
        end("b"),
    ),
    "a default that is never needed": (
        asked(default="else"),
        flow("which", "a", YES),
        flow("which", "b", NO),
        flow("which", "c", name="else"),
        end("a"),
        end("b"),
        end("c"),
    ),
    "an inclusive split meets at an inclusive join": (
        start(),
        user("ask"),
        inclusive("fork", default="otherwise"),
        user("left"),
        user("right"),
        inclusive("join"),
        end(),
        way("begin", "ask", "fork"),
        flow("fork", "left", YES),
        flow("fork", "right", "ask.on != null"),
        flow("fork", "join", name="otherwise"),
        way("left", "join", "done"),
        way("right", "join"),
    ),
    "a loop with a way out, beside another step": (
        start(),
        both("fork"),
        xor("again"),
        user("ask"),
        xor("which"),
        user("right"),
        both("join"),
        end(),
        way("begin", "fork", "again", "ask", "which"),
        flow("which", "again", NO),
        flow("which", "join", YES),
        way("fork", "right", "join", "done"),
    ),
    "a pair of ways in a loop": (
        start(),
        xor("again"),
        both("fork"),
        user("left"),
        user("right"),
        both("join"),
        user("ask"),
        xor("which"),
        end(),
        way("begin", "again", "fork", "left", "join", "ask", "which"),
        way("fork", "right", "join"),
        flow("which", "again", NO),
        flow("which", "done", YES),
    ),
    "what is noted by the worker ends by itself in each round": (
        start(),
        xor("again"),
        user("ask"),
        both("fork"),
        service("note", "shelf.note"),
        end("noted"),
        xor("which"),
        end(),
        way("begin", "again", "ask", "fork", "note", "noted"),
        way("fork", "which"),
        flow("which", "again", NO),
        flow("which", "done", YES),
    ),
    "a wait for what a step beside it brings": (
        start(),
        both("fork"),
        wait("until", WHEN % "ask.outcome != null"),
        user("ask"),
        both("join"),
        end(),
        way("begin", "fork", "ask", "join", "done"),
        way("fork", "until", "join"),
    ),
    "reminders": (
        start(),
        end(),
        *(
            user(f"step_{n}")
            + boundary(f"late_{n}", f"step_{n}", timer("P10D"))
            + later(service(f"tell_{n}", "shelf.note"))
            + end(f"told_{n}")
            + way(f"late_{n}", f"tell_{n}", f"told_{n}")
            for n in range(3)
        ),
        way("begin", *(f"step_{n}" for n in range(3)), "done"),
    ),
}


@pytest.mark.parametrize("elements", SOUND.values(), ids=SOUND.keys())
def test_ways_that_are_sound_are_not_refused(elements: tuple[str, ...]) -> None:
    assert told(faults(*elements)) == []
