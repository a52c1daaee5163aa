"""Values in decision tables: exact numbers, texts, dates, times and durations, and how two of them compare.

Every answer has three values, as in DMN: true, false, and None when the two cannot be compared (a fact that nobody
has entered, a text where a number is meant). What cannot be compared never matches.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from workflows import clock

EXACT_DIGITS = 15
"""A JSON number with a fraction is exact to this many digits (IEEE 754 double); what follows is noise of binary
arithmetic, so 0.1 + 0.2 counts as 0.3. Whole numbers are exact at any size."""

_DURATION = re.compile(
    r"(-)?P(?=[\dT])(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class Months:
    """A duration of years and months; it compares with its own kind only, because months differ in length."""

    months: int


Scalar = bool | Decimal | str | date | datetime | time | timedelta | Months
"""What a cell can compare; a datetime is always aware."""


def known(value: Any) -> Any:
    """A fact as it is compared: numbers become exact, everything else stays (and infinity is no number)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and not isfinite(value):
        return value
    if isinstance(value, int) or value.is_integer():
        return Decimal(int(value))
    return Decimal(format(value, f".{EXACT_DIGITS}g"))


def day(text: str) -> date:
    """A calendar date `2020-01-31`. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    """A date and time, in the office's zone unless the text names another. Raises ValueError."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text):
        raise ValueError(text)
    read = datetime.fromisoformat(text)
    try:
        # Shown in the office's zone and compared in UTC, it must be a moment in both.
        in_office = (read if read.tzinfo else read.replace(tzinfo=clock.OFFICE_ZONE)).astimezone(clock.OFFICE_ZONE)
        return in_office.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def hour(text: str) -> time:
    """A time of day such as `08:30` or `08:30:00`, as an office's clock shows it. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?", text):
        raise ValueError(text)
    return time.fromisoformat(text)


def duration(text: str) -> timedelta | Months:
    """`P1Y6M` or `P2DT8H`; never both kinds in one, because a month has no length. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    sign = -1 if found[1] else 1
    years, months, days, hours, minutes = (int(part) if part else 0 for part in found.groups()[1:6])
    of_time = any(part is not None for part in found.groups()[3:])
    if of_time and (found[2] is not None or found[3] is not None):
        raise ValueError(text)
    try:
        if not of_time:
            return Months(sign * (12 * years + months))
        return sign * timedelta(days=days, hours=hours, minutes=minutes, seconds=float(found[7] or 0))
    except OverflowError:
        raise ValueError(text) from None


def both(left: bool | None, right: bool | None) -> bool | None:
    """Three-valued and."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Three-valued or."""
    found: bool | None = False
    for each in answers:
        if each is True:
            return True
        found = None if each is None else found
    return found


def equal(fact: Any, other: Any) -> bool | None:
    """Whether two values are the same; null is the same as null only, and different kinds cannot be compared."""
    if other is None or fact is None:
        return fact is other
    if isinstance(other, list):
        return any_of(equal(fact, known(each)) for each in other)
    left, right = _alike(fact, other)
    if left is None:
        return None
    return bool(left == right)


def order(fact: Any, other: Any) -> int | None:
    """-1, 0 or 1 as the fact is less than, equal to or more than the other; None when they have no order."""
    left, right = _alike(fact, other, in_order=True)
    if left is None or isinstance(left, bool):
        return None
    return int(left > right) - int(left < right)


def _alike(fact: Any, other: Any, *, in_order: bool = False) -> tuple[Any, Any]:
    """Both as values of one kind; (None, None) when they are not."""
    if isinstance(fact, str) and isinstance(other, str):
        return _texts(fact, other) if in_order else (fact, other)
    if isinstance(fact, str):
        fact = _as_kind_of(other, fact)
    elif isinstance(other, str):
        other = _as_kind_of(fact, other)
    if type(fact) is type(other) and isinstance(fact, bool | Decimal | date | time | timedelta | Months):
        return fact, other
    return None, None


def _texts(fact: str, other: str) -> tuple[Any, Any]:
    """Two texts that are dates or moments are ordered as such, others by code point."""
    for read in (day, moment):
        try:
            return read(fact), read(other)
        except ValueError:
            continue
    return fact, other


def _as_kind_of(other: Any, text: str) -> Any:
    """A fact arrives as text where JSON has no kind of its own; read it as what it is compared with."""
    try:
        if isinstance(other, datetime):
            return moment(text)
        if isinstance(other, date):
            return _day_of(text)
        if isinstance(other, time):
            return hour(text)
        if isinstance(other, timedelta | Months):
            return duration(text)
    except ValueError:
        return None
    return None


def _day_of(text: str) -> date:
    """A date; the expression language also writes one as the first moment of the day."""
    return day(text.removesuffix("T00:00:00Z"))
