"""Running cases moved to another version over the API: looked at, queued, performed, undone."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ADMISSION
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine import bundles
from workflows.engine.bundles import BundleFiles
from workflows.engine.moving import move_batches
from workflows.engine.tables import Bundle, Case
from workflows.errors import Refusal
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

Apply = Callable[..., dict[str, Any]]

WHY = {"reason": "自治区团委要求改用新流程"}


@pytest.fixture
def he(cast: Cast, signed_in: Callable[[Person], Caller]) -> Caller:
    """The administrator."""
    return signed_in(cast.he)


@pytest.fixture
def newer(session: Session, admission: Bundle) -> Bundle:
    """Admission with another name for its second step."""
    files = bundles.read_folder(ADMISSION).files
    drawing = files["admission.bpmn"].replace('name="审核入团申请书"', 'name="核对入团申请书"')
    made = bundles.store(session, BundleFiles({**files, "admission.bpmn": drawing}), [], SYSTEM, "改名")
    session.commit()
    return made


@pytest.fixture
def two(apply: Apply, session: Session) -> list[dict[str, Any]]:
    """Two applications to be checked, as a move names them."""
    return [{"id": case["id"], "version": case["version"]} for case in (apply("one"), apply("two"))]


def perform(session: Session) -> None:
    for row in session.scalars(select(OutboxRow).where(OutboxRow.kind == move_batches.OUTBOX_KIND)):
        for item in row.payload["items"]:
            try:
                with session.begin_nested():
                    move_batches.do_item(session, ENVIRONMENT, item)
            except Refusal as refusal:
                move_batches.refuse_item(session, item, refusal)
        move_batches.end_when_done(session, row.payload["batch"])
    session.commit()


def test_a_preview_says_where_each_case_would_stand(he: Caller, two: list[dict[str, Any]], newer: Bundle) -> None:
    sent = {"process": "admission", "version": 2, "cases": [case["id"] for case in two]}
    plans = he.post("/moves/preview", sent).json["items"]
    assert [plan["stands"] for plan in plans] == [["审核入团申请书"]] * 2
    assert [plan["would"] for plan in plans] == [["核对入团申请书"]] * 2
    assert [plan["refusal"] for plan in plans] == [None, None]
    same = he.post("/moves/preview", {**sent, "version": 1}).json["items"]
    assert [plan["refusal"]["code"] for plan in same] == ["move.same_version"] * 2


def test_cases_are_moved_and_put_back(
    he: Caller, saren: Caller, two: list[dict[str, Any]], newer: Bundle, session: Session
) -> None:
    answer = he.post("/moves", {"process": "admission", "version": 2, "cases": two, **WHY})
    assert answer.status_code == 202, answer.json
    [first, second] = [case["id"] for case in two]
    item = saren.get(f"/cases/{second}").json["work_items"][0]
    done = saren.post(
        f"/work-items/{item['id']}/completion",
        {"outcome": "accept", "content": {"received_on": "2020-06-01"}},
        version=two[1]["version"],
    )
    assert done.status_code == 200, done.json
    perform(session)
    batch = he.client.get(answer.headers["Location"]).json
    assert (batch["done"], batch["refused"]) == (1, 1)
    moved, refused = batch["items"]
    assert (moved["can_undo"], refused["code"]) == (True, "version.stale")
    assert saren.get(f"/cases/{first}").json["work_items"][0]["label"] == "核对入团申请书"
    undone = he.post(f"/moves/cases/{moved['move_id']}/undo", WHY)
    assert undone.status_code == 200, undone.json
    assert saren.get(f"/cases/{first}").json["work_items"][0]["label"] == "审核入团申请书"
    assert session.get_one(Case, first).bundle_id != newer.id
    again = he.post(f"/moves/cases/{moved['move_id']}/undo", WHY)
    assert (again.status_code, again.json["code"]) == (409, "move.undo_too_late")


def test_only_administrators_move_cases(saren: Caller, two: list[dict[str, Any]], newer: Bundle) -> None:
    target = {"process": "admission", "version": 2}
    for path, body in [
        ("/moves/preview", {**target, "cases": [two[0]["id"]]}),
        ("/moves", {**target, "cases": two, **WHY}),
        ("/moves/cases/1/undo", WHY),
    ]:
        assert saren.post(path, body).status_code == 403, path
    assert saren.get("/moves/1").status_code == 403


def test_a_move_without_a_reason_or_with_unknown_names_is_refused(
    he: Caller, two: list[dict[str, Any]], newer: Bundle
) -> None:
    target = {"process": "admission", "version": 2}
    assert wrong_fields(he.post("/moves", {**target, "cases": two, "reason": "无"})).keys() == {"reason"}
    names = {"check_application": "nowhere"}
    answer = he.post("/moves/preview", {**target, "cases": [two[0]["id"]], "names": names})
    assert wrong_fields(answer).keys() == {"names"}
    assert he.post("/moves", {**target, "version": 9, "cases": two, **WHY}).status_code == 404


def test_versions_are_compared_element_by_element(he: Caller, newer: Bundle) -> None:
    [found] = he.get("/processes/admission/versions/2/differences").json["items"]
    assert (found["kind"], found["id"], found["aspects"]) == (
        "changed",
        "check_application",
        [{"name": "label", "before": "审核入团申请书", "after": "核对入团申请书"}],
    )
    assert he.get("/processes/admission/versions/1/differences", since=1).json["items"] == []
    assert he.get("/processes/admission/versions/1/differences").status_code == 404
