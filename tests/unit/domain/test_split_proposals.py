"""A proposal moves nothing until it is confirmed, and then all its lines or none."""

from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from tests.support.application import ON_SQLITE
from tests.support.cast import Cast, plan_for_school
from workflows import journal
from workflows.domain import head_counts, quotas, split_proposals
from workflows.domain.head_counts import Line
from workflows.domain.quota_ledger import Plan
from workflows.domain.split_proposals import (
    Change,
    NothingToSplit,
    ProposalChanged,
    ProposalIsOpen,
    ProposalSettled,
    ProposalStale,
    SplitWrong,
)
from workflows.domain.split_tables import ProposalState, SplitProposal
from workflows.domain.units import Field, Unit
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event


def counted(session: Session, unit: Unit, *lines: Line, youth: int | None = None) -> None:
    """What the unit reports for the plan of 2020."""
    day = head_counts.day_for(2020)
    head_counts.record(session, unit_id=unit.id, as_of=day, lines=lines, source="学籍系统", actor=SYSTEM, youth=youth)


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """Forty places at the school, and two counted classes of unequal need."""
    plan = plan_for_school(session, cast, 40)
    counted(session, cast.branch, Line(Field.SENIOR, False, 50, 0))
    counted(session, cast.small_branch, Line(Field.SENIOR, False, 50, 20))
    return plan


def propose(session: Session, cast: Cast, plan: Plan, **options: int) -> SplitProposal:
    return split_proposals.propose(session, plan, cast.school.id, cast.actor(cast.gaowa), **options)


def amounts(session: Session, proposal: SplitProposal) -> list[int]:
    return [line.amount for line in split_proposals.lines_of(session, proposal.id)]


