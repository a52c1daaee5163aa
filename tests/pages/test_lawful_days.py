"""The lawful days on the pages: on the card, beside the date of a form, on the case's page."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.test_reasons import in_training
from tests.support.cast import Cast
from workflows import clock
from workflows.engine.tables import Bundle


def test_a_date_is_asked_for_within_its_bounds_with_rule_and_proposal(applied: Applied) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21")
    [field] = page.all("//input[@name='talked_on']")
    assert (field.get("min"), field.get("max"), field.get("value")) == ("2020-05-20", "2020-06-01", "")
    assert "最早 2020-05-20 · 最晚 2020-06-20 · 建议 2020-06-01" in page
    assert "派人谈话的期限（从“申请入团”2020-05-20 起算），细则：派人谈话" in page


def test_an_unlawful_date_is_refused_with_the_day_that_would_pass(applied: Applied) -> None:
    saren = applied()
    saren.submit(outcome="accept", received_on="2020-05-21")
    page = saren.submit(outcome="suitable", talked_on="2020-05-19", talker="林一", points="思想端正，入团动机明确。")
    assert page.status == 422
    assert "最早 2020-05-20，从“申请入团”2020-05-20 起算。所填为 2020-05-19" in page


def test_a_card_tells_the_earliest_and_the_latest_day(applied: Applied) -> None:
    saren = applied()
    saren.submit(outcome="accept", received_on="2020-05-21")
    assert "最早 2020-05-20 · 最晚 2020-06-20" in saren.open("/board")
    with clock.standing_at(clock.start_of(date(2020, 6, 22))):
        saren.sign_in_again()
        [card] = saren.open("/board").all("//li[contains(@class, 'ticket')]")
        assert card.text_content().count("已逾期 2 天") == 1


def test_a_case_tells_where_it_stands_and_what_is_ahead(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, now: datetime
) -> None:
    case = in_training(session, cast)
    page = visit(cast.saren).open(f"/cases/{case.id}")
    assert "第 5/15 步 教育培养考察 还早 85 天" in page
    assert (
        "最早 2020-08-25 — 培养考察最短期限（从“支委会确定入团积极分子”2020-05-25 起算） · 依据：细则：培养教育考察"
        in page
    )
    [ahead] = page.all("//details[summary[contains(., '以后各步')]]")
    told = " ".join(ahead.text_content().split())
    assert "支部大会决议 最早 2020-09-04" in told
    assert "上级团委审批 最早 2020-09-05" in told
