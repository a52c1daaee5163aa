"""What is proved of a table before it is published: overlaps, gaps, rules never reached; and never more than is so."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decision_tables import Column, codes, faults, read
from workflows.engine.decisions import DecisionTable, cells, checking, coverage

NUMBER = ("年龄", "age", "number")
TRUTH = ("本地", "local", "boolean")


def told(code: str, *rules: Sequence[str], **about: Any) -> list[str]:
    return [fault.message for fault in faults(*rules, **about) if fault.code == code]


@pytest.mark.parametrize(
    "first, second, example",
    [
        ("< 14", "[10..20]", "年龄 为 10"),
        ("<= 14", ">= 14", "年龄 为 14"),
        ("> 14", "< 16", "年龄 为 15"),
        ("> 14", "< 15", "年龄 为 14.5"),
        ("5", "-", "年龄 为 5"),
        ("-", "-", "任何情况"),
        ("not(5)", "not(6)", "年龄 为 7"),
        ("not(5)", "> 4", "年龄 为 6"),
        ("null", "-", "年龄 为 未登记"),
        ('"a", "b"', '"b", "c"', "年龄 为 “b”"),
        ('> date("2020-01-01")', '< date("2020-01-03")', "年龄 为 2020-01-02"),
        ('duration("P12M")', 'duration("P1Y")', "年龄 为 1 年"),
        ('<= duration("PT24H")', 'duration("P1D")', "年龄 为 1 天"),
        ('> time("08:00:00")', '< time("09:00:00")', "年龄 为 08:30:00"),
        ("true", "not(false)", "年龄 为 是"),
    ],
)
def test_two_rules_that_can_both_match_are_named_with_facts(first: str, second: str, example: str) -> None:
    [message] = told("decision.overlap", (first, "1"), (second, "2"), inputs=[("年龄", "age")])
    assert message.startswith("第 1 条规则（r1）和第 2 条规则（r2）同时适用于")
    assert example in message


@pytest.mark.parametrize(
    "first, second",
    [
        ("< 14", ">= 14"),
        ("[1..3)", "[3..5]"),
        ("5", "6"),
        ("5", '"5"'),
        ("true", "false"),
        ("1", "true"),
        ('"a"', '"b"'),
        ('"a"', 'not("a")'),
        ("null", "not(null)"),
        ("< 14", "null"),
        ("< rules.low", "< rules.low"),
        ("rules.low", "5"),
        ("$ > 5", "$ > 6"),
        ('date("2020-01-01")', 'date and time("2020-01-01T00:00:00Z")'),
    ],
)
def test_rules_that_cannot_be_proved_to_overlap_are_let_be(first: str, second: str) -> None:
    assert not told("decision.overlap", (first, "1"), (second, "2"))


def test_rules_overlap_only_where_they_meet_in_every_column() -> None:
    inputs = [NUMBER, TRUTH]
    assert not codes(
        ("< 14", "true", "1"), ("< 20", "false", "2"), (">= 14", "true", "3"), (">= 20", "-", "4"), inputs=inputs
    )[1:]
    [message] = told("decision.overlap", ("< 14", "-", "1"), ("< 20", "false", "2"), inputs=inputs)
    assert "年龄 为 14" not in message
    assert "本地 为 否" in message


def test_whole_numbers_have_nothing_between_neighbours() -> None:
    rules = [("> 14", "1"), ("< 15", "2")]
    assert not told("decision.overlap", *rules, inputs=[("次数", "times", "integer")])
    assert told("decision.overlap", *rules, inputs=[("学时", "hours", "number")])


def test_allowed_values_bound_what_can_overlap() -> None:
    rules = [("> 1", "1"), ("< 3", "2")]
    assert not told("decision.overlap", *rules, inputs=[("次数", "times", "integer", "1, 3")])
    assert told("decision.overlap", *rules, inputs=[("次数", "times", "integer", "1, 2, 3")])


def test_any_is_refused_only_where_results_surely_differ() -> None:
    assert codes(("> 1", '"a"'), ("> 2", '"a"'), ("<= 1", '"b"'), policy="ANY") == []
    assert codes(("> 1", '"a"'), ("> 2", '"b"'), ("<= 1", '"b"'), policy="ANY") == [("decision.overlap", "r2")]
    assert codes(("> 1", "y"), ("> 2", '"b"'), ("<= 1", '"b"'), policy="ANY") == []


@pytest.mark.parametrize("policy", ["FIRST", "COLLECT", "RULE ORDER"])
def test_other_hit_policies_let_rules_overlap(policy: str) -> None:
    assert not codes(("> 1", "1"), ("-", "2"), policy=policy)


def test_two_columns_of_one_fact_are_not_taken_for_two_facts() -> None:
    inputs = [("从", "age"), ("到", "age")]
    assert not codes((">= 14", "< 28", "1"), ("< 14", "-", "2"), ("-", ">= 28", "3"), inputs=inputs)


@pytest.mark.parametrize(
    "column, conditions, example",
    [
        (NUMBER, ["< 14", "> 14"], "年龄 为 14"),
        (NUMBER, ["< 14", "[14..28)"], "年龄 为 28"),
        (NUMBER, ["[0..14)", "[16..28]"], "年龄 为 14"),
        (NUMBER, ["[0..14]", "[17..28]"], "年龄 为 15"),
        (("年龄", "age", "number", "[0..100]"), ["[0..60]"], "年龄 为 100"),
        (("年龄", "age", "integer", "> 0"), ["< 60", "60"], "年龄 为 61"),
        (TRUTH, ["true"], "本地 为 否"),
        (TRUTH, ["not(true)"], "本地 为 是"),
        (("旗县", "town", "string", '"赤峰", "通辽"'), ['"赤峰"'], "旗县 为 “通辽”"),
        (NUMBER, [], "任何情况"),
    ],
)
def test_facts_that_no_rule_covers_are_named(column: Column, conditions: list[str], example: str) -> None:
    [message] = told("decision.gap", *[(each, "1") for each in conditions], inputs=[column])
    assert example in message


@pytest.mark.parametrize(
    "column, conditions",
    [
        (NUMBER, ["[0..14)", ">= 14"]),
        (NUMBER, ["0", "1", ">= 2"]),
        (NUMBER, ["< rules.low", "> 5"]),
        (NUMBER, ["$ > 5"]),
        (NUMBER, ["-"]),
        (TRUTH, ["true", "false"]),
        (("旗县", "town", "string"), ['"赤峰"', '"通辽"']),
        (("旗县", "town", "string", '"赤峰", "通辽"'), ['"赤峰"', 'not("赤峰")']),
        (("年龄", "age", "integer", "[0..100]"), ["< 50", "[50..100]"]),
    ],
)
def test_a_gap_is_claimed_only_where_facts_surely_occur(column: Column, conditions: list[str]) -> None:
    assert not told("decision.gap", *[(each, "1") for each in conditions], inputs=[column])


def test_a_gap_between_columns_is_found() -> None:
    rules = [("< 14", "-", "1"), (">= 14", "true", "2")]
    [message] = told("decision.gap", *rules, inputs=[NUMBER, TRUTH])
    assert "年龄 为 14，本地 为 否" in message


def test_a_default_fills_every_gap_and_lists_have_none() -> None:
    assert not codes(("< 14", "1"), inputs=[NUMBER], outputs=[("outcome", "0")])
    assert not codes(("< 14", "1"), inputs=[NUMBER], policy="COLLECT")


@pytest.mark.parametrize(
    "conditions, named",
    [
        (["-", "< 14"], ["r2"]),
        (["< 14", "[5..10]", "-"], ["r2"]),
        (["<= 14", "> 14", "[1..20]", "-"], ["r3"]),
        (["null", "not(null)", "-"], ["r3"]),
        (["rules.low", "rules.low", "-"], ["r2"]),
        (["-", "> rules.low"], ["r2"]),
    ],
)
def test_rules_that_earlier_ones_leave_nothing_to_are_named(conditions: list[str], named: list[str]) -> None:
    found = codes(*[(each, "1") for each in conditions], inputs=[NUMBER], policy="FIRST")
    assert found == [("decision.unreachable", each) for each in named]


@pytest.mark.parametrize(
    "conditions",
    [
        ["< 14", ">= 14", "-"],
        ["< rules.low", "5", "-"],
        ["<= 14", "rules.low", "-"],
    ],
)
def test_rules_that_some_facts_may_reach_are_let_be(conditions: list[str]) -> None:
    assert not told("decision.unreachable", *[(each, "1") for each in conditions], policy="FIRST", inputs=[NUMBER])


def test_a_condition_outside_the_allowed_values_is_named() -> None:
    town = [("旗县", "town", "string", '"赤峰", "通辽"')]
    assert codes(('"赤峰"', "1"), ('"海拉尔", "通辽"', "2"), inputs=town) == [("decision.never", "r2i1")]


@pytest.mark.parametrize("cell, never", [("> 100", True), ("[101..200]", True), ("100", False), (">= 100", False)])
def test_an_order_of_which_nothing_is_allowed_is_named(cell: str, *, never: bool) -> None:
    column = [("年龄", "age", "number", "[0..100]")]
    [*found] = told("decision.never", (cell, "1"), ("-", "2"), inputs=column, policy="FIRST")
    assert bool(found) == never
    assert all("没有一个值在该列允许的值" in message for message in found)


def test_a_result_outside_the_allowed_values_is_named() -> None:
    outputs = [("outcome", "", '"pass", "fail"')]
    assert codes(("true", '"pass"'), ("false", '"no"'), inputs=[TRUTH], outputs=outputs) == [
        ("decision.output", "r2o1")
    ]


def test_a_table_beyond_reading_is_left_unproved() -> None:
    assert not codes(*[("-", "1")] * (coverage.MOST_RULES + 1))
    assert not codes(*[(str(number % 500), "1") for number in range(900)])


def test_many_overlaps_are_named_twenty_at_a_time() -> None:
    assert len(told("decision.overlap", *[("-", "1")] * 30)) == checking.MOST_OVERLAPS


def test_a_search_that_grows_too_large_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [("true", "1"), ("false", "2"), ("null", "3"), ("true", "4")]
    assert told("decision.unreachable", *rules, policy="FIRST")
    monkeypatch.setattr(coverage, "MOST_STATES", 1)
    assert not told("decision.unreachable", *rules, policy="FIRST")


# Small domains in which everything can be counted.
COUNT = ("次数", "count", "integer", "[0..5]")
TOWN = ("旗县", "town", "string", '"a", "b", "c"')
bounds = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted)
of_count = st.one_of(
    st.just("-"),
    st.integers(0, 5).map(str),
    st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "!="]), st.integers(0, 5)),
    bounds.map(lambda ends: f"[{ends[0]}..{ends[1]}]"),
    st.builds("not({}, {})".format, st.integers(0, 5), st.integers(0, 5)),
    st.just("null"),
)
of_town = st.one_of(
    st.just("-"),
    st.sampled_from(["a", "b", "c"]).map('"{}"'.format),
    st.sampled_from(["a", "b", "c"]).map('not("{}")'.format),
    st.just('"a", "b"'),
)
tables = st.lists(st.tuples(of_count, of_town, st.just("1")), min_size=1, max_size=5)


def every_fact(*, entered: bool) -> Iterator[tuple[Any, ...]]:
    missing = [] if entered else [None]
    return product([*range(6), *missing], ["a", "b", "c", *missing])


def matching(table: DecisionTable, facts: tuple[Any, ...]) -> list[int]:
    return [
        rule.number
        for rule in table.rules
        if all(cells.accepts(cell.test, fact, {}) is True for cell, fact in zip(rule.cells, facts, strict=True))
    ]


def small(rules: list[tuple[str, ...]], policy: str) -> DecisionTable:
    found = read(*rules, inputs=[COUNT, TOWN], policy=policy)
    assert isinstance(found, DecisionTable)
    return found


@settings(max_examples=50)
@given(tables)
def test_overlaps_are_those_that_counting_finds(rules: list[tuple[str, ...]]) -> None:
    table = small(rules, "UNIQUE")
    counted = {pair for facts in every_fact(entered=False) for pair in combinations(matching(table, facts), 2)}
    assert {(found.first.number, found.second.number) for found in coverage.overlaps(table)} == counted


@settings(max_examples=50)
@given(tables)
def test_a_gap_is_found_exactly_where_counting_finds_one(rules: list[tuple[str, ...]]) -> None:
    table = small(rules, "UNIQUE")
    gap = coverage.gap(table)
    assert (gap is not None) == any(not matching(table, facts) for facts in every_fact(entered=True))
    assert gap is None or not matching(table, tuple(fact for _, fact in gap))


@settings(max_examples=50)
@given(tables)
def test_rules_never_reached_are_those_that_counting_never_sees_first(rules: list[tuple[str, ...]]) -> None:
    table = small(rules, "FIRST")
    seen = [matching(table, facts) for facts in every_fact(entered=False)]
    reached = {found[0] for found in seen if found}
    possible = {number for found in seen for number in found}
    assert {rule.number for rule, _ in coverage.unreachable(table)} == possible - reached
