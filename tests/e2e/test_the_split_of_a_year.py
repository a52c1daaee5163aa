"""Four people split 53,700 places, one level after the other; a class over its ratio is refused with the figures."""

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.e2e.conftest import Desks, House
from tests.e2e.desk import Desk
from tests.e2e.staging import bring_to_pre_review
from workflows.domain import demo_head_counts, demo_schools, head_counts, quotas, units
from workflows.domain.head_counts import Line
from workflows.domain.units import Field
from workflows.journal import SYSTEM

TOTAL = 53_700
SCHOOL = demo_schools.SCHOOLS[0].code
FULL = f"{SCHOOL}-02"
NAME = "演示·呼和"


def test_a_year_is_split_from_the_region_to_the_classes(house: House, desks: Desks) -> None:
    with Session(house.database) as session:
        before = _prepare(session)

    page = _reckon(desks["region"], "可分配53,700")
    expect(page.locator("table.split tbody tr")).to_have_count(24)
    assert {"满洲里市", "二连浩特市", "呼和浩特市"} <= set(_units(page))
    hohhot = _amount(page, "呼和浩特市")
    _edit(page, "呼和浩特市", hohhot + 10, "上年使用率较高，适当增加")
    expect(page.locator("[data-split-rest]")).to_have_text("2,675")
    _confirm(page)

    page = _reckon(desks["hohhot"], f"可分配{hohhot + 10:,}")
    desks["hohhot"].look_over()
    given = _amount(page, "新城区")
    _confirm(page)

    page = _reckon(desks["xincheng.county"], "各下级合计")
    _edit(page, "演示·新城区第一高级中学", 15, "该校申请人较多，先行安排")
    _confirm(page)

    page = _reckon(desks["xincheng.approver1"], "测算时预留")
    page.locator("summary").first.click()
    expect(page.locator("table.split details").first).to_contain_text("按比例应得")
    _confirm(page)

    with Session(house.database) as session:
        assert quotas.audit(session).faults == []
        county = units.by_code(session, "150102")
        account = quotas.account_of(session, quotas.current_plan(session).id, county.id)
        assert account is not None
        assert account.allotted_in == before + given

    approver = desks["xincheng.approver1"]
    approver.open_item(NAME, "预审发展对象")
    approver.fill("pass", {"reviewed_on": "2026-06-22"})
    approver.submit()
    refused = approver.page.locator("main")
    expect(refused).to_contain_text("有学生 44 人、团员 26 人")
    expect(refused).to_contain_text("团学比为 61.4%，超过上限 60%")


def _prepare(session: Session) -> int:
    """The same number of places once more, head counts, one class that is full, and a candidate in it.

    Answers how many places the county had.
    """
    plan = quotas.current_plan(session)
    quotas.add_to_plan(session, plan, TOTAL, SYSTEM, "年中追加，供分配演示")
    demo_head_counts.install(session, plan.year)
    branch, county = units.by_code(session, FULL), units.by_code(session, "150102")
    full = Line(Field.SENIOR, True, 44, 26)
    head_counts.record(
        session,
        unit_id=branch.id,
        as_of=head_counts.day_for(plan.year),
        lines=[full],
        source="演示",
        actor=SYSTEM,
    )
    # Brought here first: what the worker still owes the case is done long before the approver opens it.
    bring_to_pre_review(session, FULL, NAME)
    account = quotas.account_of(session, plan.id, county.id)
    assert account is not None
    session.commit()
    return account.allotted_in


def _reckon(desk: Desk, told: str) -> Page:
    page = desk.page
    page.goto("/quota/split")
    page.get_by_role("button", name="编制分配方案").click()
    expect(page.locator("main")).to_contain_text(told)
    return page


def _units(page: Page) -> list[str]:
    return [text.split("\n")[0].strip() for text in page.locator("table.split td.name").all_inner_texts()]


def _amount(page: Page, unit: str) -> int:
    return int(page.get_by_label(f"{unit}的名额").input_value())


def _edit(page: Page, unit: str, amount: int, reason: str) -> None:
    page.get_by_label(f"{unit}的名额").fill(str(amount))
    page.get_by_label(f"{unit}的改动理由").fill(reason)


def _confirm(page: Page) -> None:
    page.get_by_role("button", name="确认下达").click()
    page.locator("dialog#confirm[open] button.primary").click()
    expect(page.get_by_role("status")).to_contain_text("名额已按方案下达")
