"""Leaving the League and coming back: the old membership stays on record, the new one has a new number."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.cast import Cast, application, plan_for_school
from workflows import clock, journal
from workflows.domain import leaving, members, past_memberships, quota_audit, quotas
from workflows.domain.leaving import NoMember, ReasonMissing
from workflows.domain.members import (
    AlreadyMember,
    AppliedBeforeLeaving,
    Candidate,
    CardNumberWrong,
    DateWrong,
    LeagueMember,
    MembershipOver,
    MemberStatus,
    NumberSpent,
)
from workflows.domain.past_memberships import LeftAs
from workflows.journal import SYSTEM, Event

JOINED, LEFT, AGAIN = date(2020, 6, 1), date(2020, 9, 1), date(2020, 10, 8)
FIRST, SECOND = 7, 8


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(clock.start_of(date(2020, 12, 1))):
        yield


@pytest.fixture
def wuyun(session: Session, cast: Cast) -> Candidate:
    """Admitted on 1 June under the school's first number."""
    plan_for_school(session, cast, 3)
    members.register(session, unit_id=cast.branch.id, case_id=FIRST, **application())
    return admitted(session, cast, FIRST, JOINED)


def admitted(session: Session, cast: Cast, case_id: int, on: date) -> Candidate:
    quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
    number = quotas.use(session, case_id=case_id, actor=SYSTEM).number
    members.admit(session, case_id=case_id, joined_on=on, number=number)
    return members.get_of_case(session, case_id)


def leave(session: Session, candidate: Candidate, left_as: LeftAs = LeftAs.LAPSED, left_on: date = LEFT) -> None:
    leaving.leave(
        session,
        candidate=candidate,
        left_as=left_as,
        left_on=left_on,
        document="支部大会决定",
        reason="半年未参加组织生活",
        actor=SYSTEM,
    )


def apply_again(session: Session, cast: Cast, on: date = AGAIN) -> Candidate:
    return members.register(session, unit_id=cast.branch.id, case_id=SECOND, **application(applied_on=on))


def test_who_is_a_member_cannot_apply_and_who_has_left_can(session: Session, cast: Cast, wuyun: Candidate) -> None:
    with pytest.raises(AlreadyMember):
        apply_again(session, cast)
    leave(session, wuyun)
    assert apply_again(session, cast).previous_id == wuyun.id


def test_who_has_left_neither_votes_nor_introduces(session: Session, cast: Cast, wuyun: Candidate) -> None:
    leave(session, wuyun)
    member = session.get_one(LeagueMember, wuyun.person_id)
    assert (member.status, member.may_vote, member.may_introduce) == (MemberStatus.LEFT, False, False)
    assert wuyun.person_id not in {person.id for person in members.eligible_guides(session, cast.branch.id)}


def test_a_new_membership_has_a_new_number_and_the_old_one_is_kept(
    session: Session, cast: Cast, wuyun: Candidate
) -> None:
    members.close_file(session, case_id=FIRST, card_number="10100001", entered_on=JOINED)
    old = session.get_one(LeagueMember, wuyun.person_id).number
    leave(session, wuyun)
    apply_again(session, cast)
    admitted(session, cast, SECOND, date(2020, 11, 20))
    member = session.get_one(LeagueMember, wuyun.person_id)
    assert (member.status, member.joined_on, member.card_number) == (MemberStatus.ACTIVE, date(2020, 11, 20), None)
    assert member.number != old
    [past] = past_memberships.of_person(session, wuyun.person_id)
    assert (past.number, past.card_number, past.joined_on, past.left_on) == (old, "10100001", JOINED, LEFT)
    assert (member.may_vote, member.may_introduce) == (True, True)


def test_ledger_and_members_tell_one_story_before_and_after(session: Session, cast: Cast, wuyun: Candidate) -> None:
    for step in (
        lambda: leave(session, wuyun),
        lambda: apply_again(session, cast),
        lambda: admitted(session, cast, SECOND, date(2020, 11, 20)),
    ):
        step()
        session.commit()
        assert quota_audit.audit(session).faults == []


def test_a_spent_number_and_a_spent_card_are_not_used_again(session: Session, cast: Cast, wuyun: Candidate) -> None:
    members.close_file(session, case_id=FIRST, card_number="10100001", entered_on=JOINED)
    spent = session.get_one(LeagueMember, wuyun.person_id).number or ""
    leave(session, wuyun)
    apply_again(session, cast)
    with pytest.raises(NumberSpent, match=spent):
        members.admit(session, case_id=SECOND, joined_on=date(2020, 11, 20), number=spent)
    admitted(session, cast, SECOND, date(2020, 11, 20))
    with pytest.raises(CardNumberWrong) as refusal:
        members.close_file(session, case_id=SECOND, card_number="10100001", entered_on=date(2020, 11, 30))
    assert "已终止" in refusal.value.fields["card_number"]


def test_the_file_of_the_old_membership_is_not_written_into_the_new_one(
    session: Session, cast: Cast, wuyun: Candidate
) -> None:
    leave(session, wuyun)
    apply_again(session, cast)
    admitted(session, cast, SECOND, date(2020, 11, 20))
    with pytest.raises(MembershipOver):
        members.close_file(session, case_id=FIRST, card_number="10100002", entered_on=date(2020, 11, 30))


def test_nobody_applies_again_before_the_day_he_left(session: Session, cast: Cast, wuyun: Candidate) -> None:
    leave(session, wuyun)
    with pytest.raises(AppliedBeforeLeaving) as refusal:
        apply_again(session, cast, date(2020, 8, 31))
    assert "2020-09-01" in refusal.value.fields["applied_on"]


def test_a_membership_ends_once(session: Session, cast: Cast, wuyun: Candidate) -> None:
    leave(session, wuyun)
    with pytest.raises(NoMember):
        leave(session, wuyun)
    apply_again(session, cast)
    admitted(session, cast, SECOND, date(2020, 11, 20))
    with pytest.raises(NoMember):
        leave(session, wuyun)


@pytest.mark.parametrize("left_on", [date(2020, 5, 31), date(2020, 12, 2)])
def test_the_day_lies_between_joining_and_today(session: Session, wuyun: Candidate, left_on: date) -> None:
    with pytest.raises(DateWrong):
        leave(session, wuyun, left_on=left_on)


def test_leaving_needs_a_document_and_a_reason(session: Session, wuyun: Candidate) -> None:
    with pytest.raises(ReasonMissing) as refusal:
        leaving.leave(
            session,
            candidate=wuyun,
            left_as=LeftAs.RESIGNED,
            left_on=LEFT,
            document=" ",
            reason="无",
            actor=SYSTEM,
        )
    assert set(refusal.value.fields) == {"document", "reason"}


def test_leaving_stands_in_the_journal_of_the_branch(session: Session, cast: Cast, wuyun: Candidate) -> None:
    leave(session, wuyun, LeftAs.EXPELLED)
    entry = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert (entry.event, entry.happened_on, entry.facts["left_as"]) == (Event.MEMBER_LEFT, LEFT, "expelled")
    assert session.scalars(select(Candidate.status).where(Candidate.case_id == FIRST)).one() == "admitted"
