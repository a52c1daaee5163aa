"""A number tells what it is and where it has been."""

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows.domain import number_history, quotas
from workflows.domain.number_history import NEXT, NumberState
from workflows.domain.quota_ledger import MovementKind, Plan, PlanState
from workflows.domain.quota_refusals import NumberUnknown
from workflows.journal import SYSTEM


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """The school has 5 of 100 places: 202015000096 to 202015000100."""
    return plan_for_school(session, cast, 5)


def state(session: Session, number: str) -> NumberState:
    return number_history.of(session, number).state


def test_a_number_tells_through_whose_hands_it_passed(session: Session, cast: Cast, plan: Plan) -> None:
    assert plan.year == 2020
    history = number_history.of(session, "202015000097")
    assert (history.state, history.unit_id, history.year) == (NumberState.ALLOCATED, cast.school.id, 2020)
    assert [passage.kind for passage in history.passages] == [MovementKind.ISSUE, *[MovementKind.ALLOT] * 3]
    assert [passage.to_unit_id for passage in history.passages] == [
        cast.region.id,
        cast.city.id,
        cast.county.id,
        cast.school.id,
    ]
    last = history.passages[-1]
    assert (last.from_unit_id, last.first, last.last, last.reason) == (
        cast.county.id,
        "202015000096",
        "202015000100",
        "测试",
    )


def test_a_number_never_handed_out_is_free(session: Session, plan: Plan) -> None:
    assert plan.year == 2020
    assert state(session, "202015000001") == NumberState.FREE


def test_given_back_or_passed_sideways_it_says_so(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.transfer(session, plan, cast.school.id, cast.other_school.id, 1, SYSTEM, "用不完")
    assert state(session, "202015000100") == NumberState.TRANSFERRED
    quotas.give_back(session, plan, cast.school.id, 1, SYSTEM)
    assert state(session, "202015000099") == NumberState.RECLAIMED


def test_held_by_a_candidate_it_follows_him(session: Session, cast: Cast, plan: Plan) -> None:
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM).number
    seen = [state(session, number)]
    quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM)
    seen.append(state(session, number))
    quotas.reserve(session, unit_id=cast.school.id, case_id=2, actor=SYSTEM)
    quotas.void_copy(session, case_id=2, reason="写错", actor=SYSTEM)
    seen.append(state(session, number))
    quotas.rebind(session, case_id=2, reason="换发", actor=SYSTEM)
    quotas.use(session, case_id=2, actor=SYSTEM)
    seen.append(state(session, number))
    quotas.file(session, case_id=2, actor=SYSTEM)
    history = number_history.of(session, number)
    assert [*seen, history.state] == ["reserved", "allocated", "void", "used", "filed"]
    assert [place.case_id for place in history.places] == [1, 2]
    assert [(event.kind, event.reason) for event in history.events] == [
        ("void", "写错"),
        ("rebound", "换发"),
        ("filed", ""),
    ]
    plan.state = PlanState.CLOSED
    assert state(session, number) == NumberState.FILED
    assert state(session, "202015000100") == NumberState.EXPIRED


@pytest.mark.parametrize(
    "number",
    ["202015000101", "202115000001", "202051000001", "20201500001", "二〇二〇一五〇〇〇〇〇一", "202015000000"],
)
def test_no_number_of_a_plan_is_refused(session: Session, plan: Plan, number: str) -> None:
    assert plan.total == 100
    with pytest.raises(NumberUnknown, match="12位"):
        number_history.of(session, number)


def test_every_state_has_a_label_and_followers() -> None:
    assert len({each.label for each in NumberState}) == len(NumberState)
    assert set(NEXT) == set(NumberState)
    assert not NEXT[NumberState.FILED]
