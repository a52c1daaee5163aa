"""突击发展, rushed admissions: too large a part of a school's year passes its branch meetings within a few days.

It is a warning, never a refusal: who approves may have good reasons, and says so by going on. What counts as rushed are
parameters of the rule set and this product's own practice; no published text gives figures (rulebook 5, no. 13).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from workflows import clock
from workflows.domain import quota_ledger, rules_in_force
from workflows.domain.members import LeagueMember
from workflows.domain.quota_ledger import Plan, QuotaAccount
from workflows.domain.rule_sets import RuleSet
from workflows.domain.units import Unit, UnitKind

SHARE, WINDOW, LEAST = "rush_share", "rush_window_days", "rush_min_count"
"""The parameters: per cent of the year, days, and below how many admissions nobody is warned."""


@dataclass(frozen=True)
class Limits:
    """What counts as rushed."""

    share: int
    days: int
    least: int


@dataclass(frozen=True)
class Rush:
    """The densest days of a school's year: how many of its admissions fall on them, and of how many."""

    unit_id: int
    unit: str
    count: int
    first: date
    last: date
    year_total: int
    """The places of the school's plan, or its admissions of the year where they are more."""
    limits: Limits

    @property
    def share(self) -> int:
        """The part of the year in per cent, rounded down."""
        return self.count * 100 // self.year_total

    def as_facts(self) -> dict[str, Any]:
        """The figures for the journal, with nobody's name."""
        named = {"unit": self.unit_id, "count": self.count, "year_total": self.year_total, "share": self.share}
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {**named, **days, "limit_share": self.limits.share, "limit_days": self.limits.days}


def limits_on(session: Session, day: date) -> Limits | None:
    """What counts as rushed on a day; None under a rule set that does not say."""
    return _limits_of(rules_in_force.set_on(session, day))


def _limits_of(rule_set: RuleSet) -> Limits | None:
    parameters = rule_set.parameters
    if not {SHARE, WINDOW, LEAST} <= parameters.keys():
        return None
    return Limits(*(int(parameters[name].value) for name in (SHARE, WINDOW, LEAST)))


def densest(days: Mapping[date, int], span: int) -> tuple[int, date, date]:
    """How many fall within the densest `span` days, and the first and the last of these that has any."""
    ordered, count, begin = sorted(days), 0, 0
    best = (0, date.min, date.min)
    for day in ordered:
        count += days[day]
        while day >= ordered[begin] + timedelta(days=span):
            count -= days[ordered[begin]]
            begin += 1
        best = max(best, (count, ordered[begin], day))
    return best


def measured(unit: Unit, joined: Mapping[date, int], places: int, limits: Limits) -> Rush | None:
    """The rush of one school in a year, None where there is none."""
    total = max(places, sum(joined.values()))
    count, first, last = densest(joined, limits.days)
    if count < limits.least or count * 100 <= limits.share * total:
        return None
    return Rush(unit.id, unit.name, count, first, last, total, limits)


def of_school(session: Session, school: Unit) -> Rush | None:
    """The rush of one school this year, None where there is none. One statement: every approval asks."""
    today = clock.today()
    own = aliased(Unit)
    of_another = select(own.id).where(
        own.path.startswith(school.path, autoescape=True),
        own.kind == UnitKind.SCHOOL,
        own.id != school.id,
        Unit.path.startswith(own.path),
    )
    places = (
        select(QuotaAccount.allotted_in)
        .join(Plan, Plan.id == QuotaAccount.plan_id)
        .where(Plan.year == today.year, QuotaAccount.unit_id == school.id)
    )
    query = (
        select(LeagueMember.joined_on, func.count(), places.scalar_subquery(), quota_ledger.rule_set_now())
        .join(Unit, Unit.id == LeagueMember.unit_id)
        .where(Unit.path.startswith(school.path, autoescape=True), _joined_in(today.year), ~of_another.exists())
        .group_by(LeagueMember.joined_on)
    )
    rows = session.execute(query, {"year": today.year}).all()
    if not rows:
        return None
    limits = _limits_of(rules_in_force.named_or_of_year(rows[0][3], today.year))
    return measured(school, {day: n for day, n, *_ in rows}, rows[0][2] or 0, limits) if limits else None


def below(
    session: Session, top: Unit, *, in_hand: Mapping[int, Sequence[date]] | None = None, year: int | None = None
) -> list[Rush]:
    """The rushes of the schools at and below a unit in a year (this one), the greatest part first.

    `in_hand` are days of branch meetings, by branch, whose approval is being decided: they count as if approved.
    Five statements, however many schools there are.
    """
    year = year or clock.today().year
    limits = limits_on(session, clock.today())
    if limits is None:
        return []
    schools = select(Unit).where(Unit.path.startswith(top.path, autoescape=True), Unit.kind == UnitKind.SCHOOL)
    found = {school.id: school for school in session.scalars(schools)}
    joined = _joined(session, top, year)
    for branch_id, days in (in_hand or {}).items():
        joined.setdefault(branch_id, Counter()).update(day for day in days if day.year == year)
    by_school = _rolled_up(session, found, joined)
    places = _places(session, by_school, year)
    rushes = (measured(found[each], days, places.get(each, 0), limits) for each, days in by_school.items())
    return sorted((rush for rush in rushes if rush), key=lambda rush: (-rush.share, rush.unit_id))


def _joined(session: Session, top: Unit, year: int) -> dict[int, Counter[date]]:
    query = (
        select(LeagueMember.unit_id, LeagueMember.joined_on, func.count())
        .join(Unit, Unit.id == LeagueMember.unit_id)
        .where(
            Unit.path.startswith(top.path, autoescape=True),
            _joined_in(year),
        )
        .group_by(LeagueMember.unit_id, LeagueMember.joined_on)
    )
    found: dict[int, Counter[date]] = {}
    for unit_id, day, n in session.execute(query):
        found.setdefault(unit_id, Counter())[day] += n
    return found


def _joined_in(year: int) -> ColumnElement[bool]:
    return LeagueMember.joined_on.between(date(year, 1, 1), date(year, 12, 31))


def _rolled_up(
    session: Session, schools: Mapping[int, Unit], joined: Mapping[int, Counter[date]]
) -> dict[int, Counter[date]]:
    """The days of every branch under the school it belongs to."""
    if not joined:
        return {}
    found: dict[int, Counter[date]] = {}
    for unit_id, path in session.execute(select(Unit.id, Unit.path).where(Unit.id.in_(joined))):
        school = next((int(step) for step in reversed(path.split("/")) if step and int(step) in schools), None)
        if school is not None:
            found.setdefault(school, Counter()).update(joined[unit_id])
    return found


def _places(session: Session, unit_ids: Iterable[int], year: int) -> dict[int, int]:
    query = (
        select(QuotaAccount.unit_id, QuotaAccount.allotted_in)
        .join(Plan, Plan.id == QuotaAccount.plan_id)
        .where(Plan.year == year, QuotaAccount.unit_id.in_(list(unit_ids)))
    )
    return dict(session.execute(query).all())
