"""Corrections of a closed year on the pages."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import quota_closing, quotas
from workflows.journal import SYSTEM

GIVEN = {"amount": 2, "document": "新团发〔2020〕3号", "document_on": "2020-04-01", "reason": "下达时误记"}


@pytest.fixture
def closed(session: Session, now: object) -> Iterator[None]:
    """The year is over; the time stands in January of the next."""
    with clock.standing_at(clock.start_of(date(2020, 12, 20))):
        quota_closing.close(session, quotas.current_plan(session), SYSTEM, "年终清理")
    session.commit()
    with clock.standing_at(clock.start_of(date(2021, 1, 20))):
        yield


def test_before_any_year_is_closed_the_page_says_what_to_do(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    assert "还没有关闭的年度计划" in gaowa.open("/quota/corrections")
    assert "2020 年计划还没有关闭" in gaowa.open("/quota/corrections?year=2020")


@pytest.mark.usefixtures("closed")
def test_a_correction_is_entered_and_confirmed_by_another_above(visit: Visit, cast: Cast, session: Session) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    page = gaowa.open("/quota/corrections")
    assert "第一中学团委（失效 3 个）" in page
    page = gaowa.submit("/quota/corrections", **{**GIVEN, "document": ""}, to_unit_id=cast.other_school.id)
    assert page.status == 422
    assert "请写明依据文件" in page
    assert page.all("//input[@name='document_on']/@value") == ["2020-04-01"]
    page = gaowa.submit("/quota/corrections", **GIVEN, to_unit_id=cast.other_school.id)
    assert "待新城区团委确认" in page
    page = zhao.open("/inbox")
    assert "年后更正 1 项" in page
    assert page.links("去办理") == [f"/quota/corrections?unit={cast.county.id}"]
    page = zhao.open("/quota/corrections")
    [confirm] = page.all("//form[contains(@action, '/confirm')]/@action")
    page = zhao.submit(confirm, reason="属实")
    assert "更正分录已记入今天的账" in page
    assert "高娃" in page
    session.expire_all()
    account = quotas.account_of(session, quotas.plan_of_year(session, 2020).id, cast.other_school.id)
    assert account is not None
    assert account.expired == 2
    explained = zhao.open(f"/quota/places?unit={cast.county.id}&year=2020")
    assert "2 个失效名额：第一中学团委 → 第二中学团委" in explained
    assert "年后更正调入" in visit(cast.sun).open(f"/quota?unit={cast.other_school.id}&year=2020")


@pytest.mark.usefixtures("closed")
def test_it_is_declined_with_a_reason_or_taken_back(visit: Visit, cast: Cast) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    gaowa.open("/quota/corrections")
    page = gaowa.submit("/quota/corrections", **GIVEN, to_unit_id=cast.other_school.id)
    [withdraw] = page.all("//form[contains(@action, '/withdraw')]/@action")
    assert "已撤回更正" in gaowa.submit(withdraw)
    page = gaowa.submit("/quota/corrections", **GIVEN, to_unit_id=cast.other_school.id)
    page = zhao.open("/quota/corrections")
    [confirm] = page.all("//form[contains(@action, '/confirm')]/@action")
    [token, *_] = page.all("//input[@name='csrf_token']/@value")
    sent = {"csrf_token": token, "unit": cast.county.id, "year": 2020, "reason": ""}
    answer = zhao.client.post(confirm.replace("confirm", "decline"), data=sent)
    assert answer.status_code == 422
    sent["reason"] = "依据不足"
    answer = zhao.client.post(confirm.replace("confirm", "decline"), data=sent, follow_redirects=True)
    assert "答复：依据不足" in answer.get_data(as_text=True)


@pytest.mark.usefixtures("closed")
def test_a_foreign_unit_is_not_there(visit: Visit, cast: Cast) -> None:
    gaowa = visit(cast.gaowa)
    assert gaowa.open(f"/quota/corrections?unit={cast.other_county.id}").status == 404
    gaowa.open("/quota/corrections")
    page = gaowa.submit("/quota/corrections", **GIVEN, from_unit_id=999_999, to_unit_id=cast.school.id)
    assert page.status == 404
