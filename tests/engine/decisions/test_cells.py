"""Conditions of decision tables: what each form accepts (S-FEEL, DMN 1.3 clause 9), and what it says of odd facts."""

from contextlib import suppress
from typing import Any

import pytest
import zen
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decision_tables import codes, faults
from workflows.engine.decisions import cells
from workflows.engine.expressions import ExpressionFault

DATA = {"rules": {"low": 14, "high": 28, "towns": ["赤峰", "通辽"], "since": "2020-05-01"}}


def held(cell: str, fact: Any) -> bool | None:
    return cells.accepts(cells.parse(cell), fact, DATA)


@pytest.mark.parametrize(
    "cell, matching, others",
    [
        ("-", [0, "a", None, True, []], []),
        ("", [0, None], []),
        ("5", [5, 5.0], [4, 5.5, -5]),
        ("-5", [-5], [5]),
        ("- 5", [-5], [5]),
        (".5", [0.5], [5, 0]),
        ("1.50", [1.5], [1, 15]),
        ("1e3", [1000], [3, 13]),
        ("= 5", [5], [6]),
        ("== 5", [5], [6]),
        ("!= 5", [6, None], [5]),
        ("< 5", [4, 4.99, -1], [5, 6]),
        ("<= 5", [4, 5], [5.01]),
        ("> -5", [-4.9, 0], [-5, -6]),
        (">= 5", [5, 5.0], [4.99]),
        ("[1..3]", [1, 2, 3], [0.9, 3.1]),
        ("(1..3)", [1.1, 2], [1, 3]),
        ("]1..3[", [1.1, 2], [1, 3, 0, 4]),
        ("[1..3[", [1, 2], [3, 0]),
        ("]1..3]", [3, 2], [1, 4]),
        ("[1..3)", [1, 2.9], [3]),
        ("(1..3]", [3], [1]),
        ("[-3..-1]", [-3, -1], [0, -4]),
        ("1, 2, > 10", [1, 2, 11], [3, 10]),
        ("[1..2], [8..9)", [1, 8], [9, 5]),
        ("not(1, 2)", [3, 0], [1, 2]),
        ("not (< 5)", [5], [4]),
        ("not([1..3])", [4], [2]),
        ('"通过"', ["通过"], ["不通过", "", "通过 "]),
        ('"a,b", "c"', ["a,b", "c"], ["a", "b"]),
        ('"他说\\"好\\""', ['他说"好"'], ["他说好"]),
        ('"a\\\\b"', ["a\\b"], ["ab", "a\\\\b"]),
        ('"\\u8d64\\u5cf0"', ["赤峰"], ["u8d64"]),
        ("'a'", ["a"], ["'a'"]),
        ('"not(5)"', ["not(5)"], ["5"]),
        ('"-"', ["-"], ["a"]),
        ('> "b"', ["c", "ba"], ["a", "b"]),
        ('["a".."c"]', ["a", "b", "c"], ["d", "cc"]),
        ("true", [True], [False]),
        ("false", [False], [True]),
        ("null", [None], [0, "", False]),
        ("not(null)", [0, "", False], [None]),
        ('"a", null', ["a", None], ["b"]),
        ("rules.low", [14], [15]),
        ("< rules.low", [13], [14]),
        ("[rules.low..rules.high)", [14, 27], [28, 13]),
        ("rules.towns", ["赤峰", "通辽"], ["呼和浩特"]),
        ("not(rules.towns)", ["呼和浩特"], ["赤峰"]),
        (">= rules.since", ["2020-05-01", "2020-10-01"], ["2020-04-30"]),
        ('date("2020-02-29")', ["2020-02-29", "2020-02-29T00:00:00Z"], ["2020-03-01"]),
        ('< date("2020-10-01")', ["2020-09-30"], ["2020-10-01"]),
        ('[date("2020-01-01")..date("2020-12-31")]', ["2020-01-01", "2020-12-31"], ["2021-01-01"]),
        (
            '> date and time("2020-01-01T08:00:00")',
            ["2020-01-01T00:00:01Z", "2020-01-01T08:01"],
            ["2020-01-01T00:00:00Z"],
        ),
        ('<= time("12:00:00")', ["08:30", "12:00:00"], ["12:00:01"]),
        ('>= duration("P3M")', ["P3M", "P1Y"], ["P2M"]),
        ('duration("P1Y")', ["P12M"], ["P1M"]),
        ('< duration("PT8H")', ["PT7H59M", "-P1D"], ["PT8H", "P1D"]),
        ("len($) > 2", ["abc"], ["ab"]),
        ("not(len($) > 2)", ["ab"], ["abc"]),
        ("> rules.low + 1", [16], [15]),
        ('$ == "a" or $ == "b"', ["b"], ["c"]),
    ],
)
def test_what_a_condition_accepts(cell: str, matching: list[Any], others: list[Any]) -> None:
    assert [held(cell, fact) for fact in matching] == [True] * len(matching)
    assert [held(cell, fact) for fact in others] == [False] * len(others)


