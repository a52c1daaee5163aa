"""What an expression may cost at most, read off its text: nothing drawn may keep a case, or the machine, busy for long.

Evaluation itself cannot be stopped from outside, so an expression is refused at publishing when lists of the greatest
allowed length would make it too slow or its answer too large.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

LARGEST_RANGE = 10_000
"""Numbers in a literal range: zen builds it in memory, and `[1..100000000]` burns minutes."""
LONGEST_LIST = 1_000
"""Entries of a list in a case's data: a repeated step has as many instances at most."""
MOST_ROUNDS = 1_000_000
"""How often the innermost part of nested `map`, `filter`, `some` … may be evaluated; each takes about 0.1 µs."""
DEEPEST = 30
"""Brackets inside one another; what an expression gives is read by functions that call themselves."""
MOST_KEPT = 50_000
"""Values that `map` and `flatMap` may put together; each may be a text of a page."""

_LONGEST_SPLIT = 4_000
"""Parts a text may be split into: as many as a form's text has characters."""
_EACH = frozenset({"all", "some", "none", "one", "filter", "map", "flatMap", "count"})
_KEEP = frozenset({"map", "flatMap"})
_SPLIT = frozenset({"split", "extract"})
_JOINING = frozenset({"flatten", "merge", "mergeDeep", "keys", "values"})
_WORDS = frozenset({"true", "false", "null", "and", "or", "not", "in"})

_TOKEN = re.compile(r"\.\.|[()\[\]{},]|[A-Za-z_$][\w$]*(?:\s*\.\s*[A-Za-z_$][\w$]*)*|#|\d+(?:\.(?!\.)\d*)?|[^\s\w]")
_NAME = re.compile(r"[A-Za-z_$]")
_CLOSING = {")": "(", "]": "[", "}": "{"}
_WHOLE = re.compile(r"[+-]?\d{1,9}")


@dataclass(frozen=True)
class _Cost:
    """What a part of an expression takes at most."""

    rounds: int = 0
    """How often the bodies in it are evaluated, all together."""
    kept: int = 0
    """How many values it puts into lists."""
    size: int = 1
    """How long a list it may give."""
    names: int = 0
    """How many values it reads."""


@dataclass(frozen=True)
class _Group:
    """What stands in a bracket."""

    opening: str
    parts: tuple["str | _Group", ...]

    @property
    def is_range(self) -> bool:
        """Whether it is `a..b`."""
        return self.opening in ("[", "(") and ".." in self.parts

    @property
    def arguments(self) -> list[list["str | _Group"]]:
        """What stands between its commas."""
        found: list[list[str | _Group]] = [[]]
        for part in self.parts:
            if part == ",":
                found.append([])
            else:
                found[-1].append(part)
        return found

    @property
    def text(self) -> str:
        """Its tokens, one after the other."""
        return "".join(part if isinstance(part, str) else f"({part.text})" for part in self.parts)


class _Refused(Exception):
    """Why the expression must not be published."""


def fault_in(text: str) -> str | None:
    """Why an expression may take too long or grow too large; None when it cannot."""
    try:
        cost = _cost(_tree(iter(_TOKEN.findall(code_of(text)))).parts)
    except _Refused as refused:
        return str(refused)
    if cost.rounds > MOST_ROUNDS:
        return f"列表之中又算列表，最多要算 {cost.rounds} 次，超过 {MOST_ROUNDS} 次，请减少嵌套或缩小区间"
    if cost.kept > MOST_KEPT:
        return f"结果最多有 {cost.kept} 项，超过 {MOST_KEPT} 项，请减少嵌套或缩小区间"
    return None


def code_of(text: str) -> str:
    """The expression without the contents of its texts; what a template evaluates stays. Zen knows no escapes."""
    parts: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign in "\"'":
            end = text.find(sign, place + 1)
            parts.append('""')
            place = len(text) if end < 0 else end + 1
        elif sign == "`":
            end = text.find(sign, place + 1)
            inner = text[place + 1 : end if end >= 0 else len(text)]
            parts.append("".join(f"({code_of(each)})" for each in re.findall(r"\$\{(.*?)\}", inner, re.DOTALL)) or '""')
            place = len(text) if end < 0 else end + 1
        else:
            parts.append(sign)
            place += 1
    return "".join(parts)


