"""Messages: an interrupting event sub-process takes the case away from everything else it waited for."""

import pytest

from tests.engine.conftest import Office
from tests.support.drawings import (
    ANY_FORM,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    service,
    start,
    stop_subprocess,
    timer,
    user,
    way,
)
from workflows.engine import cases

STOPPABLE = drawing(
    start(),
    user("first"),
    boundary("late", "first", timer("P1M")),
    service("remind", "shelf.note"),
    end("reminded"),
    user("second"),
    end(),
    way("begin", "first", "second", "done"),
    flow("late", "remind"),
    flow("remind", "reminded"),
    stop_subprocess(
        service("tidy", "shelf.note") + end("stopped", result="withdrawn") + way("stopping", "tidy", "stopped"),
        available_when="second == null",
    ),
    lanes={"书记": ["first", "second"]},
)
FILES = bundle(STOPPABLE, first=ANY_FORM, second=ANY_FORM)


@pytest.mark.parametrize("done", [[], ["first"]])
def test_a_withdrawal_ends_the_case_wherever_it_stands(office: Office, done: list[str]) -> None:
    case = office.start(FILES)
    for step in done:
        office.do(step)
    office.send("stop", on="2020-03-02")
    assert office.waiting == []
    assert (case.ended_step, case.result) == ("stopped", "withdrawn")
    assert office.calls == ["shelf.note"]
    assert office.data["stopping"]["on"] == "2020-03-02"


def test_a_message_is_not_taken_when_the_case_is_over(office: Office) -> None:
    office.start(FILES)
    office.do("first")
    office.do("second")
    with pytest.raises(cases.MessageNotAwaited, match="停止"):
        office.send("stop")


def test_a_message_nobody_awaits_is_refused(office: Office) -> None:
    office.start(FILES)
    with pytest.raises(cases.MessageNotAwaited):
        office.send("sing")


def test_one_withdrawn_case_does_not_change_the_next(office: Office) -> None:
    office.start(FILES)
    office.send("stop")
    office.start(FILES)
    assert office.waiting == ["first", "late"]
    office.do("first")
    office.do("second")
    assert office.ended_at == "done"
