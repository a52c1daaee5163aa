"""A scarce thing is taken once, and used or given back once, whatever way the case goes and however it ends."""

import pytest

from tests.engine.gate.shelf import BOOK, faults, told
from tests.support.drawings import (
    NONE_LEFT,
    both,
    boundary,
    end,
    flow,
    later,
    properties,
    service,
    start,
    stop_subprocess,
    timer,
    user,
    way,
    xor,
)

YES, NO = 'ask.outcome == "yes"', 'ask.outcome == "no"'
TAKE = service("take", "shelf.take") + boundary("gone", "take", NONE_LEFT, interrupting=True) + end("none")
TAKE += way("gone", "none")
READ, PUT = service("read", "shelf.read"), service("put", "shelf.put_back")
FORGET = (start(), TAKE, user("ask"), xor("which"), READ, PUT, end("read_it"), way("begin", "take", "ask", "which"))


def test_a_thing_kept_at_the_end_is_lost() -> None:
    found = faults(
        *FORGET,
        end("forgotten"),
        flow("which", "read", YES),
        flow("which", "forgotten", NO),
        way("read", "read_it"),
        end("back"),
        way("put", "back"),
    )
    assert ("flow.unreached", "put") in [(each.code, each.element) for each in found]
    found = faults(
        start(),
        TAKE,
        user("ask"),
        xor("which"),
        READ,
        end("read_it"),
        end("forgotten"),
        way("begin", "take", "ask", "which"),
        flow("which", "read", YES),
        flow("which", "forgotten", NO),
        way("read", "read_it"),
    )
    assert told(found) == [("scarce.kept", "forgotten", ("begin", "take", "ask", "which", "forgotten"))]
    assert "forgotten" in found[0].message
    assert BOOK in found[0].message


def test_a_withdrawal_that_keeps_the_thing_loses_it() -> None:
    found = faults(
        start(),
        TAKE,
        user("ask"),
        READ,
        end(),
        way("begin", "take", "ask", "read", "done"),
        stop_subprocess(end("stopped") + flow("stopping", "stopped")),
    )
    assert told(found) == [("scarce.kept", "stopped", ("begin", "take", "stopping", "stopped"))]


def test_a_terminate_end_that_keeps_the_thing_loses_it() -> None:
    over = '<bpmn:endEvent id="over" name="over"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    found = faults(
        start(),
        TAKE,
        both("fork"),
        user("ask"),
        xor("which", default="on"),
        over,
        user("right"),
        both("join"),
        READ,
        end(),
        way("begin", "take", "fork", "ask", "which"),
        flow("which", "over", YES),
        flow("which", "join", name="on"),
        way("fork", "right", "join", "read", "done"),
    )
    assert [(each.code, each.element) for each in found] == [("scarce.kept", "over")]


@pytest.mark.parametrize(
    "steps, code, element",
    [
        (["take", "take_again", "put"], "scarce.taken_twice", "take_again"),
        (["read"], "scarce.not_taken", "read"),
        (["take", "read", "read_again"], "scarce.used_twice", "read_again"),
        (["take", "put", "read"], "scarce.not_taken", "read"),
        (["take", "read", "put"], "scarce.given_back_used", "put"),
        (["take", "read", "take_again"], "scarce.taken_twice", "take_again"),
    ],
)
def test_what_is_done_out_of_turn_is_named(steps: list[str], code: str, element: str) -> None:
    operation = {"take": "shelf.take", "read": "shelf.read", "put": "shelf.put_back"}
    drawn = [service(step, operation[step.split("_")[0]]) for step in steps]
    found = faults(start(), user("ask"), *drawn, end(), way("begin", "ask", *steps, "done"))
    assert told(found)[0][:2] == (code, element)
    assert len(found) == 1
    assert found[0].path == ("begin", "ask", *steps[: steps.index(element) + 1])
    assert element in found[0].message


def test_taking_it_anew_in_a_loop_is_named() -> None:
    found = faults(
        start(),
        xor("again"),
        service("take", "shelf.take"),
        user("ask"),
        xor("which"),
        READ,
        end(),
        way("begin", "again", "take", "ask", "which"),
        flow("which", "again", NO),
        flow("which", "read", YES),
        way("read", "done"),
    )
    assert [(each.code, each.element) for each in found] == [("scarce.taken_twice", "take")]


def test_a_step_of_the_worker_that_may_be_skipped_may_not_take_it() -> None:
    take = later(service("take", "shelf.take"), may_skip="true")
    found = faults(start(), user("ask"), take, READ, end(), way("begin", "ask", "take", "read", "done"))
    assert [(each.code, each.element) for each in found] == [("scarce.not_taken", "read")]


