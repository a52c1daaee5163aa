"""Which of an expression's names its answer rests on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workflows.engine import expressions
from workflows.engine.expressions import ExpressionFault

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}.*")
_FAR = 10**9


def decisive(expression: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the expression's names with another value of which it could say something else; else all known ones."""
    known = [name for name in expressions.names_in(expression) if expressions.at(name, data) is not None]
    answer = _value(expression, data)
    needed = [
        name
        for name in known
        if any(
            _value(expression, _changed(name.split("."), other, data)) != answer
            for other in _others(expressions.at(name, data))
        )
    ]
    return tuple(needed or known)


def _others(value: Any) -> Iterator[Any]:
    """What might have stood there instead: nothing, and the extremes of its kind."""
    yield None
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (-_FAR, _FAR)
        case str() if _DAY.fullmatch(value):
            yield from ("1900-01-01", "2900-01-01")


def _value(expression: str, data: Mapping[str, Any]) -> Any:
    try:
        return expressions.evaluate(expression, data)
    except ExpressionFault:
        return ExpressionFault  # equal to no answer


def _changed(path: Sequence[str], value: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    first, *rest = path
    inner = data.get(first)
    return {**data, first: _changed(rest, value, inner) if rest and isinstance(inner, Mapping) else value}
