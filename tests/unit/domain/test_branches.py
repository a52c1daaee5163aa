"""How a branch is set up: with a committee or without, temporary or not."""

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import journal
from workflows.domain import branches
from workflows.domain.branches import CommitteeTooSmall, NotABranch, StandingReasonMissing, TemporaryBranch
from workflows.errors import NotFound
from workflows.journal import Event


def test_a_branch_becomes_temporary_and_that_is_on_record(session: Session, cast: Cast) -> None:
    unit = branches.set_up(
        session, cast.branch.id, has_committee=True, is_temporary=True, reason="批复3号", actor=cast.actor(cast.gaowa)
    )
    assert unit.is_temporary
    entry = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert (entry.event, entry.facts["reason"]) == (Event.BRANCH_CHANGED, "批复3号")
    with pytest.raises(TemporaryBranch):
        branches.insist_on_standing(unit, temporary_may_admit=False)
    branches.insist_on_standing(unit, temporary_may_admit=True)


def test_a_branch_of_six_elects_no_committee(session: Session, cast: Cast) -> None:
    who = cast.actor(cast.gaowa)
    members = branches.members_of(session, [cast.branch.id])[cast.branch.id]
    assert 0 < members < branches.LEAST_FOR_A_COMMITTEE
    branches.set_up(session, cast.branch.id, has_committee=False, is_temporary=False, reason="换届", actor=who)
    with pytest.raises(CommitteeTooSmall) as refused:
        branches.set_up(session, cast.branch.id, has_committee=True, is_temporary=False, reason="换届", actor=who)
    assert set(refused.value.fields) == {"has_committee"}


def test_only_a_branch_that_exists_is_set_up_and_with_a_reason(session: Session, cast: Cast) -> None:
    who = cast.actor(cast.gaowa)
    with pytest.raises(StandingReasonMissing):
        branches.set_up(session, cast.branch.id, has_committee=True, is_temporary=False, reason=" ", actor=who)
    with pytest.raises(NotABranch):
        branches.set_up(session, cast.school.id, has_committee=True, is_temporary=False, reason="换届", actor=who)
    with pytest.raises(NotFound):
        branches.set_up(session, 999_999, has_committee=True, is_temporary=False, reason="换届", actor=who)
