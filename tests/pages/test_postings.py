"""The public notice as everybody reads it: without signing in, without anything private, and gone when it is over."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.application import ADMISSION
from tests.support.cast import BORN, Cast, apply
from workflows import clock
from workflows.domain import identity_numbers, members, people, postings
from workflows.domain.members import Candidate
from workflows.domain.postings import Sheet, Why
from workflows.engine import scenarios
from workflows.engine.tables import Bundle, Case, WorkItem
from workflows.operations.demonstration import DemoStage

POSTED, ENDS, OVER = date(2020, 6, 23), date(2020, 7, 1), date(2020, 7, 2)


def day(value: date) -> datetime:
    return clock.start_of(value)


def put_up(session: Session, found: Candidate) -> str:
    """The address of the candidate's notice, hung up on its first day."""
    with clock.standing_at(day(POSTED)):
        row = postings.put_up(
            session,
            case_id=found.case_id or 0,
            unit_id=found.unit_id,
            sheet=Sheet(POSTED, "教学楼公示栏"),
            ends_on=ENDS,
            activist_on=date(2020, 3, 16),
        )
        assert row is not None
        [(_, sheet)] = postings.of_case(session, row.case_id)
    session.commit()
    return f"/postings/{sheet.token}"


@pytest.fixture
def address(session: Session, cast: Cast) -> str:
    return put_up(session, apply(session, cast, 7))


def test_everybody_reads_who_is_announced_and_to_whom_to_object(
    address: str, stranger: Visitor, session: Session, cast: Cast
) -> None:
    put_up(session, apply(session, cast, 8))
    with clock.standing_at(day(ENDS)):
        page = stranger.open(address)
    assert page.status == 200
    for words in ("申请人7", "申请人8", "高一1班团支部", "2020-05-10", "2020-03-16", "2020-07-01", "第一中学团委"):
        assert words in page, words


def test_nothing_private_of_the_candidate_is_on_the_page(
    address: str, stranger: Visitor, session: Session, cast: Cast
) -> None:
    person = people.get(session, members.get_of_case(session, 7).person_id)
    number = identity_numbers.made_up(BORN, "applicant 7 0", "female")
    private = {number, number[-4:], str(BORN), BORN.strftime("%Y%m%d"), person.ethnic_group, "女", "female"}
    with clock.standing_at(day(POSTED)):
        page = stranger.open(address)
    assert person.name in page
    assert [word for word in private if word in page.source] == []


def test_it_is_found_by_no_search_engine_and_kept_by_no_cache(address: str, stranger: Visitor) -> None:
    with clock.standing_at(day(POSTED)):
        answer = stranger.client.get(address)
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert stranger.open("/postings/1").status == 404


def test_after_its_last_day_it_says_only_that_it_has_ended_and_keeps_nothing(
    address: str, stranger: Visitor, session: Session
) -> None:
    with clock.standing_at(day(OVER)):
        page = stranger.open(address)
    assert "公示已结束" in page
    assert "申请人7" not in page.source
    [(row, _)] = postings.of_case(session, 7)
    assert (row.name, row.why) == (None, Why.OVER)


def test_after_a_withdrawal_it_says_only_that_it_has_ended(address: str, stranger: Visitor, session: Session) -> None:
    with clock.standing_at(day(POSTED)):
        postings.take_down(session, 7, Why.CASE_ENDED)
        page = stranger.open(address)
    assert "公示已结束" in page
    assert "申请人7" not in page.source


def test_an_objection_is_not_told_to_everybody(address: str, stranger: Visitor, session: Session) -> None:
    with clock.standing_at(day(date(2020, 7, 10))):
        postings.stop(session, 7)
        page = stranger.open(address)
    assert "顺延" in page
    assert "核查" not in page.source


@pytest.fixture
def announced(session: Session, cast: Cast, admission: Bundle) -> Case:
    """A case whose candidate has just been announced on the board."""
    text = (ADMISSION / "scenarios" / "withdrawn_with_a_place_reserved.yaml").read_text()
    way = scenarios.read(text, "withdrawn_with_a_place_reserved.yaml")
    before = [step for step in way.steps if scenarios.changes_something(step)][:-2]
    assert before[-1]["do"] == "public_notice"
    scenarios.walk(replace(way, steps=before), DemoStage(session, cast.branch, "乌云"))
    session.commit()
    return session.scalars(select(Case)).one()


def test_whoever_works_on_the_case_finds_the_address_to_hand_on(visit: Visit, cast: Cast, announced: Case) -> None:
    with clock.standing_at(day(POSTED)):
        saren = visit(cast.saren)
        saren.open(f"/cases/{announced.id}")
        page = saren.open(saren.page.all("//a[contains(@href, '/postings')]/@href")[0])
        assert "公示中" in page
        assert "测试申请人" in saren.follow("打开公示页")
    with clock.standing_at(day(OVER)):
        page = visit(cast.gaowa).open(f"/cases/{announced.id}/postings")
        assert "期满撤下" in page
        assert page.links("打开公示页") == []


def test_only_who_may_see_the_case_sees_its_notices(
    visit: Visit, stranger: Visitor, cast: Cast, announced: Case
) -> None:
    with clock.standing_at(day(POSTED)):
        assert visit(cast.he).open(f"/cases/{announced.id}/postings").status == 404
        assert stranger.open(f"/cases/{announced.id}/postings").path == "/sign-in"


def test_the_committee_enters_an_objection(visit: Visit, cast: Cast, announced: Case) -> None:
    with clock.standing_at(day(date(2020, 6, 24))):
        gaowa = visit(cast.gaowa)
        gaowa.open(f"/cases/{announced.id}")
        gaowa.follow("登记公示异议")
        page = gaowa.submit(raised_on="2020-06-24", by="anonymous_letter", what="反映年龄不实", outcome="submit")
        assert page.status == 200
        assert "核查公示异议" in page
        assert "异议核查中" in gaowa.open(f"/cases/{announced.id}/postings")


def test_the_secretary_hands_an_objection_in_and_the_committee_settles_it(
    visit: Visit, cast: Cast, announced: Case, session: Session
) -> None:
    with clock.standing_at(day(date(2020, 6, 24))):
        saren = visit(cast.saren)
        saren.open(f"/cases/{announced.id}")
        saren.follow("登记公示异议")
        saren.submit(raised_on="2020-06-24", by="anonymous_call", what="反映年龄不实", outcome="submit")
        query = select(WorkItem).where(WorkItem.case_id == announced.id)
        [item] = session.scalars(query)
        assert (item.step, item.unit_id) == ("investigate_objection", cast.school.id)
        form = {"outcome": "dismissed", "settled_on": "2020-06-24", "findings": "核对户口簿，年龄属实"}
        assert saren.open(f"/work-items/{item.id}").all("//button[@name='outcome']") == []
        gaowa = visit(cast.gaowa)
        gaowa.open(f"/work-items/{item.id}")
        assert gaowa.submit(**form).status == 200
