"""Hit policies (DMN 1.3 clause 8.2): what a table answers when no rule, one rule or several rules match."""

import json
from typing import Any

import pytest

from tests.support.decision_tables import answer, codes, dmn, read, table
from workflows.engine import decisions
from workflows.engine.decisions import DecisionFault

AGES = [("< 14", '"young"'), ("[14..28)", '"fit"'), (">= 28", '"old"')]
NESTED = [("> 10", '"over ten"'), ("> 20", '"over twenty"'), ("> 10", '"more than ten"')]
RANKED = ("outcome", "", '"high", "middle", "low"')
RISKS = [("> 0", '"low"'), ("> 10", '"high"'), ("> 5", '"middle"'), ("> 8", '"middle"')]


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "ANY"])
@pytest.mark.parametrize("age, outcome", [(13, "young"), (14, "fit"), (27.9, "fit"), (28, "old")])
def test_rules_that_exclude_each_other_answer_alike(policy: str, age: float, outcome: str) -> None:
    assert answer({"x": age}, *AGES, policy=policy) == {"outcome": outcome}


def test_unique_refuses_two_rules_and_names_them_and_the_fact() -> None:
    with pytest.raises(DecisionFault, match="第 1、3 条规则同时适用于 x 15"):
        answer({"x": 15}, *NESTED)


def test_unique_refuses_two_rules_even_when_they_agree() -> None:
    with pytest.raises(DecisionFault):
        answer({"x": 15}, ("> 10", '"a"'), ("> 11", '"a"'))


def test_any_lets_rules_agree_and_refuses_them_to_differ() -> None:
    agreeing = [("> 10", '"a"'), ("> 11", '"a"'), ("> 50", '"b"')]
    assert answer({"x": 15}, *agreeing, policy="ANY") == {"outcome": "a"}
    with pytest.raises(DecisionFault, match="而结果不同"):
        answer({"x": 60}, *agreeing, policy="ANY")


def test_first_takes_the_first_in_the_order_of_the_table() -> None:
    assert answer({"x": 30}, *NESTED, policy="FIRST") == {"outcome": "over ten"}


def test_first_does_not_try_what_comes_after() -> None:
    assert answer({"x": 5}, ("5", '"a"'), ("len($) > 3", '"b"'), policy="FIRST") == {"outcome": "a"}


def test_priority_takes_the_result_that_stands_first_in_the_allowed_values() -> None:
    rank = {"policy": "PRIORITY", "outputs": [RANKED]}
    assert [answer({"x": x}, *RISKS, **rank)["outcome"] for x in (20, 9, 3)] == ["high", "middle", "low"]


def test_output_order_lists_results_by_priority_and_equals_by_rule() -> None:
    found, trace = decisions.evaluate(read(*RISKS, policy="OUTPUT ORDER", outputs=[RANKED]), {"x": 20})
    assert [each["outcome"] for each in found] == ["high", "middle", "middle", "low"]
    assert (trace.matched, trace.chosen) == ((1, 2, 3, 4), (2, 3, 4, 1))


def test_priority_of_several_outputs_counts_the_first_that_differs() -> None:
    outputs = [("kind", "", '"a", "b"'), ("level", "", "2, 1")]
    rules = [("-", '"b"', "2"), ("-", '"a"', "1"), ("-", '"a"', "2")]
    assert answer({"x": 0}, *rules, policy="PRIORITY", outputs=outputs) == {"kind": "a", "level": 2}


def test_rule_order_and_collect_list_results_in_the_order_of_the_table() -> None:
    for policy in ("RULE ORDER", "COLLECT"):
        found = answer({"x": 30}, *NESTED, policy=policy)
        assert [each["outcome"] for each in found] == ["over ten", "over twenty", "more than ten"]


@pytest.mark.parametrize("policy", ["RULE ORDER", "COLLECT", "OUTPUT ORDER"])
def test_lists_are_empty_when_no_rule_matches(policy: str) -> None:
    assert answer({"x": 0}, *NESTED, policy=policy, outputs=[RANKED]) == []


POINTS = [("> 0", "0.1"), ("> 1", "0.2"), ("> 1", "0.2"), ("> 9", "30")]


@pytest.mark.parametrize(
    "aggregation, x, result",
    [
        ("SUM", 2, 0.5),
        ("SUM", 10, 30.5),
        ("MIN", 10, 0.1),
        ("MAX", 10, 30),
        ("COUNT", 10, 4),
        ("COUNT", 2, 3),
        ("COUNT", 0, 0),
        ("SUM", 0, None),
        ("MIN", 0, None),
        ("MAX", 0, None),
    ],
)
def test_collect_with_an_aggregation_answers_with_one_number(aggregation: str, x: int, result: Any) -> None:
    assert answer({"x": x}, *POINTS, policy="COLLECT", outputs=["points"], aggregation=aggregation) == {
        "points": result
    }


def test_a_sum_is_exact() -> None:
    tenths = [("-", "0.1")] * 3
    assert answer({"x": 1}, *tenths, policy="COLLECT", aggregation="SUM") == {"outcome": 0.3}
    large = [("-", "big"), ("-", "1")]
    found = answer({"x": 1, "big": 2**53}, *large, policy="COLLECT", aggregation="SUM")
    assert found == {"outcome": 2**53 + 1}


