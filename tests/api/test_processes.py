"""Processes over the API: reading versions, checking and publishing."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ADMISSION, ON_SQLITE
from tests.support.cast import Cast
from workflows import journal
from workflows.domain.people import Person
from workflows.engine import bundles
from workflows.engine.tables import Bundle
from workflows.journal import Event

pytestmark = ON_SQLITE

FILES = dict(bundles.read_folder(ADMISSION).files)


@pytest.fixture
def he(cast: Cast, signed_in: Callable[[Person], Caller]) -> Caller:
    """The administrator."""
    return signed_in(cast.he)


def renamed() -> dict[str, str]:
    drawing = FILES["admission.bpmn"].replace('name="派人谈话"', 'name="派人谈心谈话"')
    return {**FILES, "admission.bpmn": drawing}


def test_the_newest_version_of_each_process_is_listed(saren: Caller, admission: Bundle) -> None:
    [version] = saren.get("/processes").json["items"]
    assert (version["process"], version["version"]) == ("admission", 1)


def test_the_drawing_comes_as_xml(saren: Caller, admission: Bundle) -> None:
    answer = saren.get("/processes/admission/versions/1/drawing")
    assert answer.mimetype == "application/xml"
    assert answer.text == FILES["admission.bpmn"]


def test_the_steps_come_with_their_forms(saren: Caller, admission: Bundle) -> None:
    steps = {step["id"]: step for step in saren.get("/processes/admission/versions/1/steps").json["items"]}
    assert steps["check_application"]["lane"] == "团支部书记"
    assert [choice["value"] for choice in steps["check_application"]["form"]["outcomes"]] == [
        "accept",
        "return",
        "refuse",
    ]


@pytest.mark.parametrize("path", ["/none/versions", "/none/versions/1/drawing", "/admission/versions/2/drawing"])
def test_what_is_not_published_is_not_found(saren: Caller, admission: Bundle, path: str) -> None:
    assert saren.get(f"/processes{path}").status_code == 404


def test_the_administrator_publishes_what_was_read(he: Caller, admission: Bundle, cast: Cast, session: Session) -> None:
    assert he.get("/processes/admission/versions/1/files").json["files"] == FILES
    answer = he.post("/processes/admission/versions", {"files": renamed(), "note": "改一个名称"})
    assert answer.status_code == 201, answer.json
    assert (answer.json["version"], answer.json["note"]) == (2, "改一个名称")
    assert answer.json["published_by"] == cast.he.id
    assert [each["version"] for each in he.get("/processes/admission/versions").json["items"]] == [2, 1]
    last = journal.entries_of(session, "process:admission")[-1]
    assert (last.event, last.person_id) == (Event.BUNDLE_PUBLISHED, cast.he.id)


def test_the_same_content_makes_no_version(he: Caller, admission: Bundle) -> None:
    assert he.post("/processes/admission/versions", {"files": FILES}).json["version"] == 1


def test_who_is_not_the_administrator_publishes_nothing(saren: Caller, admission: Bundle, session: Session) -> None:
    for path, body in (("/processes/admission/versions", {"files": renamed()}), ("/processes/check", {"files": FILES})):
        answer = saren.post(path, body)
        assert answer.status_code == 403
        assert answer.json["code"] == "authority.post_needed"
        assert "系统管理员" in answer.json["detail"]
    assert saren.get("/processes/admission/versions/1/files").status_code == 403
    assert saren.get("/processes/admission/versions").json["items"][0]["version"] == 1


def test_an_unsound_bundle_is_refused_with_every_fault(he: Caller, admission: Bundle) -> None:
    broken = {**FILES, "admission.bpmn": FILES["admission.bpmn"].replace('id="quota.reserve"', 'id="quota.invent"')}
    verdict = he.post("/processes/check", {"files": broken}).json
    assert verdict["ok"] is False
    assert verdict["faults"][0]["element"] == "quota_reserve"
    assert isinstance(verdict["faults"][0]["line"], int)
    answer = he.post("/processes/admission/versions", {"files": broken})
    assert answer.status_code == 422
    assert answer.json["code"] == "bundle.unsound"
    assert answer.json["faults"] == verdict["faults"]
    assert he.post("/processes/check", {"files": FILES}).json == {"ok": True, "faults": []}


def test_a_fault_on_the_way_comes_with_the_way(he: Caller, admission: Bundle) -> None:
    drawing = FILES["admission.bpmn"].replace(
        'check_application.outcome == "accept"', 'check_application.outcome == "ok"'
    )
    [fault] = he.post("/processes/check", {"files": {**FILES, "admission.bpmn": drawing}}).json["faults"]
    assert (fault["code"], fault["element"]) == ("gate.no_branch", "check_application_outcome")
    assert fault["path"][0] == "start_application"
    assert fault["way"].startswith("提出入团申请 → 提交入团申请书 → ")


@pytest.mark.parametrize(
    "drawing",
    ["", "not xml", "<a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<bpmn", "\ufeff<x>&#0;</x>", "[" * 9999],
)
def test_a_foreign_or_broken_file_gives_faults(he: Caller, drawing: str) -> None:
    answer = he.post("/processes/check", {"files": {"x.bpmn": drawing}})
    assert answer.status_code == 200
    assert answer.json["ok"] is False
    assert answer.json["faults"][0]["message"]


@pytest.mark.parametrize(
    "path", ["../x.bpmn", "/etc/x.bpmn", "x.py", "", "a//b.bpmn", "x" * 300 + ".bpmn", "a/../b.bpmn"]
)
def test_a_path_outside_the_bundle_is_refused(he: Caller, path: str) -> None:
    answer = he.post("/processes/check", {"files": {path: "x"}})
    assert answer.status_code == 422
    assert wrong_fields(answer)


def test_a_drawing_is_published_under_its_own_name(he: Caller, admission: Bundle, session: Session) -> None:
    answer = he.post("/processes/another/versions", {"files": renamed()})
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == {"files"}
    assert len(bundles.versions(session, "admission")) == 1


@pytest.mark.parametrize(
    "body", [{}, {"files": {}}, {"files": []}, {"files": {"x.bpmn": 5}}, {"files": None}, [], 5, "x"]
)
def test_a_body_of_the_wrong_shape_is_refused(he: Caller, body: Any) -> None:
    assert he.post("/processes/check", body).status_code == 422
