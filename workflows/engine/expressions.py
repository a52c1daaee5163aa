"""The one expression language of drawings, decision tables and forms: zen-engine's, which cannot reach Python."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import zen

from workflows.engine.gate import bounds, dialects

LONGEST_EXPRESSION = 2_000

_MOST_EXACT = 2**53
"""Beyond it a float no longer says which whole number is meant."""

_TEXT = re.compile(r'"[^"]*"|\'[^\']*\'')
_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NAMES = re.compile(r"(?<![^.]\.)(?<![\w$#])([^\W\d]\w*(?:\.[^\W\d]\w*)*)(\s*\()?")
_WORDS = frozenset({"true", "false", "null", "and", "or", "not", "in"})
_SOURCE = re.compile(r'"source":"((?:[^"\\]|\\.)*)"')


class ExpressionFault(Exception):
    """An expression does not parse, or cannot be evaluated on the given data; the text says why."""


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """The expression's value over `context` (JSON values). Whole numbers come back as int, a missing path as None.

    Raises ExpressionFault.
    """
    return _whole(_run(expression, _compiled, dict(context)))


def holds(expression: str, context: Mapping[str, Any]) -> bool:
    """Whether the expression is true over `context`; anything but true and false is a fault."""
    value = evaluate(expression, context)
    if not isinstance(value, bool):
        raise ExpressionFault(f"{expression}: 应得到 true 或 false，得到的是 {value!r}")
    return value


def accepts(test: str, value: Any, context: Mapping[str, Any]) -> bool:
    """Whether a unary test in this language (`len($) > 3`, where `$` is the value) accepts the value.

    Raises ExpressionFault.
    """
    return bool(_run(test, _compiled_test, {**context, "$": value}))


def at(path: str, context: Mapping[str, Any]) -> Any:
    """What stands at a path of names such as `rules.apply_age_min`; None where it leads nowhere.

    Unlike `evaluate` this keeps whole numbers of any size exact.
    """
    found: Any = context
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return _whole(found)


def is_path(expression: str) -> bool:
    """Whether the expression is only a path of names, in any script: `at` follows what the language cannot read."""
    return bool(_PATH.fullmatch(expression)) and expression not in _WORDS


def without_texts(expression: str) -> str:
    """The expression with nothing left between its quotation marks."""
    return _TEXT.sub('""', expression)


def names_in(expression: str) -> tuple[str, ...]:
    """The paths an expression reads from its data, in order; functions and what lists call their entries left out."""
    found = []
    for path, called in _NAMES.findall(without_texts(expression)):
        name = path.rpartition(".")[0] if called else path
        if name and name not in _WORDS:
            found.append(name)
    return tuple(dict.fromkeys(found))


def fault_in(expression: str) -> str | None:
    """Why the expression must not be published; None when it is sound."""
    return dialects.foreign(expression) or _fault(expression, _compiled)


def fault_in_test(test: str) -> str | None:
    """Why the unary test must not be published; None when it is sound."""
    return _fault(test, _compiled_test)


def _fault(text: str, compiler: Any) -> str | None:
    if len(text) > LONGEST_EXPRESSION:
        return f"表达式超过 {LONGEST_EXPRESSION} 个字符"
    try:
        compiler(text)
    except RuntimeError as error:
        return _reason(error)
    return bounds.fault_in(text)


def _run(text: str, compiler: Any, data: dict[str, Any]) -> Any:
    try:
        return compiler(text).evaluate(data)
    except Exception as error:
        # For a number that its decimals cannot hold zen raises OverflowError, or nothing more special than Exception.
        if type(error) not in (RuntimeError, OverflowError, Exception):
            raise
        raise ExpressionFault(f"{text}: {_reason(error)}") from None


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    return zen.compile_expression(expression)


@lru_cache(maxsize=4096)
def _compiled_test(test: str) -> Any:
    return zen.compile_unary_expression(test)


def _reason(error: Exception) -> str:
    found = _SOURCE.search(str(error))
    return found.group(1) if found else str(error).splitlines()[0]


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MOST_EXACT:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value
