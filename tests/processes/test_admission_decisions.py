"""The decision tables of admission at their borders: what they answer, and what they tell the person to do."""

from pathlib import Path
from typing import Any

import pytest

from workflows.domain import rule_sets
from workflows.engine import decisions

TABLES = {
    table.id: table
    for table in decisions.read(
        (Path(__file__).parents[2] / "bpmn" / "admission" / "eligibility.dmn").read_text(encoding="utf-8"),
        "eligibility",
    )
}


def answer(table: str, rule_set: str, **facts: Any) -> tuple[str, str]:
    found, _ = decisions.evaluate(TABLES[table], {**facts, "rules": rule_sets.values(rule_set)})
    assert found["article"]
    return found["outcome"], found["reason"]


@pytest.mark.parametrize(
    "age,nationality,outcome,told",
    [
        (13, "CN", "fail", "最早可于2020-06-01提出申请"),
        (14, "CN", "pass", "符合"),
        (27, "CN", "pass", "符合"),
        (28, "CN", "fail", "已满28周岁"),
        (16, "TW", "pass", "核实"),
        (13, "HK", "fail", "未满14周岁"),
        (16, "other", "fail", "中国青年"),
    ],
)
def test_who_may_apply(age: int, nationality: str, outcome: str, told: str) -> None:
    result, reason = answer(
        "application_eligibility",
        "NMG_2020",
        candidate={"age": age, "may_apply_from": "2020-06-01"},
        submit_application={"nationality": nationality},
    )
    assert result == outcome
    assert told in reason


ASSESSED = {"assessed_on": "2020-06-16"}
READY = {"class_hours": 8, "volunteer_hours": 20, "talks": 2, "ideology_passed": True}


@pytest.mark.parametrize(
    "rule_set,changed,outcome,told",
    [
        ("NMG_2020", {}, "pass", "已达到"),
        ("NMG_2020", {"assessed_on": "2020-06-15"}, "fail", "2020-06-16以后"),
        ("NMG_2020", {"class_hours": 7}, "fail", "现有7学时，须满8学时"),
        ("NMG_2020", {"volunteer_hours": 19.5}, "fail", "19.5小时，须满20小时"),
        ("NMG_2020", {"ideology_passed": False}, "fail", "思政考评"),
        ("NMG_2020", {"talks": 0}, "pass", "已达到"),
        ("CYL_2023", {"volunteer_hours": 0, "ideology_passed": False}, "pass", "已达到"),
        ("CYL_2023", {"talks": 1}, "fail", "须满2次"),
    ],
)
def test_when_training_is_enough(rule_set: str, changed: dict[str, Any], outcome: str, told: str) -> None:
    result, reason = answer(
        "training_conditions",
        rule_set,
        determine_activist={"decided_on": "2020-03-16"},
        train_and_assess={key: changed.get(key, day) for key, day in ASSESSED.items()},
        evidence=READY | changed,
    )
    assert result == outcome
    assert told in reason


def test_three_months_count_from_the_approval_where_activists_are_approved() -> None:
    facts = {"determine_activist": {"decided_on": "2020-03-16"}, "train_and_assess": ASSESSED, "evidence": READY}
    approved_late = {"approve_activist": {"decided_on": "2020-03-20"}}
    assert answer("training_conditions", "CYL_2023", **facts)[0] == "pass"
    assert answer("training_conditions", "CYL_2023", **facts, **approved_late)[0] == "fail"