@pytest.mark.parametrize(
    "cell, fact",
    [
        ("5", "5"),
        ("not(5)", "5"),
        ("> 4", "5"),
        ("true", 1),
        ("1", True),
        ("not(1)", True),
        ('"5"', 5),
        ("5", [5]),
        ("5", {"a": 5}),
        ("> false", True),
        ("> 5", float("inf")),
        ("not(5)", float("nan")),
        ('date("2020-01-01")', "昨天"),
        ('date("2020-01-01")', "2020-01-01T08:00:00Z"),
        ('date("2020-01-01")', 20200101),
        ('duration("P30D")', "P1M"),
        ('duration("P1M")', "P1Y2D"),
        ('time("08:00:00")', "8 点"),
    ],
)
def test_facts_of_another_kind_match_neither_a_condition_nor_its_opposite(cell: str, fact: Any) -> None:
    assert held(cell, fact) is None


@pytest.mark.parametrize("cell", ["< 5", "not(< 5)", "[1..3]", '> "a"', "not(rules.none)", "len($) > 2"])
def test_nothing_is_known_of_a_fact_that_nobody_entered(cell: str) -> None:
    assert held(cell, None) is None


@pytest.mark.parametrize("cell, matches", [("5", False), ("not(5)", True), ("rules.low", False), ('not("a")', True)])
def test_what_nobody_entered_differs_from_every_value_but_null(cell: str, *, matches: bool) -> None:
    assert held(cell, None) is matches


@pytest.mark.parametrize("cell", ["rules.none", "< rules.none", "[rules.none..5]", "not(rules.none)"])
def test_a_name_without_a_value_matches_nothing(cell: str) -> None:
    assert held(cell, 3) is None


@pytest.mark.parametrize(
    "cell, fact",
    [
        ("0.3", 0.1 + 0.2),
        ("<= 0.3", 0.1 + 0.2),
        ("19.5", 19.5),
        ("100000000000000000000000000001", 100000000000000000000000000001),
        ("> 9007199254740992", 9007199254740993),
        ("9007199254740993", 9007199254740993),
        ("1", 1.0),
    ],
)
def test_numbers_are_exact(cell: str, fact: float) -> None:
    assert held(cell, fact) is True


def test_two_large_whole_numbers_are_not_taken_for_each_other() -> None:
    assert held("9007199254740992", 9007199254740993) is False


@pytest.mark.parametrize("fact", [5, 8e28, 10**40])
def test_a_test_in_the_expression_language_that_breaks_says_so(fact: float) -> None:
    with pytest.raises(ExpressionFault, match="len"):
        held("len($) > 2", fact)


