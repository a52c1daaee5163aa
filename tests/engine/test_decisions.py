"""Decision tables: hit policies, cells, and the trace that says why."""

from typing import Any

import pytest

from tests.engine.conftest import Office
from tests.support.drawings import bundle, decide, drawing, end, flow, start, user, way, xor
from workflows.engine import decisions


def table(policy: str, *rules: tuple[str, str]) -> str:
    rows = "".join(
        f'<rule id="r{n}"><inputEntry id="i{n}"><text><![CDATA[{test}]]></text></inputEntry>'
        f'<outputEntry id="o{n}"><text>{out}</text></outputEntry></rule>'
        for n, (test, out) in enumerate(rules, 1)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        f'<decision id="fit" name="适合"><decisionTable id="t" hitPolicy="{policy}">'
        '<input id="in" label="年龄"><inputExpression id="ie"><text>ask.age</text></inputExpression></input>'
        f'<output id="out" name="outcome"/>{rows}</decisionTable></decision></definitions>'
    )


def answer(policy: str, age: Any, *rules: tuple[str, str]) -> Any:
    [read] = decisions.read(table(policy, *rules), "t.dmn")
    return decisions.evaluate(read, {"ask": {"age": age}, "limit": 14})


AGES = [("< 14", '"young"'), ("[14..28)", '"fit"'), ("-", '"old"')]


@pytest.mark.parametrize("age, outcome", [(13, "young"), (14, "fit"), (27, "fit"), (28, "old"), (None, "old")])
def test_first_takes_the_first_rule_that_fits(age: int | None, outcome: str) -> None:
    found, trace = answer("FIRST", age, *AGES)
    assert found == {"outcome": outcome}
    assert len(trace.matched) == 1


def test_unique_is_broken_by_two_rules_on_the_same_facts() -> None:
    with pytest.raises(decisions.DecisionFault, match="同时适用"):
        answer("UNIQUE", 13, *AGES)


def test_any_lets_rules_agree_and_refuses_them_to_differ() -> None:
    assert answer("ANY", 15, ("> 14", '"x"'), ("> 10", '"x"'))[0] == {"outcome": "x"}
    with pytest.raises(decisions.DecisionFault):
        answer("ANY", 15, ("> 14", '"x"'), ("> 10", '"y"'))


def test_collect_and_rule_order_answer_with_a_list() -> None:
    for policy in ("COLLECT", "RULE ORDER"):
        found, trace = answer(policy, 13, *AGES)
        assert [each["outcome"] for each in found] == ["young", "old"]
        assert trace.matched == (1, 3)


def test_no_rule_that_fits_is_a_fault_that_names_the_facts() -> None:
    with pytest.raises(decisions.DecisionFault, match="40"):
        answer("UNIQUE", 40, ("< 14", '"young"'))


@pytest.mark.parametrize(
    "cell, value, fits",
    [
        ("not(14, 15)", 16, True),
        ("not(14, 15)", 14, False),
        ('"a", "b"', "b", True),
        (">= limit", 14, True),
        ("", "anything", True),
        ("true", True, True),
        ("< 14", None, False),
    ],
)
def test_cells(cell: str, value: Any, fits: bool) -> None:
    if fits:
        assert answer("UNIQUE", value, (cell, '"yes"'))[0] == {"outcome": "yes"}
    else:
        with pytest.raises(decisions.DecisionFault):
            answer("UNIQUE", value, (cell, '"yes"'))


def test_the_answer_chooses_the_way_and_the_trace_is_journalled(office: Office) -> None:
    from workflows import journal

    text = drawing(
        start(),
        user("ask"),
        decide("judge", "fit"),
        xor("which", default="otherwise"),
        end("welcome"),
        end("sorry"),
        way("begin", "ask", "judge", "which"),
        flow("which", "welcome", 'fit.outcome == "fit"'),
        flow("which", "sorry", name="otherwise"),
        lanes={"书记": ["ask"]},
    )
    age = '{"components":[{"type":"number","key":"age","label":"年龄","validate":{"required":true}}]}'
    case = office.start(bundle(text, ask=age, fit_dmn=table("FIRST", *AGES)))
    office.do("ask", age=30)
    assert office.ended_at == "sorry"
    entries = journal.entries_of(office.session, journal.case_chain(case.id))
    [traced] = [entry for entry in entries if entry.event == "decision:evaluated"]
    assert traced.facts["facts"] == {"ask.age": 30}
    assert traced.facts["rules"] == [3]
