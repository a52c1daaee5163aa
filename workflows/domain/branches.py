"""How a branch is set up: whether it has a branch committee (支委会), and whether it is temporary (临时团支部)."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import units
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.units import Unit, UnitKind
from workflows.errors import InvalidData, Refusal
from workflows.journal import Actor, Event

LEAST_FOR_A_COMMITTEE = 7
"""Members from which on a branch elects a committee (团支部工作条例)."""


class TemporaryBranch(Refusal):
    """A temporary branch admits nobody."""

    code = "branch.temporary"
    sentence = "“{unit}”登记为临时团支部，不能发展团员。"
    remedy = "请由申请人所在单位或居住地的正式团支部受理；支部已转为正式的，请上级团委更改登记。"
    rule = "临时团支部不发展团员"


class CommitteeTooSmall(InvalidData):
    """A branch this small has a secretary and no committee."""

    code = "branch.committee_too_small"
    sentence = "“{unit}”登记在册的团员有 {members} 名，不足{least}名的支部不设支委会。"
    remedy = "请改为不设支委会；团员人数有误的，先更正团员登记。"
    rule = "团员不足7名的支部只设书记"
    article = "团支部工作条例（试行）"


class NotABranch(InvalidData):
    """Only branches are set up in this way."""

    code = "branch.not_a_branch"
    sentence = "“{unit}”不是团支部。"
    remedy = "请选择团支部。"
    rule = "支委会、临时团支部只对团支部登记"


class StandingReasonMissing(InvalidData):
    """Who changes how a branch is set up says why."""

    code = "branch.reason"
    sentence = "没有写明依据。"
    remedy = "请写明依据，如选举结果或批复文号，记入日志。"
    rule = "支部设置的变更应有依据（本系统做法）"


def members_of(session: Session, unit_ids: list[int]) -> dict[int, int]:
    """How many members each branch has on record; a branch that is not named has none."""
    query = (
        select(LeagueMember.unit_id, func.count())
        .where(LeagueMember.unit_id.in_(unit_ids), LeagueMember.status == MemberStatus.ACTIVE)
        .group_by(LeagueMember.unit_id)
    )
    return dict(session.execute(query).all())


def set_up(
    session: Session, unit_id: int, *, has_committee: bool, is_temporary: bool, reason: str, actor: Actor
) -> Unit:
    """Put on record how the branch is set up from now on; cases that run go by it at their next step.

    Raises NotFound, NotABranch, StandingReasonMissing, CommitteeTooSmall (where members are on record at all).
    """
    unit = units.lock(session, unit_id)
    if unit.kind != UnitKind.BRANCH:
        raise NotABranch(unit=unit.name, fields={"unit_id": NotABranch.sentence.format(unit=unit.name)})
    if not reason.strip():
        raise StandingReasonMissing(fields={"reason": "请填写依据"})
    members = members_of(session, [unit_id]).get(unit_id, 0)
    if has_committee and not unit.has_committee and 0 < members < LEAST_FOR_A_COMMITTEE:
        told = {"has_committee": f"团员{members}名，不足{LEAST_FOR_A_COMMITTEE}名"}
        raise CommitteeTooSmall(unit=unit.name, members=members, least=LEAST_FOR_A_COMMITTEE, fields=told)
    if (unit.has_committee, unit.is_temporary) != (has_committee, is_temporary):
        unit.has_committee, unit.is_temporary = has_committee, is_temporary
        session.flush()
        journal.record(
            session,
            Event.BRANCH_CHANGED,
            chain=journal.unit_chain(unit_id),
            actor=actor,
            has_committee=has_committee,
            is_temporary=is_temporary,
            reason=reason.strip(),
        )
    return unit


def insist_on_standing(unit: Unit, *, temporary_may_admit: bool) -> None:
    """Raise TemporaryBranch where the rules of the case let a temporary branch admit nobody."""
    if unit.is_temporary and not temporary_may_admit:
        raise TemporaryBranch(unit=unit.name)
