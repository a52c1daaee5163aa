"""The editor's server takes no drawing that was made to exhaust it, and says what another tool's drawing needs."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.engine.gate import bombs
from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from workflows.engine import bundles
from workflows.engine.tables import Bundle

CAMUNDA = Path(__file__).parents[1] / "engine/foreign/camunda7_user_tasks.bpmn"


def _post(visitor: Visitor, path: str, **body: Any) -> Any:
    token = visitor.open("/processes").all("//input[@name='csrf_token']/@value")[0]
    return visitor.client.post(f"/processes/admission/{path}", json=body, headers={"X-CSRFToken": token})


@pytest.mark.parametrize("name", ["billion_laughs", "quadratic_blow_up", "many_elements", "forty_thousand_flows"])
def test_a_bomb_is_refused_by_its_code_and_not_stored(
    visit: Visit, cast: Cast, admission: Bundle, session: Session, name: str
) -> None:
    code, make = bombs.BOMBS[name]
    keeper, xml = visit(cast.he), make()["tiny.bpmn"]
    sent = {"xml": xml, "base": 1, "newest": 1, "note": "试"}
    for answer, status in ((_post(keeper, "check", **sent), 200), (_post(keeper, "versions", **sent), 422)):
        assert answer.status_code == status
        assert {fault["code"] for fault in answer.json["faults"]} == {code}
    assert len(bundles.versions(session, "admission")) == 1


def test_a_drawing_of_another_tool_gets_its_list_in_the_editor(visit: Visit, cast: Cast, admission: Bundle) -> None:
    faults = _post(visit(cast.he), "check", xml=CAMUNDA.read_text("utf-8"), base=1).json["faults"]
    assert {"extension.foreign", "expression.broken", "post.missing", "form.missing"} <= {
        fault["code"] for fault in faults
    }
    assert [fault["line"] for fault in faults] == sorted(fault["line"] for fault in faults)