def test_a_proposal_is_reckoned_from_need_and_moves_nothing(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    assert (proposal.total, proposal.reserve, proposal.left_over) == (40, 2, 0)
    first, second = split_proposals.lines_of(session, proposal.id)
    assert (first.unit_id, first.need, first.weight, first.proposed) == (cast.branch.id, 30, 3000, 29)
    assert (second.need, second.proposed) == (10, 9)
    assert split_proposals.exact_of(second) == Fraction(19, 2)
    assert split_proposals.counts_of(first).lines == (Line(Field.SENIOR, False, 50, 0),)
    assert split_proposals.limits_of(first).senior == 60
    account = quotas.account_of(session, plan.id, cast.school.id)
    assert account is not None
    assert account.free == 40


def test_a_line_is_changed_with_a_reason_and_both_amounts_are_kept(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    change = {cast.branch.id: Change(25, "该班本学期将分班")}
    split_proposals.change(session, proposal.id, change, cast.actor(cast.chen), version=1)
    line = split_proposals.lines_of(session, proposal.id)[0]
    assert (line.proposed, line.amount, line.reason, line.changed_by) == (29, 25, "该班本学期将分班", cast.chen.id)
    entry = journal.entries_of(session, journal.unit_chain(cast.school.id))[-1]
    assert entry.event == Event.SPLIT_CHANGED
    assert entry.facts["lines"] == [{"unit": cast.branch.id, "from": 29, "to": 25, "reason": "该班本学期将分班"}]
    split_proposals.change(session, proposal.id, {cast.branch.id: Change(29, "无须说明")}, SYSTEM)
    assert split_proposals.lines_of(session, proposal.id)[0].reason == ""


@pytest.mark.parametrize(
    "amount, reason, field",
    [(25, "", "reason"), (25, "短", "reason"), (-1, "该班将要分班", "amount"), (32, "该班将要分班", "amount")],
)
@ON_SQLITE
def test_a_change_that_cannot_be_kept_is_refused_by_line(
    session: Session, cast: Cast, plan: Plan, amount: int, reason: str, field: str
) -> None:
    proposal = propose(session, cast, plan)
    with pytest.raises(SplitWrong) as refused, session.begin_nested():
        split_proposals.change(session, proposal.id, {cast.branch.id: Change(amount, reason)}, SYSTEM)
    assert list(refused.value.fields) == [f"{field}-{cast.branch.id}"]
    session.expire_all()
    assert amounts(session, proposal) == [29, 9]


@ON_SQLITE
def test_only_units_of_the_proposal_can_be_given_anything(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    with pytest.raises(SplitWrong):
        split_proposals.change(session, proposal.id, {cast.other_school.id: Change(1, "该校需要名额")}, SYSTEM)


def test_confirming_hands_every_line_down_with_its_numbers(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    movements = split_proposals.confirm(session, proposal.id, cast.actor(cast.chen), version=1)
    assert sorted(movement.amount for movement in movements) == [9, 29]
    assert (proposal.state, proposal.made_by, proposal.settled_by) == ("confirmed", cast.gaowa.id, cast.chen.id)
    found = [quotas.account_of(session, plan.id, unit.id) for unit in (cast.school, cast.branch, cast.small_branch)]
    assert [account.free for account in found if account] == [2, 29, 9]
    assert quotas.audit(session).faults == []
    with pytest.raises(ProposalSettled):
        split_proposals.confirm(session, proposal.id, SYSTEM)
    assert split_proposals.open_of(session, plan, cast.school.id) is None


def test_what_was_had_already_is_no_need_in_the_next_split(session: Session, cast: Cast, plan: Plan) -> None:
    split_proposals.confirm(session, propose(session, cast, plan).id, SYSTEM)
    again = propose(session, cast, plan)
    assert (again.total, again.left_over, amounts(session, again)) == (2, 0, [1, 1])
    assert [line.had for line in split_proposals.lines_of(session, again.id)] == [29, 9]


def test_a_proposal_is_stale_once_the_account_has_moved(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    assert not split_proposals.is_stale(session, proposal)
    quotas.reserve(session, unit_id=cast.school.id, case_id=1, actor=SYSTEM)
    quotas.release(session, case_id=1, reason="", actor=SYSTEM)
    assert split_proposals.is_stale(session, proposal)
    with pytest.raises(ProposalStale):
        split_proposals.confirm(session, proposal.id, SYSTEM)
    split_proposals.discard(session, proposal.id, cast.actor(cast.chen))
    assert proposal.state is ProposalState.DISCARDED
    assert split_proposals.proposals_of(session, plan, cast.school.id) == [proposal]


@ON_SQLITE
def test_nobody_confirms_what_somebody_else_has_changed(session: Session, cast: Cast, plan: Plan) -> None:
    proposal = propose(session, cast, plan)
    split_proposals.change(session, proposal.id, {cast.branch.id: Change(20, "该班将要分班")}, SYSTEM, version=1)
    with pytest.raises(ProposalChanged):
        split_proposals.confirm(session, proposal.id, SYSTEM, version=1)


@ON_SQLITE
def test_a_unit_has_one_open_proposal(session: Session, cast: Cast, plan: Plan) -> None:
    propose(session, cast, plan)
    with pytest.raises(ProposalIsOpen):
        propose(session, cast, plan)


@ON_SQLITE
def test_without_places_or_units_below_there_is_nothing_to_split(session: Session, cast: Cast, plan: Plan) -> None:
    for unit in (cast.county, cast.other_county, cast.branch):
        with pytest.raises(NothingToSplit):
            split_proposals.propose(session, plan, unit.id, SYSTEM)
    with pytest.raises(SplitWrong):
        propose(session, cast, plan, reserve_rate=101)
    with pytest.raises(NotFound):
        split_proposals.get(session, 404)


@ON_SQLITE
def test_without_head_counts_people_fill_the_lines_themselves(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 10)
    proposal = propose(session, cast, plan)
    assert (proposal.left_over, amounts(session, proposal)) == (10, [0, 0])
    with pytest.raises(SplitWrong):
        split_proposals.confirm(session, proposal.id, SYSTEM)
    split_proposals.change(session, proposal.id, {cast.branch.id: Change(10, "人数尚未填报")}, SYSTEM)
    split_proposals.confirm(session, proposal.id, SYSTEM)
    account = quotas.account_of(session, plan.id, cast.branch.id)
    assert account is not None
    assert account.free == 10