SOUND = {
    "giving back nothing is harmless": (start(), user("ask"), PUT, end(), way("begin", "ask", "put", "done")),
    "a refused take holds nothing": (
        start(),
        user("ask"),
        TAKE,
        READ,
        end(),
        way("begin", "ask", "take", "read", "done"),
    ),
    "given back and taken anew": (
        start(),
        user("wish"),
        xor("again"),
        service("take", "shelf.take"),
        user("ask"),
        xor("which"),
        READ,
        PUT,
        end(),
        way("begin", "wish", "again", "take", "ask", "which"),
        flow("which", "put", NO),
        flow("which", "read", YES),
        way("put", "again"),
        way("read", "done"),
    ),
    "a withdrawal gives it back until it is used": (
        start(),
        TAKE,
        user("ask"),
        xor("which"),
        READ,
        user("after"),
        PUT,
        end(),
        way("begin", "take", "ask", "which"),
        flow("which", "read", YES),
        flow("which", "put", NO),
        way("read", "after", "done"),
        way("put", "done"),
        stop_subprocess(
            service("put_stopped", "shelf.put_back") + end("stopped") + way("stopping", "put_stopped", "stopped"),
            available_when='ask.outcome != "yes"',
        ),
    ),
    "three questions about the same answer": (
        start(),
        TAKE,
        user("ask"),
        xor("first"),
        user("thanks"),
        user("sorry"),
        xor("met"),
        xor("second"),
        READ,
        PUT,
        end(),
        way("begin", "take", "ask", "first"),
        flow("first", "thanks", YES),
        flow("first", "sorry", NO),
        way("thanks", "met"),
        way("sorry", "met"),
        way("met", "second"),
        flow("second", "read", YES),
        flow("second", "put", NO),
        way("read", "done"),
        way("put", "done"),
    ),
    "a reminder beside it": (
        start(),
        TAKE,
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        service("tell", "shelf.note"),
        end("told"),
        READ,
        end(),
        way("begin", "take", "ask", "read", "done"),
        way("late", "tell", "told"),
    ),
}


@pytest.mark.parametrize("elements", SOUND.values(), ids=SOUND.keys())
def test_ways_that_lose_nothing_are_not_refused(elements: tuple[str, ...]) -> None:
    assert told(faults(*elements)) == []


def test_a_withdrawal_that_gives_back_what_was_used_is_named() -> None:
    found = faults(
        start(),
        TAKE,
        user("ask"),
        READ,
        user("after"),
        end(),
        way("begin", "take", "ask", "read", "after", "done"),
        stop_subprocess(
            service("put_stopped", "shelf.put_back") + end("stopped") + way("stopping", "put_stopped", "stopped"),
        ),
    )
    assert [(each.code, each.element) for each in found] == [("scarce.given_back_used", "put_stopped")]


def test_a_reminder_that_gives_it_back_is_seen() -> None:
    found = faults(
        start(),
        TAKE,
        user("ask"),
        boundary("late", "ask", timer("P10D")),
        service("put_late", "shelf.put_back"),
        end("told"),
        READ,
        end(),
        way("begin", "take", "ask", "read", "done"),
        way("late", "put_late", "told"),
    )
    assert [(each.code, each.element) for each in found] == [("scarce.not_taken", "read")]


def lent(taken_away_when: str) -> tuple[str, ...]:
    """A book that is fetched back on a day, beside the way; who then stands at `ask` must lend it again."""
    begin = '<bpmn:startEvent id="day" isInterrupting="false">'
    begin += properties(available_when='book.state == "out" and ask.outcome != "yes"') + timer(day="2020-05-04")
    inner = begin + "</bpmn:startEvent>" + service("fetch", "shelf.fetch", "book") + end("fetched")
    event = f"<bpmn:condition>{taken_away_when}</bpmn:condition>"
    event = f"<bpmn:conditionalEventDefinition>{event}</bpmn:conditionalEventDefinition>"
    return (
        start(),
        xor("again"),
        user("want"),
        service("lend", "shelf.lend", "book"),
        user("walk"),
        user("ask"),
        boundary("gone", "ask", event, interrupting=True),
        READ,
        end(),
        way("begin", "again", "want", "lend", "walk", "ask", "read", "done"),
        way("gone", "again"),
        f'<bpmn:subProcess id="over" triggeredByEvent="true">{inner}{way("day", "fetch", "fetched")}</bpmn:subProcess>',
    )


def test_a_thing_may_be_fetched_back_beside_the_way_when_a_condition_then_takes_the_last_step_away() -> None:
    assert told(faults(*lent('book.state != "out"'))) == []


def test_a_condition_that_need_not_hold_does_not_stand_between_the_step_and_its_use() -> None:
    found = faults(*lent('book.state != "out" and want.when == "late"'))
    assert "scarce.not_taken" in {fault.code for fault in found}
