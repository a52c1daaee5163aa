"""What evidence counts for, by the rules of the case and exact arithmetic; what does not count says why.

A class hour is a lesson of at least `minutes_per_hour`, given in person; each lesson counts its whole class hours, and
of the hours given online the first `online_hours_cap`. A lesson before the fourteenth birthday, or before the day on
which the candidate was made an activist, does not count (rulebook 1.2, steps 5 and 7). Volunteer service is added up
over a year: the twelve months that end with the assessment, or its calendar year (`volunteer_year`); which of them the
notice of 2020 means by 本年度 was seen in no text. Hours are rounded down to a tenth after they have been added up.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from workflows.domain.evidence import Evidence
from workflows.domain.evidence_forms import MINUTES_IN_AN_HOUR, PARTS_OF_AN_HOUR, Kind, Mode, Result
from workflows.domain.members import may_apply_from

MINUTES_PER_HOUR = 45
"""For cases whose rules do not say."""


class Why(StrEnum):
    """Why a piece of evidence does not count, or not in full."""

    BEFORE_FOURTEENTH_BIRTHDAY = "before_fourteenth_birthday"
    NO_ACTIVIST_YET = "no_activist_yet"
    BEFORE_ACTIVIST = "before_activist"
    AFTER_ASSESSMENT = "after_assessment"
    SHORTER_THAN_AN_HOUR = "shorter_than_an_hour"
    ONLINE_OVER_CAP = "online_over_cap"
    OUTSIDE_THE_YEAR = "outside_the_year"

    @property
    def sentence(self) -> str:
        """The same for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Why.BEFORE_FOURTEENTH_BIRTHDAY: "不计：当时未满14周岁",
    Why.NO_ACTIVIST_YET: "暂不计：还没有确定为入团积极分子",
    Why.BEFORE_ACTIVIST: "不计：早于确定为入团积极分子之日",
    Why.AFTER_ASSESSMENT: "不计：晚于考察日期",
    Why.SHORTER_THAN_AN_HOUR: "不计：不足一学时",
    Why.ONLINE_OVER_CAP: "未全计：超过网络团课最多计入的学时",
    Why.OUTSIDE_THE_YEAR: "不计：不在累计的年度之内",
}


class VolunteerYear(StrEnum):
    """Over which year volunteer service is added up."""

    LAST_12_MONTHS = "last_12_months"
    CALENDAR_YEAR = "calendar_year"


@dataclass(frozen=True)
class Frame:
    """Between which days evidence counts, and by which rules.

    `since` is the day on which the candidate was made an activist, `until` the day of the assessment.
    """

    born: date
    since: date | None
    until: date
    rules: Mapping[str, Any]

    @property
    def minutes_per_hour(self) -> int:
        """Minutes of a class hour."""
        return int(self.rules.get("minutes_per_hour") or MINUTES_PER_HOUR)

    @property
    def online_hours_cap(self) -> int:
        """How many class hours given online count."""
        return int(self.rules.get("online_hours_cap") or 0)

    @property
    def year_begins(self) -> date:
        """The first day of the year over which volunteer service is added up."""
        if self.rules.get("volunteer_year") == VolunteerYear.CALENDAR_YEAR:
            return self.until.replace(month=1, day=1)
        return _a_year_before(self.until) + timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """One row that stands, what it counts for (class hours, minutes of service, or times), and why not more."""

    row: Evidence
    counted: int
    why: Why | None = None


@dataclass(frozen=True)
class Counted:
    """All of a candidate's evidence, counted."""

    class_hours: int
    volunteer_hours: int | float
    talks: int
    assessments: int
    ideology_passed: bool
    pioneer_recommended: bool
    first_class_on: date | None
    """The day of the first lesson that counts; none where none does."""
    rows: list[Standing]

    def as_data(self) -> dict[str, Any]:
        """The totals as JSON values, for a case's data."""
        first = self.first_class_on.isoformat() if self.first_class_on else None
        return {name: value for name, value in vars(self).items() if name != "rows"} | {"first_class_on": first}


def count(rows: Collection[Evidence], frame: Frame) -> Counted:
    """Count rows that stand, in the order in which things happened."""
    ordered = sorted(rows, key=lambda row: (row.happened_on, row.id))
    by_kind = {kind: [row for row in ordered if row.kind == kind] for kind in Kind}
    lessons = _lessons(by_kind[Kind.CLASS_HOURS], frame)
    service = [_within(row, row.minutes or 0, frame, _outside_the_year) for row in by_kind[Kind.VOLUNTEER_HOURS]]
    talks = [_within(row, 1, frame, _outside_training) for row in by_kind[Kind.TALK]]
    ideology = [_within(row, 1, frame, _late) for row in by_kind[Kind.IDEOLOGY_ASSESSMENT]]
    assessments = [_within(row, 1, frame, _outside_training) for row in by_kind[Kind.ASSESSMENT]]
    pioneers = [_within(row, 1, frame, _late) for row in by_kind[Kind.PIONEER_RECOMMENDATION]]
    last = next((each.row.result for each in reversed(ideology) if each.counted), None)
    return Counted(
        class_hours=_sum(lessons),
        volunteer_hours=_hours(_sum(service)),
        talks=_sum(talks),
        assessments=_sum(assessments),
        ideology_passed=last == Result.PASSED,
        pioneer_recommended=_sum(pioneers) > 0,
        first_class_on=next((each.row.happened_on for each in lessons if each.counted), None),
        rows=[*lessons, *service, *ideology, *talks, *assessments, *pioneers],
    )


def _sum(standings: Collection[Standing]) -> int:
    return sum(each.counted for each in standings)


def _hours(minutes: int) -> int | float:
    tenths = minutes * PARTS_OF_AN_HOUR // MINUTES_IN_AN_HOUR
    whole, rest = divmod(tenths, PARTS_OF_AN_HOUR)
    return tenths / PARTS_OF_AN_HOUR if rest else whole


def _lessons(rows: Collection[Evidence], frame: Frame) -> list[Standing]:
    found, online_left = [], frame.online_hours_cap
    for row in rows:
        hours = (row.minutes or 0) // frame.minutes_per_hour
        why = _too_young(row, frame) or _outside_training(row, frame)
        if why is not None:
            hours = 0
        elif hours == 0:
            why = Why.SHORTER_THAN_AN_HOUR
        elif row.mode == Mode.ONLINE:
            why = Why.ONLINE_OVER_CAP if hours > online_left else None
            hours = min(hours, online_left)
            online_left -= hours
        found.append(Standing(row, hours, why))
    return found


def _within(row: Evidence, counted: int, frame: Frame, outside: Callable[[Evidence, Frame], Why | None]) -> Standing:
    why = outside(row, frame)
    return Standing(row, counted if why is None else 0, why)


def _too_young(row: Evidence, frame: Frame) -> Why | None:
    return Why.BEFORE_FOURTEENTH_BIRTHDAY if row.happened_on < may_apply_from(frame.born) else None


def _outside_training(row: Evidence, frame: Frame) -> Why | None:
    if frame.since is None:
        return Why.NO_ACTIVIST_YET
    return Why.BEFORE_ACTIVIST if row.happened_on < frame.since else _late(row, frame)


def _outside_the_year(row: Evidence, frame: Frame) -> Why | None:
    return Why.OUTSIDE_THE_YEAR if row.happened_on < frame.year_begins else _late(row, frame)


def _late(row: Evidence, frame: Frame) -> Why | None:
    return Why.AFTER_ASSESSMENT if row.happened_on > frame.until else None


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