def _tree(tokens: Iterator[str], opening: str = "", depth: int = 0) -> _Group:
    """The tokens up to the bracket that closes `opening`. Only a range may begin with one kind and end with another."""
    if depth > DEEPEST:
        raise _Refused(f"括号一层套一层，超过 {DEEPEST} 层，请拆成几步")
    inside: list[str | _Group] = []
    for token in tokens:
        if token in _CLOSING:
            group = _Group(opening, tuple(inside))
            if not opening or (_CLOSING[token] != opening and not group.is_range):
                raise _Refused("括号不配对；开区间请写作 (a..b)，不要写作 ]a..b[")
            return group
        inside.append(_tree(tokens, token, depth + 1) if token in _CLOSING.values() else token)
    return _Group(opening, tuple(inside))


def _cost(parts: Sequence[str | _Group]) -> _Cost:
    found = []
    for place, part in enumerate(parts):
        if isinstance(part, _Group):
            before = parts[place - 1] if place else ""
            cost = _of_group(part, before if isinstance(before, str) else "")
            if part.opening == "[" and not part.is_range and place + 1 == len(parts) and not place:
                cost = replace(cost, size=len(part.arguments))
            found.append(cost)
        elif part == "#" or (_NAME.match(part) and part not in _WORDS and not _is_called(parts, place)):
            found.append(_Cost(size=LONGEST_LIST, names=1))
    return _together(found)


def _is_called(parts: Sequence[str | _Group], place: int) -> bool:
    following = parts[place + 1] if place + 1 < len(parts) else None
    return isinstance(following, _Group) and following.opening == "("


def _of_group(group: _Group, before: str) -> _Cost:
    """The cost of what stands in a bracket, by what stands before it."""
    if group.is_range:
        return _Cost(size=_numbers(group, is_asked=before == "in"))
    arguments = group.arguments
    is_call = group.opening == "(" and bool(_NAME.match(before)) and before not in _WORDS
    if is_call and before in _EACH and len(arguments) == 2:
        return _each(before, _cost(arguments[0]), _cost(arguments[1]))
    together = _together([_cost(each) for each in arguments])
    size = together.size
    if is_call and before in _SPLIT:
        size = max(size, _LONGEST_SPLIT)
    elif is_call and before in _JOINING:
        size = max(size, LONGEST_LIST) * max(1, together.names)
    return replace(together, size=size)


def _each(name: str, source: _Cost, body: _Cost) -> _Cost:
    rounds = source.rounds + source.size * max(1, body.rounds)
    kept = source.kept + source.size * body.kept
    size = source.size
    if name in _KEEP:
        made = max(1, body.names)
        if name == "flatMap":
            size *= body.size
            made = max(made, body.size)
        kept += source.size * made
    return _Cost(rounds, kept, size, source.names)


def _together(parts: Sequence[_Cost]) -> _Cost:
    return _Cost(
        rounds=sum(part.rounds for part in parts),
        kept=sum(part.kept for part in parts),
        size=max([1, *(part.size for part in parts)]),
        names=sum(part.names for part in parts),
    )


def _numbers(group: _Group, *, is_asked: bool) -> int:
    """How many numbers a range has; one that is only asked whether something lies in it is never built."""
    text = group.text
    first, _, last = text.partition("..")
    if not _WHOLE.fullmatch(first) or not _WHOLE.fullmatch(last):
        if is_asked:
            return 1
        raise _Refused(f"区间 {text} 的两端应写明整数，否则不知道有多大；只问是否在区间之内的，写作 … in [{text}]")
    numbers = max(0, int(last) - int(first) + 1)
    if numbers > LARGEST_RANGE:
        raise _Refused(f"区间 {text} 过大，最多 {LARGEST_RANGE} 个数")
    return 1 if is_asked else numbers
