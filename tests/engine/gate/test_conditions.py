"""Conditions as the gate reads them agree with the expression language on every value they may be about."""

from itertools import product

import pytest

from workflows.engine import expressions
from workflows.engine.gate.conditions import NULL, OTHER, Bound, Unknown, comparisons_in, read

VALUES = {"yes": '"yes"', "no": '"no"', 3: "3", True: "true", None: NULL}

UNDERSTOOD = [
    'a.outcome == "yes"',
    'a.outcome != "yes"',
    '"yes" == a.outcome',
    "a.outcome == 'yes'",
    'a.outcome in ["yes", "no"]',
    'a.outcome not in ["yes", 3]',
    "a.outcome == null",
    "a.outcome != null",
    "a.outcome == 3.0",
    "a.outcome == true",
    'not(a.outcome == "yes")',
    '!(a.outcome in ["no"])',
    'a.outcome == "yes" or b == "no"',
    'a.outcome == "yes" and b != "no"',
    'a.outcome == "no" or a.outcome == "yes" and b == "yes"',
    '(a.outcome == "no" or a.outcome == "yes") and not (b == "yes")',
    'a.outcome == "and" or b == "x or y"',
]


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_a_condition_is_read_as_the_expression_language_evaluates_it(text: str) -> None:
    condition = read(text)
    paths = ["a.outcome", "b"]
    named = {value for test in comparisons_in(condition) for value in test.values}
    order = [*sorted({*VALUES.values(), *named}), OTHER]
    bits = {path: {value: 1 << place for place, value in enumerate(order)} for path in paths}
    bound = Bound(condition, {path: place for place, path in enumerate(paths)}, bits)
    assert bound.understood
    for outcome, other in product(VALUES, repeat=2):
        facts = (bits["a.outcome"][VALUES[outcome]], bits["b"][VALUES[other]])
        truth = expressions.holds(text, {"a": {"outcome": outcome}, "b": other})
        assert (bound.narrowed(facts, True) is not None) is truth
        assert (bound.narrowed(facts, False) is not None) is not truth


NOT_UNDERSTOOD = ["len(a) > 3", "a ?? b == 1", "a.x[0] == 1", 'a == "x" ? b : c', "a == b", "a in [1..5]"]


@pytest.mark.parametrize("text", [*NOT_UNDERSTOOD, "(" * 99 + "a" + ")" * 99])
def test_what_is_not_understood_may_be_true_or_false(text: str) -> None:
    condition = read(text)
    assert isinstance(condition, Unknown)
    bound = Bound(condition, {}, {})
    assert bound.narrowed((), True) == ()
    assert bound.narrowed((), False) == ()


def test_a_condition_narrows_what_may_be_and_leaves_the_rest() -> None:
    bits = {"a": {NULL: 1, '"x"': 2, '"y"': 4, OTHER: 8}, "b": {NULL: 1, OTHER: 2}}
    bound = Bound(read('a in ["x", "y"] and a != "x"'), {"a": 0, "b": 1}, bits)
    assert bound.narrowed((15, 3), True) == (4, 3)
    assert bound.narrowed((15, 3), False) == (11, 3)
    assert bound.narrowed((2, 3), True) is None
