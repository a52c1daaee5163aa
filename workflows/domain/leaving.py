"""Leaving the League (退团、自行脱团、超龄离团、开除团籍): the membership ends, its number stays spent.

Who has left may apply again, and is then admitted under a new number; the membership that ended stays on record.
"""

from datetime import date

from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import past_memberships
from workflows.domain.members import Candidate, CandidateStatus, DateWrong, LeagueMember, MemberStatus
from workflows.domain.past_memberships import LeftAs, PastMembership
from workflows.errors import InvalidData, Refusal
from workflows.journal import Actor, Event

SHORTEST_REASON = 4


class NoMember(Refusal):
    """Only who is a member can leave."""

    code = "leaving.no_member"
    sentence = "此人目前不是团员，没有可以终止的团籍。"
    remedy = "请核对姓名；已登记离团的，不必再登记。"
    rule = "团籍只终止一次"


class ReasonMissing(InvalidData):
    """Without reason and document nobody can check it later."""

    code = "leaving.reason"
    sentence = "离团登记不完整。"
    remedy = "请按提示补填。"
    rule = "离团须有决定或报告为凭"


def leave(
    session: Session,
    *,
    candidate: Candidate,
    left_as: LeftAs,
    left_on: date,
    document: str,
    reason: str,
    actor: Actor,
) -> PastMembership:
    """End the membership the candidate was admitted to; raises NoMember, DateWrong, ReasonMissing. Journalled."""
    member = session.get(LeagueMember, candidate.person_id)
    if member is None or not may_leave(session, candidate):
        raise NoMember()
    _check(member, left_on, document.strip(), reason.strip())
    past = PastMembership(
        person_id=member.person_id,
        unit_id=member.unit_id,
        case_id=candidate.case_id,
        number=member.number,
        card_number=member.card_number,
        joined_on=member.joined_on,
        file_entered_on=member.file_entered_on,
        left_on=left_on,
        left_as=left_as,
        document=document.strip()[: past_memberships.LONGEST_DOCUMENT],
        reason=reason.strip()[: past_memberships.LONGEST_REASON],
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
        post_id=actor.post_id,
    )
    session.add(past)
    member.status, member.may_vote, member.may_introduce = MemberStatus.LEFT, False, False
    session.flush()
    journal.record(
        session,
        Event.MEMBER_LEFT,
        chain=journal.unit_chain(member.unit_id),
        actor=actor,
        happened_on=left_on,
        member=member.person_id,
        left_as=str(left_as),
        number=member.number,
    )
    return past


def may_leave(session: Session, candidate: Candidate | None) -> bool:
    """Whether the candidate was admitted to the membership that runs now."""
    if candidate is None or candidate.status != CandidateStatus.ADMITTED:
        return False
    member = session.get(LeagueMember, candidate.person_id)
    is_over = past_memberships.of_case(session, candidate.case_id or 0) is not None
    return member is not None and member.status == MemberStatus.ACTIVE and not is_over


def _check(member: LeagueMember, left_on: date, document: str, reason: str) -> None:
    if left_on > clock.today():
        raise DateWrong(fields={"left_on": "离团日期不能晚于今天"})
    if left_on < member.joined_on:
        raise DateWrong(fields={"left_on": "离团日期不能早于入团时间"})
    missing = {}
    if not document:
        missing["document"] = "请写明决定或报告的名称、文号"
    if len(reason) < SHORTEST_REASON:
        missing["reason"] = f"请写明情况，至少{SHORTEST_REASON}个字"
    if missing:
        raise ReasonMissing(fields=missing)
