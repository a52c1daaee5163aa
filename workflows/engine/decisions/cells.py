"""Cells of decision tables: simple unary tests (S-FEEL, DMN 1.3 clause 9) read into a small tree and tried on a fact.

What the simple form does not cover is left to the expression language of drawings, as one opaque test.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from workflows.engine import expressions
from workflows.engine.decisions import values


class CellFault(Exception):
    """A cell says something that cannot be meant; the text says what and what to do."""


@dataclass(frozen=True)
class Literal:
    """A value written in the cell; None is `null`."""

    value: Any


@dataclass(frozen=True)
class Name:
    """A value looked up in the case's data, such as `rules.apply_age_min`."""

    path: str


Operand = Literal | Name


@dataclass(frozen=True)
class Anything:
    """`-` or an empty cell."""


@dataclass(frozen=True)
class Equals:
    """A bare value: the fact is this, or one of these when it is a list."""

    operand: Operand


@dataclass(frozen=True)
class Compare:
    """`< 14`: the operator is one of `<`, `<=`, `>`, `>=`."""

    operator: str
    operand: Operand


@dataclass(frozen=True)
class Interval:
    """`[14..28)`, each end with whether it belongs to it."""

    low: Operand
    high: Operand
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True)
class AnyOf:
    """Tests with commas between them."""

    tests: tuple["Test", ...]


@dataclass(frozen=True)
class Not:
    """`not(…)`, or `!=`."""

    test: "Test"


@dataclass(frozen=True)
class Expression:
    """A test in the expression language; nothing is known of it but whether it holds."""

    text: str


Test = Anything | Equals | Compare | Interval | AnyOf | Not | Expression

ANYTHING = Anything()

_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def accepts(test: Test, fact: Any, context: Mapping[str, Any]) -> bool | None:
    """Whether the test accepts the fact; None when the two cannot be compared, which counts as no match.

    Raises expressions.ExpressionFault when a test in the expression language breaks on the fact.
    """
    match test:
        case Anything():
            return True
        case Equals(operand):
            other = _value(operand, context)
            # A name without a value is a gap in the data, not the `null` that somebody wrote.
            return None if other is None and isinstance(operand, Name) else values.equal(values.known(fact), other)
        case Compare(operator, operand):
            return _ordered(operator, fact, _value(operand, context))
        case Interval(low, high, low_closed, high_closed):
            return values.both(
                _ordered(">=" if low_closed else ">", fact, _value(low, context)),
                _ordered("<=" if high_closed else "<", fact, _value(high, context)),
            )
        case AnyOf(tests):
            return values.any_of(accepts(each, fact, context) for each in tests)
        case Not(inner):
            answer = accepts(inner, fact, context)
            return None if answer is None else not answer
        case Expression(text):
            return None if fact is None and "null" not in text else expressions.accepts(text, fact, context)


def _ordered(operator: str, fact: Any, other: Any) -> bool | None:
    order = values.order(values.known(fact), other)
    return None if order is None else _HOLDS[operator](order)


def _value(operand: Operand, context: Mapping[str, Any]) -> Any:
    if isinstance(operand, Literal):
        return operand.value
    return values.known(expressions.at(operand.path, context))


def parts(test: Test) -> Iterator[Test]:
    """The test and every test inside it."""
    yield test
    if isinstance(test, AnyOf):
        for each in test.tests:
            yield from parts(each)
    elif isinstance(test, Not):
        yield from parts(test.test)


def operands(test: Test) -> Iterator[Operand]:
    """Every value and name the test compares with, in the order they are written."""
    for each in parts(test):
        if isinstance(each, Equals | Compare):
            yield each.operand
        elif isinstance(each, Interval):
            yield from (each.low, each.high)


def literals(test: Test) -> list[Any]:
    """The values written in the test, in order."""
    return [operand.value for operand in operands(test) if isinstance(operand, Literal)]


def names_in(test: Test) -> tuple[str, ...]:
    """The names a test reads from the case's data."""
    found = [operand.path for operand in operands(test) if isinstance(operand, Name)]
    for each in parts(test):
        if isinstance(each, Expression):
            found += expressions.names_in(each.text)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def parse(text: str) -> Test:
    """What a cell says. Raises CellFault where it says something that cannot be meant."""
    text = text.strip()
    if text in ("", "-"):
        return ANYTHING
    try:
        return _Parser(text).cell()
    except _NotSimple:
        negated = re.fullmatch(r"not\s*\((.*)\)", text, re.DOTALL)
        if negated and _closes_last(negated[1]):
            return Not(parse(negated[1]))
        return Expression(text)


def _closes_last(inner: str) -> bool:
    """Whether the bracket that was opened before `inner` is closed after it and not within."""
    depth = 0
    for mark in re.findall(r"[()]", expressions.without_texts(inner)):
        depth += 1 if mark == "(" else -1
        if depth < 0:
            return False
    return depth == 0


