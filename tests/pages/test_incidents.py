"""The pages about what cannot go on: who reads them, and what each may do there."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import trouble
from tests.support.cast import Cast
from workflows import journal
from workflows.engine import incidents
from workflows.engine.job_tables import Incident, IncidentStatus, Resolution
from workflows.engine.tables import StepRecord


@pytest.fixture(autouse=True)
def _operation(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble.lend_operation(monkeypatch)


@pytest.fixture
def incident(session: Session, cast: Cast, now: datetime) -> Incident:
    """An open incident in Saren's branch, whose step may be skipped."""
    return trouble.an_incident(session, cast, may_skip="true")


def test_an_administrator_finds_and_retries_without_reading_whose_case_it_is(
    visit: Visit, cast: Cast, incident: Incident, session: Session
) -> None:
    he = visit(cast.he)
    he.follow("异常")
    assert "填写的内容有误" in he.page
    page = he.follow("step")
    assert page.title == "异常：step · 团程"
    assert "乌云" not in page
    assert page.links("案卷") == []
    assert "跳过" not in page
    page = he.submit(action=f"/incidents/{incident.id}/retry")
    assert "已安排重试" in page
    assert "正在重试" in page
    trouble.work(session)
    session.expire_all()
    assert "待处理" in he.open(f"/incidents/{incident.id}")


def test_the_committee_corrects_what_the_step_reads(
    visit: Visit, cast: Cast, incident: Incident, session: Session
) -> None:
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/incidents/{incident.id}")
    assert "有误的栏目数量" in page
    page = gaowa.follow("更正：ask")
    assert page.title == f"更正：ask · 案卷 {incident.case_id} · 团程"
    assert page.all("//input[@name='count']/@value") == ["99"]
    assert page.all("//input[@name='id_number']") == []
    page = gaowa.submit(count="-1", correction_reason="数量多写了一位")
    assert page.status == 422
    assert page.all("//*[@data-error-summary]//a/@href") == ["#field-count"]
    assert page.all("//textarea[@name='correction_reason']")[0].text.strip() == "数量多写了一位"
    page = gaowa.submit(count="3", correction_reason="错")
    assert page.all("//*[@data-error-summary]//a/@href") == ["#field-correction_reason"]
    page = gaowa.submit(count="3", correction_reason="数量多写了一位")
    assert "已更正并安排重试" in page
    trouble.work(session)
    session.expire_all()
    assert "已解决：已继续办理" in gaowa.open(f"/incidents/{incident.id}")
    page = gaowa.open(f"/cases/{incident.case_id}")
    assert "更正：ask" in page
    assert "数量多写了一位" in page
    assert "高娃" in page
    assert [record.content["count"] for record in session.scalars(select(StepRecord).order_by(StepRecord.id))] == [
        99,
        3,
    ]


