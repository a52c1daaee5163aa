"""Invented head counts for the demo: totals of every county, and the classes of the demo schools, all marked as such.

The counties are real, the figures are not: no public table of them was found. The same codes give the same figures.
"""

import random
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import head_counts
from workflows.domain.head_counts import Line
from workflows.domain.units import Field, Unit, UnitKind
from workflows.journal import SYSTEM

SOURCE = "演示数据（虚构）"

SIZES = {Field.JUNIOR: (1_500, 9_000), Field.SENIOR: (900, 6_000), Field.VOCATIONAL: (200, 2_000)}
"""Students of one county outside the graduating classes, from and to."""

OVER_THE_LIMIT = 0.15
"""The share of counties whose graduating classes are over their ratio."""

GATHERING = 30_000
"""Young people in a unit that reports to the region directly."""


def install(session: Session, year: int) -> int:
    """Report invented figures for a plan's year wherever nothing is reported; how many reports that made."""
    as_of = head_counts.day_for(year)
    kinds = (UnitKind.COUNTY, UnitKind.DIRECT)
    query = select(Unit).where(Unit.kind.in_(kinds) | ((Unit.kind == UnitKind.BRANCH) & Unit.is_demo))
    made = 0
    for unit in session.scalars(query.order_by(Unit.code)).all():
        if head_counts.standing_of(session, unit.id, as_of) is None:
            lines, youth = figures(unit)
            head_counts.record(
                session, unit_id=unit.id, as_of=as_of, lines=lines, source=SOURCE, actor=SYSTEM, youth=youth
            )
            made += 1
    return made


def figures(unit: Unit) -> tuple[Sequence[Line], int | None]:
    """The lines of a unit, and its youth where it has an area; the code alone decides."""
    dice = random.Random(unit.code)
    if unit.kind == UnitKind.BRANCH:
        students = dice.randint(42, 56)
        members = dice.randint(3, 9) if unit.field == Field.JUNIOR else dice.randint(10, 18)
        return [Line(unit.field or Field.SENIOR, False, students, members, dice.randint(8, 20))], None
    if unit.kind == UnitKind.DIRECT:
        students = dice.randint(GATHERING // 10, GATHERING)
        return [Line(unit.field or Field.SOCIETY, False, students, students * dice.randint(31, 70) // 100)], None
    lines, over = [], dice.random() < OVER_THE_LIMIT
    for stage, (least, most) in SIZES.items():
        students = dice.randint(least, most)
        limit = 30 if stage is Field.JUNIOR else 60
        lines.append(Line(stage, False, students, students * dice.randint(5, limit - 15) // 100))
        share = limit + dice.randint(1, 6) if over else limit - dice.randint(1, 15)
        lines.append(Line(stage, True, students // 2, students // 2 * share // 100))
    return lines, sum(line.students for line in lines) * dice.randint(25, 40) // 10
