"""What a branch is made of: whether it has a committee, and how many of its members on record have a vote."""

from typing import Any

from sqlalchemy import func, select

from workflows.domain import units
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.engine.environment import Call


def describe(call: Call) -> dict[str, Any]:
    """`has_committee`, as the branch is set up today, and `voters`, its members on record with a vote (persons).

    A branch of fewer than seven members has no committee; its meeting decides what a committee would (细则).
    """
    voters = select(func.count()).where(
        LeagueMember.unit_id == call.unit_id, LeagueMember.status == MemberStatus.ACTIVE, LeagueMember.may_vote
    )
    unit = units.line_of(call.session, call.unit_id)[-1]  # the act goes on to ask for the committee above it
    return {"has_committee": unit.has_committee, "voters": call.session.scalar(voters) or 0}
