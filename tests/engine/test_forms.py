"""Forms: what the schema accepts, and how each wrong field is told."""

from typing import Any

import orjson
import pytest

from workflows import clock
from workflows.engine import form_words, forms
from workflows.engine.environment import Choice
from workflows.errors import InvalidData

COMPONENTS: list[dict[str, Any]] = [
    {"type": "text", "text": "说明"},
    {"type": "textfield", "key": "name", "label": "姓名",
     "validate": {"required": True, "minLength": 2, "maxLength": 5}},
    {"type": "number", "key": "hours", "label": "学时", "validate": {"min": 0, "max": 99},
     "properties": {"rule": "至少8学时", "article": "细则"}},
    {"type": "number", "key": "score", "label": "分数", "decimalDigits": 1},
    {"type": "datetime", "subtype": "date", "key": "held_on", "dateLabel": "日期",
     "properties": {"check": "d(held_on) <= d(today)", "check_message": "不能晚于今天"}},
    {"type": "select", "key": "mentor", "label": "联系人", "valuesKey": "people"},
    {"type": "select", "key": "colour", "label": "颜色", "values": [{"value": "red", "label": "红"}]},
    {"type": "checkbox", "key": "agreed", "label": "同意"},
    {"type": "textfield", "key": "card", "label": "证号", "validate": {"pattern": "^[0-9]{8}$"}},
    {"type": "textarea", "key": "reason", "label": "理由", "properties": {"required_when": 'outcome == "no"'}},
    {"type": "radio", "key": "outcome", "label": "结果",
     "values": [{"value": "yes", "label": "是"}, {"value": "no", "label": "否"}]},
]  # fmt: skip
FORM = forms.read("f", orjson.dumps({"components": COMPONENTS}).decode())


def read(outcome: str = "yes", **given: Any) -> dict[str, Any]:
    with clock.standing_at(clock.start_of(clock.date(2020, 5, 4))):
        return FORM.read(outcome, {"name": "林一", **given}, {}, lambda _source: [Choice("4", "王一")])


def wrong(outcome: str = "yes", **given: Any) -> dict[str, str]:
    with pytest.raises(InvalidData) as refused:
        read(outcome, **given)
    return refused.value.fields


def test_lawful_data_is_read_as_json_values() -> None:
    assert read(
        hours="8", score="3.5", held_on="2020-05-04", mentor="4", colour="red", agreed="true", card="12345678"
    ) == {
        "name": "林一",
        "hours": 8,
        "score": 3.5,
        "held_on": "2020-05-04",
        "mentor": "4",
        "colour": "red",
        "agreed": True,
        "card": "12345678",
    }


def test_empty_fields_are_left_out() -> None:
    assert read(hours="", mentor=None) == {"name": "林一"}


@pytest.mark.parametrize(
    "given, field, word",
    [
        ({"name": ""}, "name", "必填"),
        ({"name": "一"}, "name", "2"),
        ({"name": "一" * 6}, "name", "5"),
        ({"hours": "many"}, "hours", "数字"),
        ({"hours": "100"}, "hours", "99"),
        ({"held_on": "4.5.2020"}, "held_on", "2020-05-04"),
        ({"held_on": "2020-05-05"}, "held_on", "不能晚于今天"),
        ({"mentor": "5"}, "mentor", "列表"),
        ({"colour": "blue"}, "colour", "选项"),
        ({"card": "1234"}, "card", "格式"),
        ({"height": "180"}, "height", "没有这一栏"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(given: dict[str, Any], field: str, word: str) -> None:
    found = wrong(**given)
    assert list(found) == [field]
    assert word in found[field]


def test_the_rule_and_its_article_stand_behind_the_error() -> None:
    assert wrong(hours=-1)["hours"].endswith("（至少8学时，细则）")


def test_a_reason_is_required_only_where_its_condition_holds() -> None:
    assert list(wrong("no")) == ["reason"]
    assert read("no", reason="材料不全")["reason"] == "材料不全"


def test_an_outcome_that_the_form_does_not_offer_is_named() -> None:
    assert "是、否" in wrong("perhaps")["outcome"]


def test_all_wrong_fields_are_told_at_once() -> None:
    assert set(wrong("perhaps", name="", hours="x", held_on="2021-01-01")) == {"outcome", "name", "hours", "held_on"}


def test_a_form_without_outcomes_is_simply_submitted() -> None:
    plain = forms.read("f", '{"components":[{"type":"textfield","key":"a","label":"甲"}]}')
    assert [choice.value for choice in plain.outcomes] == ["submit"]


def test_the_first_date_is_the_day_it_happened() -> None:
    assert str(FORM.happened_on({"held_on": "2020-05-04"})) == "2020-05-04"
    assert FORM.happened_on({}) is None


def test_the_texts_of_a_form_say_what_holds_by_the_rules_of_the_case() -> None:
    words = {"rules.hours": "10 学时"}
    component = {
        "type": "number",
        "key": "hours",
        "label": "学时",
        "description": "至少 {rules.hours}，{rules.unheard_of}除外",
        "validate": {"required": True},
        "properties": {"rule": "不少于 {rules.hours}"},
    }
    form = forms.read("f", orjson.dumps({"components": [component]}).decode())
    told = form_words.told(form, {}, lambda _data, name: words.get(name))
    assert told.fields[0].description == "至少 10 学时，规定的标准除外"
    with pytest.raises(InvalidData) as refused:
        told.read("submit", {}, {}, lambda _source: [])
    assert refused.value.fields == {"hours": "学时：必填（不少于 10 学时）"}
    assert form.fields[0].rule == "不少于 {rules.hours}"


def test_a_form_that_names_no_rule_is_left_as_it_is() -> None:
    assert form_words.told(FORM, {}, lambda _data, _name: "x") is FORM
