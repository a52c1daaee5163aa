"""What would change an answer: conditions that stand in the way, in words and as data, and from which day."""

from datetime import date
from typing import Any

import pytest

from tests.support.decision_tables import read
from workflows.engine import decisions
from workflows.engine.decisions import Way, cells, said, what_would_pass
from workflows.engine.decisions.wording import demand

PASS = {"outcome": "pass"}
DATA = {"rules": {"low": 14, "hours": 8, "towns": ["赤峰", "通辽"]}}


def ways(
    facts: dict[str, Any], *rules: tuple[str, ...], wanted: dict[str, Any] = PASS, **about: Any
) -> tuple[Way, ...]:
    _, trace = decisions.evaluate(read(*rules, **about), DATA | facts)
    return what_would_pass(trace, wanted)


def told(found: tuple[Way, ...]) -> list[list[list[str]]]:
    return [[[need.text for need in group] for group in way.needs] for way in found]


HOURS = [("团课学时", "hours"), ("谈话次数", "talks"), ("考评", "exam")]
TRAINING = [
    ("< rules.hours", "-", "-", '"fail"', '"细则"', ""),
    ("-", "< 2", "-", '"fail"', '"地方做法"', '"2020-06-16"'),
    ("-", "> 1", '"failed", "none"', '"fail"', '"14号"', ""),
    ("-", "-", "-", '"pass"', '"细则"', ""),
]
FIRST = {"policy": "FIRST", "inputs": HOURS, "outputs": ["outcome", "article", "from"]}


def test_every_rule_in_the_way_of_a_first_table_is_named_and_not_only_the_one_that_answered() -> None:
    [way] = ways({"hours": 5, "talks": 0, "exam": "passed"}, *TRAINING, **FIRST)
    assert told((way,)) == [[["团课学时：现为 5，须 >= 8"], ["谈话次数：现为 0，须 >= 2（最早 2020-06-16）"]]]
    assert [group[0].rule.article for group in way.needs] == ["细则", "地方做法"]
    assert (way.rule.number, way.earliest) == (4, date(2020, 6, 16))


def test_of_a_rule_with_several_conditions_one_must_give_way() -> None:
    assert told(ways({"hours": 8, "talks": 2, "exam": "none"}, *TRAINING, **FIRST)) == [
        [["谈话次数：现为 2，须 <= 1", "考评：现为 “none”，不得为 “failed”、“none”"]]
    ]


def test_an_answer_that_is_given_needs_nothing() -> None:
    assert ways({"hours": 8, "talks": 2, "exam": "passed"}, *TRAINING, **FIRST) == ()


def test_an_answer_that_no_rule_gives_has_no_way() -> None:
    assert ways({"hours": 1}, *TRAINING, wanted={"outcome": "perhaps"}, **FIRST) == ()
    assert ways({"hours": 1}, *TRAINING, wanted={"unheard": "of"}, **FIRST) == ()


def test_names_are_told_with_the_value_they_stand_for() -> None:
    [way] = ways({"hours": 5, "talks": 2}, *TRAINING, **FIRST)
    need = way.needs[0][0]
    assert (need.demand.kind, need.demand.values, need.demand.names) == ("at_least", (8,), ("rules.hours",))


UNIQUE = {"inputs": [("年龄", "age"), ("旗县", "town")]}
ADULTS = [
    ("< rules.low", "-", '"fail"'),
    (">= rules.low", '"赤峰"', '"pass"'),
    (">= rules.low", 'not("赤峰")', '"ask"'),
]


def test_in_a_unique_table_the_failing_conditions_of_the_wanted_rule_are_the_needs() -> None:
    assert told(ways({"age": 13, "town": "通辽"}, *ADULTS, **UNIQUE)) == [
        [["年龄：现为 13，须 >= 14"], ["旗县：现为 “通辽”，须为 “赤峰”"]]
    ]
    assert told(ways({"age": 15, "town": "通辽"}, *ADULTS, **UNIQUE)) == [[["旗县：现为 “通辽”，须为 “赤峰”"]]]


def test_a_fact_that_nobody_entered_is_said_so() -> None:
    rules = [(">= 8", '"pass"'), ("-", '"fail"')]
    found = ways({}, *rules, policy="FIRST", inputs=[("团课学时", "hours")])
    assert told(found) == [[["团课学时：现为 未登记，须 >= 8"]]]
    assert found[0].needs[0][0].cell.unknown


def test_several_ways_are_kept_apart_and_those_that_ask_more_left_out() -> None:
    rules = [
        ("> 5", "-", '"pass"'),
        ("> 5", '"赤峰"', '"pass"'),
        ("-", '"通辽"', '"pass"'),
        ("-", "-", '"fail"'),
    ]
    found = ways({"age": 1, "town": "旗"}, *rules, policy="FIRST", **UNIQUE)
    assert [way.rule.number for way in found] == [1, 3]


