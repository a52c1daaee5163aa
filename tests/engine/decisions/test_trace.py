"""Traces: every rule and condition with the fact it was tried on, made again from what the journal keeps."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Office
from tests.support.decision_tables import dmn, read, table
from tests.support.drawings import bundle, decide, drawing, end, flow, start, user, way, xor
from workflows import journal
from workflows.engine import bundles, decisions
from workflows.engine.decisions import Trace

COLUMNS = [("年龄", "ask.age", "number"), ("旗县", "ask.town", "string")]
RULES = [
    ("< rules.low", "-", '"fail"', '"未满" + string(rules.low) + "岁，" + ask.name', '"第1条"'),
    ("[rules.low..28)", '"赤峰", "通辽"', '"pass"', '"可以"', '"第2条"'),
    ("-", 'contains($, "区")', '"ask"', '""', ""),
    ("-", "-", '"fail"', 'd(ask.born).add(14, "y").format("%Y-%m-%d")', '"第3条"'),
]
TABLE = read(*RULES, inputs=COLUMNS, outputs=["outcome", "reason", "article"], policy="FIRST")
DATA = {"ask": {"age": 13, "town": "赤峰", "name": "巴图", "born": "2006-05-01"}, "rules": {"low": 14, "high": 28}}


def traced(**asked: Any) -> Trace:
    return decisions.evaluate(TABLE, DATA | {"ask": DATA["ask"] | asked})[1]


def kept(trace: Trace) -> dict[str, Any]:
    """The facts after the journal wrote them down and read them again."""
    facts: dict[str, Any] = json.loads(json.dumps(trace.facts))
    return facts


def test_a_trace_names_every_rule_and_every_condition_with_its_fact() -> None:
    trace = traced()
    assert (trace.decision, trace.name, trace.hit_policy) == ("fit", "适合", "FIRST")
    assert (trace.matched, trace.chosen, trace.article) == ((1,), (1,), "第1条")
    assert [(rule.number, rule.id, rule.matched, rule.chosen) for rule in trace.rules] == [
        (1, "r1", True, True),
        (2, "r2", False, False),
        (3, "r3", False, False),
        (4, "r4", True, False),
    ]
    [age, town] = trace.rules[1].cells
    assert (age.id, age.input, age.expression, age.test) == ("r2i1", "年龄", "ask.age", "[rules.low..28)")
    assert (age.fact, age.matched, age.unknown) == (13, False, False)
    assert (town.fact, town.matched) == ("赤峰", True)


def test_results_are_told_of_the_rules_that_match() -> None:
    first, second, _, last = traced().rules
    assert first.result == {"outcome": "fail", "reason": "未满14岁，巴图", "article": "第1条"}
    assert second.result is None
    assert last.result is not None
    assert (last.result["reason"], last.article) == ("2020-05-01", "第3条")


def test_facts_are_inputs_and_what_was_read_besides_and_nothing_else() -> None:
    assert traced().facts == {
        "ask.age": 13,
        "ask.town": "赤峰",
        "rules.low": 14,
        "ask.name": "巴图",
        "ask.born": "2006-05-01",
    }
    assert "ask.name" not in traced(age=20).facts


def test_an_unknown_fact_is_marked_and_matches_no_condition_on_it() -> None:
    trace = traced(age=None)
    assert trace.matched == (4,)
    assert [(rule.cells[0].fact, rule.cells[0].matched, rule.cells[0].unknown) for rule in trace.rules[:2]] == [
        (None, False, True),
        (None, False, True),
    ]


def test_a_fact_of_another_kind_is_marked_too() -> None:
    assert traced(age="13").rules[0].cells[0].unknown


def test_a_condition_that_breaks_on_a_fact_it_was_never_tried_on_is_unknown() -> None:
    trace = traced(age=13, town=5)
    assert trace.matched == (1,)
    assert trace.rules[2].cells[1].unknown


@settings(max_examples=50)
@given(
    st.none() | st.integers(0, 40) | st.sampled_from([13.5, 27.99, "13", True]),
    st.none() | st.sampled_from(["赤峰", "通辽", "海拉尔区", "旗"]),
)
def test_the_facts_that_are_kept_give_the_same_trace_again(age: Any, town: str | None) -> None:
    trace = traced(age=age, town=town)
    again = decisions.retrace(TABLE, kept(trace))
    assert again == trace
    assert again.rules == trace.rules


@pytest.mark.parametrize("policy", ["COLLECT", "RULE ORDER"])
def test_lists_are_traced_again_with_each_rules_result(policy: str) -> None:
    found = read(("> 1", "x"), ("> 2", "x + 1"), policy=policy)
    answer, trace = decisions.evaluate(found, {"x": 3})
    again = decisions.retrace(found, kept(trace), answer)
    assert again == trace
    assert [rule.result for rule in again.rules] == [{"outcome": 3}, {"outcome": 4}]


def test_a_sum_has_no_result_of_a_single_rule() -> None:
    _, trace = decisions.evaluate(read(("-", "1"), ("-", "2"), policy="COLLECT", aggregation="SUM"), {"x": 1})
    assert (trace.answer, trace.chosen) == ({"outcome": 3}, (1, 2))
    assert [rule.result for rule in trace.rules] == [None, None]


def test_inputs_that_are_worked_out_are_kept_with_what_they_read() -> None:
    found = read(("true", "1"), ("false", "2"), inputs=[("满", "ask.age + 1 >= rules.low", "boolean")])
    _, trace = decisions.evaluate(found, DATA)
    assert trace.facts == {"ask.age + 1 >= rules.low": True, "ask.age": 13, "rules.low": 14}
    assert decisions.retrace(found, kept(trace)).rules == trace.rules


def test_the_answer_that_was_kept_stands() -> None:
    then = {"outcome": "fail", "reason": "当时的理由", "article": "第1条"}
    trace = decisions.retrace(TABLE, kept(traced()), then)
    assert trace.answer == then
    assert trace.rules[0].result == then


def test_entries_that_kept_inputs_only_are_traced_with_the_cases_data() -> None:
    inputs = {"ask.age": 13, "ask.town": "赤峰"}
    trace = decisions.retrace(TABLE, inputs, context={"rules": {"low": 14}, "ask": {"name": "巴图", "age": 99}})
    assert trace.matched == (1,)
    assert trace.facts["ask.age"] == 13


def test_a_path_without_a_value_is_a_fact_that_nobody_entered() -> None:
    _, trace = decisions.evaluate(TABLE, {})
    assert trace.facts == {"ask.age": None, "ask.town": None}


def test_names_in_allowed_values_and_defaults_are_kept_too() -> None:
    about = {
        "inputs": [("年龄", "x", "number", "<= rules.high")],
        "outputs": [("outcome", "ask.name", "not(ask.born)")],
    }
    for age, rule in ((20, (1,)), (1, ())):
        found = read(("> 10", '"old"'), **about)
        answer, trace = decisions.evaluate(found, DATA | {"x": age})
        assert trace.chosen == rule
        assert decisions.retrace(found, kept(trace)) == trace
        assert answer == trace.answer


def test_names_may_be_chinese_in_inputs_and_conditions() -> None:
    rules = [("< 细则.年龄下限", '"fail"'), (">= 细则.年龄下限", '"pass"')]
    found = read(*rules, inputs=[("年龄", "申请.年龄", "number")])
    assert not decisions.faults_in(found, "t.dmn")
    answer, trace = decisions.evaluate(found, {"申请": {"年龄": 13}, "细则": {"年龄下限": 14}})
    assert (answer, trace.facts) == ({"outcome": "fail"}, {"申请.年龄": 13, "细则.年龄下限": 14})
    assert decisions.retrace(found, kept(trace)).rules == trace.rules


def test_a_kept_list_of_another_length_is_told_as_it_is() -> None:
    found = read(("> 1", "1"), ("> 2", "2"), policy="COLLECT")
    trace = decisions.retrace(found, {"x": 3}, [{"outcome": 1}])
    assert trace.answer == [{"outcome": 1}]
    assert [rule.result for rule in trace.rules] == [None, None]


def test_large_whole_numbers_reach_the_conditions_as_they_are() -> None:
    found = read(("9007199254740993", '"it"'), ("-", '"other"'), policy="FIRST")
    assert decisions.evaluate(found, {"x": 9007199254740993})[0] == {"outcome": "it"}
    assert decisions.evaluate(found, {"x": 9007199254740992})[0] == {"outcome": "other"}


AGE_FORM = '{"components":[{"type":"number","key":"age","label":"年龄"}]}'


def test_the_answer_chooses_the_way_and_the_journal_keeps_enough_to_explain_it_later(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        decide("judge", "fit"),
        xor("which", default="otherwise"),
        end("welcome"),
        end("sorry"),
        way("begin", "ask", "judge", "which"),
        flow("which", "welcome", 'fit.outcome == "pass"'),
        flow("which", "sorry", name="otherwise"),
        lanes={"书记": ["ask"]},
    )
    rules = [("< limits.low", '"fail"'), (">= limits.low", '"pass"')]
    office.given = {"limits": {"low": 14}}
    files = bundle(text, ask=AGE_FORM, fit_dmn=dmn(table(*rules, inputs=[("年龄", "ask.age", "number")])))
    case = office.start(files)
    office.do("ask", age=13)
    assert office.ended_at == "sorry"
    [entry] = [
        entry
        for entry in journal.entries_of(office.session, journal.case_chain(case.id))
        if entry.event == journal.Event.DECISION_EVALUATED.value
    ]
    assert entry.facts["facts"] == {"ask.age": 13, "limits.low": 14}
    decision = bundles.parsed(office.session, case.bundle_id).decisions[entry.facts["decision"]]
    trace = decisions.retrace(decision, entry.facts["facts"], entry.facts["answer"])
    assert trace.answer == {"outcome": "fail"}
    assert list(trace.matched) == entry.facts["rules"]
