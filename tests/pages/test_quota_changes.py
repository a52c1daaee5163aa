from datetime import date, timedelta
from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import quotas
from workflows.engine.tables import DueTimer
from workflows.journal import SYSTEM
from workflows.operations import reservations


def test_a_request_goes_up_and_comes_back_with_the_answer(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    page = gaowa.open("/quota/changes")
    assert "还没有追加申请" in page
    page = gaowa.submit("/quota/changes/requests", amount=4, reason="")
    assert page.status == 422
    assert "请写明理由" in page
    page = gaowa.submit("/quota/changes/requests", amount=4, reason="毕业班")
    assert "新城区团委，第 1 位" in page
    page = zhao.open("/quota/changes")
    assert "第一中学团委：申请 4 个" in page
    [grant] = page.all("//form[contains(@action, '/grant')]/@action")
    page = zhao.submit(grant, amount=4, reason="")
    assert page.status == 409
    assert "没有空余" in page
    zhao.open("/quota/changes")
    [token, *_] = zhao.page.all("//input[@name='csrf_token']/@value")
    forwarded = {"csrf_token": token, "unit": cast.county.id, "reason": "旗县无空余"}
    answer = zhao.client.post(grant.replace("grant", "forward"), data=forwarded, follow_redirects=True)
    assert "已转报上级" in answer.get_data(as_text=True)
    page = gaowa.open("/quota/changes")
    assert "转报呼和浩特市团委：" in page
    page = gaowa.submit(grant.replace("grant", "withdraw"))
    assert "已撤回" in page


def test_who_must_answer_sees_that_something_waits(visit: Visit, cast: Cast, now: object) -> None:
    zhao = visit(cast.zhao)
    assert "等您答复" not in zhao.open("/inbox")
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota/changes")
    gaowa.submit("/quota/changes/requests", amount=4, reason="毕业班")
    gaowa.open("/quota/changes")
    gaowa.submit("/quota/changes/transfers", to_unit_id=cast.other_school.id, amount=2, reason="用不完")
    page = zhao.open("/inbox")
    assert "追加申请 1 份，横向调剂 1 项" in page
    assert page.links("去办理") == [f"/quota/changes?unit={cast.county.id}"]
    assert page.all("//nav//span[@class='count']/text()") == ["2"]
    assert "等您答复" not in gaowa.open("/inbox")


def test_a_transfer_is_offered_and_confirmed(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    gaowa, zhao = visit(cast.gaowa), visit(cast.zhao)
    gaowa.open("/quota/changes")
    page = gaowa.submit("/quota/changes/transfers", to_unit_id=cast.other_school.id, amount=2, reason="用不完")
    assert "等待共同上级确认" in page
    page = zhao.open("/quota/changes")
    [confirm] = page.all("//form[contains(@action, '/confirm')]/@action")
    page = zhao.submit(confirm, reason="同意")
    assert "名额与编号已划转" in page
    account = quotas.account_of(session, quotas.current_plan(session).id, cast.other_school.id)
    assert account is not None
    assert account.free == 2


def test_the_region_adds_and_closes_and_reads_what_was_left(visit: Visit, cast: Cast, now: object) -> None:
    sun = visit(cast.sun)
    sun.open("/quota/changes")
    page = sun.submit("/quota/changes/additions", amount=10, reason="团中央追加")
    assert "已追加" in page
    page = sun.submit("/quota/changes/closing", reason="年终清理")
    assert page.status == 409
    with clock.standing_at(clock.start_of(date(2020, 12, 20))):
        sun.sign_in_again()
        sun.open("/quota/changes")
        page = sun.submit("/quota/changes/closing", reason="年终清理")
    assert "110 个未用名额已失效" in page


def test_a_school_hands_places_to_a_class_which_then_draws_on_them_alone(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota")
    page = gaowa.submit("/quota/allotments", to_unit_id=cast.branch.id, amount=1, reason="")
    assert page.links("高一1班团支部") == [f"/quota?unit={cast.branch.id}"]
    assert page.links("高一2班团支部") == []
    assert quotas.account_drawn_on(session, cast.branch.id) == cast.branch.id
    assert quotas.account_drawn_on(session, cast.small_branch.id) == cast.school.id
    saren = visit(cast.saren)
    assert "高一1班团支部" in saren.open("/quota")
    page = saren.submit("/quota/returns", amount=1)
    assert "已退回 1 个名额" in page
    session.expire_all()
    assert quotas.account_drawn_on(session, cast.branch.id) == cast.school.id


def test_every_place_is_explained_and_can_be_taken_along(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    saren = applied()
    case_id = int(saren.open("/cases").links("乌云")[0].rsplit("/", 1)[1])
    place = quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=cast.actor(cast.gaowa))
    quotas.reserve(session, unit_id=cast.school.id, case_id=999_999, actor=SYSTEM)
    quotas.release(session, case_id=999_999, reason="=1+1", actor=SYSTEM)
    session.commit()
    zhao = visit(cast.zhao)
    page = zhao.open(f"/quota/places?unit={cast.county.id}")
    assert place.number in page
    assert "高娃" in page
    assert "不在您的查看范围" in page
    assert place.number not in zhao.open(f"/quota/places?unit={cast.county.id}&state=returned")
    assert "没有符合条件的名额" in zhao.open(f"/quota/places?unit={cast.county.id}&number=2021")
    rows = zhao.client.get(f"/quota/places/places.csv?unit={cast.county.id}").get_data(as_text=True).splitlines()
    assert rows[0].lstrip("\ufeff").startswith("编号,单位,状态")
    assert len(rows) == 3
    assert rows[2].endswith("'=1+1")
    sheet = load_workbook(BytesIO(zhao.client.get(f"/quota/places/places.xlsx?unit={cast.county.id}").data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet["A"]][1] == place.number


def test_until_when_a_place_is_kept_stands_beside_it(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    saren = applied()
    case_id = int(saren.open("/cases").links("乌云")[0].rsplit("/", 1)[1])
    quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=cast.actor(cast.gaowa))
    over = clock.start_of(clock.today() + timedelta(days=6))
    named = {"step": reservations.ENDS, "label": "", "attached_to": "admission"}
    session.add(DueTimer(case_id=case_id, task=99, due_at=over, **named))
    session.commit()
    last_day = clock.today() + timedelta(days=5)
    gaowa = visit(cast.gaowa)
    for address in (f"/quota/places?unit={cast.school.id}", f"/quota?unit={cast.school.id}"):
        assert f"保留至 {last_day} 还剩 5 天" in gaowa.open(address).text
    told = gaowa.open(f"/cases/{case_id}").text
    assert f"名额与编号保留至 {last_day}" in told
    rows = gaowa.client.get(f"/quota/places/places.csv?unit={cast.school.id}").get_data(as_text=True).splitlines()
    assert rows[0].split(",")[6] == "保留至"
    assert rows[1].split(",")[6] == last_day.isoformat()


def test_a_number_is_looked_up(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    place = quotas.reserve(session, unit_id=cast.school.id, case_id=999_999, actor=SYSTEM)
    session.commit()
    gaowa = visit(cast.gaowa)
    assert "输入编号" in gaowa.open("/numbers")
    page = gaowa.open(f"/numbers?number={place.number}")
    assert "2020 年计划，在第一中学团委" in page
    assert "号段 202015000098–202015000100；测试" in page
    assert "不是已下达计划中的编号" in gaowa.open("/numbers?number=1")
