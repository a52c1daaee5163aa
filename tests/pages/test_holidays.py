from datetime import datetime

from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page, Visitor
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.clock import OFFICE_ZONE
from workflows.domain import working_days
from workflows.journal import Event


def _enter(visitor: Visitor, unit_id: int, **changes: str) -> Page:
    visitor.open("/holidays")
    values = {"name": "暑假", "first": "2020-07-11", "last": "2020-08-31", **changes}
    return visitor.submit(f"/holidays/{unit_id}", **values)


def test_a_committee_enters_the_holiday_of_its_unit(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    zhao = visit(cast.zhao)
    assert "还没有登记假期" in zhao.open("/holidays")
    page = _enter(zhao, cast.county.id)
    assert "已登记“暑假”" in page
    assert "2020-07-11" in page
    assert "赵军" in page
    last = journal.entries_of(session, journal.unit_chain(cast.county.id))[-1]
    assert last.event == Event.HOLIDAY_ENTERED


def test_the_school_sees_the_holiday_of_the_county_and_cannot_remove_it(visit: Visit, cast: Cast, now: object) -> None:
    _enter(visit(cast.zhao), cast.county.id)
    gaowa = visit(cast.gaowa)
    page = gaowa.open("/holidays")
    assert "暑假" in page
    assert page.all("//form[contains(@action, '/removal')]") == []


def test_a_branch_reads_what_holds_for_it_and_enters_nothing(visit: Visit, cast: Cast, now: object) -> None:
    _enter(visit(cast.gaowa), cast.school.id)
    page = visit(cast.saren).open("/holidays")
    assert "暑假" in page
    assert page.all("//input[@name='first']") == []


def test_a_holiday_is_removed_by_its_unit(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    page = _enter(gaowa, cast.school.id)
    [action] = page.all("//form[contains(@action, '/removal')]/@action")
    page = gaowa.submit(action)
    assert "已删除“暑假”" in page
    assert "还没有登记假期" in page


def test_wrong_days_are_said_beside_their_fields_and_what_was_sent_stays(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    page = _enter(gaowa, cast.school.id, last="2020-07-01")
    assert page.status == 422
    assert "假期的末日不能早于首日" in page
    assert page.all("//input[@id='field-name']/@value") == ["暑假"]
    assert page.all("//input[@aria-invalid='true']/@id") == ["field-last"]
    assert page.all("//*[@data-error-summary]//a/@href") == ["#field-last"]
    assert "请填写日期" in _enter(gaowa, cast.school.id, first="夏天")
    assert "假期名称应为1至60个字" in _enter(gaowa, cast.school.id, name="")


def test_days_that_are_taken_are_refused_with_the_holiday_that_has_them(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    _enter(gaowa, cast.school.id)
    page = _enter(gaowa, cast.school.id, name="军训", first="2020-08-31", last="2020-09-05")
    assert page.status == 409
    assert "“暑假”（2020-07-11至2020-08-31）已包括其中的日子" in page


def test_another_unit_s_holidays_cannot_be_entered(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/holidays")
    form = gaowa.page.tree.forms[0]
    token = dict(form.form_values()).get("csrf_token") or gaowa.page.all("//input[@name='csrf_token']/@value")[0]
    values = {"csrf_token": token, "name": "暑假", "first": "2020-07-11", "last": "2020-08-31"}
    answer = gaowa.client.post(f"/holidays/{cast.county.id}", data=values)
    assert answer.status_code == 403


def test_the_page_warns_before_a_year_whose_public_holidays_nobody_announced(
    visit: Visit, cast: Cast, now: object
) -> None:
    year = working_days.last_announced_year()
    with clock.standing_at(datetime(year, 11, 1, 9, tzinfo=OFFICE_ZONE)):
        assert "暂按周末休息计算" not in visit(cast.gaowa).open("/holidays")
    with clock.standing_at(datetime(year, 12, 1, 9, tzinfo=OFFICE_ZONE)):
        page = visit(cast.gaowa).open("/holidays")
        assert f"只知道到 {year} 年底，之后的工作日暂按周末休息计算" in page


def test_the_page_of_places_leads_to_the_holidays(visit: Visit, cast: Cast, now: object) -> None:
    zhao = visit(cast.zhao)
    zhao.open("/quota")
    page = zhao.follow("学校假期")
    assert page.title.startswith("学校假期")
    assert page.all("//nav/a[@aria-current='page']/text()") == ["名额"]
    assert visit(cast.saren).open("/quota").links("学校假期")