def test_what_is_no_number_is_not_summed_but_counted() -> None:
    texts = [("-", '"a"'), ("-", '"b"')]
    with pytest.raises(DecisionFault, match="不是数字"):
        answer({"x": 1}, *texts, policy="COLLECT", aggregation="SUM")
    assert answer({"x": 1}, *texts, policy="COLLECT", aggregation="COUNT") == {"outcome": 2}


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "ANY", "PRIORITY"])
def test_without_a_rule_the_fault_names_the_facts(policy: str) -> None:
    with pytest.raises(DecisionFault, match="没有一条规则适用于 年龄 未登记"):
        answer({}, *AGES, policy=policy, inputs=[("年龄", "ask.age")], outputs=[RANKED])


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "ANY", "PRIORITY"])
def test_a_default_answers_when_no_rule_does(policy: str) -> None:
    outputs = [("outcome", '"none"', '"young", "fit", "old", "none"'), "note"]
    rules = [(test, result, '"-"') for test, result in AGES]
    found, trace = decisions.evaluate(read(*rules, policy=policy, outputs=outputs), {})
    assert found == {"outcome": "none", "note": None}
    assert (trace.matched, trace.chosen) == ((), ())


@pytest.mark.parametrize(
    "fact, told",
    [("其他", "“其他”，不在允许的值"), (5, "不在允许的值"), (None, "未登记")],
)
def test_a_fact_outside_the_allowed_values_is_refused_and_one_not_entered_is_not_allowed_for(
    fact: Any, told: str
) -> None:
    town = [("旗县", "x", "string", '"赤峰", "通辽"')]
    with pytest.raises(DecisionFault, match=told):
        answer({"x": fact}, ('"赤峰"', "1"), ('"通辽"', "2"), inputs=town)


def test_a_result_outside_the_allowed_values_is_refused() -> None:
    with pytest.raises(DecisionFault, match="第 1 条规则（r1）得到“outcome”为 “huge”"):
        answer({"x": 1, "size": "huge"}, ("-", "size"), outputs=[RANKED])


def test_an_empty_result_is_null() -> None:
    assert answer({"x": 1}, ("-", "")) == {"outcome": None}


def test_results_are_worked_out_from_the_data() -> None:
    assert answer({"x": 3, "rate": 2}, ("-", "x * rate")) == {"outcome": 6}


def test_a_decision_reads_the_answers_of_those_it_requires() -> None:
    text = dmn(
        table(
            ("true", '"yes"'),
            ("false", '"no"'),
            decision="end",
            inputs=["fit.outcome == base"],
            requires=["fit", "base"],
        ),
        table(*AGES, requires=["base"], inputs=["x + base"]),
        '<decision id="base"><literalExpression><text>offset * 2</text></literalExpression></decision>',
    )
    found = {each.id: each for each in decisions.read(text, "t.dmn")}
    assert list(found) == ["end", "fit", "base"]
    result, trace = decisions.evaluate(found["fit"], {"x": 10, "offset": 2})
    assert result == {"outcome": "fit"}
    assert trace.facts == {"offset": 2, "base": 4, "x": 10, "x + base": 14}
    assert [each.answer for each in trace.required] == [4]
    result, trace = decisions.evaluate(found["end"], {"x": 10, "offset": 2})
    assert result == {"outcome": "no"}
    assert [each.decision for each in trace.required] == ["fit", "base"]
    assert decisions.retrace(found["end"], json.loads(json.dumps(trace.facts))) == trace


def test_a_fault_in_a_required_decision_is_told() -> None:
    text = dmn(table(("-", "1"), decision="last", inputs=["fit.outcome"], requires=["fit"]), table(*NESTED))
    with pytest.raises(DecisionFault, match="同时适用"):
        decisions.evaluate(decisions.read(text, "t.dmn")[0], {"x": 15})


def test_columns_in_another_order_give_the_same_answers() -> None:
    columns, swapped = ["a", "b"], ["b", "a"]
    rules = [("1", "-", '"one"'), ("-", "2", '"two"'), ("-", "-", '"else"')]
    turned = [(second, first, result) for first, second, result in rules]
    for a in (1, 2, None):
        for b in (1, 2, None):
            facts = {"a": a, "b": b}
            straight = answer(facts, *rules, policy="FIRST", inputs=columns)
            assert straight == answer(facts, *turned, policy="FIRST", inputs=swapped)


@pytest.mark.parametrize(
    "about, code",
    [
        ({"policy": "BEST"}, "decision.hit_policy"),
        ({"policy": "unique"}, "decision.hit_policy"),
        ({"policy": "FIRST", "aggregation": "SUM"}, "decision.aggregation"),
        ({"policy": "COLLECT", "aggregation": "AVG"}, "decision.aggregation"),
        ({"policy": "PRIORITY"}, "decision.priority"),
        ({"policy": "OUTPUT ORDER"}, "decision.priority"),
        ({"policy": "PRIORITY", "outputs": [("outcome", "", "> 1")]}, "decision.priority"),
        ({"policy": "COLLECT", "outputs": [("outcome", '"a"')]}, "decision.default"),
    ],
)
def test_what_a_hit_policy_cannot_do_is_refused(about: dict[str, Any], code: str) -> None:
    assert code in {found for found, _ in codes(("-", '"a"'), **about)}


def test_an_aggregation_has_one_output() -> None:
    two = {"outputs": ["a", "b"], "policy": "COLLECT", "aggregation": "SUM"}
    assert codes(("-", "1", "2"), **two) == [("decision.aggregation", "fit")]
