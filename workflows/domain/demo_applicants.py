"""Who applies in a demo year, and when: invented, the same for the same seed, spread over the peaks of a year.

The peaks are those of practice: admissions before 4 May and 9 December, and in June before the graduating classes leave
(rulebook 1.8); how many fall to each is this product's own assumption.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.domain import demo_names
from workflows.domain.demo_population import Branch
from workflows.domain.people import Sex
from workflows.domain.units import Field

FIRST_ORDER = 2_000_000
"""Where the sequence of applicants begins, beyond every officer and member."""

LEAD = timedelta(days=122)
"""From the application to the branch meeting when nothing goes wrong: three months of training and a month of steps."""

PEAKS = (((4, 12), (4, 28), 35), ((5, 25), (6, 18), 30), ((11, 16), (12, 2), 30), ((9, 7), (10, 30), 5))
"""First and last day (month, day) of the branch meetings of each wave, and its share in percent."""

TOO_YOUNG = 0.03
"""Share of those who apply before they are fourteen."""

_YEARS = {Field.JUNIOR: (14.05, 15.9), Field.SENIOR: (15.0, 17.5), Field.VOCATIONAL: (15.0, 18.0)}
_DAYS_OF_A_YEAR = 365.25


@dataclass(frozen=True)
class Applicant:
    """One invented person who will apply at a branch on a day."""

    number: int
    branch: Branch
    name: str
    sex: Sex
    ethnic_group: str
    birth_date: date
    identity_number: str
    applies_on: date


def of_year(branches: Sequence[Branch], year: int, seed: int) -> list[Applicant]:
    """Everybody who applies, in the order of the branches; `number` counts from 0."""
    dice = random.Random(f"applicants {seed}")
    names = demo_names.people(dice, FIRST_ORDER)
    places = (branch for branch in branches for _ in range(branch.candidates))
    return list(_each(places, names, year, dice))


def first_day(year: int) -> date:
    """The day before the first application of the year's plan can fall."""
    (month, day), _, _ = PEAKS[0]
    return date(year, month, day) - LEAD - timedelta(days=1)


def _each(
    places: Iterator[Branch], names: Iterator[demo_names.Invented], year: int, dice: random.Random
) -> Iterator[Applicant]:
    for number, branch in enumerate(places):
        one = next(names)
        applies_on = _weekday(_meeting(year, dice) - LEAD)
        born = applies_on - timedelta(days=_age_in_days(branch, dice))
        yield Applicant(
            number=number,
            branch=branch,
            name=one.name,
            sex=one.sex,
            ethnic_group=one.ethnic_group,
            birth_date=born,
            identity_number=demo_names.identity(one, born),
            applies_on=applies_on,
        )


def _meeting(year: int, dice: random.Random) -> date:
    [(first, last, _)] = dice.choices(PEAKS, [share for _, _, share in PEAKS])
    begin = date(year, *first)
    return begin + timedelta(days=dice.randrange((date(year, *last) - begin).days + 1))


def _age_in_days(branch: Branch, dice: random.Random) -> int:
    youngest, oldest = (13.1, 13.95) if dice.random() < TOO_YOUNG else _YEARS[branch.field]
    return round(dice.uniform(youngest, oldest) * _DAYS_OF_A_YEAR)


def _weekday(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) % 7 if day.weekday() >= 5 else 0)