@pytest.mark.parametrize(
    "cell, told",
    [
        ("[5..1]", "先后"),
        ("(5..5)", "先后"),
        ('[1.."b"]', "同一种"),
        ('date("2020-02-30")', "2020-01-31"),
        ('> duration("P1Y2D")', "不能混写"),
        ('time("25:00")', "08:00:00"),
        ('date and time("2020-01-01")', "T08:00:00"),
        ("5，6", "全角符号 ，"),
        ("＞5", "全角符号 ＞"),
        ("“通过”", "全角符号 “ ”"),
        ("> > 5", ""),
        ("not(", ""),
        ("[1..", ""),
        ("a b", ""),
        ("? > 5", ""),
    ],
)
def test_a_condition_that_says_nothing_is_a_fault_of_its_cell(cell: str, told: str) -> None:
    [fault] = faults((cell, '"a"'), ("-", '"b"'), policy="FIRST")
    assert (fault.code, fault.element) == ("decision.broken", "r1i1")
    assert told in fault.message


def test_full_width_marks_within_a_text_are_what_people_write() -> None:
    assert not codes(('"《细则》，第（一）条"', '"a"'), ("-", '"b"'), policy="FIRST")


WORDS = 'not( ( ) [ ] .. , - 5 .5 1e99 9999999999999999999999999 true null "a" rules.low < = $ ， １ time("23:59")'
LONGER = ('date("0001-01-01")', 'date and time("9999-12-31T23:59:59Z")', 'duration("P9999999999Y")')
fragments = st.sampled_from([*WORDS.split(), *LONGER])
anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers())


@settings(max_examples=50)
@given(st.lists(fragments, max_size=6).map("".join) | st.text(max_size=8), anything)
def test_whatever_is_written_holds_or_not_or_is_told_to_be_broken(cell: str, fact: Any) -> None:
    answer: bool | None = None
    with suppress(cells.CellFault, ExpressionFault):
        answer = held(cell, fact)
    assert answer in (True, False, None)


numbers = st.integers(-30, 30) | st.integers(-300, 300).map(lambda tenths: tenths / 10)
words = st.sampled_from(["a", "b", "通过", "not", "1", "true"])


def interval(ends: tuple[float, float], opening: str, closing: str) -> str:
    return f"{opening}{min(ends)}..{max(ends)}{closing}"


closed = st.builds(interval, st.tuples(numbers, numbers), st.just("["), st.just("]"))
half_open = st.builds(
    interval,
    st.tuples(st.integers(-30, 0), st.integers(1, 30)),
    st.sampled_from("[("),
    st.sampled_from("])"),
)
compared = st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers)
simple = st.one_of(numbers.map(str), compared, closed, half_open)


@settings(max_examples=50)
@given(st.lists(simple, min_size=1, max_size=3).map(", ".join), numbers)
def test_numbers_are_tried_as_the_expression_language_tries_them(cell: str, fact: float) -> None:
    assert not isinstance(cells.parse(cell), cells.Expression)
    assert held(cell, fact) is zen.evaluate_unary_expression(cell, {"$": fact})


@settings(max_examples=50)
@given(st.lists(words.map('"{}"'.format), min_size=1, max_size=3).map(", ".join), words | st.none())
def test_texts_are_tried_as_the_expression_language_tries_them(cell: str, fact: str | None) -> None:
    assert held(cell, fact) is zen.evaluate_unary_expression(cell, {"$": fact})


@pytest.mark.parametrize(
    "cell, fact, ours, theirs",
    [
        ("]1..3]", 1, False, True),
        ("[1..3[", 2, True, False),
        ("]1..3[", 2, True, False),
        ("rules.towns", "赤峰", True, False),
    ],
)
def test_where_the_expression_language_answers_otherwise(cell: str, fact: Any, ours: bool, theirs: bool) -> None:
    """Why simple tests are not left to it; docs/reference/decisions.md lists the differences."""
    assert held(cell, fact) is ours
    assert zen.evaluate_unary_expression(cell, {**DATA, "$": fact}) is theirs


@pytest.mark.parametrize(
    "cell, fact",
    [("> 4", "5"), ('> "a"', "b"), ('["a".."c"]', "b"), (".5", 0.5), ("= 5", 5), ('"a\\"b"', 'a"b'), ("not(5)", 5)],
)
def test_what_the_expression_language_cannot_try(cell: str, fact: Any) -> None:
    with pytest.raises(RuntimeError):
        zen.evaluate_unary_expression(cell, {"$": fact})
    assert held(cell, fact) is not None or isinstance(fact, str)
