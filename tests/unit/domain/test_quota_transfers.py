"""Lateral transfers: one unit offers, another receives, their common parent confirms; the numbers move along."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import journal
from workflows.domain import numbering, quota_transfers, quotas, units
from workflows.domain.numbering import NumberPassage
from workflows.domain.quota_ledger import MovementKind, Plan
from workflows.domain.quota_refusals import ReasonMissing, RequestAnswered, SamePersonConfirms, TransferWithinLine
from workflows.domain.quota_transfers import QuotaTransfer, TransferState
from workflows.domain.quotas import NumbersExhausted, QuotaExhausted
from workflows.domain.units import UnitKind
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """The school has 5 places, the second school none."""
    return plan_for_school(session, cast, 5)


@pytest.fixture
def offered(session: Session, cast: Cast, plan: Plan) -> QuotaTransfer:
    """The school offers 2 places to the second school."""
    return quota_transfers.offer(
        session, plan, cast.school.id, cast.other_school.id, 2, "用不完", cast.actor(cast.gaowa)
    )


def runs(session: Session, plan: Plan, unit_id: int) -> list[tuple[str, str]]:
    return [(block.next, block.last) for block in numbering.blocks_of(session, plan.id, unit_id)]


def test_nothing_moves_until_the_common_parent_confirms(
    session: Session, cast: Cast, plan: Plan, offered: QuotaTransfer
) -> None:
    assert offered.over_unit_id == cast.county.id
    assert runs(session, plan, cast.other_school.id) == []
    movement = quota_transfers.confirm(session, offered.id, cast.actor(cast.zhao), "同意")
    assert (movement.kind, movement.amount) == (MovementKind.TRANSFER_DOWN, 2)
    assert runs(session, plan, cast.other_school.id) == [("202015000099", "202015000100")]
    assert runs(session, plan, cast.school.id) == [("202015000096", "202015000098")]
    assert (offered.state.label, offered.answered_by) == ("已调剂", cast.zhao.id)
    assert quotas.audit(session).faults == []
    entry = journal.entries_of(session, journal.unit_chain(cast.school.id))[-1]
    assert (entry.event, entry.facts["state"]) == (Event.TRANSFER_SETTLED, "confirmed")


def test_between_counties_the_places_pass_over_the_city(session: Session, cast: Cast, plan: Plan) -> None:
    third = units.add(session, cast.other_county, code="S9", name="第九中学团委", kind=UnitKind.SCHOOL)
    offered = quota_transfers.offer(session, plan, cast.school.id, third.id, 2, "用不完", SYSTEM)
    assert offered.over_unit_id == cast.city.id
    quota_transfers.confirm(session, offered.id, SYSTEM)
    county, other = (quotas.account_of(session, plan.id, unit.id) for unit in (cast.county, cast.other_county))
    assert county is not None
    assert other is not None
    assert (county.allotted_in, county.passed_on, county.free) == (3, 3, 0)
    assert (other.allotted_in, other.passed_on, other.free) == (2, 2, 0)
    passage = session.scalars(select(NumberPassage).order_by(NumberPassage.id.desc())).first()
    assert passage is not None
    assert (passage.from_unit_id, passage.to_unit_id, passage.first) == (cast.school.id, third.id, "202015000099")
    assert quotas.audit(session).faults == []


def test_a_transfer_back_makes_the_run_whole_again(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.transfer(session, plan, cast.school.id, cast.other_school.id, 2, SYSTEM, "调出")
    quotas.transfer(session, plan, cast.other_school.id, cast.school.id, 2, SYSTEM, "调回")
    assert runs(session, plan, cast.school.id) == [("202015000096", "202015000100")]
    assert quotas.audit(session).faults == []


def test_up_and_down_the_line_is_no_transfer(session: Session, cast: Cast, plan: Plan) -> None:
    for taker in (cast.county, cast.school, cast.branch):
        with pytest.raises(TransferWithinLine):
            quota_transfers.offer(session, plan, cast.school.id, taker.id, 1, "用不完", SYSTEM)


def test_more_than_is_free_is_neither_offered_nor_confirmed(
    session: Session, cast: Cast, plan: Plan, offered: QuotaTransfer
) -> None:
    with pytest.raises(QuotaExhausted) as refusal:
        quota_transfers.offer(session, plan, cast.other_school.id, cast.school.id, 1, "用不完", SYSTEM)
    assert refusal.value.fields == {"amount": "空余名额只有0个"}
    with pytest.raises(QuotaExhausted, match="第二中学团委"):
        quotas.transfer(session, plan, cast.other_school.id, cast.school.id, 1, SYSTEM, "用不完")
    quotas.give_back(session, plan, cast.school.id, 4, SYSTEM)
    with pytest.raises(QuotaExhausted):
        quota_transfers.confirm(session, offered.id, SYSTEM)
    assert offered.state == TransferState.OFFERED


def test_numbers_once_issued_do_not_travel(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM)
    quotas.release(session, case_id=1, reason="撤回", actor=SYSTEM)
    with pytest.raises(NumbersExhausted):
        quotas.transfer(session, plan, cast.school.id, cast.other_school.id, 5, SYSTEM, "用不完")


def test_who_offers_does_not_confirm(session: Session, cast: Cast, offered: QuotaTransfer) -> None:
    with pytest.raises(SamePersonConfirms, match="新城区团委"):
        quota_transfers.confirm(session, offered.id, cast.actor(cast.gaowa))


def test_an_offer_is_declined_with_a_reason_or_withdrawn_and_then_it_is_over(
    session: Session, cast: Cast, plan: Plan, offered: QuotaTransfer
) -> None:
    with pytest.raises(ReasonMissing):
        quota_transfers.decline(session, offered.id, " ", SYSTEM)
    quota_transfers.decline(session, offered.id, "另有安排", SYSTEM)
    with pytest.raises(RequestAnswered, match="不予确认"):
        quota_transfers.confirm(session, offered.id, SYSTEM)
    second = quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 1, "用不完", SYSTEM)
    quota_transfers.withdraw(session, second.id, SYSTEM)
    assert [each.state for each in quota_transfers.concerning(session, plan, cast.county.id)] == [
        TransferState.WITHDRAWN,
        TransferState.DECLINED,
    ]
    with pytest.raises(NotFound):
        quota_transfers.withdraw(session, 10**9, SYSTEM)