def test_in_a_priority_table_only_what_goes_before_stands_in_the_way() -> None:
    ranked = {"policy": "PRIORITY", "outputs": [("outcome", "", '"stop", "pass", "fail"')], "inputs": [("年龄", "age")]}
    rules = [("-", '"fail"'), ("> 10", '"pass"'), ("< 5", '"stop"')]
    assert told(ways({"age": 3}, *rules, **ranked)) == [[["年龄：现为 3，须 > 10"], ["年龄：现为 3，须 >= 5"]]]
    assert told(ways({"age": 7}, *rules, **ranked)) == [[["年龄：现为 7，须 > 10"]]]


def test_a_list_needs_the_wanted_result_in_it() -> None:
    rules = [("> 1", '"fail"'), ("> 5", '"pass"')]
    assert told(ways({"x": 3}, *rules, policy="COLLECT")) == [[["x：现为 3，须 > 5"]]]
    assert ways({"x": 6}, *rules, policy="COLLECT") == ()


def test_a_decision_that_is_no_table_has_no_ways() -> None:
    text = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="a"><literalExpression>'
    [found] = decisions.read(f"{text}<text>1</text></literalExpression></decision></definitions>", "t.dmn")
    assert what_would_pass(decisions.evaluate(found, {})[1], PASS) == ()


@pytest.mark.parametrize(
    "expression, earliest",
    [
        ('d(on) >= d(since).add(3, "M")', date(2020, 6, 16)),
        ('d(on) > d(since).add(3, "M")', date(2020, 6, 17)),
        ('d(since).add(3, "M") <= d(on)', date(2020, 6, 16)),
        ("on > since", date(2020, 3, 17)),
        ('d(on) >= d(since) and d(on) >= d("2020-01-01")', None),
        ("d(on) >= d(missing)", None),
    ],
)
def test_a_day_to_be_reached_is_told_from_the_condition_itself(expression: str, earliest: date | None) -> None:
    rules = [("false", '"fail"'), ("true", '"pass"'), ("null", '"fail"')]
    facts = {"on": "2020-04-01", "since": "2020-03-16"}
    trace = decisions.retrace(
        read(*rules, inputs=[("期满", expression, "boolean")]), {expression: False, **facts}, context=DATA
    )
    [way] = what_would_pass(trace, PASS)
    assert way.earliest == earliest


@pytest.mark.parametrize(
    "cell, earliest",
    [
        ('>= date("2020-06-16")', date(2020, 6, 16)),
        ('> date("2020-06-16")', date(2020, 6, 17)),
        ('[date("2020-06-16")..date("2020-07-01")]', date(2020, 6, 16)),
        ('< date("2020-01-01")', None),
        (">= day", date(2020, 7, 1)),
    ],
)
def test_a_day_in_a_condition_is_the_first_that_meets_it(cell: str, earliest: date | None) -> None:
    facts = {"on": "2020-05-01", "day": "2020-07-01"}
    [way] = ways(facts, (cell, '"pass"'), ("-", '"fail"'), policy="FIRST", inputs=[("日期", "on")])
    assert way.earliest == earliest


@pytest.mark.parametrize(
    "cell, words, opposite",
    [
        ("-", "可以是任何值", "可以是任何值"),
        ("< 8", "须 < 8", "须 >= 8"),
        ("<= 8.50", "须 <= 8.5", "须 > 8.5"),
        ('"a"', "须为 “a”", "不得为 “a”"),
        ('"a", "b"', "须为 “a”、“b” 之一", "不得为 “a”、“b”"),
        ("true", "须为 是", "须为 否"),
        ("null", "须未登记", "须已登记"),
        ("not(null)", "须已登记", "须未登记"),
        ("not(5)", "不得为 5", "须为 5"),
        ("[rules.low..28)", "须在 [14..28) 之内", "不得在 [14..28) 之内"),
        ("1, > 5", "须为 1，或须 > 5", "不得为 1，且须 <= 5"),
        ("rules.towns", "须为 “赤峰”、“通辽”", "不得为 “赤峰”、“通辽”"),
        ("rules.none", "须为 “rules.none”", "不得为 “rules.none”"),
        ("len($) > 3", "须符合 len($) > 3", "不得符合 len($) > 3"),
        ('>= date("2020-01-31")', "须 >= 2020-01-31", "须 < 2020-01-31"),
        ('>= duration("P1Y3M")', "须 >= 1 年 3 个月", "须 < 1 年 3 个月"),
        ('< duration("-PT36H")', "须 < -1 天 12 小时", "须 >= -1 天 12 小时"),
        ('> time("08:00:00")', "须 > 08:00:00", "须 <= 08:00:00"),
        ('> date and time("2020-01-31T08:00:00")', "须 > 2020-01-31 08:00", "须 <= 2020-01-31 08:00"),
    ],
)
def test_conditions_and_their_opposites_in_words(cell: str, words: str, opposite: str) -> None:
    test = cells.parse(cell)
    assert demand(test, DATA).words == words
    assert demand(test, DATA, holds=False).words == opposite


def test_facts_in_words() -> None:
    facts: list[Any] = [None, True, False, 5, 19.5, "赤峰", [1, "a"], []]
    assert [said(fact) for fact in facts] == ["未登记", "是", "否", "5", "19.5", "“赤峰”", "1、“a”", "（空）"]
