"""Additions during the year, and its end: what is free expires, what is reserved runs out, nothing opens again."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, apply, plan_for_school
from workflows import clock, journal
from workflows.domain import numbering, quota_closing, quota_requests, quota_transfers, quotas
from workflows.domain.members import CandidateStatus, settle
from workflows.domain.numbering import PlaceState
from workflows.domain.quota_ledger import NoPlan, Plan, PlanClosed, QuotaAccount
from workflows.domain.quota_refusals import (
    AmountWrong,
    ClosedTooEarly,
    NumberIsVoid,
    NumberOfAnotherYear,
    ReasonMissing,
    SerialsExhausted,
)
from workflows.domain.quotas import NoPlaceHeld, PlaceIsUsed
from workflows.journal import SYSTEM, Event

YEAR_END = clock.start_of(date(2020, 12, 20))


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """The school has 5 of 100 places, one of them reserved for case 1."""
    plan = plan_for_school(session, cast, 5)
    apply(session, cast, 1)
    quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM)
    return plan


def close(session: Session, plan: Plan) -> quota_closing.Closing:
    with clock.standing_at(YEAR_END):
        return quota_closing.close(session, plan, SYSTEM, "年终清理")


def school(session: Session, cast: Cast, plan: Plan) -> QuotaAccount:
    account = quotas.account_of(session, plan.id, cast.school.id)
    assert account is not None
    return account


def test_an_addition_is_a_block_of_its_own(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.add_to_plan(session, plan, 20, cast.actor(cast.sun), "团中央追加")
    blocks = [(block.first, block.last) for block in numbering.blocks_of(session, plan.id, cast.region.id)]
    assert blocks == [("202015000001", "202015000095"), ("202015000101", "202015000120")]
    assert plan.total == 120
    account = quotas.account_of(session, plan.id, cast.region.id)
    assert account is not None
    assert journal.entries_of(session, account.chain)[-1].event == Event.PLAN_ENLARGED
    assert quotas.audit(session).faults == []


def test_an_addition_has_an_amount_a_reason_and_a_limit(session: Session, plan: Plan) -> None:
    with pytest.raises(AmountWrong):
        quotas.add_to_plan(session, plan, 0, SYSTEM, "追加")
    with pytest.raises(ReasonMissing):
        quotas.add_to_plan(session, plan, 1, SYSTEM, "")
    with pytest.raises(SerialsExhausted, match="999899"):
        quotas.add_to_plan(session, plan, 999_900, SYSTEM, "追加")


def test_what_is_free_expires_and_the_report_says_what_was_left(session: Session, cast: Cast, plan: Plan) -> None:
    request = quota_requests.ask(session, plan, cast.school.id, 5, "人多", SYSTEM)
    offer = quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    closing = close(session, plan)
    assert closing == quota_closing.Closing(
        total=100, used=0, reserved=1, expired=99, requests_lapsed=1, transfers_lapsed=1
    )
    assert (request.state, offer.state) == ("lapsed", "lapsed")
    account = school(session, cast, plan)
    assert (account.free, account.reserved, account.expired) == (0, 1, 4)
    row = quotas.overview(session, plan, cast.region.id)[0]
    assert (row.expired, row.expired_below) == (95, 99)
    assert quotas.audit(session).faults == []
    assert journal.entries_of(session, journal.unit_chain(cast.region.id))[-1].facts["expired"] == 99


def test_a_plan_is_closed_in_december_with_a_reason_and_once(session: Session, plan: Plan) -> None:
    with clock.standing_at(clock.start_of(date(2020, 11, 30))), pytest.raises(ClosedTooEarly, match="2020-12-01"):
        quota_closing.close(session, plan, SYSTEM, "年终清理")
    with pytest.raises(ReasonMissing):
        quota_closing.close(session, plan, SYSTEM, "")
    close(session, plan)
    with pytest.raises(PlanClosed):
        close(session, plan)


def test_nothing_can_be_taken_from_a_closed_plan(session: Session, cast: Cast, plan: Plan) -> None:
    close(session, plan)
    acts: list[Callable[[], object]] = [
        lambda: quotas.allot(session, plan, cast.region.id, cast.city.id, 1, SYSTEM),
        lambda: quotas.give_back(session, plan, cast.school.id, 1, SYSTEM),
        lambda: quotas.transfer(session, plan, cast.school.id, cast.other_school.id, 1, SYSTEM, "调剂"),
        lambda: quotas.add_to_plan(session, plan, 1, SYSTEM, "追加"),
        lambda: quota_requests.ask(session, plan, cast.school.id, 1, "人多", SYSTEM),
        lambda: quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 1, "调剂", SYSTEM),
    ]
    for act in acts:
        with pytest.raises(PlanClosed):
            act()
    with pytest.raises(NoPlan):
        quotas.reserve(session, unit_id=cast.school.id, case_id=2, actor=SYSTEM)


def test_a_reserved_place_may_still_be_used_after_the_closing(session: Session, cast: Cast, plan: Plan) -> None:
    close(session, plan)
    assert quotas.use(session, case_id=1, actor=SYSTEM).state == PlaceState.USED
    assert school(session, cast, plan).used == 1


def test_given_back_after_the_closing_it_expires(session: Session, cast: Cast, plan: Plan) -> None:
    close(session, plan)
    place = quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM)
    assert place is not None
    assert place.state == PlaceState.EXPIRED
    account = school(session, cast, plan)
    assert (account.free, account.reserved, account.expired) == (0, 0, 5)
    assert quotas.place_of(session, 1) is None
    settle(session, 1, CandidateStatus.WITHDRAWN)
    assert quotas.audit(session).faults == []
    quotas.open_plan(session, 2021, 100, SYSTEM)
    with clock.standing_at(clock.start_of(date(2021, 3, 1))):
        number = quotas.reserve(session, unit_id=cast.region.id, case_id=1, actor=SYSTEM).number
    assert number == "202115000001"


def test_a_spoilt_form_keeps_its_number_for_the_same_person(session: Session, plan: Plan) -> None:
    assert plan.year == 2020
    place = quotas.void_copy(session, case_id=1, reason="写错姓名", actor=SYSTEM)
    assert quotas.void_copy(session, case_id=1, reason="又一次", actor=SYSTEM).state == PlaceState.VOID
    with pytest.raises(NumberIsVoid, match=place.number):
        quotas.use(session, case_id=1, actor=SYSTEM)
    assert quotas.audit(session).faults == []
    number = quotas.rebind(session, case_id=1, reason="换发", actor=SYSTEM).number
    assert quotas.use(session, case_id=1, actor=SYSTEM).number == number == place.number
    with pytest.raises(PlaceIsUsed):
        quotas.void_copy(session, case_id=1, reason="写错", actor=SYSTEM)


def test_a_form_of_nobody_is_neither_spoilt_nor_replaced(session: Session, plan: Plan) -> None:
    assert plan.year == 2020
    for act in (quotas.void_copy, quotas.rebind):
        with pytest.raises(NoPlaceHeld):
            act(session, case_id=2, reason="写错", actor=SYSTEM)


def test_a_used_number_is_filed_once(session: Session, plan: Plan) -> None:
    assert plan.year == 2020
    assert quotas.file(session, case_id=1, actor=SYSTEM) is None
    quotas.use(session, case_id=1, actor=SYSTEM)
    for _ in range(2):
        place = quotas.file(session, case_id=1, actor=SYSTEM)
        assert place is not None
        assert place.state == PlaceState.FILED
    assert quotas.use(session, case_id=1, actor=SYSTEM).state == PlaceState.FILED


@pytest.mark.parametrize(
    "year, joined, fits",
    [(2020, 2020, True), (2020, 2021, False), (2019, 2018, False), (2017, 2018, True), (2018, 2017, True)],
)
def test_a_number_is_of_the_year_of_the_admission(year: int, joined: int, fits: bool) -> None:
    place = quotas.Place(number=numbering.number_of(year, 1))
    if fits:
        quotas.check_year(place, date(joined, 5, 4))
        return
    with pytest.raises(NumberOfAnotherYear, match=f"不能用于 {joined} 年"):
        quotas.check_year(place, date(joined, 5, 4))


def test_before_2017_the_year_of_a_number_is_not_checked() -> None:
    assert numbering.year_fits("201515000001", 2016)