def test_the_reason_of_a_correction_is_told_from_a_field_of_that_name(
    visit: Visit, cast: Cast, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = '{"components":[{"type":"textfield","key":"reason","label":"原因"},'
    monkeypatch.setattr(trouble, "FORM", trouble.FORM.replace('{"components":[', field))
    incident = trouble.an_incident(session, cast)
    gaowa = visit(cast.gaowa)
    gaowa.open(f"/incidents/{incident.id}/correct/ask")
    page = gaowa.submit(count="3", correction_reason="错")
    assert page.all("//*[@data-error-summary]//a/@href") == ["#field-correction_reason"]


def test_a_step_is_skipped_only_with_a_reason(visit: Visit, cast: Cast, incident: Incident, session: Session) -> None:
    zhao = visit(cast.zhao)
    zhao.open(f"/incidents/{incident.id}")
    page = zhao.submit(action=f"/incidents/{incident.id}/skip", reason="")
    assert page.status == 422
    assert "请说明理由" in page
    assert "处理异常：一次办理被拒绝有误的栏目：理由" in zhao.open(f"/cases/{incident.case_id}")
    zhao.open(f"/incidents/{incident.id}")
    page = zhao.submit(action=f"/incidents/{incident.id}/skip", reason="已在线下办理")
    assert "已跳过该步骤，案卷继续办理。" in page
    assert "已在线下办理" in page
    assert "跳过：step" in zhao.open(f"/cases/{incident.case_id}")


def test_an_address_that_only_takes_forms_leads_back_to_its_page(visit: Visit, cast: Cast, incident: Incident) -> None:
    zhao = visit(cast.zhao)
    where = f"/incidents/{incident.id}"
    zhao.open(where)
    page = zhao.submit(action=f"{where}/skip", reason="")
    assert page.all("//input[@name='next']/@value") == [where]
    page = zhao.submit(action=f"{where}/retry", csrf_token="old")
    assert (page.status, page.title) == (400, "页面已失效 · 团程")
    assert page.links("刷新后重新办理") == [where]


def test_what_may_not_be_skipped_is_not_offered(visit: Visit, cast: Cast, session: Session, now: datetime) -> None:
    incident = trouble.an_incident(session, cast)
    gaowa = visit(cast.gaowa)
    page = gaowa.open(f"/incidents/{incident.id}")
    assert page.all("//textarea") == []
    token = page.all("//input[@name='csrf_token']/@value")[0]
    data = {"csrf_token": token, "reason": "已在线下办理", "version": str(incident.version)}
    answer = gaowa.client.post(f"/incidents/{incident.id}/skip", data=data)
    assert answer.status_code == 409
    assert "流程图不允许跳过" in answer.get_data(as_text=True)


def test_the_branch_sees_that_its_case_is_in_trouble_but_not_the_incidents(
    visit: Visit, cast: Cast, incident: Incident, session: Session
) -> None:
    saren = visit(cast.saren)
    page = saren.open(f"/cases/{incident.case_id}")
    assert "有异常：step 填写的内容有误，该步骤不能自动办理，须更正后重试。 由上级团委或系统管理员处理。" in page
    assert page.links("查看异常") == []
    assert visit(cast.gaowa).open(f"/cases/{incident.case_id}").links("查看异常") == [f"/incidents/{incident.id}"]
    assert "有异常" in saren.open("/cases")
    assert "有异常" in saren.open("/board")
    assert saren.page.links("异常") == []
    assert saren.open("/incidents").status == 403
    assert saren.open(f"/incidents/{incident.id}").status == 403
    refused = session.scalars(select(journal.JournalEntry).order_by(journal.JournalEntry.id)).all()[-1]
    assert (refused.event, refused.person_id) == ("act:refused", cast.saren.id)


def test_an_administrator_who_asks_for_the_form_anyway_is_not_shown_it(
    visit: Visit, cast: Cast, incident: Incident, session: Session
) -> None:
    he = visit(cast.he)
    page = he.open(f"/incidents/{incident.id}/correct/ask")
    assert page.path == f"/incidents/{incident.id}"
    token = page.all("//input[@name='csrf_token']/@value")[0]
    data = {"csrf_token": token, "count": "3", "correction_reason": "数量多写了一位"}
    assert he.client.post(f"/incidents/{incident.id}/correct/ask", data=data).status_code == 403
    session.expire_all()
    assert incident.status == IncidentStatus.OPEN
    refused = journal.entries_of(session, journal.case_chain(incident.case_id))[-1]
    assert (refused.event, refused.facts["code"]) == ("act:refused", "authority.missing")


def test_another_schools_committee_is_not_told_of_it(
    visit: Visit, cast: Cast, incident: Incident, session: Session
) -> None:
    incident.unit_id = cast.other_school.id
    session.commit()
    chen = visit(cast.chen)
    assert "没有异常" in chen.open("/incidents")
    assert chen.open(f"/incidents/{incident.id}").status == 404


def test_a_form_the_step_does_not_read_is_not_corrected(visit: Visit, cast: Cast, incident: Incident) -> None:
    gaowa = visit(cast.gaowa)
    assert gaowa.open(f"/incidents/{incident.id}/correct/tell").status == 409


def test_an_auditor_reads_what_was_resolved(visit: Visit, cast: Cast, incident: Incident, session: Session) -> None:
    ma = visit(cast.ma)
    page = ma.open(f"/incidents/{incident.id}")
    assert "可以怎样处理" not in page
    assert "还没有已解决的异常" in ma.open("/incidents?state=resolved")
    incidents.close(session, incident, Resolution.WENT_ON)
    session.commit()
    page = ma.open("/incidents?state=resolved")
    assert "2020-06-01 10:00 已继续办理" in page
