"""The lawful days of cases: every scenario keeps to them, and a form says from when a day would be right."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from workflows.domain import rule_sets
from workflows.domain.lawful_dates import Day
from workflows.engine import bundles, scenarios
from workflows.engine.environment import Forbidden
from workflows.engine.forms import Field
from workflows.engine.scenarios import Scenario
from workflows.errors import InvalidData
from workflows.operations import lawful_days
from workflows.operations.wiring import ENVIRONMENT, origin_of

ADMISSION = Path(__file__).parents[3] / "bpmn" / "admission"
BUNDLE = bundles.parse(bundles.read_folder(ADMISSION))
FIELDS = BUNDLE.dated_fields
SCENARIOS = [scenarios.read(path.read_text("utf-8"), path.stem) for path in sorted((ADMISSION / "scenarios").iterdir())]
WAYS = [way for each in SCENARIOS for way in each.under_each_rule_set()]


def begun(rule_set: str = "NMG_2020", **steps: dict[str, Any]) -> dict[str, Any]:
    applied = {"applied_on": "2020-03-02", "birth_date": "2005-06-01", "outcome": "submit"}
    return {"rule_set": rule_set, "rules": rule_sets.values(rule_set), "submit_application": applied, **steps}


def refusal(data: dict[str, Any], step: str, key: str, on: str, **others: Any) -> str:
    with pytest.raises(InvalidData) as caught:
        submit(data, step, {key: on, **others})
    return caught.value.fields[key]


def submit(data: dict[str, Any], step: str, content: dict[str, Any]) -> None:
    outcome = content.pop("outcome", "submit")

    def forbidden(field: Field, on: date) -> Forbidden | None:
        return ENVIRONMENT.forbidden_day(FIELDS, data, field.day, on)

    BUNDLE.form(step).read(outcome, content, data, lambda _source: (), forbidden)


def test_every_day_a_form_names_is_a_day_of_an_admission() -> None:
    assert {field.day for field in FIELDS} == set(Day) - {Day.FIRST_CLASS, Day.INTRODUCERS_WROTE}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.file}-{way.rule_set}")
def test_the_dates_of_every_scenario_lie_within_their_bounds(way: Scenario) -> None:
    data = begun(way.rule_set or "NMG_2020")
    for step in way.steps:
        if "do" not in step or not way.happens(step):
            continue
        content = {key: str(value) for key, value in step.get("with", {}).items()}
        for field in FIELDS:
            if field.step == step["do"] and not field.is_limit and content.get(field.key):
                on = date.fromisoformat(content[field.key])
                if not field.outcomes or step["outcome"] in field.outcomes:
                    assert ENVIRONMENT.forbidden_day(FIELDS, data, field.day, on) is None, (step["do"], on)
        data[step["do"]] = content | {"outcome": step["outcome"]}


def test_a_resolution_of_the_day_of_the_form_is_refused_with_the_day_that_would_pass() -> None:
    data = begun(fill_admission_form={"filled_on": "2020-07-06"}, check_admission_form={"checked_on": "2020-07-06"})
    told = refusal(data, "branch_meeting", "held_on", "2020-07-07", outcome="held")
    assert "最早 2020-07-08" in told
    assert "日期相同的后移一天，入团志愿书填写要求" in told


def test_a_notice_ends_when_the_case_says_it_ends() -> None:
    posted = {"posted_on": "2020-06-23", "outcome": "submit"}
    data = begun(public_notice=posted, notice={"ends_on": "2020-07-06", "over_on": "2020-07-07"})
    assert "最早 2020-07-07" in refusal(data, "notice_result", "closed_on", "2020-07-06", outcome="no_objection")


def test_what_no_published_text_says_is_said_to_be_unverified() -> None:
    data = begun(
        recommend_target={"decided_on": "2020-06-19"}, pre_review={"reviewed_on": "2020-06-22", "outcome": "pass"}
    )
    found = ENVIRONMENT.forbidden_day(FIELDS, data, Day.POSTED, date(2020, 6, 21))
    assert found is not None
    assert found.article == lawful_days.UNVERIFIED


def test_a_stricter_value_of_a_unit_is_told_as_the_units() -> None:
    data = begun(determine_activist={"decided_on": "2020-03-16", "outcome": "propose"})
    data["rules"]["training_min_months"] = 6
    data["tightenings"] = {
        "training_min_months": {"id": 1, "unit": "新城区团委", "since": "2020-01-01", "until": "2020-12-31"}
    }
    window = lawful_days.windows(FIELDS, data, [Day.ASSESSED])[Day.ASSESSED]
    assert window.earliest is not None
    assert window.earliest.on == date(2020, 9, 16)
    assert "新城区团委从严" in lawful_days.grounds_of(window.earliest, data, origin_of).article


def test_an_extension_holds_the_assessment_back() -> None:
    assessed = {"assessed_on": "2020-06-17", "extended_until": "2020-09-01", "outcome": "extend"}
    data = begun(determine_activist={"decided_on": "2020-03-16", "outcome": "propose"}, train_and_assess=assessed)
    window = lawful_days.windows(FIELDS, data, [Day.ASSESSED])[Day.ASSESSED]
    assert window.earliest is not None
    assert window.earliest.on == date(2020, 9, 1)


def test_a_step_that_led_nowhere_is_still_to_be_done() -> None:
    data = begun(initial_talk={"talked_on": "2020-03-20", "outcome": "not_yet"})
    window = lawful_days.windows(FIELDS, data, [Day.TALKED])[Day.TALKED]
    assert window.latest is not None
    assert (window.latest.on, window.latest.counted_from) == (date(2020, 4, 20), Day.TALKED)


def test_a_case_stands_at_the_nearest_dated_step_of_its_drawing() -> None:
    where = partial(lawful_days.where, BUNDLE)
    assert where(["training_period"]) == [Day.ASSESSED]
    assert where(["correct_admission_form"]) == [Day.ADMITTED]
    assert where(["archive", "ceremony"]) == [Day.ARCHIVED, Day.SWORN]
    assert where(["feedback_refused"]) == []
