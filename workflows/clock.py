"""The one place that reads the time, so that tests and scenarios can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which a date on paper is a date: all of Inner Mongolia keeps Beijing time."""

_standing_still: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _standing_still.get() or datetime.now(UTC)


def today() -> date:
    """The present day as an office in Inner Mongolia writes it."""
    return now().astimezone(OFFICE_ZONE).date()


def start_of(day: date) -> datetime:
    """The first moment of an office day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE).astimezone(UTC)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Within the block `now()` answers `moment`; an aware datetime is required."""
    if moment.tzinfo is None:
        raise ValueError("the clock needs an aware datetime")
    token = _standing_still.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _standing_still.reset(token)


@contextmanager
def moved_by(step: timedelta) -> Iterator[None]:
    """Within the block the clock stands `step` later than it did on entry."""
    with standing_at(now() + step):
        yield
