"""An administrator changes a name and a deadline; new cases take them, running ones keep what they began with."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Desks
from tests.e2e.desk import Desk
from tests.e2e.staging import application
from workflows import clock

OLD, NEW = "派人谈话", "派两人谈话"
SECRETARY = "xincheng1.secretary"
APPLIED = clock.today() - timedelta(days=3)
IN_TWENTY_DAYS = (APPLIED + timedelta(days=20)).isoformat()


@pytest.mark.usefixtures("process_restored")
def test_a_published_change_is_taken_by_new_cases_only(desks: Desks) -> None:
    secretary = desks[SECRETARY]
    _apply(secretary, "演示·前一人")
    page = desks["admin"].page
    _open_editor(page)
    desks["admin"].look_over()
    _rename_and_shorten(page)
    version = _publish(page)
    _apply(secretary, "演示·后一人")
    secretary.open_item("演示·前一人", OLD)
    expect(secretary.page.locator("h1")).not_to_contain_text(NEW)
    expect(secretary.page.locator(".page-head")).to_contain_text("还剩")
    expect(secretary.page.locator(".page-head")).not_to_contain_text(IN_TWENTY_DAYS)
    secretary.open_item("演示·后一人", NEW)
    expect(secretary.page.locator(".page-head")).to_contain_text(IN_TWENTY_DAYS)
    expect(secretary.page.locator("main")).to_contain_text(f"按流程{version}办理")


def test_faults_are_listed_and_nothing_is_published(desks: Desks) -> None:
    page = desks["admin"].page
    _open_editor(page)
    _select(page, "initial_talk_overdue")
    page.locator('[data-entry-id="timer-text"] input').fill("一个月")
    expect(page.locator("[data-changed]")).to_be_visible()
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-fault-panel]")).to_be_visible()
    expect(page.locator("[data-status]")).to_contain_text("处问题")
    page.get_by_role("button", name="发布新版本").click()
    page.get_by_label("修改说明").fill("改期限")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator("[data-status]")).to_contain_text("没有发布")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/processes/admission")
    expect(page.locator("main")).not_to_contain_text("改期限")


def _apply(secretary: Desk, name: str) -> None:
    secretary.page.goto("/processes/admission/new")
    secretary.fill("submit", application(name, APPLIED.isoformat()))
    secretary.submit()
    secretary.do(name, "审核入团申请书", "accept", {"received_on": APPLIED.isoformat()})


def _open_editor(page: Page) -> None:
    page.goto("/processes/admission")
    page.get_by_role("link", name="修改流程").click()
    expect(page.locator("#editor[data-ready]")).to_be_visible()


def _rename_and_shorten(page: Page) -> None:
    _select(page, "initial_talk")
    name = page.locator('[data-entry-id="name"] textarea')
    expect(name).to_have_value(OLD)
    name.fill(NEW)
    _select(page, "initial_talk_overdue")
    deadline = page.locator('[data-entry-id="timer-text"] input')
    expect(deadline).to_have_value("rules.talk_deadline")
    deadline.fill("P20D")
    expect(page.locator("[data-changed]")).to_be_visible()
    page.get_by_role("button", name="检查").click()
    expect(page.locator("[data-status]")).to_contain_text("检查通过")
    assert page.evaluate("[...document.getElementById('editor').untranslated]") == []


def _publish(page: Page) -> str:
    """Publish with a note; which version it became."""
    page.get_by_role("button", name="发布新版本").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator("dialog#publish [data-problem]")).to_be_visible()
    page.get_by_label("修改说明").fill("谈话须两人参加，二十日内完成")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.locator("main")).to_contain_text("谈话须两人参加")
    newest = page.locator("tbody tr").first
    expect(newest).to_contain_text("谈话须两人参加")
    return newest.locator("td").first.inner_text().removesuffix("现行").strip()


def _select(page: Page, element: str) -> None:
    """Click an element with the whole drawing in sight."""
    page.get_by_role("button", name="全图").click()
    page.locator(f'[data-element-id="{element}"] .djs-hit').last.click(force=True)
