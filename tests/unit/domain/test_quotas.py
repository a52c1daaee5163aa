"""Places: lock, check, take, journal. Every refusal says what to do."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import clock, journal
from workflows.domain import quotas
from workflows.domain.numbering import NumberBlock, PlaceState
from workflows.domain.quota_ledger import Bucket, MovementKind, NoPlan, Plan, PlanClosed, PlanState, QuotaAccount
from workflows.domain.quotas import (
    AmountWrong,
    NoPlaceHeld,
    NotDirectBelow,
    NumbersExhausted,
    PlaceIsUsed,
    PlanExists,
    QuotaExhausted,
    QuotaRow,
)
from workflows.domain.units import Unit
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event


def account(session: Session, plan: Plan, unit: Unit) -> QuotaAccount:
    found = quotas.account_of(session, plan.id, unit.id)
    assert found is not None
    return found


def balance(session: Session, plan: Plan, unit: Unit) -> tuple[int, int, int]:
    row = account(session, plan, unit)
    return row.free, row.reserved, row.used


def reserve(session: Session, cast: Cast, case_id: int) -> quotas.Place:
    return quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=cast.actor(cast.gaowa))


def test_a_plan_is_issued_to_the_region_under_the_rules_of_its_year(session: Session, cast: Cast) -> None:
    plan = quotas.open_plan(session, 2020, 53_700, cast.actor(cast.sun))
    assert (plan.rule_set, plan.state, plan.total) == ("NMG_2020", "open", 53_700)
    assert balance(session, plan, cast.region) == (53_700, 0, 0)
    entry = journal.entries_of(session, account(session, plan, cast.region).chain)[0]
    assert (entry.event, entry.person_id) == (Event.PLAN_ISSUED, cast.sun.id)
    assert entry.facts["numbers"] == ["202015000001–202015053700"]


def test_a_year_has_one_plan(session: Session, cast: Cast) -> None:
    plan = quotas.open_plan(session, 2020, 10, SYSTEM)
    with pytest.raises(PlanExists) as refusal:
        quotas.open_plan(session, 2020, 10, SYSTEM)
    assert set(refusal.value.fields) == {"year"}
    assert quotas.plan_of_year(session, 2020) is plan
    with pytest.raises(NotFound):
        quotas.plan_of_year(session, 2021)


@pytest.mark.parametrize("total", [0, -1, 1_000_000, True])
def test_a_plan_has_a_total_that_six_digits_can_number(session: Session, cast: Cast, total: int) -> None:
    with pytest.raises(AmountWrong) as refusal:
        quotas.open_plan(session, 2020, total, SYSTEM)
    assert set(refusal.value.fields) == {"total"}


def test_the_current_plan_is_the_open_one_of_this_year_or_the_latest_before(session: Session, cast: Cast) -> None:
    with pytest.raises(NoPlan):
        quotas.current_plan(session)
    for year in (2020, 2021, 2999):
        quotas.open_plan(session, year, 10, SYSTEM)
    assert quotas.current_plan(session).year == 2021
    quotas.plan_of_year(session, 2021).state = PlanState.CLOSED
    assert quotas.current_plan(session).year == 2020
    with clock.standing_at(clock.start_of(clock.today().replace(year=2019, day=1))), pytest.raises(NoPlan):
        quotas.current_plan(session)


def test_places_pass_down_one_level_at_a_time(session: Session, cast: Cast) -> None:
    plan = quotas.open_plan(session, 2020, 100, SYSTEM)
    with pytest.raises(NotDirectBelow) as refusal:
        quotas.allot(session, plan, cast.region.id, cast.county.id, 10, SYSTEM)
    assert "新城区团委" in str(refusal.value)
    with pytest.raises(NotDirectBelow):
        quotas.allot(session, plan, cast.region.id, 10**9, 10, SYSTEM)
    quotas.allot(session, plan, cast.region.id, cast.city.id, 10, SYSTEM, "首批")
    assert balance(session, plan, cast.region) == (90, 0, 0)
    assert balance(session, plan, cast.city) == (10, 0, 0)


def test_nobody_allots_more_than_is_free(session: Session, cast: Cast) -> None:
    plan = quotas.open_plan(session, 2020, 100, SYSTEM)
    with pytest.raises(QuotaExhausted) as refusal:
        quotas.allot(session, plan, cast.region.id, cast.city.id, 101, SYSTEM)
    assert "空余 100 个，需要 101 个" in str(refusal.value)
    with pytest.raises(QuotaExhausted):
        quotas.allot(session, plan, cast.city.id, cast.county.id, 1, SYSTEM)


@pytest.mark.parametrize("amount", [0, -5, 1.5, True, "3"])
def test_an_amount_is_a_whole_number(session: Session, cast: Cast, amount: int) -> None:
    plan = quotas.open_plan(session, 2020, 100, SYSTEM)
    for act in (
        lambda: quotas.allot(session, plan, cast.region.id, cast.city.id, amount, SYSTEM),
        lambda: quotas.give_back(session, plan, cast.city.id, amount, SYSTEM),
    ):
        with pytest.raises(AmountWrong) as refusal:
            act()
        assert set(refusal.value.fields) == {"amount"}


def test_a_closed_plan_stands_still(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 5)
    plan.state = PlanState.CLOSED
    with pytest.raises(PlanClosed):
        quotas.allot(session, plan, cast.region.id, cast.city.id, 1, SYSTEM)
    with pytest.raises(PlanClosed):
        quotas.give_back(session, plan, cast.school.id, 1, SYSTEM)
    with pytest.raises(NoPlan):
        reserve(session, cast, 1)


def test_unused_places_go_back_up(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 5)
    quotas.give_back(session, plan, cast.school.id, 3, SYSTEM, "用不完")
    assert balance(session, plan, cast.school) == (2, 0, 0)
    assert balance(session, plan, cast.county) == (3, 0, 0)
    assert account(session, plan, cast.school).allotted_in == 2
    assert account(session, plan, cast.county).passed_on == 2
    with pytest.raises(QuotaExhausted):
        quotas.give_back(session, plan, cast.school.id, 3, SYSTEM)
    with pytest.raises(QuotaExhausted):
        quotas.give_back(session, plan, cast.region.id, 1, SYSTEM)


def test_a_place_is_reserved_with_the_next_number(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 2, total=2)
    first, second = reserve(session, cast, 1), reserve(session, cast, 2)
    assert (first.number, second.number) == ("202015000001", "202015000002")
    assert first.state == PlaceState.RESERVED
    assert balance(session, plan, cast.school) == (0, 2, 0)


def test_reserving_again_for_the_same_case_answers_the_same_place(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 2)
    assert reserve(session, cast, 1) is reserve(session, cast, 1)
    assert balance(session, plan, cast.school) == (1, 1, 0)


def test_without_a_free_place_the_refusal_says_what_to_do(session: Session, cast: Cast) -> None:
    plan_for_school(session, cast, 1)
    reserve(session, cast, 1)
    with pytest.raises(QuotaExhausted) as refusal:
        reserve(session, cast, 2)
    assert refusal.value.code == "quota.exhausted"
    assert "第一中学团委" in str(refusal.value)
    assert "申请追加" in str(refusal.value)
    with pytest.raises(QuotaExhausted):
        quotas.reserve(session, unit_id=cast.other_school.id, case_id=3, actor=SYSTEM)


def test_without_a_number_the_refusal_says_what_to_do(session: Session, cast: Cast) -> None:
    plan_for_school(session, cast, 1)
    for block in session.scalars(select(NumberBlock).where(NumberBlock.unit_id == cast.school.id)):
        session.delete(block)
    with pytest.raises(NumbersExhausted) as refusal:
        reserve(session, cast, 1)
    assert refusal.value.code == "numbers.exhausted"
    assert "核对号段" in str(refusal.value)


def test_a_used_place_is_used_for_good(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 1)
    reserve(session, cast, 1)
    place = quotas.use(session, case_id=1, actor=SYSTEM)
    assert quotas.use(session, case_id=1, actor=SYSTEM) is place
    assert place.state == PlaceState.USED
    assert place.used_at is not None
    assert balance(session, plan, cast.school) == (0, 0, 1)
    with pytest.raises(PlaceIsUsed):
        quotas.release(session, case_id=1, reason="", actor=SYSTEM)


def test_what_was_not_reserved_cannot_be_used_and_releasing_it_is_harmless(session: Session, cast: Cast) -> None:
    plan_for_school(session, cast, 1)
    with pytest.raises(NoPlaceHeld):
        quotas.use(session, case_id=1, actor=SYSTEM)
    assert quotas.release(session, case_id=1, reason="", actor=SYSTEM) is None


def test_a_released_place_is_free_and_its_number_serves_again(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 2)
    first = reserve(session, cast, 1)
    reserve(session, cast, 2)
    released = quotas.release(session, case_id=1, reason="申请人撤回", actor=SYSTEM)
    assert released is first
    assert (first.state, first.released_at is not None) == (PlaceState.RELEASED, True)
    assert balance(session, plan, cast.school) == (1, 1, 0)
    assert quotas.place_of(session, 1) is None
    assert reserve(session, cast, 3).number == first.number
    with pytest.raises(QuotaExhausted):
        reserve(session, cast, 4)


def test_a_number_that_was_issued_does_not_leave_the_unit(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 2)
    reserve(session, cast, 1)
    quotas.release(session, case_id=1, reason="", actor=SYSTEM)
    with pytest.raises(NumbersExhausted) as refusal:
        quotas.give_back(session, plan, cast.school.id, 2, SYSTEM)
    assert "1 个" in refusal.value.message()
    quotas.give_back(session, plan, cast.school.id, 1, SYSTEM)
    assert balance(session, plan, cast.school) == (1, 0, 0)


def test_every_movement_is_kept_with_its_case_and_reason(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 1)
    reserve(session, cast, 1)
    quotas.release(session, case_id=1, reason="申请人撤回", actor=cast.actor(cast.saren))
    own = account(session, plan, cast.school)
    newest = quotas.movements_of(session, own.id)
    assert [movement.kind for movement in newest] == [MovementKind.RELEASE, MovementKind.RESERVE, MovementKind.ALLOT]
    assert (newest[0].from_bucket, newest[0].to_bucket) == (Bucket.RESERVED, Bucket.FREE)
    assert (newest[0].case_id, newest[0].reason, newest[0].person_id) == (1, "申请人撤回", cast.saren.id)
    assert quotas.movements_of(session, own.id, before=newest[0].id, limit=1) == [newest[1]]
    assert len({kind.label for kind in MovementKind}) == len(MovementKind)


def test_every_movement_is_journalled_on_each_account_it_touches(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 1)
    reserve(session, cast, 1)
    quotas.use(session, case_id=1, actor=SYSTEM)
    events = [entry.event for entry in journal.entries_of(session, account(session, plan, cast.school).chain)]
    assert events == [Event.PLACES_ALLOTTED, Event.PLACE_RESERVED, Event.PLACE_USED]
    above = journal.entries_of(session, account(session, plan, cast.county).chain)
    assert [entry.event for entry in above] == [Event.PLACES_ALLOTTED] * 2


def test_the_overview_shows_the_unit_and_what_reports_to_it(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 3)
    reserve(session, cast, 1)
    reserve(session, cast, 2)
    quotas.use(session, case_id=1, actor=SYSTEM)
    own, school, other = quotas.overview(session, plan, cast.county.id)
    assert (own.unit_name, own.allotted, own.passed_on, own.free) == ("新城区团委", 3, 3, 0)
    assert (own.free_below, own.reserved_below, own.used_below) == (1, 1, 1)
    assert (school.allotted, school.free, school.reserved, school.used) == (3, 1, 1, 1)
    assert other == QuotaRow(cast.other_school.id, "第二中学团委", None)


def test_places_of_a_unit_are_listed_by_number(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 3)
    first, second = reserve(session, cast, 1), reserve(session, cast, 2)
    reserve(session, cast, 3)
    quotas.release(session, case_id=3, reason="", actor=SYSTEM)
    assert quotas.places_of(session, plan, cast.school.id) == [first, second]
    assert quotas.places_of(session, plan, cast.school.id, after=first.number) == [second]


@pytest.mark.parametrize("column, value", [("free", -1), ("free", 7), ("used", 1)])
def test_the_database_refuses_a_balance_that_does_not_add_up(
    session: Session, cast: Cast, column: str, value: int
) -> None:
    plan = plan_for_school(session, cast, 3)
    setattr(account(session, plan, cast.school), column, value)
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize("clash", ["case_id", "number"])
def test_the_database_refuses_two_holders_of_one_number_or_place(session: Session, cast: Cast, clash: str) -> None:
    plan_for_school(session, cast, 3)
    first, second = reserve(session, cast, 1), reserve(session, cast, 2)
    setattr(second, clash, getattr(first, clash))
    with pytest.raises(IntegrityError):
        session.flush()
