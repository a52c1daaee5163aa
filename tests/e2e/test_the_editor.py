"""An administrator changes a name and a deadline; new cases take them, running ones keep what they began with."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Desks
from tests.e2e.desk import Desk
from tests.e2e.staging import application
from workflows import clock
from workflows.engine.catalogue import read

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


EDITS = {
    "initial_talk": {"property-number": "3", "property-apart_from": "check_application", "documentation": "两人同往"},
    "initial_talk_overdue": {"property-since": "check_application.received_on"},
    "quota_release_refused": {"parameter-reason": '"审批不予通过"', "result-variable": "freed"},
    "flow_initial_talk_not_yet_label": {"condition": 'initial_talk.outcome in ["not_yet"]'},
    "end_admitted": {"property-result": "received"},
    "withdrawal_requested": {"property-label": "本人撤回", "property-available_when": "true"},
}
"""One field of every kind there is, by element."""


def test_every_kind_of_property_reaches_the_server(desks: Desks) -> None:
    page = desks["admin"].page
    _open_editor(page)
    for element, fields in EDITS.items():
        _select(page, element)
        for entry, text in fields.items():
            page.locator(f'[data-entry-id="{entry}"] :is(input, textarea)').fill(text)
    _select(page, "application_eligibility")
    page.locator('[data-entry-id="decision"] select').select_option("training_conditions")
    page.get_by_role("button", name="查找").click()
    page.locator(".djs-search-input input").fill("举行入团仪式")
    page.keyboard.press("End")  # the pad looks at keys, not at what is filled in
    page.locator(".djs-search-result").first.click()
    expect(page.locator('[data-entry-id="id"] input')).to_have_value("ceremony")
    with page.expect_request("**/check") as sent:
        page.get_by_role("button", name="检查").click()
    drawing = read(json.loads(sent.value.post_data or "")["xml"], "admission.bpmn")
    nodes = drawing.nodes
    assert nodes["initial_talk"].properties["number"] == "3"
    assert nodes["initial_talk"].properties["stage"] == "申请入团"
    assert nodes["initial_talk"].properties["apart_from"] == "check_application"
    assert "两人同往" in drawing.text
    assert nodes["initial_talk_overdue"].properties["since"] == "check_application.received_on"
    assert nodes["quota_release_refused"].operation == "quota.release"
    assert nodes["quota_release_refused"].parameters == {"reason": '"审批不予通过"'}
    assert 'resultVariable="freed"' in drawing.text
    assert drawing.flows["flow_initial_talk_not_yet"].condition == 'initial_talk.outcome in ["not_yet"]'
    assert nodes["end_admitted"].properties["result"] == "received"
    assert nodes["withdrawal_requested"].properties["label"] == "本人撤回"
    assert nodes["withdrawal_requested"].properties["lane"] == "团支部书记"
    assert nodes["application_eligibility"].decision == "training_conditions"
    page.get_by_role("button", name="撤销").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/processes")


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
    _select(page, "initial_talk_long_overdue")
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
