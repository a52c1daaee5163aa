"""The demo college recommends a member for the Party: begun at the list of who may be, passed on by the committee."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.e2e.conftest import Desks, House
from workflows import clock
from workflows.domain import people, units
from workflows.domain.recommendations import Recommendation, State
from workflows.engine import bundles
from workflows.journal import SYSTEM

SECRETARY, COMMISSIONER = "xueyuan1.secretary", "xueyuan1.commissioner"
LISTS, PASSES = "xueyuan.approver1", "xueyuan.approver2"
RECOMMENDATION = Path(__file__).parents[2] / "bpmn" / "recommendation"
BRANCH = "150702-D2-01"


def test_a_member_who_may_be_recommended_is_passed_on_to_the_party(house: House, desks: Desks) -> None:
    with Session(house.database) as session:
        bundles.store(session, bundles.read_folder(RECOMMENDATION), [], SYSTEM, "首次发布")
        branch_id = units.by_code(session, BRANCH).id
        session.commit()
    name = _nominate(desks, branch_id)
    desks[LISTS].do(name, "批准候选人名单", "approve", {"decided_on": _ago(38)})
    desks[SECRETARY].do(name, "推优大会", "held", _meeting())
    examined = {"examined_on": _ago(34), "opinion": "听取了任课教师和同学的意见"}
    desks[COMMISSIONER].do(name, "支委会考察", "recommend", examined)
    desks[SECRETARY].do(name, "张贴推优公示", "submit", {"posted_on": _ago(33)})
    filled = {"education": "大专在读", "performance": "学习认真，带头参加志愿服务", "branch_opinion": "同意推荐"}
    desks[SECRETARY].do(name, "填写推优审核表", "submit", {"filled_on": _ago(5), **filled})
    desks[LISTS].do(name, "上级团委审核", "approve", {"reviewed_on": _ago(4), "opinion": "同意推荐"})
    desks[PASSES].do(name, "向党组织推荐", "passed", {"passed_on": _ago(3), "document": "演示团推〔2〕号"})
    _is_with_the_party(house, name)


def _nominate(desks: Desks, branch_id: int) -> str:
    """List the first member who may be recommended; answers the name."""
    secretary = desks[SECRETARY]
    secretary.page.goto(f"/recommendations/branches/{branch_id}")
    begin = secretary.page.get_by_role("link", name="列为候选人", exact=True)
    name = secretary.page.locator("tbody tr", has=begin).first.locator(".name").inner_text()
    begin.first.click()
    met = dict.fromkeys(("politics", "conduct", "role", "discipline"), "met")
    secretary.fill("propose", {"product": "activist", "decided_on": _ago(40), **met, "basis": "志愿服务骨干"})
    secretary.submit()
    expect(secretary.page.get_by_role("status")).to_contain_text(name)
    return name


def _meeting() -> Mapping[str, str]:
    counted = {"eligible_voters": "10", "present_voters": "9", "written_opinions": "0", "votes_for": "8"}
    said = {"observer": "演示·列席人", "self_reported": "true", "resolution": "同意推荐"}
    return {"held_on": _ago(36), **counted, "votes_against": "1", "votes_abstain": "0", **said}


def _is_with_the_party(house: House, name: str) -> None:
    with Session(house.database) as session:
        rows = session.scalars(select(Recommendation).where(Recommendation.case_id.is_not(None))).all()
        [row] = [each for each in rows if people.get(session, each.person_id).name == name]
        assert (row.state, row.document) == (State.RECOMMENDED, "演示团推〔2〕号")
        assert row.party_unit_id is not None


def _ago(days: int) -> str:
    return (clock.today() - timedelta(days=days)).isoformat()
