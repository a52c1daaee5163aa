from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.support import drawings
from tests.support.application import an_application
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import posts
from workflows.domain.people import Person
from workflows.engine import bundles, cases
from workflows.engine.tables import Bundle, Case, StepRecord, WorkItem
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT


def _item(session: Session, step: str) -> WorkItem:
    return session.scalars(select(WorkItem).where(WorkItem.step == step)).one()


def _points(**changes: str) -> dict[str, str]:
    return {"talked_on": "2020-05-25", "talker": "萨仁", "points": "思想端正，入团动机明确。", **changes}


def test_an_application_leads_straight_to_the_next_step(applied: Applied) -> None:
    saren = applied()
    assert "已登记：乌云。" in saren.page
    assert saren.page.title == "审核入团申请书 · 乌云 · 团程"
    page = saren.submit(outcome="accept", received_on="2020-05-21")
    assert "已办理：审核入团申请书（接收）。" in page
    assert page.title == "派人谈话 · 乌云 · 团程"


def test_a_wrong_application_names_the_field_and_the_rule_and_keeps_the_rest(
    visit: Visit, cast: Cast, admission: Bundle, now: datetime
) -> None:
    saren = visit(cast.saren)
    saren.open("/processes/admission/new")
    page = saren.submit(**an_application(applied_on="2020-07-01", name=""))
    assert page.status == 422
    assert page.all("//*[@data-error-summary]//a/@href") == ["#field-name", "#field-applied_on"]
    assert "姓名：必填" in page
    assert "不得晚于今天" in page
    assert page.all("//input[@name='class_name']/@value") == ["高一1班"]
    assert page.all("//select[@name='ethnic_group']/option[@selected]/@value") == ["蒙古族"]
    assert page.all("//input[@name='sex' and @checked]/@value") == ["female"]
    assert page.all("//input[@name='name']/@aria-invalid") == ["true"]


def test_a_secretary_enters_nothing_for_another_branch(
    visit: Visit, cast: Cast, admission: Bundle, now: datetime, session: Session
) -> None:
    saren = visit(cast.saren)
    saren.open("/processes/admission/new")
    page = saren.submit(**an_application(), unit=cast.small_branch.id)
    assert page.status == 403
    assert session.scalars(select(Case)).all() == []


def test_only_who_may_enter_an_application_is_offered_to(visit: Visit, cast: Cast, admission: Bundle) -> None:
    lin = visit(cast.lin)
    assert lin.open("/board").links("新的申请") == []
    assert lin.open("/processes/admission/new").status == 403


def test_the_papers_show_the_answers_and_hide_the_identity_number(applied: Applied) -> None:
    saren = applied()
    number = an_application()["id_number"]
    assert number not in saren.page.source
    assert "蒙古族" in saren.page
    assert "提交入团申请书：提交" in saren.page
    assert "萨仁 · 高一1班团支部 团支部书记" in saren.page


def test_a_reason_is_needed_for_a_refusal_and_asked_about_once_more(applied: Applied) -> None:
    saren = applied()
    assert saren.page.all("//*[@data-needed-for]/@data-needed-for") == ["return refuse"]
    assert saren.page.all("//input[@name='outcome' and @data-confirm]/@value") == ["return", "refuse"]
    page = saren.submit(outcome="return", received_on="2020-05-21")
    assert page.status == 422
    assert "（退回、不予通过须说明理由） 本产品的做法（未核实）" in page
    assert page.all("//input[@name='outcome' and @checked]/@value") == ["return"]


def test_a_rule_of_this_products_own_is_never_shown_as_law(applied: Applied) -> None:
    page = applied().page
    assert "退回、不予通过须说明理由，本产品的做法（未核实）" in page.all("//span[@class='rule']/text()")
    page = applied("Somebody else").submit(outcome="accept", received_on="2019-01-01")
    [told] = page.all("//span[@id='error-received_on']")
    assert told.findall("span") == []


def test_a_refused_act_stands_in_the_history_with_the_step_the_rule_and_the_fields(applied: Applied) -> None:
    saren = applied()
    saren.submit(outcome="return", received_on="2031-01-01")
    page = saren.open(saren.page.path)
    refused = " ".join(page.all("//ol[@class='history']/li[@class='bad']")[0].text_content().split())
    assert refused.startswith("审核入团申请书：一次办理被拒绝有误的栏目：收到申请书日期、")
    assert "退回或不予接收的理由（退回、不予通过须说明理由）" in refused
    assert "data.invalid" not in page


def test_what_the_product_did_by_itself_names_nobody(applied: Applied) -> None:
    lines = [item.text_content() for item in applied().page.all("//ol[@class='history']/li[@class='auto']")]
    assert any("自动办理：登记申请人" in line for line in lines)
    assert not any("萨仁" in line for line in lines)


def test_wrong_fields_stand_in_the_form_s_order_and_in_the_reader_s_language(applied: Applied) -> None:
    saren = applied()
    saren.open("/processes/admission/new")
    saren.submit("/language", language="en")
    page = saren.submit()
    told = [link.text_content() for link in page.all("//*[@data-error-summary]//a")]
    assert told[:3] == ["姓名：required", "性别：required", "民族：required"]
    assert told[-1].startswith("身份证件号码：required（")


def test_an_application_that_came_back_is_filled_but_for_its_secrets(applied: Applied) -> None:
    saren = applied()
    page = saren.submit(outcome="return", received_on="2020-05-21", reason="缺少签名，请补签")
    assert page.title == "提交入团申请书 · 乌云 · 团程"
    assert page.all("//input[@name='name']/@value") == ["乌云"]
    assert page.all("//input[@name='id_number']/@value") == [""]


