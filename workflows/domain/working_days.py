"""Working days in China: public holidays and the weekends worked in exchange for them.

The library knows the years the State Council has announced. Beyond them only weekends are known to be free, so a
period that reaches there is counted by weekends, and `is_announced` says so to whoever shows the date.
"""

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar.constants

from workflows.errors import InvalidData, Refusal

SOON = timedelta(days=45)
"""How near a year of unknown holidays may come before somebody is told: the next year's are announced in November."""


class DaysWrong(InvalidData):
    """A period must have at least one working day."""

    code = "calendar.days"
    sentence = "工作日天数应为不小于1的整数。"
    remedy = "请填写1以上的整数。"
    rule = "期限按工作日计算"


class NoticeOver(Refusal):
    """An objection raised after the last day of the notice."""

    code = "notice.over"
    sentence = "公示已于{ends_on}期满，之后提出的异议不再中止公示。"
    remedy = "请作为来信来访另行处理。"
    rule = "异议须在公示期内提出"
    article = "地方“三公示”做法"


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


@lru_cache(maxsize=4_096)  # the library looks through all its holidays each time
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


def days_left(began_on: date, stopped_on: date, ends_on: date) -> int:
    """How many working days of a notice are still to come when it stops counting on `stopped_on`.

    It has counted from the day after `began_on`. The day on which it stops was no whole day for objections and is not
    counted as past, so that the last day is not lost to somebody else's objection. Raises NoticeOver after `ends_on`.
    """
    if stopped_on > ends_on:
        raise NoticeOver(ends_on=ends_on.isoformat())
    first = max(stopped_on, began_on + timedelta(days=1))
    return sum(is_working_day(first + timedelta(days=after)) for after in range((ends_on - first).days + 1))
