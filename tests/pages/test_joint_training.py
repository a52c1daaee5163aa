"""One look at a joint training for both sides: the plan, the time counted, what is due until when, what was said."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import joint
from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from workflows import clock
from workflows.domain import joint_training
from workflows.domain.joint_training_tables import JointTraining, TrainingState
from workflows.domain.members import LeagueMember
from workflows.domain.recommendations import Recommendation
from workflows.engine import cases
from workflows.operations.wiring import ENVIRONMENT


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


@pytest.fixture
def activist(session: Session, cast: Cast, party: Party, now: object) -> Recommendation:
    """Lin, whom the Party determined as activist five months ago."""
    return joint.determined(session, cast, party, _five_months_ago())


def _five_months_ago() -> date:
    return clock.today() - timedelta(days=155)


@pytest.fixture
def row(session: Session, cast: Cast, party: Party, activist: Recommendation) -> JointTraining:
    """His training, under a plan that both sides agree on; the first assessment may begin."""
    found = joint.planned(session, cast, party)
    for timer in cases.due_timers(session):
        cases.fire_timer(session, ENVIRONMENT, timer)
    session.commit()
    return found


def test_the_secretary_begins_it_from_the_list_of_activists(
    session: Session, visit: Visit, cast: Cast, activist: Recommendation
) -> None:
    saren = visit(cast.saren)
    page = saren.open("/joint-training")
    assert "还没有发起联合培养" in page
    saren.follow("发起联合培养")
    done = saren.submit(person=str(cast.lin.id), begun_on=joint.today(), outcome="submit")
    assert done.status == 200
    row = joint_training.live_of(session, cast.lin.id)
    assert row is not None
    page = saren.open("/joint-training")
    assert "还没有发起联合培养" not in page
    assert page.links("林一") == [f"/joint-training/{row.id}"]


def test_both_sides_and_the_mentors_read_the_same(
    session: Session, visit: Visit, cast: Cast, party: Party, row: JointTraining
) -> None:
    due = joint_training.get(session, row.id).next_due_on
    assert due is not None
    for reader in (cast.saren, cast.bator, cast.gaowa, party.guan, party.shi, party.bai):
        page = visit(reader).open(f"/joint-training/{row.id}")
        assert "每季度一次党课" in page
        assert "5 个月" in page
        assert due.isoformat() in page
        assert "还没有考核结果" in page
        assert "巴特尔" in page
        assert "石磊" in page
        assert "林一" in visit(reader).open("/joint-training")


def test_an_opinion_is_read_when_the_assessment_is_settled(
    session: Session, visit: Visit, cast: Cast, party: Party, row: JointTraining
) -> None:
    given = {"given_on": joint.today(), "opinion": "学习认真，团的工作主动"}
    joint.do(session, row, "league_opinion", cast.bator, "continue", **given)
    guan = visit(party.guan)
    assert "学习认真，团的工作主动" not in guan.open(f"/joint-training/{row.id}")
    joint.do(session, row, "party_opinion", party.shi, "extend", given_on=joint.today(), opinion="党课缺了两次，须补上")
    joint.do(
        session,
        row,
        "settle_assessment",
        party.guan,
        "continue",
        decided_on=joint.today(),
        reason="下期补上党课，不必延长",
    )
    for reader in (cast.saren, party.guan):
        page = visit(reader).open(f"/joint-training/{row.id}")
        for said in ("学习认真，团的工作主动", "党课缺了两次，须补上", "下期补上党课，不必延长", "第 1 次"):
            assert said in page


def test_the_partys_secretary_acts_in_the_case_though_nothing_waits_for_him(
    session: Session, visit: Visit, cast: Cast, party: Party, row: JointTraining
) -> None:
    guan = visit(party.guan)
    guan.open(f"/joint-training/{row.id}")
    guan.follow("打开案卷")
    guan.follow("登记思想汇报")
    guan.submit(reported_on=joint.today(), title="第二季度思想汇报")
    assert "第二季度思想汇报" in visit(cast.saren).open(f"/joint-training/{row.id}")


def test_who_takes_no_part_is_not_told_of_it(visit: Visit, cast: Cast, row: JointTraining) -> None:
    he = visit(cast.he)
    assert he.open(f"/joint-training/{row.id}").status == 404
    assert he.open(f"/cases/{row.case_id}").status == 404
    assert "林一" not in he.open("/joint-training")


def test_a_membership_that_went_elsewhere_is_pointed_out(
    session: Session, visit: Visit, cast: Cast, row: JointTraining
) -> None:
    session.get_one(LeagueMember, cast.lin.id).unit_id = cast.small_branch.id
    session.commit()
    assert "请原支部在案卷上办理转接" in visit(cast.saren).open(f"/joint-training/{row.id}")


def test_what_has_ended_says_when_and_why(
    session: Session, visit: Visit, cast: Cast, party: Party, row: JointTraining
) -> None:
    joint.assessed(session, cast, party, row, "end", reason="长期不参加组织活动")
    assert joint_training.get(session, row.id).state is TrainingState.NOT_CONTINUED
    page = visit(cast.saren).open(f"/joint-training/{row.id}")
    assert "不再继续培养" in page
    assert "长期不参加组织活动" in page
    assert "下次考核最后一天" not in page
