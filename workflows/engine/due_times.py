"""When a timer is due: ISO 8601 dates and durations, counted in office days where a date is the base."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from workflows import clock
from workflows.engine import expressions

_DURATION = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
_DAYS = re.compile(r"P(\d{1,3})D", re.ASCII)

_CYCLE = re.compile(r"R(\d*)/(?:(\d{4}-\d{2}-\d{2}(?:T[^/]*)?)/)?(P[^/]*)", re.ASCII)

Count = Callable[[date, int], date]
"""The n-th day that counts after a day."""

SHORTEST_CYCLE = timedelta(hours=1)
SHORTEST_ENDLESS = timedelta(days=1)
"""Between two times of a timer that recurs until its step ends, which may be long."""
MOST_TIMES = 1_000
LONGEST_WAIT = relativedelta(years=10)
"""No timer is due later than this: a longer wait is a wrong date rather than a plan."""

_SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)


class TimerFault(Exception):
    """A timer's text gives no date or duration; the message says what was found."""


def duration(text: str) -> relativedelta:
    """An ISO 8601 duration such as `P1M` or `P30D`; months are calendar months."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise TimerFault(f"“{text}”不是期限，应写成 P1M（一个月）、P30D（三十天）这样的形式")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return relativedelta(
        years=years, months=months, weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
    )


def is_literal(text: str) -> bool:
    """Whether the text is an ISO date or duration itself rather than an expression for one."""
    return bool(_DURATION.fullmatch(text.strip()) or _DATE.fullmatch(text.strip()))


def is_cycle(text: str) -> bool:
    """Whether the text is an ISO repeating interval itself, such as `R3/P7D`, rather than an expression for one."""
    return bool(_CYCLE.fullmatch(text.strip()))


def fault_in(text: str, *, repeats: bool = False) -> str | None:
    """Why a timer's text must not be published; None when it is sound."""
    if not (is_cycle(text) if repeats else is_literal(text)):
        return expressions.fault_in(text)
    try:
        if repeats:
            begins = _parts_of_cycle(text)[1]
        else:
            begins = text.strip() if _DATE.fullmatch(text.strip()) else None
            if begins is None:
                _bounded(text)
        if begins is not None:
            _in_reach(text, _moment(_date_or_moment(begins), is_deadline=False))
    except TimerFault as fault:
        return str(fault)
    except OverflowError:
        return _no_such_day(text)
    return None


def days_in(text: str) -> int:
    """The days of a duration that a calendar can count; raises TimerFault for anything but whole days (`P5D`)."""
    found = _DAYS.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise TimerFault(f"“{text}”不能按日历计算，应写成 P5D（五个工作日）这样的天数")
    return int(found[1])


def fault_in_terms(text: str, *, counted: bool) -> str | None:
    """Why a duration of the timer's properties, or of a timer that counts by a calendar, must not be published."""
    if not _DURATION.fullmatch(text.strip()):
        return expressions.fault_in(text)
    try:
        days_in(text) if counted else _bounded(text)
    except TimerFault as fault:
        return str(fault)
    return None


def due_at(
    text: str, since: str | None, *, is_deadline: bool, context: Mapping[str, Any], count: Count | None = None
) -> datetime:
    """The moment the timer fires.

    `text` is an ISO date or duration, or an expression for one; `since` is an expression for the date a duration counts
    from, otherwise it counts from now. With `count` only days of a calendar are counted, from `since` or today. A wait
    ends when its last day begins; a deadline passes when its day is over. Raises TimerFault, also for a moment that is
    further away than LONGEST_WAIT.
    """
    value = _written(text, context)
    try:
        return _in_reach(text, _due_at(value, since, is_deadline=is_deadline, context=context, count=count))
    except (OverflowError, ValueError):
        raise TimerFault(_no_such_day(text)) from None


def _due_at(
    value: str, since: str | None, *, is_deadline: bool, context: Mapping[str, Any], count: Count | None
) -> datetime:
    if count is not None:
        first = clock.today() if since is None else _office_day(_base(since, context))
        return _moment(count(first, days_in(value)), is_deadline)
    if _DATE.fullmatch(value):
        return _moment(_date_or_moment(value), is_deadline)
    if since is None:
        return clock.now() + duration(value)
    return _moment(_base(since, context) + duration(value), is_deadline)


def after_grace(due: datetime, grace: str, *, context: Mapping[str, Any], count: Count | None = None) -> datetime:
    """When a deadline has passed and so much more time, an ISO duration or an expression for one, as well."""
    value = _written(grace, context)
    try:
        if count is not None:
            return _in_reach(grace, _moment(count(last_day(due), days_in(value)), is_deadline=True))
        return _in_reach(grace, (due.astimezone(clock.OFFICE_ZONE) + duration(value)).astimezone(UTC))
    except (OverflowError, ValueError):
        raise TimerFault(_no_such_day(grace)) from None


