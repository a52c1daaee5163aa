"""The table of eligibility for recommendation at its borders: every row, and all reasons at once."""

from pathlib import Path
from typing import Any

import pytest

from workflows.domain import rule_sets
from workflows.engine import decisions

FILE = Path(__file__).parents[2] / "bpmn" / "recommendation" / "eligibility.dmn"
TABLES = {table.id: table for table in decisions.read(FILE.read_text(encoding="utf-8"), "eligibility")}
ELIGIBLE = {
    "age": 20,
    "of_age_on": "2022-01-01",
    "is_cadre": False,
    "league_months": 12,
    "has_applied": True,
    "application_months": 0,
    "product": "activist",
    "is_activist": False,
    "activist_on": None,
    "activist_months": None,
    "is_clear": True,
    "is_party_member": False,
    "is_live": False,
    "live": None,
    "live_until": None,
    "is_elsewhere": False,
}
MET = {"politics": "met", "conduct": "met", "role": "met", "discipline": "met"}
TARGET = {"product": "target", "is_activist": True, "activist_on": "2021-01-01", "activist_months": 12}


def answer(found: dict[str, Any], nominate: dict[str, Any] | None = None, rules: dict[str, Any] | None = None) -> Any:
    context = {
        "found": {**ELIGIBLE, **found},
        "nominate": {**MET, **(nominate or {})},
        "rules": {**rule_sets.values("CYL_2023"), **(rules or {})},
    }
    return decisions.evaluate(TABLES["recommendation_eligibility"], context)


def reasons(*given: dict[str, Any]) -> list[str]:
    _, trace = answer(*given)
    return [each["rule"] for each in trace.required[0].answer]


@pytest.mark.parametrize(
    "found,expected",
    [
        ({}, []),
        (TARGET, []),
        ({"age": 18}, []),
        ({"age": 17}, ["too_young"]),
        ({"age": 27}, []),
        ({"age": 28}, ["too_old"]),
        ({"age": 28, "is_cadre": True}, []),
        ({"league_months": 11}, ["league_too_short"]),
        ({"has_applied": False, "application_months": None}, ["not_applied"]),
        ({"is_activist": True, "activist_on": "2021-01-01", "activist_months": 3}, ["activist_already"]),
        ({**TARGET, "is_activist": False, "activist_months": None}, ["not_activist"]),
        ({**TARGET, "activist_months": 11}, ["activist_too_short"]),
        ({"is_clear": False}, ["punished"]),
        ({"is_party_member": True}, ["party_member"]),
        ({"is_live": True, "live": "候选人"}, ["valid_still"]),
        ({"is_elsewhere": True}, ["elsewhere"]),
        ({"age": 17, "league_months": 3, "is_clear": False}, ["too_young", "league_too_short", "punished"]),
    ],
    ids=str,
)
def test_every_condition_of_the_record(found: dict[str, Any], expected: list[str]) -> None:
    assert reasons(found) == expected


@pytest.mark.parametrize("standard", ["politics", "conduct", "role", "discipline"])
def test_each_of_the_four_standards_counts(standard: str) -> None:
    assert reasons({}, {standard: "not_met"}) == [standard]


@pytest.mark.parametrize(
    "rules,nominate,found,expected",
    [
        ({"recommend_courses_passed_required": True}, {}, {}, ["courses"]),
        ({"recommend_courses_passed_required": True}, {"courses_passed": True}, {}, []),
        ({"recommend_training_required": True}, {"training_done": False}, {}, ["training"]),
        ({"recommend_application_months_min": 6}, {}, {"application_months": 5}, ["applied_too_late"]),
        ({"recommend_application_months_min": 6}, {}, {"application_months": 6}, []),
        ({"recommend_league_months_min": 24}, {}, {}, ["league_too_short"]),
        ({"recommend_activist_months_min": 18}, {}, TARGET, ["activist_too_short"]),
        ({"recommend_age_min": 21}, {}, {}, ["too_young"]),
        ({"recommend_age_max_exclusive": 20}, {}, {}, ["too_old"]),
    ],
    ids=str,
)
def test_the_rules_of_the_case_move_the_borders(
    rules: dict[str, Any], nominate: dict[str, Any], found: dict[str, Any], expected: list[str]
) -> None:
    assert reasons(found, nominate, rules) == expected


def test_the_answer_says_every_reason_with_what_helps_and_on_what_it_rests() -> None:
    found, trace = answer({"age": 17, "has_applied": False, "application_months": None})
    assert (found["outcome"], found["from"]) == ("fail", "2022-01-01")
    assert found["reasons"] == [
        "未满18周岁，不能推优。",
        "没有递交入党申请书的记录，请先由本人向党组织提出申请。",
    ]
    assert all(each["article"] for each in trace.required[0].answer)
    assert answer({})[0]["outcome"] == "pass"


def test_only_what_is_published_is_shown_as_the_rule() -> None:
    _, trace = answer({"is_clear": False, "is_party_member": True})
    assert [each["article"] for each in trace.required[0].answer] == [
        "各校做法（全国没有统一规定）",
        "本产品的做法（未核实）",
    ]
