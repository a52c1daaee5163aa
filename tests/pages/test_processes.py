import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.application import ADMISSION
from tests.support.cast import Cast
from workflows import journal
from workflows.engine import bundles
from workflows.engine.tables import Bundle

DRAWING = (ADMISSION / "admission.bpmn").read_text("utf-8")


def _post(visitor: Visitor, path: str, **body: Any) -> Any:
    token = visitor.open("/processes").all("//input[@name='csrf_token']/@value")[0]
    return visitor.client.post(path, json=body, headers={"X-CSRFToken": token})


def _publish(visitor: Visitor, xml: str, **changes: Any) -> Any:
    sent = {"xml": xml, "base": 1, "newest": 1, "note": "改一处名称", **changes}
    return _post(visitor, "/processes/admission/versions", **sent)


def test_the_keeper_sees_versions_steps_and_the_drawing(visit: Visit, cast: Cast, admission: Bundle) -> None:
    keeper = visit(cast.he)
    assert "发展团员" in keeper.open("/processes")
    page = keeper.open("/processes/admission")
    assert "第 1 版 现行" in page
    assert "审批入团" in page
    where = page.all("//*[@data-drawing]/@data-drawing")[0]
    answer = keeper.client.get(where)
    assert answer.mimetype == "application/xml"
    assert answer.get_data(as_text=True) == DRAWING


def test_the_editor_is_told_what_it_may_offer(visit: Visit, cast: Cast, admission: Bundle) -> None:
    keeper = visit(cast.he)
    page = keeper.open("/processes/admission/edit")
    told = json.loads(page.all("//*[@id='editor-data']/text()")[0])
    assert told["base"] == told["newest"] == 1
    assert told["language"] == "zh-CN"
    assert "application_eligibility" in told["decisions"]
    assert {"name": "quota.release", "title": "退回名额", "parameters": ["reason"]} in told["operations"]


def test_only_the_editors_page_allows_style_attributes(visit: Visit, cast: Cast, admission: Bundle) -> None:
    keeper = visit(cast.he)
    policy = "Content-Security-Policy"
    assert "style-src-attr" in keeper.client.get("/processes/admission/edit").headers[policy]
    assert "style-src-attr" not in keeper.client.get("/processes/admission").headers[policy]
    assert "unsafe" not in keeper.client.get("/processes/admission").headers[policy]


def test_a_drawing_is_checked_without_being_kept(visit: Visit, cast: Cast, admission: Bundle, session: Session) -> None:
    keeper = visit(cast.he)
    assert _post(keeper, "/processes/admission/check", xml=DRAWING, base=1).json == {"faults": []}
    faults = _post(keeper, "/processes/admission/check", xml="<broken", base=1).json["faults"]
    assert [fault["code"] for fault in faults] == ["xml.broken"]
    assert _post(keeper, "/processes/admission/check", base=1).status_code == 422
    assert len(bundles.versions(session, "admission")) == 1


def test_a_changed_drawing_becomes_the_next_version(
    visit: Visit, cast: Cast, admission: Bundle, session: Session
) -> None:
    keeper = visit(cast.he)
    answer = _publish(keeper, DRAWING.replace('name="派人谈话"', 'name="派两人谈话"'))
    assert answer.status_code == 201
    assert answer.json == {"version": 2, "location": "/processes/admission"}
    newest = bundles.latest(session, "admission")
    assert (newest.version, newest.note, newest.published_by) == (2, "改一处名称", cast.he.id)
    page = keeper.open("/processes/admission")
    assert "何平" in page
    page = keeper.follow("以此版为底修改")
    assert "您打开的是第 1 版，现行的是第 2 版" in page


@pytest.mark.parametrize(
    "changes, status, words",
    [
        ({"note": " "}, 422, "请填写本次修改的说明"),
        ({"newest": 0}, 412, "发布了第 1 版"),
        ({"base": 7}, 404, "流程版本"),
    ],
)
def test_what_is_wrong_with_a_publication_is_said(
    visit: Visit, cast: Cast, admission: Bundle, changes: dict[str, Any], status: int, words: str
) -> None:
    answer = _publish(visit(cast.he), DRAWING, **changes)
    assert answer.status_code == status
    assert words in answer.json["detail"]


def test_an_unsound_drawing_is_refused_with_its_faults_and_journalled(
    visit: Visit, cast: Cast, admission: Bundle, session: Session
) -> None:
    keeper = visit(cast.he)
    answer = _publish(keeper, DRAWING.replace("rules.talk_deadline", "一个月"))
    assert answer.status_code == 422
    assert {fault["element"] for fault in answer.json["faults"]} == {
        "initial_talk_overdue",
        "initial_talk_long_overdue",
    }
    assert len(bundles.versions(session, "admission")) == 1
    refused = journal.entries_of(session, journal.unit_chain(cast.region.id))[-1]
    assert refused.facts["code"] == "bundle.unsound"


@pytest.mark.parametrize("path", ["/processes", "/processes/admission", "/processes/admission/edit"])
def test_processes_are_the_keepers(visit: Visit, cast: Cast, admission: Bundle, path: str) -> None:
    assert visit(cast.saren).open(path).status == 403


def test_the_auditor_reads_but_does_not_edit(visit: Visit, cast: Cast, admission: Bundle) -> None:
    auditor = visit(cast.ma)
    page = auditor.open("/processes/admission")
    assert page.status == 200
    assert page.links("修改流程") == []
    assert auditor.open("/processes/admission/edit").status == 403


def test_an_unknown_process_is_not_found(visit: Visit, cast: Cast, admission: Bundle) -> None:
    keeper = visit(cast.he)
    assert keeper.open("/processes/no-such").status == 404
    assert keeper.open("/processes/admission/versions/9/drawing").status == 404
