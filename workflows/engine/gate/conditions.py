"""What the conditions of a drawing say, as far as the gate can tell without running a case.

Of the expression language it knows the fragment in which people write conditions: a path compared with literals or with
null, `in` and `not in` a list of literals, `and`, `or`, `not(…)` and parentheses. Anything else may be true or false.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

NULL, OTHER = "null", "…"
"""Values are kept as JSON text; OTHER stands for every value that no condition of the drawing names."""

Facts = tuple[int, ...]
"""For each path the values it may have, one bit each."""

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_LITERAL = r"\"[^\"]*\"|'[^']*'|-?\d+(?:\.\d+)?|true|false|null"
_COMPARED = re.compile(rf"({_PATH})\s*(==|!=)\s*({_LITERAL})")
_COMPARED_BACKWARDS = re.compile(rf"({_LITERAL})\s*(==|!=)\s*({_PATH})")
_LISTED = re.compile(rf"({_PATH})\s+(in|not\s+in)\s+\[\s*((?:{_LITERAL})(?:\s*,\s*(?:{_LITERAL}))*)?\s*\]")
_NEGATED = re.compile(r"(?:not\s*|!\s*)(?=\()")


@dataclass(frozen=True)
class Unknown:
    """May be true or false."""

    text: str = ""


@dataclass(frozen=True)
class Is:
    """A path has one of these values; when `negated`, none of them."""

    path: str
    values: frozenset[str]
    negated: bool = False


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: "Condition"


@dataclass(frozen=True)
class Both:
    """All parts hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Either:
    """One of the parts holds."""

    parts: tuple["Condition", ...]


Condition = Unknown | Is | Not | Both | Either

ALWAYS = Both(())


DEEPEST = 20
"""Parentheses in parentheses that are looked into; people write two or three."""


def read(text: str, depth: int = 0) -> Condition:
    """The condition as far as it is understood."""
    text = text.strip()
    if depth > DEEPEST or "?" in _outside_quotes(text):
        return Unknown(text)
    for word, kind in (("or", Either), ("and", Both)):
        parts = _split(text, word)
        if len(parts) > 1:
            return kind(tuple(read(part, depth + 1) for part in parts))
    negated = _NEGATED.match(text)
    if negated and _is_enclosed(text[negated.end() :]):
        return Not(read(text[negated.end() + 1 : -1], depth + 1))
    if _is_enclosed(text):
        return read(text[1:-1], depth + 1)
    return _atom(text)


def _atom(text: str) -> Condition:
    if found := _COMPARED.fullmatch(text):
        path, sign, literal = found.groups()
    elif found := _COMPARED_BACKWARDS.fullmatch(text):
        literal, sign, path = found.groups()
    elif found := _LISTED.fullmatch(text):
        path, word, listed = found.groups()
        values = frozenset(_value(each) for each in re.findall(_LITERAL, listed or ""))
        return Is(path, values, negated=word != "in")
    elif text in ("true", "false"):
        return ALWAYS if text == "true" else Either(())
    elif re.fullmatch(_PATH, text):
        return Is(text, frozenset({"true"}))
    else:
        return Unknown(text)
    return Is(path, frozenset({_value(literal)}), negated=sign == "!=") if path != NULL else Unknown(text)


def _value(literal: str) -> str:
    if literal.startswith("'"):
        return json.dumps(literal[1:-1], ensure_ascii=False)
    value = json.loads(literal)
    return value_of(value)


def value_of(value: object) -> str:
    """A literal as the gate keeps it: 1 and 1.0 are the same."""
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole and isinstance(value, float) else value, ensure_ascii=False)


def literal_in(cell: str) -> str | None:
    """The value of an expression that is a literal; None when it is not."""
    return _value(cell.strip()) if re.fullmatch(_LITERAL, cell.strip()) else None


def _outside_quotes(text: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|`[^`]*`", lambda quoted: "_" * len(quoted.group()), text)


def _split(text: str, word: str) -> list[str]:
    """The parts between `word`s that stand in no parentheses and no quotes."""
    bare, parts, depth, begin = _outside_quotes(text), [], 0, 0
    for found in re.finditer(rf"[(\[{{]|[)\]}}]|\b{word}\b", bare):
        if found.group() == word:
            if depth == 0:
                parts.append(text[begin : found.start()])
                begin = found.end()
        else:
            depth += 1 if found.group() in "([{" else -1
    return [*parts, text[begin:]]


def _is_enclosed(text: str) -> bool:
    if not text.startswith("("):
        return False
    depth = 0
    for place, sign in enumerate(_outside_quotes(text)):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def comparisons_in(condition: Condition) -> Iterator[Is]:
    """Every comparison in a condition."""
    match condition:
        case Is():
            yield condition
        case Not(part):
            yield from comparisons_in(part)
        case Both(parts) | Either(parts):
            for each in parts:
                yield from comparisons_in(each)


def is_understood(condition: Condition) -> bool:
    """Whether nothing in the condition is unknown."""
    match condition:
        case Unknown():
            return False
        case Not(part):
            return is_understood(part)
        case Both(parts) | Either(parts):
            return all(is_understood(each) for each in parts)
    return True


class Bound:
    """A condition over the bits of facts."""

    def __init__(self, condition: Condition, index: Mapping[str, int], bits: Mapping[str, Mapping[str, int]]) -> None:
        self.condition = condition
        self.index = index
        self.bits = bits
        self.paths = frozenset(index[test.path] for test in comparisons_in(condition))
        self.understood = is_understood(condition)

    def narrowed(self, facts: Facts, truth: bool) -> Facts | None:
        """The facts under which the condition may be `truth`; None when it cannot be."""
        return self._narrowed(self.condition, facts, truth)

    def _narrowed(self, condition: Condition, facts: Facts, truth: bool) -> Facts | None:
        match condition:
            case Is(path, values, negated):
                place, bits = self.index[path], self.bits[path]
                mask = reduce(lambda whole, value: whole | bits[value], values, 0)
                kept = facts[place] & (mask if truth is not negated else ~mask)
                return (*facts[:place], kept, *facts[place + 1 :]) if kept else None
            case Not(part):
                return self._narrowed(part, facts, not truth)
            case Both(parts):
                return self._all(parts, facts, True) if truth else self._any(parts, facts, False)
            case Either(parts):
                return self._any(parts, facts, True) if truth else self._all(parts, facts, False)
        return facts

    def _all(self, parts: tuple[Condition, ...], facts: Facts, truth: bool) -> Facts | None:
        found: Facts | None = facts
        for part in parts:
            found = self._narrowed(part, found, truth) if found is not None else None
        return found

    def _any(self, parts: tuple[Condition, ...], facts: Facts, truth: bool) -> Facts | None:
        possible = [each for part in parts if (each := self._narrowed(part, facts, truth)) is not None]
        if not possible:
            return None
        return tuple(reduce(lambda a, b: a | b, values) for values in zip(*possible, strict=True))
