"""A member leaves, as the committee records it; and comes back, as the secretary sees it."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from workflows.domain import members, past_memberships, quotas
from workflows.domain.members import Candidate, MemberStatus
from workflows.journal import SYSTEM

BUTTON = "登记离团"
TOLD = {"left_on": "2020-05-15", "document": "支部大会决定", "reason": "半年未交团费、未参加组织生活"}


@pytest.fixture
def admitted(applied: Applied, session: Session, cast: Cast) -> Candidate:
    """Wuyun's application, made a member by hand."""
    saren = applied(applied_on="2020-05-12")
    saren.open("/")
    candidate = session.scalars(select(Candidate)).one()
    case_id = candidate.case_id or 0
    quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
    number = quotas.use(session, case_id=case_id, actor=SYSTEM).number
    members.admit(session, case_id=case_id, joined_on=date(2020, 5, 14), number=number)
    session.commit()
    return candidate


def leave(visitor: Visitor, candidate: Candidate, **changes: str) -> Visitor:
    visitor.open(f"/cases/{candidate.case_id}")
    visitor.follow(BUTTON)
    visitor.submit(**{"left_as": "lapsed", **TOLD, **changes})
    return visitor


def test_the_committee_above_records_it_and_the_case_tells_it(
    admitted: Candidate, session: Session, cast: Cast, visit: Visit
) -> None:
    page = leave(visit(cast.chen), admitted).page
    assert page.status == 200
    assert "2020-05-15 自行脱团" in page
    assert page.links(BUTTON) == []
    member = session.get_one(members.LeagueMember, admitted.person_id, populate_existing=True)
    assert member.status == MemberStatus.LEFT


def test_of_an_expulsion_the_county_records_it(admitted: Candidate, cast: Cast, visit: Visit) -> None:
    address = f"/cases/{admitted.case_id}/leaving"
    offered = "//select[@name='left_as']/option/@value"
    assert "expelled" not in visit(cast.chen).open(address).all(offered)
    assert [each for each in visit(cast.zhao).open(address).all(offered) if each] == ["expelled"]
    chen = visit(cast.chen)
    chen.open(address)
    assert chen.submit(left_as="expelled", **TOLD).status == 403


def test_the_branch_does_not_record_it(admitted: Candidate, cast: Cast, visit: Visit) -> None:
    saren = visit(cast.saren)
    assert saren.open(f"/cases/{admitted.case_id}").links(BUTTON) == []
    assert saren.open(f"/cases/{admitted.case_id}/leaving").status == 403
    assert visit(cast.he).open(f"/cases/{admitted.case_id}/leaving").status == 404


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"left_on": "2020-05-13"}, "离团日期不能早于入团时间"),
        ({"left_on": ""}, "请填写日期"),
        ({"document": ""}, "请写明决定或报告的名称、文号"),
        ({"left_as": ""}, "请选择一种离团情形"),
        ({"left_as": "", "left_on": ""}, "离团情形：请选择一种离团情形 离团日期：请填写日期"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_ends(
    admitted: Candidate, session: Session, cast: Cast, visit: Visit, changes: dict[str, str], words: str
) -> None:
    page = leave(visit(cast.chen), admitted, **changes).page
    assert (page.status, words in page) == (422, True)
    assert past_memberships.of_person(session, admitted.person_id) == []


def test_who_comes_back_is_told_with_his_earlier_membership(
    admitted: Candidate, session: Session, cast: Cast, visit: Visit, applied: Applied
) -> None:
    leave(visit(cast.chen), admitted)
    saren = applied(applied_on="2020-05-18")
    page = saren.open(f"/cases/{session.scalars(select(Candidate.case_id).order_by(Candidate.id.desc())).first()}")
    assert "2020-05-14 入团，2020-05-15 自行脱团，编号 202015" in page
    assert page.links("上一次入团的案卷") == [f"/cases/{admitted.case_id}"]
