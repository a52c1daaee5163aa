"""What a branch is made of, and who acts where the body that a lane names is not there."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, make_member
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.posts import PostKind
from workflows.engine.environment import Call
from workflows.journal import SYSTEM
from workflows.operations import branches, posts
from workflows.operations.posts import PostDirectory


def described(session: Session, unit_id: int) -> dict[str, Any]:
    call = Call(session=session, case_id=1, unit_id=unit_id, actor=SYSTEM, data={}, parameters={})
    return branches.describe(call)


def test_a_branch_tells_whether_it_has_a_committee_and_how_many_have_a_vote(session: Session, cast: Cast) -> None:
    session.get_one(LeagueMember, cast.lin.id).may_vote = False
    session.get_one(LeagueMember, cast.bator.id).status = MemberStatus.LEFT
    assert described(session, cast.branch.id) == {"has_committee": True, "voters": 1}
    assert described(session, cast.small_branch.id) == {"has_committee": False, "voters": 0}
    make_member(session, cast.zhao, cast.small_branch)
    assert described(session, cast.small_branch.id)["voters"] == 1


def test_where_there_is_no_committee_the_secretary_acts_and_is_told_so(session: Session, cast: Cast) -> None:
    directory = PostDirectory()
    for unit, kind, told in (
        (cast.branch, PostKind.ORG_COMMISSIONER, False),
        (cast.small_branch, PostKind.BRANCH_SECRETARY, True),
    ):
        addressee = directory.addressee(session, "支委会", unit.id, {})
        assert (addressee.unit_id, addressee.post_kind) == (unit.id, kind)
        assert ("未设支委会" in posts.in_place_of("支委会", addressee.post_kind)) is told


@pytest.mark.parametrize("outcome", [None, "joint", "refuse"])
def test_the_secretary_records_the_meeting_of_his_own_or_of_a_joint_branch(
    session: Session, cast: Cast, outcome: str | None
) -> None:
    data = {"authorise_meeting": {"outcome": outcome}} if outcome else {}
    addressee = PostDirectory().addressee(session, "支部大会", cast.small_branch.id, data)
    assert (addressee.unit_id, addressee.post_kind) == (cast.small_branch.id, PostKind.BRANCH_SECRETARY)
    assert posts.in_place_of("支部大会", addressee.post_kind) == ""


def test_the_committee_authorised_in_the_meetings_place_records_its_own_vote(session: Session, cast: Cast) -> None:
    data = {"authorise_meeting": {"outcome": "committee"}}
    addressee = PostDirectory().addressee(session, "支部大会", cast.small_branch.id, data)
    assert (addressee.unit_id, addressee.post_kind) == (cast.school.id, PostKind.GRASSROOTS_COMMITTEE)
    assert "不足3人" in posts.in_place_of("支部大会", addressee.post_kind)
