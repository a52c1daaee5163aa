"""An approver signs several people off at once and watches the worker do it."""

from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.e2e.conftest import Desks, House
from tests.e2e.staging import bring_to_pre_review
from workflows.domain import demo_schools
from workflows.domain.numbering import Place, PlaceState

BRANCH = f"{demo_schools.SCHOOLS[0].code}-01"
NAMES = ["演示·其木格", "演示·白音", "演示·高娃"]


def test_several_people_are_signed_off_at_once(house: House, desks: Desks) -> None:
    with Session(house.database) as session:
        for name in NAMES:
            bring_to_pre_review(session, BRANCH, name)
        session.commit()
        before = _reserved(session)
    approver = desks["xincheng.approver1"]
    page = approver.page
    page.goto("/inbox?step=pre_review")
    approver.look_over()
    for name in NAMES:
        page.get_by_label(f"选中 {name}").check()
    page.get_by_role("button", name="批量办理所选").click()
    expect(page.locator("h1")).to_contain_text("预审发展对象")
    page.get_by_label(NAMES[2]).uncheck()
    approver.look_over()

    page.locator('[name="outcome"][value="pass"]').check()
    page.get_by_role("button", name="对勾选的人员一并办理").click()
    page.locator("dialog#confirm[open] button.primary").click()
    expect(page.get_by_role("alert")).to_contain_text("预审日期")
    expect(page.get_by_label(NAMES[2])).not_to_be_checked()

    page.locator('[name="reviewed_on"]').fill("2026-06-22")
    page.get_by_role("button", name="对勾选的人员一并办理").click()
    page.locator("dialog#confirm[open] button.primary").click()
    expect(page.locator('#batch[data-running="no"]')).to_be_visible(timeout=40_000)
    expect(page.get_by_role("status")).to_contain_text("成功 2 项")
    expect(page.locator("tbody tr", has_text=NAMES[0])).to_contain_text("已办")
    with Session(house.database) as session:
        assert _reserved(session) == before + 2
    page.goto("/inbox?step=pre_review")
    expect(page.locator("tbody tr", has_text=NAMES[2])).to_be_visible()
    expect(page.locator("tbody tr", has_text=NAMES[0])).to_have_count(0)


def _reserved(session: Session) -> int:
    query = select(func.count()).select_from(Place).where(Place.state == PlaceState.RESERVED)
    return session.scalar(query) or 0
