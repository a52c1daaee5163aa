"""Facts and conditions in words, as messages and explanations say them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from workflows import clock
from workflows.engine import expressions
from workflows.engine.decisions import cells
from workflows.engine.decisions.values import Months

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_KINDS = {"<": "less_than", "<=": "at_most", ">": "more_than", ">=": "at_least"}


@dataclass(frozen=True)
class Demand:
    """What must be true of a fact. `kind` and `values` are for those who say it in another language.

    Kinds: `less_than`, `at_most`, `more_than`, `at_least` (one value); `is`, `is_not` (any of the values);
    `within`, `outside` (low, high); `passes`, `fails` (a test as text); `either`, `all` (words only).
    """

    kind: str
    values: tuple[Any, ...]
    words: str
    """In Chinese, beginning with 须 or 不得."""
    names: tuple[str, ...] = ()
    """The names the values were read from, such as `rules.class_hours_min`."""
    ends: str = ""
    """The brackets of an interval, such as `[)`: a square one belongs to it, a round one does not."""


def said(fact: Any) -> str:
    """A fact in the words of a message; one that nobody entered is 未登记."""
    match fact:
        case None:
            return "未登记"
        case bool():
            return "是" if fact else "否"
        case Decimal():
            return format(fact.normalize(), "f")
        case str():
            return f"“{fact}”"
        case datetime():
            return fact.astimezone(clock.OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
        case date() | time():
            return fact.isoformat()
        case Months():
            return _months(fact.months)
        case timedelta():
            return _span(fact)
        case list() | tuple():
            return "、".join(said(each) for each in fact) or "（空）"
    return str(fact)


def _months(months: int) -> str:
    years, rest = divmod(abs(months), 12)
    told = [f"{years} 年"] * bool(years) + [f"{rest} 个月"] * bool(rest or not years)
    return ("-" if months < 0 else "") + " ".join(told)


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(int(abs(span).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    told = [(days, "天"), (hours, "小时"), (minutes, "分钟"), (seconds, "秒")]
    words = " ".join(f"{number} {unit}" for number, unit in told if number) or "0 秒"
    return f"-{words}" if span < timedelta() else words


def demand(test: cells.Test, context: Mapping[str, Any], *, holds: bool = True) -> Demand:
    """What the test asks of a fact; with `holds=False`, what a fact must be for the test to fail."""
    asked = _demand(test, context, holds=holds)
    return replace(asked, names=cells.names_in(test))


def _demand(test: cells.Test, context: Mapping[str, Any], *, holds: bool) -> Demand:
    match test:
        case cells.Anything():
            return Demand("is", (), "可以是任何值")
        case cells.Equals(operand):
            return _equality([operand], context, holds=holds)
        case cells.Compare(operator, operand):
            return _comparison(operator if holds else _OPPOSITE[operator], operand, context)
        case cells.Interval(low, high, low_closed, high_closed):
            ends = _shown(low, context), _shown(high, context)
            opening, closing = "[" if low_closed else "(", "]" if high_closed else ")"
            told = f"{opening}{said(ends[0])}..{said(ends[1])}{closing}"
            kind, words = ("within", f"须在 {told} 之内") if holds else ("outside", f"不得在 {told} 之内")
            return Demand(kind, ends, words, ends=opening + closing)
        case cells.Not(inner):
            return _demand(inner, context, holds=not holds)
        case cells.Expression(text):
            return (
                Demand("passes", (text,), f"须符合 {text}") if holds else Demand("fails", (text,), f"不得符合 {text}")
            )
        case cells.AnyOf(tests):
            equalities = [each.operand for each in tests if isinstance(each, cells.Equals)]
            if len(equalities) == len(tests):
                return _equality(equalities, context, holds=holds)
            each_in_words = [_demand(each, context, holds=holds).words for each in tests]
            return Demand("either" if holds else "all", (), ("，或" if holds else "，且").join(each_in_words))


def _comparison(operator: str, operand: cells.Operand, context: Mapping[str, Any]) -> Demand:
    value = _shown(operand, context)
    return Demand(_KINDS[operator], (value,), f"须 {operator} {value if isinstance(value, str) else said(value)}")


def _equality(operands: Iterable[cells.Operand], context: Mapping[str, Any], *, holds: bool) -> Demand:
    values = tuple(_shown(each, context) for each in operands)
    if len(values) == 1 and isinstance(values[0], bool) and not holds:
        return Demand("is", (not values[0],), f"须为 {said(not values[0])}")
    if values == (None,):
        return Demand("is" if holds else "is_not", values, "须未登记" if holds else "须已登记")
    told = "、".join(said(each) for each in values)
    if not holds:
        return Demand("is_not", values, f"不得为 {told}")
    return Demand("is", values, f"须为 {told}" + (" 之一" if len(values) > 1 else ""))


def _shown(operand: cells.Operand, context: Mapping[str, Any]) -> Any:
    """The value an operand stands for; a name that has none is shown itself."""
    if isinstance(operand, cells.Literal):
        return operand.value
    found = expressions.at(operand.path, context)
    return operand.path if found is None else found
