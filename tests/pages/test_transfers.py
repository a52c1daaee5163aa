"""A candidate changes branch, as both secretaries see it: asking, answering, the papers, and the line that is left."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from tests.support.training import in_training
from workflows.domain import people, posts, transfers, units
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.engine.tables import Bundle, Case, WorkItem
from workflows.journal import SYSTEM

ASK, LEAVE, RECORD = "转往其他团支部", "转出到系统外", "移交清单"


@pytest.fixture
def naren(session: Session, cast: Cast) -> Person:
    """Leads a branch of the other school."""
    unit = units.add(session, cast.other_school, code="S2-1", name="初二1班团支部", kind=UnitKind.BRANCH)
    person = people.add(session, name="那仁", sex="male", birth_date=date(2004, 5, 1), unit_id=unit.id)
    since = date(2019, 9, 1)
    posts.assign(
        session, person_id=person.id, unit_id=unit.id, kind=PostKind.BRANCH_SECRETARY, since=since, actor=SYSTEM
    )
    return person


@pytest.fixture
def case(session: Session, cast: Cast, admission: Bundle, naren: Person, now: object) -> Case:
    found = in_training(session, cast)
    session.commit()
    return found


def ask(saren: Visitor, case: Case, **changes: str) -> Visitor:
    saren.open(f"/cases/{case.id}")
    saren.follow(ASK)
    given = {"asked_on": "2020-05-20", "to_unit": "S2-1", "reason": "school", "handed_over": "true"}
    saren.submit(**{**given, **changes})
    return saren


def answer(naren: Visitor, session: Session, **sent: str) -> None:
    item = session.scalars(select(WorkItem).where(WorkItem.step == "answer_transfer")).one()
    naren.open(f"/work-items/{item.id}")
    naren.submit(answered_on="2020-05-20", **sent)


def test_both_sides_see_that_an_answer_is_awaited(
    session: Session, cast: Cast, case: Case, naren: Person, visit: Visit
) -> None:
    saren = ask(visit(cast.saren), case)
    page = saren.open(f"/cases/{case.id}")
    assert "提出转往“初二1班团支部”，等待对方答复" in page
    assert page.links(ASK) == []
    receiver = visit(naren)
    assert "审查转入申请人" in receiver.open("/inbox")
    assert receiver.open(f"/cases/{case.id}").status == 200
    receiver.open(f"/work-items/{session.scalars(select(WorkItem.id).where(WorkItem.step == 'answer_transfer')).one()}")
    assert receiver.follow(RECORD).status == 200


def test_after_the_answer_the_old_branch_is_left_with_a_line(
    session: Session, cast: Cast, case: Case, naren: Person, visit: Visit
) -> None:
    saren, receiver = ask(visit(cast.saren), case), visit(naren)
    answer(receiver, session, outcome="accept", papers_complete="true")
    assert saren.open(f"/cases/{case.id}").status == 404
    assert saren.open(f"/cases/{case.id}/hand-over").status == 404
    assert case.title not in saren.open("/cases")
    page = saren.open("/transfers")
    for words in (case.title, "高一1班团支部", "初二1班团支部", "2020-05-20", "已接收"):
        assert words in page, words
    assert page.all(f"//a[contains(@href, '/cases/{case.id}')]") == []
    assert receiver.open(f"/cases/{case.id}").status == 200


def test_the_papers_of_the_old_branch_are_still_told_in_its_words(
    session: Session, cast: Cast, case: Case, naren: Person, visit: Visit
) -> None:
    ask(visit(cast.saren), case)
    receiver = visit(naren)
    answer(receiver, session, outcome="accept", papers_complete="true")
    facts = receiver.open(f"/cases/{case.id}").all("//dt[text()='培养联系人']/following-sibling::dd[1]/text()")
    assert facts == ["巴特尔"]


def test_a_refusal_tells_the_old_branch_why(
    session: Session, cast: Cast, case: Case, naren: Person, visit: Visit
) -> None:
    saren = ask(visit(cast.saren), case)
    answer(visit(naren), session, outcome="refuse", examined="本校没有这名学生")
    assert "本校没有这名学生" in saren.open("/transfers")
    assert saren.open(f"/cases/{case.id}").links(ASK)


def test_a_branch_that_is_not_there_is_refused_at_its_field(
    session: Session, cast: Cast, case: Case, visit: Visit
) -> None:
    page = ask(visit(cast.saren), case, to_unit="没有这个团支部").page
    assert page.status == 422
    assert page.all("//input[@name='to_unit']/@value") == ["没有这个团支部"]
    assert "系统中没有这个团支部" in page
    assert transfers.of_case(session, case.id) == []


def test_the_hand_over_record_lists_what_goes_along_and_no_whole_identity_number(
    session: Session, cast: Cast, case: Case, visit: Visit
) -> None:
    saren = visit(cast.saren)
    saren.open(f"/cases/{case.id}")
    page = saren.follow(RECORD)
    for words in ("入团申请人培养材料移交清单", "2. 派人谈话", "4. 指定培养联系人", "移交人（签名、盖章）"):
        assert words in page, words
    candidate = session.scalars(select(Person).where(Person.name == case.title)).one()
    assert candidate.masked_identity() in page
    assert (candidate.identity or "?") not in page.source


def test_who_goes_out_of_the_tree_ends_his_case_here_and_the_record_is_still_printed(
    session: Session, cast: Cast, case: Case, visit: Visit
) -> None:
    saren = visit(cast.saren)
    saren.open(f"/cases/{case.id}")
    saren.follow(LEAVE)
    saren.submit(left_on="2020-05-20", to_name="北京市某中学团委", reason="随父母迁往北京")
    session.refresh(case)
    assert (case.ended_step, case.result) == ("end_transferred_out", "transferred_out")
    page = saren.open(f"/cases/{case.id}/hand-over")
    assert "北京市某中学团委" in page
    assert "已转出" in page


def test_nobody_elses_candidates_are_listed(session: Session, cast: Cast, case: Case, visit: Visit) -> None:
    ask(visit(cast.saren), case)
    assert visit(cast.zhao).open("/transfers").status == 200
    assert case.title in visit(cast.zhao).open("/transfers")
    assert visit(cast.he).open("/transfers").status == 403
    elsewhere = session.scalars(select(Unit).where(Unit.code == "S2")).one()
    assert visit(cast.gaowa).open(f"/transfers?unit={elsewhere.id}").status == 404
