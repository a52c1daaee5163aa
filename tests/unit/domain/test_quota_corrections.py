"""The book of a closed year is corrected by two people, from a paper, by entries of the day, and never overwritten."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import clock, journal
from workflows.domain import number_history, numbering, quota_closing, quota_corrections, quotas
from workflows.domain.number_history import NumberState
from workflows.domain.quota_correction_refusals import (
    CorrectedByOne,
    CorrectionOfOthers,
    CorrectionSettled,
    CorrectionWrong,
    PlanStillOpen,
    TooFewExpired,
)
from workflows.domain.quota_corrections import CorrectionState, QuotaCorrection
from workflows.domain.quota_ledger import MovementKind, Plan
from workflows.domain.quota_refusals import AmountWrong, ReasonMissing
from workflows.journal import SYSTEM, Event

NEXT_YEAR = clock.start_of(date(2021, 1, 20))
PAPER = {"document": "新团发〔2020〕3号", "document_on": date(2020, 4, 1), "reason": "下达时误记"}


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """The school has 5 of 100 places; the year is over, and all of them have expired."""
    plan = plan_for_school(session, cast, 5)
    with clock.standing_at(clock.start_of(date(2020, 12, 20))):
        quota_closing.close(session, plan, SYSTEM, "年终清理")
    return plan


def enter(session: Session, cast: Cast, plan: Plan, **changes: Any) -> QuotaCorrection:
    given: dict[str, Any] = {
        "unit_id": cast.school.id,
        "from_unit_id": cast.school.id,
        "to_unit_id": cast.other_school.id,
        "amount": 2,
        "actor": cast.actor(cast.gaowa),
        **PAPER,
    }
    with clock.standing_at(NEXT_YEAR):
        return quota_corrections.enter(session, plan, **given | changes)


def confirm(session: Session, found: QuotaCorrection, cast: Cast) -> list[MovementKind]:
    with clock.standing_at(NEXT_YEAR):
        return [each.kind for each in quota_corrections.confirm(session, found.id, cast.actor(cast.zhao), "属实")]


def expired(session: Session, plan: Plan, *unit_ids: int) -> list[int]:
    accounts = [quotas.account_of(session, plan.id, each) for each in unit_ids]
    return [account.expired if account else 0 for account in accounts]


def test_entering_moves_nothing_and_confirming_writes_entries_of_the_day(
    session: Session, cast: Cast, plan: Plan
) -> None:
    before = quotas.movements_of(session, quotas.account_of(session, plan.id, cast.school.id).id)
    found = enter(session, cast, plan)
    assert found.over_unit_id == cast.county.id
    assert expired(session, plan, cast.school.id, cast.other_school.id) == [5, 0]
    assert confirm(session, found, cast) == [MovementKind.CORRECT_UP, MovementKind.CORRECT_DOWN]
    assert expired(session, plan, cast.school.id, cast.county.id, cast.other_school.id) == [3, 0, 2]
    after = quotas.movements_of(session, quotas.account_of(session, plan.id, cast.school.id).id)
    assert after[1:] == before
    assert after[0].at == NEXT_YEAR
    assert "年后更正第1号（新团发〔2020〕3号）：下达时误记" in after[0].reason
    assert quotas.audit(session).faults == []


def test_the_sums_of_every_level_stay_what_they_were(session: Session, cast: Cast, plan: Plan) -> None:
    tops = (cast.region, cast.city, cast.county)
    before = [quotas.overview(session, plan, unit.id)[0].expired_below for unit in tops]
    confirm(session, enter(session, cast, plan), cast)
    assert [quotas.overview(session, plan, unit.id)[0].expired_below for unit in tops] == before == [100, 5, 5]


def test_the_numbers_go_with_the_places_and_tell_of_it(session: Session, cast: Cast, plan: Plan) -> None:
    confirm(session, enter(session, cast, plan), cast)
    [block] = numbering.blocks_of(session, plan.id, cast.other_school.id)
    told = number_history.of(session, block.first)
    assert told.state == NumberState.EXPIRED
    assert told.unit_id == cast.other_school.id
    assert told.passages[-1].kind == MovementKind.CORRECT_DOWN


def test_whoever_entered_it_does_not_confirm_it(session: Session, cast: Cast, plan: Plan) -> None:
    found = enter(session, cast, plan, unit_id=cast.county.id, actor=cast.actor(cast.zhao))
    assert found.over_unit_id == cast.city.id
    with pytest.raises(CorrectedByOne):
        confirm(session, found, cast)
    assert found.state == CorrectionState.ENTERED


@pytest.mark.parametrize("giver, taker, enters, over", [
    ("school", "county", "school", "county"),
    ("county", "school", "school", "county"),
    ("region", "city", "region", "region"),
    ("school", "other_school", "county", "city"),
])  # fmt: skip
def test_the_unit_above_confirms(
    session: Session, cast: Cast, plan: Plan, giver: str, taker: str, enters: str, over: str
) -> None:
    ids = {key: getattr(cast, key).id for key in (giver, taker, enters, over)}
    if giver == "county":
        confirm(session, enter(session, cast, plan, to_unit_id=cast.county.id), cast)
    given = {"from_unit_id": ids[giver], "to_unit_id": ids[taker], "unit_id": ids[enters]}
    found = enter(session, cast, plan, **given)
    assert found.over_unit_id == ids[over]
    confirm(session, found, cast)
    assert quotas.audit(session).faults == []


def test_a_unit_that_is_not_concerned_corrects_nothing(session: Session, cast: Cast, plan: Plan) -> None:
    with pytest.raises(CorrectionOfOthers):
        enter(session, cast, plan, unit_id=cast.other_county.id)


def test_a_correction_needs_a_paper_a_reason_and_enough_that_expired(session: Session, cast: Cast, plan: Plan) -> None:
    with pytest.raises(CorrectionWrong) as refused:
        enter(session, cast, plan, to_unit_id=cast.school.id, document=" ", document_on=date(2021, 1, 21))
    assert set(refused.value.fields) == {"to_unit_id", "document", "document_on"}
    with pytest.raises(ReasonMissing):
        enter(session, cast, plan, reason=" ")
    with pytest.raises(AmountWrong):
        enter(session, cast, plan, amount=0)
    with pytest.raises(TooFewExpired) as few:
        enter(session, cast, plan, amount=6)
    assert few.value.fields == {"amount": "可更正的失效名额有5个"}


def test_two_corrections_do_not_take_the_same_places(session: Session, cast: Cast, plan: Plan) -> None:
    first, second = enter(session, cast, plan, amount=3), enter(session, cast, plan, amount=3)
    confirm(session, first, cast)
    with pytest.raises(TooFewExpired):
        confirm(session, second, cast)
    assert expired(session, plan, cast.school.id) == [2]


def test_a_number_that_was_issued_once_stays_with_its_unit(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 1, year=2019)
    with clock.standing_at(clock.start_of(date(2019, 6, 1))):
        quotas.reserve(session, unit_id=cast.school.id, case_id=7, actor=SYSTEM)
        quotas.release(session, case_id=7, reason="撤回", actor=SYSTEM)
    with clock.standing_at(clock.start_of(date(2019, 12, 20))):
        quota_closing.close(session, plan, SYSTEM, "年终清理")
    with pytest.raises(TooFewExpired) as refused:
        enter(session, cast, plan, amount=1)
    assert (refused.value.facts["expired"], refused.value.facts["left"]) == (1, 0)


def test_an_open_plan_is_not_corrected(session: Session, cast: Cast) -> None:
    with pytest.raises(PlanStillOpen):
        enter(session, cast, plan_for_school(session, cast, 5))


def test_it_is_settled_once(session: Session, cast: Cast, plan: Plan) -> None:
    declined, withdrawn = enter(session, cast, plan), enter(session, cast, plan)
    quota_corrections.decline(session, declined.id, "依据不足", cast.actor(cast.zhao))
    quota_corrections.withdraw(session, withdrawn.id, cast.actor(cast.gaowa))
    for each in (declined, withdrawn):
        with pytest.raises(CorrectionSettled):
            confirm(session, each, cast)
    assert expired(session, plan, cast.school.id) == [5]
    assert [each.id for each in quota_corrections.within(session, plan, cast.county)] == [withdrawn.id, declined.id]
    assert quota_corrections.within(session, plan, cast.other_county) == []


def test_the_journal_says_who_entered_and_who_confirmed(session: Session, cast: Cast, plan: Plan) -> None:
    confirm(session, enter(session, cast, plan), cast)
    entered, settled = journal.entries_of(session, journal.unit_chain(cast.school.id))[-2:]
    assert (entered.event, settled.event) == (Event.QUOTA_CORRECTION_ENTERED, Event.QUOTA_CORRECTION_SETTLED)
    assert (entered.person_id, settled.person_id) == (cast.gaowa.id, cast.zhao.id)
    assert entered.facts["document"] == "新团发〔2020〕3号"


@pytest.mark.parametrize("planted, named", [
    ("UPDATE quota_correction SET movements = '[]'", ["更正分录 0 条", "没有对应的年后更正", "没有对应的年后更正"]),
    ("UPDATE quota_correction SET amount = 1", ["计划、数量与更正不符"]),
    ("UPDATE quota_correction SET state = 'declined'", ["状态为“不予更正”，更正分录 2 条"]),
])  # fmt: skip
def test_the_audit_names_entries_and_corrections_that_do_not_agree(
    session: Session, cast: Cast, plan: Plan, planted: str, named: list[str]
) -> None:
    confirm(session, enter(session, cast, plan), cast)
    session.flush()
    session.execute(text(planted))
    session.expire_all()
    found = quotas.audit(session).faults
    assert len(found) == len(named)
    assert all(word in fault for word, fault in zip(named, found, strict=True))


def test_the_audit_names_a_correction_of_an_open_plan(session: Session, cast: Cast, plan: Plan) -> None:
    enter(session, cast, plan)
    session.execute(update(Plan).values(state="open"))
    session.expire_all()
    assert any("计划并未关闭" in fault for fault in quotas.audit(session).faults)
