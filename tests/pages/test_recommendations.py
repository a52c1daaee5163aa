"""Rounds of recommendation on their page, who of a branch may be recommended, and a case begun from there."""

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import recommending
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.domain.recommendation_rounds import RecommendationRound, RoundPlaces, RoundState
from workflows.domain.recommendations import Recommendation
from workflows.engine import bundles
from workflows.engine.tables import Bundle, Case
from workflows.journal import SYSTEM

PROCESS = Path(__file__).parents[2] / "bpmn" / "recommendation"
BORN = date(2000, 5, 1)
NEW = {"product": "activist", "term": "2020年春季学期", "basis": "校党委年度计划"}


@pytest.fixture
def process(session: Session, admission: Bundle) -> Bundle:
    return bundles.store(session, bundles.read_folder(PROCESS), [], SYSTEM, "")


@pytest.fixture
def youth(session: Session, cast: Cast, now: datetime) -> Person:
    return recommending.members(session, cast.branch, 11, born=BORN)[0]


@pytest.fixture
def running(session: Session, cast: Cast, youth: Person) -> RecommendationRound:
    return recommending.open_round(session, cast)


def places(session: Session, cast: Cast) -> RoundPlaces:
    return session.scalars(select(RoundPlaces).where(RoundPlaces.unit_id == cast.branch.id)).one()


def test_the_committee_opens_a_round_lowers_places_and_confirms_them(
    visit: Visit, cast: Cast, session: Session, youth: Person
) -> None:
    gaowa = visit(cast.gaowa)
    assert "目前没有进行中的批次" in gaowa.open("/recommendations")
    page = gaowa.submit("/recommendations/rounds", unit=str(cast.school.id), **{**NEW, "term": ""})
    assert (page.status, "请写明学期" in page) == (422, True)
    page = gaowa.submit("/recommendations/rounds", unit=str(cast.school.id), **NEW)
    assert "名额待确认" in page
    opened = session.scalars(select(RecommendationRound)).one()
    key, here = f"places_{cast.branch.id}", f"/recommendations/rounds/{opened.id}"
    page = gaowa.submit(here, act="confirm", **{key: "3"})
    assert (page.status, "团员14名的20%，最多2个" in page) == (422, True)
    page = gaowa.submit(here, act="confirm", **{key: "1"})
    assert "名额已确认" in page
    session.refresh(opened)
    assert (opened.state, places(session, cast).places) == (RoundState.OPEN, 1)
    assert "批次已结束" in gaowa.submit(here, act="close", **{key: "1"})
    assert "以往批次" in gaowa.page


def test_a_branch_sees_its_own_places_and_changes_none(
    visit: Visit, cast: Cast, running: RecommendationRound, session: Session
) -> None:
    saren = visit(cast.saren)
    page = saren.open("/recommendations")
    assert cast.branch.short_name in page
    assert cast.small_branch.short_name not in page
    assert page.all("//form[contains(@action, '/rounds')]") == []
    sent = saren.client.post(f"/recommendations/rounds/{running.id}", data={"act": "close"})
    assert sent.status_code in (400, 403)
    session.refresh(running)
    assert running.state == RoundState.OPEN


def test_another_school_s_committee_knows_nothing_of_the_round(
    visit: Visit, cast: Cast, running: RecommendationRound, session: Session
) -> None:
    zhao = visit(cast.zhao)  # the county reads, and keeps no round
    page = zhao.open("/recommendations")
    assert running.term in page
    assert page.all("//button[@name='act']") == []


def test_the_list_says_who_is_eligible_and_who_is_not_and_why(
    visit: Visit, cast: Cast, process: Bundle, running: RecommendationRound
) -> None:
    page = visit(cast.saren).open(f"/recommendations/branches/{cast.branch.id}")
    assert "符合条件 0" in page
    assert "目前不符合条件 14" in page
    assert "没有递交入党申请书的记录" in page
    assert "未满18周岁，不能推优。" in page  # the cast is younger
    assert "最早" not in page  # whose birthday is when is nobody's business here
    page = visit(cast.gaowa).open(f"/recommendations/branches/{cast.branch.id}?product=target")
    assert "没有党组织确定为入党积极分子的记录" in page
    assert page.links("列为候选人") == []


def test_who_keeps_another_branch_does_not_read_the_list(visit: Visit, cast: Cast, process: Bundle) -> None:
    saren = visit(cast.saren)
    assert saren.open(f"/recommendations/branches/{cast.small_branch.id}").status == 404
    assert saren.open(f"/recommendations/branches/{cast.branch.id}?product=hero").status == 404
    assert visit(cast.sun).open(f"/recommendations/branches/{cast.branch.id}").status == 403


def test_a_case_begins_from_the_list_and_its_record_stands_on_its_page(
    visit: Visit, cast: Cast, process: Bundle, youth: Person, running: RecommendationRound, session: Session
) -> None:
    saren = visit(cast.saren)
    page = saren.open(f"/recommendations/branches/{cast.branch.id}")
    mine = [link for link in page.links("补填申请日期后列为候选人") if f"person={youth.id}&" in link]
    page = saren.open(mine[0])
    assert page.all("//select[@name='person']/option[@selected]/@value") == [str(youth.id)]
    assert page.all("//select[@name='product']/option[@selected]/@value") == ["activist"]
    standards = dict.fromkeys(("politics", "conduct", "role", "discipline"), "met")
    days = {"decided_on": "2020-06-01", "applied_on": "2020-03-01"}
    page = saren.submit(outcome="propose", basis="评为优秀团员", **standards, **days)
    case = session.scalars(select(Case).where(Case.process == "recommendation")).one()
    assert (case.title, case.ended_at) == (f"{youth.name}（入党积极分子）", None)
    gaowa = visit(cast.gaowa)
    gaowa.open("/inbox")
    gaowa.follow(case.title)
    gaowa.submit(outcome="approve", decided_on="2020-06-01")
    row = session.scalars(select(Recommendation)).one()
    assert (row.person_id, places(session, cast).taken) == (youth.id, 1)
    page = saren.open(f"/cases/{case.id}")
    assert "推优记录 入党积极分子 候选人" in page
    assert "第 3/10 步 推优大会" in page
    board = saren.open("/board")
    assert "其他事项" in board
    assert board.all(f"//div[contains(@class, 'board')]//a[@href='/cases/{case.id}']") == []
