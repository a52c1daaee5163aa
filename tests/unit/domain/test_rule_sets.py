"""Rule sets: data that a drawing reads, each value with its source."""

import json
import re

import pytest

from workflows.domain import rule_sets
from workflows.domain.rule_sets import CYL_2023, NMG_2020, Confidence
from workflows.errors import NotFound

DURATION = re.compile(r"P\d+[DM]")


@pytest.mark.parametrize("rule_set", [NMG_2020, CYL_2023], ids=lambda each: each.name)
def test_values_are_json_and_durations_are_iso(rule_set: rule_sets.RuleSet) -> None:
    values = rule_sets.values(rule_set.name)
    assert json.loads(json.dumps(values)) == values
    for name in ("talk_deadline", "approval_target", "approval_hard", "feedback", "ceremony", "archive_close"):
        assert DURATION.fullmatch(values[name])


def test_both_presets_have_the_same_parameters() -> None:
    assert set(NMG_2020.parameters) == set(CYL_2023.parameters)


def test_the_presets_differ_where_the_rules_changed() -> None:
    old, new = rule_sets.values("NMG_2020"), rule_sets.values("CYL_2023")
    assert (old["activist_confirmation"], new["activist_confirmation"]) == ("FILE", "APPROVE")
    assert (old["volunteer_hours_min"], new["volunteer_hours_min"]) == (20, 0)
    assert (old["ideology_assessment_required"], new["ideology_assessment_required"]) == (True, False)


def test_every_value_says_where_it_comes_from() -> None:
    for rule_set in rule_sets.ALL.values():
        assert all(parameter.article for parameter in rule_set.parameters.values())
    assert NMG_2020.parameters["approval_target"].confidence is Confidence.UNVERIFIED
    assert NMG_2020.parameters["volunteer_hours_min"].confidence is Confidence.SEED


def test_every_value_has_a_title_that_people_read() -> None:
    assert set(rule_sets.TITLES) == set(NMG_2020.parameters) | set(CYL_2023.parameters)


def test_the_plan_year_chooses_the_preset() -> None:
    assert rule_sets.for_plan_year(2020) is NMG_2020
    assert rule_sets.for_plan_year(2022) is NMG_2020
    assert rule_sets.for_plan_year(2023) is CYL_2023


def test_an_unknown_rule_set_is_said_to_be_unknown() -> None:
    with pytest.raises(NotFound):
        rule_sets.get("NMG_1949")
