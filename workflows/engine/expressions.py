"""The one expression language of drawings, decision tables and forms: zen-engine's, which cannot reach Python."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import zen

LARGEST_RANGE = 10_000
"""A literal range longer than this is refused: zen builds it in memory, and `[1..100000000]` burns minutes."""

LONGEST_EXPRESSION = 2_000

_RANGE = re.compile(r"(-?\d+)\s*\.\.\s*(-?\d+)")
_SOURCE = re.compile(r'"source":"((?:[^"\\]|\\.)*)"')


class ExpressionFault(Exception):
    """An expression does not parse, or cannot be evaluated on the given data; the text says why."""


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """The expression's value over `context` (JSON values). Whole numbers come back as int, a missing path as None.

    Raises ExpressionFault.
    """
    try:
        return _whole(_compiled(expression).evaluate(dict(context)))
    except RuntimeError as error:
        raise ExpressionFault(f"{expression}: {_reason(error)}") from None


def holds(expression: str, context: Mapping[str, Any]) -> bool:
    """Whether the expression is true over `context`; anything but true and false is a fault."""
    value = evaluate(expression, context)
    if not isinstance(value, bool):
        raise ExpressionFault(f"{expression}: 应得到 true 或 false，得到的是 {value!r}")
    return value


def matches(cell: str, value: Any, context: Mapping[str, Any]) -> bool:
    """Whether a decision-table cell (a unary test such as `>= 14`, `[14..28)` or `"a", "b"`) accepts `value`.

    `-` and an empty cell accept everything; `not(…)` accepts what the tests inside refuse.
    """
    test = cell.strip()
    if test in ("", "-"):
        return True
    negated = re.fullmatch(r"not\s*\((.*)\)", test, re.DOTALL)
    if negated:
        return not matches(negated.group(1), value, context)
    if value is None and test not in ("null", "$ == null", "$ != null"):
        return False
    try:
        return bool(_compiled_test(test).evaluate({**context, "$": value}))
    except RuntimeError as error:
        raise ExpressionFault(f"{cell}: {_reason(error)}") from None


def fault_in(expression: str) -> str | None:
    """Why the expression must not be published; None when it is sound."""
    return _fault(expression, _compiled)


def fault_in_cell(cell: str) -> str | None:
    """Why the decision-table cell must not be published; None when it is sound."""
    test = cell.strip()
    if test in ("", "-"):
        return None
    negated = re.fullmatch(r"not\s*\((.*)\)", test, re.DOTALL)
    return fault_in_cell(negated.group(1)) if negated else _fault(test, _compiled_test)


def _fault(text: str, compiler: Any) -> str | None:
    if len(text) > LONGEST_EXPRESSION:
        return f"表达式超过 {LONGEST_EXPRESSION} 个字符"
    for first, last in _RANGE.findall(text):
        if abs(int(last) - int(first)) > LARGEST_RANGE:
            return f"区间 {first}..{last} 过大，最多 {LARGEST_RANGE} 个数"
    try:
        compiler(text)
    except RuntimeError as error:
        return _reason(error)
    return None


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    return zen.compile_expression(expression)


@lru_cache(maxsize=4096)
def _compiled_test(test: str) -> Any:
    return zen.compile_unary_expression(test)


def _reason(error: RuntimeError) -> str:
    found = _SOURCE.search(str(error))
    return found.group(1) if found else str(error).splitlines()[0]


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value
