"""Which of an expression's names its answer rests on."""

from typing import Any

import pytest

from workflows.engine.reasons.names import decisive


@pytest.mark.parametrize(
    "expression,data,names",
    [
        ("a.n >= 3", {"a": {"n": 2}}, ("a.n",)),
        ("a.on ?? b.on", {"a": {"on": "2020-01-01"}, "b": {"on": "2020-02-02"}}, ("a.on",)),
        ("a.on ?? b.on", {"a": None, "b": {"on": "2020-02-02"}}, ("b.on",)),
        ('a == "x" or b == "y"', {"a": "x", "b": "n"}, ("a",)),
        ('a == "x" or b == "y"', {"a": "x", "b": "y"}, ("a", "b")),
        ('d(a.on).add(n, "M").format("%Y")', {"a": {"on": "2020-01-01"}, "n": 3}, ("a.on", "n")),
        ("d(a) >= d(b)", {"a": "2020-01-01", "b": "2020-02-02"}, ("a", "b")),
        ("a and b", {"a": False, "b": True}, ("a",)),
        ("a.b", {"a": "text"}, ()),
        ('"a.b"', {"a": {"b": 1}}, ()),
    ],
)
def test_only_what_the_answer_rests_on_is_named(expression: str, data: dict[str, Any], names: tuple[str, ...]) -> None:
    assert decisive(expression, data) == names