class _NotSimple(Exception):
    """The text is not a simple unary test."""


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?(?!\w)|(?<!\.)\.[0-9]+(?!\w))
    | (?P<text>"(?:[^"\\]|\\.)*"|'[^']*')
    | (?P<typed>(?:date\s+and\s+time|date|time|duration)(?=\s*\())
    | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<mark>\.\.|<=|>=|!=|==|[<>=\[\](),-])
    )""",
    re.VERBOSE | re.DOTALL,
)

_WORDS = {"true": True, "false": False, "null": None}

_ESCAPES = re.compile(r"""\\(?:(["'\\])|([nrt])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6}))""")

_READERS: dict[str, tuple[Callable[[str], values.Scalar], str]] = {
    "date": (values.day, "2020-01-31"),
    "date and time": (values.moment, "2020-01-31T08:00:00"),
    "time": (values.hour, "08:00:00"),
    "duration": (values.duration, "P3M 或 PT8H（年月与日时不能混写）"),
}


class _Parser:
    """One pass over one cell."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = list(self._words())
        self.next = 0

    def _words(self) -> Iterator[tuple[str, str]]:
        place, text = 0, self.text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise _NotSimple
            yield found.lastgroup, found[found.lastgroup]
            place = found.end()

    def cell(self) -> Test:
        """The whole cell."""
        if self._take("name", "not"):
            self._must("mark", "(")
            test: Test = Not(self._list())
            self._must("mark", ")")
        else:
            test = self._list()
        if self.next < len(self.words):
            raise _NotSimple
        return test

    def _list(self) -> Test:
        tests = [self._test()]
        while self._take("mark", ","):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))

    def _test(self) -> Test:
        for operator in _HOLDS:
            if self._take("mark", operator):
                return Compare(operator, self._operand())
        if self._take("mark", "!="):
            return Not(Equals(self._operand()))
        if self._take("mark", "==") or self._take("mark", "="):
            return Equals(self._operand())
        for opening in "[(]":
            if self._take("mark", opening):
                return self._interval(closed=opening == "[")
        return Equals(self._operand())

    def _interval(self, *, closed: bool) -> Interval:
        low = self._operand()
        self._must("mark", "..")
        high = self._operand()
        for closing in "])[":
            if self._take("mark", closing):
                found = Interval(low, high, closed, closing == "]")
                _refuse_empty(found, self.text)
                return found
        raise _NotSimple

    def _operand(self) -> Operand:
        negative = self._take("mark", "-")
        kind, word = self._any()
        if kind == "number":
            return Literal(-Decimal(word) if negative else Decimal(word))
        if negative:
            raise _NotSimple
        if kind == "text":
            return Literal(_unquoted(word))
        if kind == "typed":
            return self._typed(" ".join(word.split()))
        if kind == "name" and word != "not":
            return Literal(_WORDS[word]) if word in _WORDS else Name(word)
        raise _NotSimple

    def _typed(self, function: str) -> Literal:
        self._must("mark", "(")
        kind, word = self._any()
        if kind != "text":
            raise _NotSimple
        self._must("mark", ")")
        if function == "duration" and "P" not in word:
            # The expression language has a function of this name, for texts such as "3h".
            raise _NotSimple
        read, example = _READERS[function]
        try:
            return Literal(read(_unquoted(word)))
        except ValueError:
            raise CellFault(f"{function}({word}) 不是有效的值，请写成 {example} 的形式") from None

    def _any(self) -> tuple[str, str]:
        if self.next == len(self.words):
            raise _NotSimple
        self.next += 1
        return self.words[self.next - 1]

    def _take(self, kind: str, word: str) -> bool:
        taken = self.next < len(self.words) and self.words[self.next] == (kind, word)
        self.next += taken
        return taken

    def _must(self, kind: str, word: str) -> None:
        if not self._take(kind, word):
            raise _NotSimple


def _refuse_empty(interval: Interval, text: str) -> None:
    """An interval whose ends are in the wrong order, or are of two kinds, accepts nothing and was not meant."""
    if not (isinstance(interval.low, Literal) and isinstance(interval.high, Literal)):
        return
    order = values.order(interval.low.value, interval.high.value)
    if order is None:
        _broken(f"区间“{text}”的两端不是同一种值")
    if order > 0 or (order == 0 and not (interval.low_closed and interval.high_closed)):
        _broken(f"区间“{text}”里没有任何值，请核对两端的先后和括号（[ ] 含端点，( ) 不含）")


def _broken(why: str) -> NoReturn:
    raise CellFault(why)


def _unquoted(word: str) -> str:
    """Double quotes with FEEL's escapes; single quotes as the expression language has them, without."""
    if word.startswith("'"):
        return word[1:-1]
    return _ESCAPES.sub(_escaped, word[1:-1])


def _escaped(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    if found[2]:
        return {"n": "\n", "r": "\r", "t": "\t"}[found[2]]
    try:
        return chr(int(found[3] or found[4], 16))
    except ValueError:
        return found[0]
