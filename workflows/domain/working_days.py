"""Working days in China: public holidays and the weekends worked in exchange for them.

The library knows the years the State Council has announced. Beyond them only weekends are known to be free, so a
period that reaches there is counted by weekends, and `is_announced` says so to whoever shows the date.
"""

from datetime import date, timedelta

import chinese_calendar.constants

from workflows.errors import InvalidData

SOON = timedelta(days=45)
"""How near a year of unknown holidays may come before somebody is told: the next year's are announced in November."""


class DaysWrong(InvalidData):
    """A period must have at least one working day."""

    code = "calendar.days"
    sentence = "工作日天数应为不小于1的整数。"


def is_announced(day: date) -> bool:
    """Whether the holidays of that day's year are known; outside them only weekends count as free."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def last_announced_year() -> int:
    """The last year whose holidays the library knows."""
    return int(max(chinese_calendar.constants.holidays).year)


def unknown_year_near(day: date) -> int | None:
    """The first year whose holidays nobody has announced, when periods that begin about `day` may reach it."""
    return None if is_announced(day + SOON) else last_announced_year() + 1


def is_working_day(day: date) -> bool:
    """Whether offices work on `day`."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(day: date, n: int) -> date:
    """The `n`-th working day after `day`; `day` itself is not counted. `n` must be at least 1."""
    if n < 1:
        raise DaysWrong(fields={"working_days": DaysWrong.sentence})
    while n:
        day += timedelta(days=1)
        n -= is_working_day(day)
    return day


def notice_end(posted_on: date, n: int) -> date:
    """The last day of a public notice of `n` working days; the day of posting is not counted (rulebook §1.2 step 8)."""
    return add_working_days(posted_on, n)