def first_of_cycle(
    text: str, since: str | None, context: Mapping[str, Any], *, after: str | None = None
) -> dict[str, Any]:
    """The first moment of a repeating timer as `due`, the times `left` after it (None without end) and what lies
    between two times as `every`.

    `text` is an ISO repeating interval or an expression for one: `R3/P7D` (three times, the first after seven days),
    `R/P1D` (until the step ends), `R3/2020-05-04/P7D` (the first on a day). `since` is as for `due_at`. With `after`,
    a duration or an expression for one, the first time comes when that deadline has passed.
    """
    value = text.strip() if is_cycle(text) else expressions.evaluate(text, context)
    if not isinstance(value, str):
        raise TimerFault(f"“{text}”没有得到重复的期限")
    times, begins, every = _parts_of_cycle(value)
    if after is not None and begins is None:
        due = due_at(after, since, is_deadline=True, context=context)
    else:
        due = due_at(begins or every, None if begins else since, is_deadline=False, context=context)
    return {"due": due.isoformat(), "left": None if times is None else times - 1, "every": every}


def next_of_cycle(fired: Mapping[str, Any]) -> dict[str, Any] | None:
    """What follows on a time that has fired; None after the last. It makes up for those missed meanwhile."""
    due, left, every = datetime.fromisoformat(fired["due"]), fired["left"], duration(fired["every"])
    if left is None and not every.years and not every.months:
        always = timedelta(days=every.days, hours=every.hours, minutes=every.minutes, seconds=every.seconds)
        due += always * max(0, (clock.now() - due) // always)
    while left is None or left > 0:
        due, left = due + every, None if left is None else left - 1
        if due > clock.now():
            return {"due": due.isoformat(), "left": left, "every": fired["every"]}
    return None


def _parts_of_cycle(text: str) -> tuple[int | None, str | None, str]:
    found = _CYCLE.fullmatch(text.strip())
    if found is None:
        raise TimerFault(f"“{text}”不是重复的期限，应写成 R3/P7D（每七天一次，共三次）或 R/P1D（每天一次）这样的形式")
    times, begins, every = found.groups()
    if times and not 0 < int(times) <= MOST_TIMES:
        raise TimerFault(f"“{text}”的次数应为 1 至 {MOST_TIMES}")
    ends = _bounded(every)
    if ends < _SOME_DAY + SHORTEST_CYCLE:
        raise TimerFault(f"“{text}”的间隔不得短于一小时")
    if not times and ends < _SOME_DAY + SHORTEST_ENDLESS:
        raise TimerFault(f"“{text}”没有写明次数，间隔不得短于一天")
    return int(times) if times else None, begins, every


def _bounded(text: str) -> datetime:
    """Where a duration from some day leads; raises TimerFault for one longer than any wait may be."""
    try:
        ends = _SOME_DAY + duration(text)
    except (OverflowError, ValueError):
        ends = datetime.max.replace(tzinfo=UTC)
    if ends > _SOME_DAY + LONGEST_WAIT:
        raise TimerFault(f"“{text}”过长，最多 {LONGEST_WAIT.years} 年")
    return ends


def _in_reach(text: str, due: datetime) -> datetime:
    if due > clock.now() + LONGEST_WAIT:
        raise TimerFault(f"“{text}”得到的日期是 {due:%Y-%m-%d}，超过 {LONGEST_WAIT.years} 年以后，请检查所填的日期")
    return due


def _no_such_day(text: str) -> str:
    return f"“{text}”得到的日期不存在，请检查所填的日期"


def last_day(due: datetime) -> date:
    """The last office day on which the deadline is still kept."""
    return (due - timedelta(seconds=1)).astimezone(clock.OFFICE_ZONE).date()


def _written(text: str, context: Mapping[str, Any]) -> str:
    value = text.strip() if is_literal(text) else expressions.evaluate(text, context)
    if not isinstance(value, str):
        raise TimerFault(f"“{text}”没有得到日期或期限")
    return value


def _base(since: str, context: Mapping[str, Any]) -> date:
    base = expressions.evaluate(since, context)
    if not isinstance(base, str):
        raise TimerFault(f"起算日“{since}”还没有填写")
    return _date_or_moment(base)


def _office_day(value: date) -> date:
    return value.astimezone(clock.OFFICE_ZONE).date() if isinstance(value, datetime) else value


def _date_or_moment(text: str) -> date:
    try:
        if "T" not in text:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TimerFault(f"“{text}”不是日期，应写成 2020-05-04 这样的形式") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.OFFICE_ZONE)


def _moment(value: date, is_deadline: bool) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return clock.start_of(value + timedelta(days=1) if is_deadline else value)
