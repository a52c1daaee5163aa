"""Control by ratio: no class over its limit, and no more than last year less the cut where a unit is over it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast, plan_for_school
from tests.unit.domain.test_split_proposals import counted
from workflows import clock, journal, outbox
from workflows.domain import quota_control, quotas
from workflows.domain.head_counts import Line
from workflows.domain.quota_control import CeilingExceeded, ClassNotCounted, ExceptionWrong, RatioExceeded
from workflows.domain.quota_ledger import Plan
from workflows.domain.rules_in_force import State, Tightening
from workflows.domain.units import Field
from workflows.journal import SYSTEM, Event
from workflows.outbox import OutboxRow

FULL = Line(Field.SENIOR, True, 50, 29)
"""One more reaches sixty percent."""


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """Places enough at the school."""
    return plan_for_school(session, cast, 10)


def admit_one(session: Session, cast: Cast, plan: Plan, case_id: int) -> None:
    """What a case does when it passes pre-review."""
    people.apply(session, cast, case_id)
    quota_control.insist_on_room(session, plan, cast.branch.id, case_id=case_id)
    quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)


def test_a_class_over_its_ratio_is_refused_with_the_figures(session: Session, cast: Cast, plan: Plan) -> None:
    counted(session, cast.branch, FULL)
    admit_one(session, cast, plan, 1)
    with pytest.raises(RatioExceeded) as refused:
        admit_one(session, cast, plan, 2)
    told = refused.value.facts
    assert (told["students"], told["members"], told["held"], told["after"], told["limit"]) == (50, 29, 1, "62.0%", 60)
    assert told["room"] == 0
    quota_control.insist_on_room(session, plan, cast.branch.id, case_id=1)


def test_a_place_that_was_released_makes_room_again(session: Session, cast: Cast, plan: Plan) -> None:
    counted(session, cast.branch, FULL)
    admit_one(session, cast, plan, 1)
    quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM)
    admit_one(session, cast, plan, 2)


@ON_SQLITE
@pytest.mark.parametrize("line", [None, Line(Field.SENIOR, False, 50, 45), Line(Field.UNIVERSITY, True, 50, 50)])
def test_what_is_no_counted_graduating_class_is_not_controlled(
    session: Session, cast: Cast, plan: Plan, line: Line | None
) -> None:
    if line is not None:
        counted(session, cast.branch, line)
    admit_one(session, cast, plan, 1)
    assert quota_control.room_of(session, plan, cast.branch.id) is None
    assert quota_control.room_of(session, plan, cast.school.id) is None


def test_a_county_may_grant_an_exception_with_a_reason(session: Session, cast: Cast, plan: Plan) -> None:
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 40))
    with pytest.raises(RatioExceeded):
        admit_one(session, cast, plan, 1)
    row = quota_control.grant_exception(
        session, plan, cast.branch.id, extra=1, reason="转入的应届生事迹突出，经县委研究", actor=cast.actor(cast.zhao)
    )
    quota_control.insist_on_room(session, plan, cast.branch.id, case_id=1)
    assert quota_control.exceptions_of(session, plan, cast.branch.id) == [row]
    entry = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert (entry.event, entry.person_id, entry.facts["extra"]) == (Event.RATIO_EXCEPTION_GRANTED, cast.zhao.id, 1)


@ON_SQLITE
def test_an_exception_without_class_number_or_reason_is_refused(session: Session, cast: Cast, plan: Plan) -> None:
    with pytest.raises(ExceptionWrong) as refused:
        quota_control.grant_exception(session, plan, cast.branch.id, extra=0, reason="有事", actor=SYSTEM)
    assert set(refused.value.fields) == {"extra", "reason", "unit_id"}


def test_a_unit_over_its_ratio_gets_no_more_than_last_year_less_the_cut(session: Session, cast: Cast) -> None:
    last = quotas.open_plan(session, 2019, 100, SYSTEM)
    for above, below in [(cast.region, cast.city), (cast.city, cast.county), (cast.county, cast.school)]:
        quotas.allot(session, last, above.id, below.id, 20, SYSTEM)
    plan = plan_for_school(session, cast, 10)
    counted(session, cast.school, Line(Field.SENIOR, True, 100, 61))
    quota_control.insist_on_ceilings(session, plan, cast.county.id, {cast.school.id: 8})
    with pytest.raises(CeilingExceeded) as refused:
        quota_control.insist_on_ceilings(session, plan, cast.county.id, {cast.school.id: 9, cast.other_school.id: 1})
    told = refused.value.facts
    assert (told["last_year"], told["most"], told["had"], told["left"]) == (20, 18, 10, 8)
    quota_control.insist_on_ceilings(session, plan, cast.county.id, {cast.other_school.id: 9})


@ON_SQLITE
def test_without_a_plan_of_the_year_before_no_cut_is_told(session: Session, cast: Cast, plan: Plan) -> None:
    counted(session, cast.school, Line(Field.SENIOR, True, 100, 61))
    quota_control.insist_on_ceilings(session, plan, cast.county.id, {cast.school.id: 80})


def hold(session: Session, cast: Cast, parameter: str, value: str) -> None:
    """What the county has tightened, as the city approved it."""
    now = clock.now()
    row = Tightening(
        unit_id=cast.county.id,
        parameter=parameter,
        value=value,
        reason="先把人数报齐",
        since=clock.today(),
        until=clock.today(),
        state=State.APPROVED,
        approver_unit_id=cast.city.id,
        proposed_by=cast.zhao.id,
        proposed_at=now,
        decided_by=cast.sun.id,
        decided_at=now,
    )
    session.add(row)
    session.flush()


def news(session: Session) -> list[tuple[int, str]]:
    rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == outbox.NOTICE).order_by(OutboxRow.id))
    return [(row.payload["unit_id"], row.payload["text"]) for row in rows]


def test_a_class_nobody_counted_is_admitted_to_and_its_committee_is_told_once(
    session: Session, cast: Cast, plan: Plan
) -> None:
    admit_one(session, cast, plan, 1)
    admit_one(session, cast, plan, 2)
    [(unit, text)] = news(session)
    assert unit == cast.school.id
    assert text.startswith("高一1班团支部没有填报截至2019-12-31的人数")


@ON_SQLITE
def test_where_the_rules_want_the_count_first_there_is_no_place_without(
    session: Session, cast: Cast, plan: Plan
) -> None:
    hold(session, cast, "uncounted_admission", "refuse")
    with pytest.raises(ClassNotCounted) as refused:
        admit_one(session, cast, plan, 1)
    assert refused.value.facts == {"unit": "高一1班团支部", "as_of": "2019-12-31"}
    assert quota_control.must_be_counted_first(session, plan, cast.branch.id)
    assert not quota_control.must_be_counted_first(session, plan, cast.school.id)
    counted(session, cast.branch, FULL)
    quota_control.insist_on_room(session, plan, cast.branch.id, case_id=1)


@ON_SQLITE
@pytest.mark.parametrize("field", [Field.UNIVERSITY, Field.SOCIETY, None])
def test_a_stage_without_a_limit_need_not_be_counted(
    session: Session, cast: Cast, plan: Plan, field: Field | None
) -> None:
    hold(session, cast, "uncounted_admission", "refuse")
    cast.school.field = field
    session.flush()
    admit_one(session, cast, plan, 1)
    assert news(session) == []
