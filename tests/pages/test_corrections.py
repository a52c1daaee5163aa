"""A correction of a candidate's name or number, begun at his page, checked by another and told on both pages."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from workflows.domain import identity_numbers
from workflows.domain.members import Candidate
from workflows.engine import bundles
from workflows.engine.tables import Bundle, Case
from workflows.journal import SYSTEM

CORRECTION = Path(__file__).parents[2] / "bpmn" / "record_correction"
RIGHT = identity_numbers.made_up(date(2005, 8, 3), "right", "female")
BUTTON = "更正姓名或证件号码"
PAPER = {"proposed_on": "2020-06-01", "document": "户口簿，新城派出所", "reason": "出生月份录错"}


@pytest.fixture
def process(session: Session, admission: Bundle) -> Bundle:
    return bundles.store(session, bundles.read_folder(CORRECTION), [], SYSTEM, "")


@pytest.fixture
def candidate(applied: Applied, process: Bundle, session: Session) -> tuple[Visitor, Candidate]:
    saren = applied()
    return saren, session.scalars(select(Candidate)).one()


def propose(candidate: tuple[Visitor, Candidate]) -> Visitor:
    saren, who = candidate
    saren.open(f"/cases/{who.case_id}")
    page = saren.follow(BUTTON)
    assert page.status == 200
    answer = saren.submit(name="乌云其其格", id_number=RIGHT, **PAPER)
    assert answer.status == 200, answer.text
    return saren


def own_case(session: Session) -> Case:
    return session.scalars(select(Case).where(Case.process == "record_correction")).one()


def confirm(chen: Visitor, case: Case) -> None:
    chen.open("/inbox")
    chen.open(chen.page.links("核对证件")[0] if chen.page.links("核对证件") else f"/cases/{case.id}")
    if chen.page.links("核对证件"):
        chen.follow("核对证件")
    chen.submit(outcome="confirm", checked_on="2020-06-01", original_seen="true", id_number_again=RIGHT)


def test_the_candidates_page_leads_to_the_form_with_the_candidate_chosen(
    candidate: tuple[Visitor, Candidate],
) -> None:
    saren, who = candidate
    saren.open(f"/cases/{who.case_id}")
    page = saren.follow(BUTTON)
    assert page.all("//select[@name='person']/option[@selected]/@value") == [str(who.person_id)]
    assert "新的申请" not in page.title


def test_whoever_does_not_keep_the_branchs_records_is_not_offered_it(
    candidate: tuple[Visitor, Candidate], visit: Visit, cast: Cast
) -> None:
    _, who = candidate
    assert visit(cast.chen).open(f"/cases/{who.case_id}").links(BUTTON) == []


def test_both_pages_tell_what_is_to_change_and_no_number(
    candidate: tuple[Visitor, Candidate], session: Session
) -> None:
    saren = propose(candidate)
    for case_id in (own_case(session).id, candidate[1].case_id):
        page = saren.open(f"/cases/{case_id}")
        assert "待核对" in page
        assert "乌云 → 乌云其其格" in page
        assert "2005-03-08 → 2005-08-03" in page
        assert RIGHT not in page.source
        assert identity_numbers.mask(RIGHT) in page


def test_confirmed_by_another_the_candidates_page_shows_the_right_name_and_the_history(
    candidate: tuple[Visitor, Candidate], session: Session, visit: Visit, cast: Cast
) -> None:
    saren = propose(candidate)
    confirm(visit(cast.chen), own_case(session))
    page = saren.open(f"/cases/{candidate[1].case_id}")
    assert page.title.startswith("乌云其其格")
    assert "已更正" in page
    assert "申请人的登记已更正" in page
    assert page.links(f"更正案卷 {own_case(session).id}")


def test_a_correction_stands_on_the_board_beside_the_stages(
    candidate: tuple[Visitor, Candidate], session: Session
) -> None:
    saren = propose(candidate)
    page = saren.open("/board")
    beside = page.all("//section[h2[contains(., '其他事项')]]//li")
    assert [" ".join(line.text_content().split())[:5] for line in beside] == ["更正：乌云"]
    assert len(page.all("//section[h2[contains(., '申请入团')]]//li")) == 1


def test_what_is_missing_is_said_at_the_field(candidate: tuple[Visitor, Candidate]) -> None:
    saren, who = candidate
    saren.open(f"/processes/record_correction/new?person={who.person_id}")
    page = saren.submit(**PAPER)
    assert page.status == 422
    assert "没有要更正的内容" in page
    assert page.all("//div[contains(@class, 'wrong')]//input/@name") == ["name"]
