"""Rule sets: data that a drawing reads, each value with its source."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.domain import rule_sets
from workflows.domain.rule_sets import CYL_2023, NMG_2020, Confidence, DataWrong
from workflows.domain.strictness import Direction
from workflows.errors import NotFound

DATA = Path(rule_sets.__file__).parent / "data" / "rule_sets.yaml"

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


AS_EVER = {
    "apply_age_min": 14,
    "apply_age_max_exclusive": 28,
    "talk_deadline": "P1M",
    "mentor_count_min": 1,
    "mentor_count_max": 2,
    "training_min_months": 3,
    "class_hours_min": 8,
    "minutes_per_hour": 45,
    "online_hours_cap": 0,
    "volunteer_year": "last_12_months",
    "prereview_required": True,
    "result_in_writing": True,
    "notice_target_working_days": 5,
    "objection_investigation_working_days": 10,
    "notice_activist_days": 0,
    "notice_admitted_days": 0,
    "introducers": 2,
    "quorum": ">1/2 of should-attend",
    "pass_rule": ">1/2 of should-attend",
    "count_written_absent": True,
    "ballot": "secret",
    "prereview_meeting_max": "P30D",
    "meeting_submit": "P10D",
    "approval_target": "P30D",
    "approval_hard": "P90D",
    "feedback": "P7D",
    "ceremony": "P3M",
    "zhtj_entry_after_approval": "P30D",
    "archive_close": "P30D",
    "number_use_rate_year_end": 100,
    "pdf_pages": 12,
    "pdf_max_mb": 20,
}
"""Rulebook 1.9 where both presets agree."""

OF_2020 = {
    "activist_confirmation": "FILE",
    "mentor_may_be_party_member": False,
    "mentor_min_talks": 0,
    "volunteer_hours_min": 20,
    "ideology_assessment_required": True,
}
OF_2023 = {
    "activist_confirmation": "APPROVE",
    "mentor_may_be_party_member": True,
    "mentor_min_talks": 2,
    "volunteer_hours_min": 0,
    "ideology_assessment_required": False,
}


@pytest.mark.parametrize("name, own", [("NMG_2020", OF_2020), ("CYL_2023", OF_2023)])
def test_the_data_gives_the_values_of_the_rulebook(name: str, own: dict[str, Any]) -> None:
    expected = AS_EVER | own
    found = rule_sets.values(name)
    assert {key: (type(found[key]), found[key]) for key in expected} == {
        key: (type(value), value) for key, value in expected.items()
    }


def test_no_rule_is_invented_for_what_nobody_has_seen() -> None:
    unseen = {name for name, each in NMG_2020.parameters.items() if not each.confidence.is_law}
    assert unseen & set(AS_EVER) == {
        *("pass_rule", "count_written_absent", "approval_target", "approval_hard"),
        *("prereview_meeting_max", "meeting_submit", "feedback", "volunteer_year"),
        "objection_investigation_working_days",
    }
    assert {NMG_2020.parameters[name].article for name in unseen} == set(rule_sets.WITHOUT_ARTICLE.values())
    assert NMG_2020.parameters["feedback"].confidence is Confidence.OWN


OF_THE_PLAN = {
    "ratio_limit_junior": (30, Confidence.SEED),
    "ratio_limit_senior": (60, Confidence.SEED),
    "ratio_amber_points": (3, Confidence.OWN),
    "quota_reduction_rate": (10, Confidence.OWN),
    "uncounted_admission": ("warn", Confidence.OWN),
    "member_youth_goal": (30, Confidence.RULE),
    "split_reserve_rate": (5, Confidence.OWN),
    "split_factor_vocational": (120, Confidence.OWN),
    "split_factor_graduating": (0, Confidence.LOCAL),
    "rush_share": (50, Confidence.OWN),
    "rush_window_days": (7, Confidence.OWN),
    "rush_min_count": (5, Confidence.OWN),
    "recommend_kpi_share": (40, Confidence.SEED),
    "recommend_opinion_age_max": (35, Confidence.RULE),
}
"""Rulebook 2.2."""


def test_values_of_the_plan_are_data_that_no_case_keeps() -> None:
    kept = {name: (each.value, each.confidence) for name, each in NMG_2020.parameters.items() if each.of_plan}
    assert kept == OF_THE_PLAN
    assert not set(kept) & set(rule_sets.values("NMG_2020"))


def test_thirteen_disputes_are_noted_and_stand_at_what_they_touch() -> None:
    assert list(rule_sets.DISPUTES) == [f"D-{number}" for number in range(1, 14)]
    assert NMG_2020.parameters["volunteer_hours_min"].disputes == ("D-3",)
    assert CYL_2023.parameters["mentor_may_be_party_member"].disputes == ("D-2", "D-13")


def test_volunteer_hours_are_no_threshold_where_the_rule_says_so() -> None:
    assert NMG_2020.parameters["volunteer_hours_min"].can_be_tightened()
    assert CYL_2023.parameters["volunteer_hours_min"].direction is Direction.FIXED
    assert not CYL_2023.parameters["volunteer_hours_min"].can_be_tightened()


def test_what_is_the_strictest_already_cannot_be_tightened() -> None:
    names = ("prereview_required", "online_hours_cap", "introducers", "apply_age_min")
    assert not any(NMG_2020.parameters[name].can_be_tightened() for name in names)
    assert NMG_2020.parameters["activist_confirmation"].can_be_tightened()
    assert not CYL_2023.parameters["activist_confirmation"].can_be_tightened()


@pytest.mark.parametrize(
    "name, told",
    [
        ("class_hours_min", "8 学时"),
        ("ceremony", "3 个月"),
        ("feedback", "7 天"),
        ("quorum", "大于应到会有表决权人数的半数"),
        ("activist_confirmation", "备案"),
        ("prereview_required", "是"),
        ("ballot", "无记名投票"),
    ],
)
def test_a_value_is_said_as_people_say_it(name: str, told: str) -> None:
    assert rule_sets.in_words(NMG_2020.parameters[name], NMG_2020.parameters[name].value) == told


def _without(content: dict[str, Any]) -> None:
    del content["common"]["quorum"]


def _unsure(content: dict[str, Any]) -> None:
    content["common"]["quorum"]["confidence"] = "certain"


def _no_article(content: dict[str, Any]) -> None:
    del content["common"]["quorum"]["article"]


def _misspelt(content: dict[str, Any]) -> None:
    content["parameters"]["quorum"]["unti"] = "人"


def _wrong_kind(content: dict[str, Any]) -> None:
    content["common"]["class_hours_min"]["value"] = "eight"


def _looser_bound(content: dict[str, Any]) -> None:
    content["parameters"]["ceremony"]["to"] = "P4M"


def _no_bound(content: dict[str, Any]) -> None:
    del content["parameters"]["ceremony"]["to"]


def _a_gap(content: dict[str, Any]) -> None:
    content["sets"][1]["plans_from"] = date(2023, 1, 2)


def _closed(content: dict[str, Any]) -> None:
    content["sets"][1]["plans_until"] = date(2030, 12, 31)


def _disputed_nothing(content: dict[str, Any]) -> None:
    content["disputes"]["D-1"]["parameters"] = ["activists"]


@pytest.mark.parametrize(
    "spoil, told",
    [
        (_without, "quorum"),
        (_unsure, "certain"),
        (_no_article, "article"),
        (_misspelt, "unti"),
        (_wrong_kind, "NMG_2020.class_hours_min"),
        (_looser_bound, "ceremony: the bound 'P4M' is looser"),
        (_no_bound, "ceremony: what may be tightened needs a bound"),
        (_a_gap, "CYL_2023 does not follow NMG_2020"),
        (_closed, "the last rule set must be open"),
        (_disputed_nothing, "D-1 names"),
    ],
)
def test_data_that_contradicts_itself_is_refused_with_the_place(
    spoil: Callable[[dict[str, Any]], None], told: str
) -> None:
    content = yaml.load(DATA.read_text("utf-8"), Loader=yaml.CSafeLoader)
    spoil(content)
    with pytest.raises(DataWrong, match=re.escape(told)):
        rule_sets.read(yaml.safe_dump(content, allow_unicode=True))


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(DataWrong):
        rule_sets.read("sets: [")


def test_plans_older_than_the_oldest_set_are_worked_under_it() -> None:
    assert rule_sets.for_plan_year(2015) is NMG_2020


def test_an_unknown_rule_set_is_said_to_be_unknown() -> None:
    with pytest.raises(NotFound):
        rule_sets.get("NMG_1949")
