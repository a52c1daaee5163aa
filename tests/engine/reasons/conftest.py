"""An office whose cases tell why they have not come further; a saved case tells the same as a live one."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests.engine.conftest import Office
from workflows.engine.environment import Origin
from workflows.engine.reasons import why
from workflows.engine.reasons.reason import Reason
from workflows.operations.rehearsal import BlankDatabase

ORIGINS = {
    "rules.least": Origin("最少学时", "章程第三条", "rule", "学时"),
    "rules.days": Origin("等待天数", "未核实的默认值", "unverified", "日"),
}


@pytest.fixture
def office(clock_on_monday: None, blank_database: BlankDatabase) -> Iterator[Office]:
    """One office is enough: that both ways of keeping a case tell the same is proved where cases are."""
    with Session(blank_database.emptied()) as session:
        office = Office(session, "saved and restored")
        office.environment = replace(office.environment, origin=lambda _data, name: ORIGINS.get(name))
        office.given = {"rules": {"least": 8, "days": "P3D"}}
        yield office


Reasons = Callable[[], list[Reason]]


@pytest.fixture
def reasons(office: Office) -> Reasons:
    """What keeps the office's case back now."""
    return lambda: why.of_case(office.session, office.environment, office.case)


def form(*fields: dict[str, object], outcomes: str = "yes no") -> str:
    """A form with these fields and outcomes; the fields' properties are written as keywords."""
    choices = [
        {"value": value, "label": {"yes": "同意", "no": "不同意"}.get(value, value)} for value in outcomes.split()
    ]
    outcome = {"type": "radio", "key": "outcome", "label": "结果", "values": choices}
    return json.dumps({"components": [*fields, outcome]}, ensure_ascii=False)


def reason_for(*outcomes: str) -> dict[str, object]:
    """A field for the reason, asked for with these outcomes."""
    needed = " or ".join(f'outcome == "{outcome}"' for outcome in outcomes)
    return {"type": "textarea", "key": "reason", "label": "理由", "properties": {"required_when": needed}}
