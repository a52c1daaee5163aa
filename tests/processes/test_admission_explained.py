"""Admission's decisions explained: what stands in a refused candidate's way, by which article, and from which day."""

import json
from datetime import date
from typing import Any

import pytest

from tests.processes.test_admission_decisions import TABLES
from workflows.domain import rule_sets
from workflows.engine import decisions
from workflows.engine.decisions import Trace, what_would_pass

PASS = {"outcome": "pass"}


def applied(age: int | None, nationality: str, rule_set: str = "NMG_2020") -> Trace:
    facts = {
        "candidate": {"age": age, "may_apply_from": "2021-05-10"},
        "submit_application": {"nationality": nationality},
        "rules": rule_sets.values(rule_set),
    }
    return decisions.evaluate(TABLES["application_eligibility"], facts)[1]


@pytest.mark.parametrize(
    "age, nationality, needs, earliest",
    [
        (13, "CN", ["申请时周岁：现为 13，须 >= 14（最早 2021-05-10）"], date(2021, 5, 10)),
        (28, "CN", ["申请时周岁：现为 28，须 < 28"], None),
        (16, "other", ["国籍或地区：现为 “other”，不得为 “other”"], None),
        (
            13,
            "other",
            ["国籍或地区：现为 “other”，不得为 “other”", "申请时周岁：现为 13，须 >= 14（最早 2021-05-10）"],
            date(2021, 5, 10),
        ),
    ],
)
def test_a_refused_applicant_learns_what_stands_in_the_way(
    age: int, nationality: str, needs: list[str], earliest: date | None
) -> None:
    way = what_would_pass(applied(age, nationality), PASS)[0]
    assert [need.text for group in way.needs for need in group] == needs
    assert {need.rule.article for group in way.needs for need in group} == {"团章第1条"}
    assert way.earliest == earliest


@pytest.mark.parametrize("rule_set", ["NMG_2020", "CYL_2023"])
def test_every_applicant_is_traced_again_from_what_the_journal_keeps(rule_set: str) -> None:
    for nationality in ("CN", "HK", "MO", "TW", "other"):
        for age in (0, 13, 14, 27, 28, 60):
            trace = applied(age, nationality, rule_set)
            facts: dict[str, Any] = json.loads(json.dumps(trace.facts))
            again = decisions.retrace(TABLES["application_eligibility"], facts, trace.answer)
            assert (again, again.rules) == (trace, trace.rules)
            assert bool(what_would_pass(again, PASS)) == (trace.answer["outcome"] == "fail")


def test_training_that_is_too_short_names_the_first_day_it_is_long_enough() -> None:
    facts = {
        "determine_activist": {"decided_on": "2020-03-16"},
        "train_and_assess": {"assessed_on": "2020-06-10"},
        "rules": rule_sets.values("NMG_2020"),
    }
    answer, trace = decisions.evaluate(TABLES["training_conditions"], facts)
    assert (answer["outcome"], answer["from"]) == ("fail", "2020-06-16")
    [way] = what_would_pass(trace, PASS)
    assert way.earliest == date(2020, 6, 16)
    assert way.needs[0][0].text == "培养已满规定月数：现为 否，须为 是（最早 2020-06-16）"
