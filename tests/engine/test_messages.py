"""Messages: an interrupting event sub-process takes the case away from everything else it waited for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.engine.conftest import Office, SmallOffice
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
from workflows.engine.environment import Addressee
from workflows.errors import NotAuthorised
from workflows.journal import Actor

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


class TwoDesks(SmallOffice):
    """An office in which every lane is a desk of its own, and everybody sits at the first."""

    def lanes(self) -> frozenset[str]:
        return frozenset({"书记", "别人"})

    def addressee(self, session: Session, lane: str, unit_id: int, data: Mapping[str, Any]) -> Addressee:
        return Addressee(unit_id, lane)

    def may_act(self, session: Session, actor: Actor, addressee: Addressee) -> bool:
        return addressee.post_kind == "书记"


def test_a_message_may_be_sent_from_another_lane_that_the_drawing_names(office: Office) -> None:
    office.environment = replace(office.environment, directory=TwoDesks())
    own = 'name="lane" value="书记"'
    elsewhere = STOPPABLE.replace(own, own.replace("书记", "别人"))
    office.start(bundle(elsewhere, first=ANY_FORM, second=ANY_FORM))
    with pytest.raises(NotAuthorised):
        office.send("stop")
    also = elsewhere.replace('value="别人"/>', 'value="别人"/><spiffworkflow:property name="also_lanes" value="书记"/>')
    case = office.start(bundle(also, first=ANY_FORM, second=ANY_FORM))
    office.send("stop")
    assert case.ended_step == "stopped"