def test_what_somebody_did_meanwhile_is_told_and_nothing_is_lost(applied: Applied, session: Session) -> None:
    saren, again = applied(), None
    item = _item(session, "check_application")
    again = saren.page
    saren.submit(outcome="accept", received_on="2020-05-21")
    saren.page = again
    page = saren.submit(outcome="return", received_on="2020-05-21", reason="缺少签名")
    assert page.status == 409
    assert "萨仁已于 2020-06-01 10:00 办理“审核入团申请书”，结果为“接收”" in page
    assert "您刚才的提交没有生效" in page
    assert saren.open(f"/work-items/{item.id}").status == 200
    assert len(session.scalars(select(StepRecord).where(StepRecord.step == "check_application")).all()) == 1


def test_a_stale_version_says_who_changed_what(applied: Applied, session: Session) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21", version=1)
    assert page.status == 412
    assert "萨仁" in page
    assert "刷新后重新办理" in page


def test_who_does_not_hold_the_post_reads_but_does_not_act(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    applied()
    item = _item(session, "check_application")
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/work-items/{item.id}")
    assert "这一步由高一1班团支部的团支部书记办理" in page
    assert page.all("//form[@data-step-form]") == []
    token = page.all("//input[@name='csrf_token']/@value")[0]
    answer = gaowa.client.post(f"/work-items/{item.id}", data={"outcome": "accept", "csrf_token": token})
    assert answer.status_code == 403
    refused = journal.entries_of(session, journal.case_chain(item.case_id))[-1]
    assert (refused.event, refused.facts["code"]) == ("act:refused", "authority.missing")


def test_who_must_leave_a_step_to_somebody_else_is_told_before_he_fills_anything_in(
    visit: Visit, cast: Cast, session: Session
) -> None:
    nodes = ["begin", "ask", "confirm", "done"]
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("ask", form="any"),
        drawings.user("confirm", form="any", apart_from="ask"),
        drawings.end(),
        drawings.way(*nodes),
        lanes={"团支部书记": nodes},
    )
    bundles.store(session, drawings.bundle(drawn), [], SYSTEM, "")
    given = {"process": "tiny", "unit_id": cast.branch.id, "actor": cast.actor(cast.saren), "outcome": "submit"}
    cases.start(session, ENVIRONMENT, content={"on": "2020-06-01"}, **given)
    session.commit()
    page = visit(cast.saren).open(f"/work-items/{_item(session, 'confirm').id}")
    assert "您已办理过本案的“ask”，“confirm”须由另一人办理。" in page
    assert "规则：同一人不得既提出或预审又审批，职责须分离" in page
    assert page.all("//form[@data-step-form]") == []


def test_a_page_left_open_too_long_offers_to_open_itself_again(applied: Applied, session: Session) -> None:
    saren = applied()
    page = saren.submit(outcome="accept", received_on="2020-05-21", csrf_token="old")
    assert page.status == 400
    assert page.all("//a[contains(., '刷新后重新办理')]/@href") == [
        f"/work-items/{_item(session, 'check_application').id}"
    ]


@pytest.mark.parametrize("name", ["he", "sun"])
def test_who_may_not_see_a_case_is_not_told_that_it_exists(
    applied: Applied, visit: Visit, cast: Cast, session: Session, name: str
) -> None:
    applied()
    item = _item(session, "check_application")
    page = visit(getattr(cast, name)).open(f"/work-items/{item.id}")
    assert page.status == (404 if name == "he" else 200)
    assert visit(cast.he).open("/work-items/999999").status == 404


def test_a_substitute_is_shown_as_acting_for_the_absent(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    applied()
    held = posts.held_by(session, cast.saren.id)[0]
    posts.substitute(
        session,
        post_id=held.post_id,
        person_id=cast.bator.id,
        since=date(2020, 5, 1),
        until=date(2020, 7, 1),
        actor=SYSTEM,
    )
    session.commit()
    bator = visit(cast.bator)
    page = bator.open(f"/work-items/{_item(session, 'check_application').id}")
    assert "团支部书记（代 萨仁）" in page
    assert "您代 萨仁 办理" in page
    page = bator.submit(outcome="accept", received_on="2020-05-21")
    assert "巴特尔 代 萨仁" in page


def test_the_case_is_read_and_withdrawn(applied: Applied, session: Session, cast: Cast) -> None:
    saren = applied()
    case = session.scalars(select(Case)).one()
    page = saren.open(f"/cases/{case.id}")
    assert page.all("//*[@data-drawing]/@data-current") == ["check_application"]
    assert "submit_application" in page.all("//*[@data-drawing]/@data-done")[0]
    saren.follow("申请人撤回")
    page = saren.submit(withdrawn_on="2020-05-30")
    assert page.status == 422
    page = saren.submit(withdrawn_on="2020-05-30", reason="本人希望先专心学习")
    assert page.path == f"/cases/{case.id}"
    assert "本案已于 2020-06-01 结束" in page
    assert page.links("申请人撤回") == []
    assert saren.open(f"/cases/{case.id}/messages/applicant_withdraws").status == 409
    assert saren.open(f"/cases/{case.id}/messages/no_such").status == 404
    assert "乌云" in saren.open("/cases?state=ended")
    assert "这里还没有案卷" in saren.open("/cases")


def test_names_of_people_are_not_in_the_journal(applied: Applied, session: Session) -> None:
    saren = applied()
    saren.submit(outcome="accept", received_on="2020-05-21")
    person = session.scalars(select(Person).where(Person.name == "乌云")).one()
    for entry in session.scalars(select(journal.JournalEntry)):
        assert person.name not in str(entry.facts)
