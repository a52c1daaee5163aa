"""Which of two values of a rule is the stricter one, and whether a value is of the right kind at all.

Values are ordered by a rank: the greater, the stricter. Spans of time that are written in months count as the shortest
time so many months can last, so that a span in days is never longer than what it replaces.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any

from workflows.domain import majorities

Rank = tuple[Fraction, int]

GREATEST = 10_000
"""No threshold counts further; whatever is larger is a slip of the pen."""

_SPAN = re.compile(r"P(\d{1,4})([DM])", re.ASCII)
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Direction(StrEnum):
    """How a value becomes stricter."""

    AT_LEAST = "at_least"
    """A whole number that may rise."""
    AT_MOST = "at_most"
    """A whole number or a span of time that may fall; None where there is no limit, the loosest of all."""
    ONLY_TRUE = "only_true"
    ONLY_FALSE = "only_false"
    CHOICE = "choice"
    """One of some words, from the loosest to the strictest."""
    SHARE = "share"
    """A share of the same base, see `majorities`; the fraction may rise."""
    FIXED = "fixed"
    """Only the authority that made the rule changes it."""


def rank(direction: Direction, value: Any, words: Sequence[str] = ()) -> Rank:
    """How strict a value is; raises ValueError for a value that a rule of this direction cannot have."""
    match direction:
        case Direction.AT_LEAST:
            return _whole(value), 0
        case Direction.AT_MOST if isinstance(value, str):
            shortest, in_months = _shortest_days(value)
            return Fraction(-shortest), -int(in_months)
        case Direction.AT_MOST if value is None:
            return Fraction(-GREATEST - 1), 0
        case Direction.AT_MOST:
            return -_whole(value), 0
        case Direction.ONLY_TRUE | Direction.ONLY_FALSE if isinstance(value, bool):
            return Fraction(value is (direction is Direction.ONLY_TRUE)), 0
        case Direction.CHOICE if value in words:
            return Fraction(words.index(value)), 0
        case Direction.SHARE if isinstance(value, str):
            share = majorities.read(value)
            return share.fraction, int(share.more_than)
    raise ValueError(f"{value!r} is no value of a rule of the kind {direction}")


def comparable(direction: Direction, value: Any, other: Any) -> bool:
    """Whether the two can be compared: spans with spans, numbers with numbers, shares of one base with each other."""
    if direction is Direction.SHARE:
        return majorities.read(value).base == majorities.read(other).base
    return direction is not Direction.AT_MOST or isinstance(value, str) == isinstance(other, str)


def _whole(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= GREATEST:
        raise ValueError(f"the value is not a whole number up to {GREATEST}")
    return Fraction(value)


def _shortest_days(span: str) -> tuple[int, bool]:
    """The fewest days the span can last, and whether it was written in months."""
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"{span!r} is not a span such as P30D or P1M")
    number = int(found[1])
    if found[2] == "D":
        return number, False
    years, rest = divmod(number, 12)
    least = min(sum(_MONTHS[(begin + each) % 12] for each in range(rest)) for begin in range(12))
    return 365 * years + least, True
