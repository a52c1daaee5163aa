"""A column's conditions tried on a few facts that stand for all: a condition cannot tell apart the facts between.

The facts are the values written in the column's conditions, one between each two neighbours, one beyond each end, one
that is written nowhere, and null. A condition that reads names or speaks the expression language is unsure everywhere.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from workflows.engine.decisions import cells
from workflows.engine.decisions.cells import Test
from workflows.engine.decisions.model import Input
from workflows.engine.decisions.values import Months

ELSE = "其他"
"""Stands for a text that is written nowhere."""

_WHOLE = frozenset({"integer", "int", "long"})


class AnyFact:
    """Stands for every fact, in a column where no condition names a value."""


@dataclass(frozen=True)
class Column:
    """The facts that stand for a column, and for every rule which of them its condition accepts, one bit each."""

    facts: tuple[Any, ...]
    accepted: tuple[int, ...]
    sure: tuple[bool, ...]
    """By rule: whether `accepted` is known; it is 0 where it is not."""
    texts: tuple[str, ...]


def is_sure(test: Test) -> bool:
    """Whether what the test accepts depends on nothing but the fact."""
    return not any(isinstance(each, cells.Expression) for each in cells.parts(test)) and not any(
        isinstance(each, cells.Name) for each in cells.operands(test)
    )


def tries(tests: list[Test]) -> int:
    """About how many times a condition is tried on a fact to know a whole column."""
    return len(tests) * (4 + 2 * len({value for test in tests for value in cells.literals(test)}))


def everything(column: Input, tests: list[Test], texts: Iterable[str] = ()) -> Column:
    """The column over every fact there can be, null last."""
    facts = [*_facts(column, tests, beyond=True), None]
    return _tried(facts if len(facts) > 1 else [AnyFact(), None], tests, texts)


def certainly_possible(column: Input, tests: list[Test]) -> Column:
    """The column over facts that occur for sure: values that are written in it or in its `inputValues`.

    Without `inputValues` nothing beyond the written ends is taken for possible, no other text, and between whole
    numbers no fraction: hours may be 19.5, a number of talks may not, and the table does not say which it is.
    """
    facts = list(_facts(column, tests, beyond=column.allowed is not None and is_sure(column.allowed.test)))
    return _tried(facts or [AnyFact()], tests, ())


def _tried(facts: list[Any], tests: list[Test], texts: Iterable[str]) -> Column:
    sure = tuple(is_sure(test) for test in tests)
    masks = [_mask(test, facts) if known else 0 for test, known in zip(tests, sure, strict=True)]
    return Column(tuple(facts), tuple(masks), sure, tuple(texts))


def _mask(test: Test, facts: list[Any]) -> int:
    return sum(1 << place for place, fact in enumerate(facts) if cells.accepts(test, fact, {}) is True)


def _facts(column: Input, tests: list[Test], *, beyond: bool) -> Iterator[Any]:
    allowed = column.allowed.test if column.allowed and is_sure(column.allowed.test) else cells.ANYTHING
    written = [value for test in (*tests, allowed) for value in cells.literals(test) if value is not None]
    found: list[Any] = []
    if column.type == "boolean" or any(isinstance(value, bool) for value in written):
        found += [True, False]
    for kind, steps in _KINDS.items():
        known: list[Any] = sorted({value for value in written if type(value) is kind}, key=lambda value: value)
        if known:
            found += _ordered(known, steps, column, beyond=beyond)
    texts = sorted({value for value in written if isinstance(value, str)})
    if texts:
        found += texts + [f"{text} " for text in texts if beyond]
        found += [next(_unwritten(texts)), ""] if beyond else []
    yield from (fact for fact in found if cells.accepts(allowed, fact, {}) is True)


def _unwritten(texts: list[str]) -> Iterator[str]:
    count = 1
    while True:
        name = ELSE * count
        if name not in texts:
            yield name
        count += 1


@dataclass(frozen=True)
class _Steps:
    """How to go from one value of a kind to others."""

    unit: Any
    half: Callable[[Any, Any], Any]
    """A value between two."""


def _ordered(known: list[Any], steps: _Steps, column: Input, *, beyond: bool) -> list[Any]:
    whole = column.type in _WHOLE or (not beyond and all(_is_whole(value) for value in known))
    found = list(known)
    for low, high in pairwise(known):
        between = steps.half(low, high)
        if whole and isinstance(between, Decimal):
            between = between.to_integral_value(rounding="ROUND_FLOOR")
        if low < between < high:
            found.append(between)
    if beyond:
        found += [
            value for value in (_moved(known[-1], steps.unit, 1), _moved(known[0], steps.unit, -1)) if value is not None
        ]
    # An example in whole numbers is easier to read.
    return sorted(found, key=lambda value: not _is_whole(value))


def _is_whole(value: Any) -> bool:
    return not isinstance(value, Decimal) or value == value.to_integral_value()


def _moved(value: Any, unit: Any, sign: int) -> Any:
    """The value one unit further; None where there is no such value."""
    try:
        if isinstance(value, time):
            moved = datetime.combine(date(2000, 1, 2), value) + sign * unit
            return moved.time() if moved.date() == date(2000, 1, 2) else None
        if isinstance(value, Months):
            return Months(value.months + sign)
        if isinstance(value, Decimal):
            return (value + sign * unit).to_integral_value(rounding="ROUND_FLOOR" if sign < 0 else "ROUND_CEILING")
        return value + sign * unit
    except (OverflowError, ArithmeticError):
        return None


def _half_time(low: time, high: time) -> time:
    day = date(2000, 1, 1)
    first = datetime.combine(day, low)
    return (first + (datetime.combine(day, high) - first) / 2).time()


_KINDS: dict[type, _Steps] = {
    Decimal: _Steps(Decimal(1), lambda low, high: (low + high) / 2),
    date: _Steps(timedelta(days=1), lambda low, high: low + timedelta(days=(high - low).days // 2)),
    datetime: _Steps(timedelta(seconds=1), lambda low, high: low + (high - low) / 2),
    time: _Steps(timedelta(seconds=1), _half_time),
    timedelta: _Steps(timedelta(hours=1), lambda low, high: low + (high - low) / 2),
    Months: _Steps(None, lambda low, high: Months((low.months + high.months) // 2)),
}
