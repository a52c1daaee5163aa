"""Business calendars: on which days a unit works, and when it is closed for school holidays.

Public holidays and the weekends worked in exchange come from `working_days`. School holidays are dated rows; a holiday
holds for its unit and everything that reports to it, and a school may have its own beside. Whatever was worked out
before a holiday was entered or removed stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import party_links, units, working_days
from workflows.domain.columns import reference
from workflows.domain.units import Unit
from workflows.domain.working_days import DaysWrong
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

LONGEST_HOLIDAY = timedelta(days=120)
"""A longer one is a slip of the pen: a summer holiday has about sixty days."""

LONGEST_NAME = 60

MOST_DAYS = 1_000


class Days(StrEnum):
    """Which days count."""

    WORKING = "working_days"
    """Days on which offices work."""
    SCHOOL = "school_days"
    """Those of them that lie in no school holiday of the unit."""


class SchoolHoliday(Base):
    """A time, both ends included, in which a unit and everything below it is on holiday; never deleted."""

    __tablename__ = "school_holiday"
    __table_args__ = (CheckConstraint("last >= first", name="dates"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id")
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    person_id: Mapped[int | None] = mapped_column(BigId)
    entered_at: Mapped[datetime]
    removed_by: Mapped[int | None] = mapped_column(BigId)
    removed_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Holiday:
    """A holiday as it holds for a unit; `unit` is who entered it, the unit itself or one above."""

    row: SchoolHoliday
    unit: Unit


class HolidayEndsEarly(InvalidData):
    """A school holiday ends before it begins."""

    code = "holiday.ends_early"
    sentence = "假期的末日不能早于首日。"


class HolidayTooLong(InvalidData):
    """A school holiday is longer than any school holiday is."""

    code = "holiday.too_long"
    sentence = "一个假期不能超过120天，请检查起止日期。"


class HolidayYearWrong(InvalidData):
    """A school holiday lies in a year that must be a slip of the pen."""

    code = "holiday.year"
    sentence = "假期的年份应为2000年至2099年。"


class HolidayNameWrong(InvalidData):
    """A school holiday needs a name of sensible length."""

    code = "holiday.name"
    sentence = "假期名称应为1至60个字。"


class HolidayOverlaps(Refusal):
    """The unit has entered a holiday for some of these days already."""

    code = "holiday.overlaps"
    sentence = "“{name}”（{first}至{last}）已包括其中的日子，请先删除它，或改填其他日期。"
    rule = "同一组织的两个假期不得重叠"


def is_working_day(session: Session, unit_id: int, day: date, days: Days = Days.SCHOOL) -> bool:
    """Whether `day` counts for the unit; raises NotFound for an unknown unit."""
    return _Calendar(session, unit_id, day, days).counts(day)


def add_working_days(session: Session, unit_id: int, day: date, n: int, days: Days = Days.SCHOOL) -> date:
    """The `n`-th day after `day` that counts for the unit; `day` itself is not counted. Raises DaysWrong, NotFound."""
    if not 1 <= n <= MOST_DAYS:
        raise DaysWrong(fields={"working_days": f"应为 1 至 {MOST_DAYS} 的整数"})
    calendar = _Calendar(session, unit_id, day, days)
    while n:
        day += timedelta(days=1)
        n -= calendar.counts(day)
    return day


def working_days_between(session: Session, unit_id: int, first: date, last: date, days: Days = Days.SCHOOL) -> int:
    """How many days from `first` to `last`, both included, count for the unit; 0 when `last` is earlier."""
    calendar = _Calendar(session, unit_id, first, days)
    return sum(calendar.counts(first + timedelta(days=after)) for after in range((last - first).days + 1))


class _Calendar:
    """The holidays of one unit from one day on, asked once."""

    def __init__(self, session: Session, unit_id: int, since: date, days: Days) -> None:
        line = units.line_of(session, unit_id)
        above = [unit.id for unit in line]
        if line[-1].kind.is_party and days is Days.SCHOOL:
            # The Party's tree keeps no holidays: a Party unit has those of the schools that it works with.
            above += [each for unit in party_links.league_units_of(session, unit_id) for each in unit.line()]
        holidays = _holding_for(session, above, since) if days is Days.SCHOOL else []
        self.closed = [(row.first, row.last) for row in holidays]

    def counts(self, day: date) -> bool:
        return working_days.is_working_day(day) and not any(first <= day <= last for first, last in self.closed)


def _holding_for(session: Session, unit_ids: Sequence[int], since: date) -> list[SchoolHoliday]:
    query = select(SchoolHoliday).where(
        SchoolHoliday.unit_id.in_(unit_ids), SchoolHoliday.last >= since, SchoolHoliday.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(SchoolHoliday.first, SchoolHoliday.id)))


def holidays_of(session: Session, unit_id: int, since: date) -> list[Holiday]:
    """What holds for the unit and is not over before `since`: its own holidays and those of the units above, by date.

    Raises NotFound for an unknown unit.
    """
    line = {unit.id: unit for unit in units.line_of(session, unit_id)}
    return [Holiday(row, line[row.unit_id]) for row in _holding_for(session, list(line), since)]


def enter_holiday(session: Session, *, unit_id: int, name: str, first: date, last: date, actor: Actor) -> SchoolHoliday:
    """Enter a holiday of a unit; raises NotFound, HolidayOverlaps, and what is wrong with the dates. Journalled.

    The unit's row is locked, so that two offices do not enter the same days at once.
    """
    units.lock(session, unit_id)
    _check(name, first, last)
    for own in _holding_for(session, [unit_id], first):
        if own.first <= last:
            raise HolidayOverlaps(
                name=own.name,
                first=own.first.isoformat(),
                last=own.last.isoformat(),
                fields={"first": HolidayOverlaps.rule},
            )
    row = SchoolHoliday(
        unit_id=unit_id,
        name=name.strip(),
        first=first,
        last=last,
        person_id=actor.person_id,
        entered_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _journal(session, Event.HOLIDAY_ENTERED, row, actor)
    return row


def remove_holiday(session: Session, *, unit_id: int, holiday_id: int, actor: Actor) -> SchoolHoliday:
    """Take a unit's own holiday away; raises NotFound when it has none of this number (any more). Journalled."""
    units.lock(session, unit_id)
    row = session.get(SchoolHoliday, holiday_id, populate_existing=True)
    if row is None or row.unit_id != unit_id or row.removed_at is not None:
        raise NotFound(what="假期")
    row.removed_at, row.removed_by = clock.now(), actor.person_id
    session.flush()
    _journal(session, Event.HOLIDAY_REMOVED, row, actor)
    return row


def _check(name: str, first: date, last: date) -> None:
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise HolidayNameWrong(fields={"name": HolidayNameWrong.sentence})
    if not 2000 <= first.year <= 2099:
        raise HolidayYearWrong(fields={"first": HolidayYearWrong.sentence})
    if last < first:
        raise HolidayEndsEarly(fields={"last": HolidayEndsEarly.sentence})
    if last - first >= LONGEST_HOLIDAY:
        raise HolidayTooLong(fields={"last": HolidayTooLong.sentence})


def _journal(session: Session, event: Event, row: SchoolHoliday, actor: Actor) -> None:
    chain = journal.unit_chain(row.unit_id)
    dates = [row.first.isoformat(), row.last.isoformat()]
    journal.record(session, event, chain=chain, actor=actor, holiday=row.id, name=row.name, dates=dates)
