"""Forecasts kept with their day, one for each unit and scope and only when something has changed since the last."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Date, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId
from workflows.domain import head_counts, ratio_forecasts, ratios
from workflows.domain.columns import reference, word
from workflows.domain.head_counts import Standing
from workflows.domain.quota_ledger import Plan
from workflows.domain.ratio_forecasts import Forecast
from workflows.domain.ratios import Ratio, Scope
from workflows.domain.units import Unit, UnitKind

Figures = tuple[int, int, int, int, int]
"""Students, members, admissions planned, limit and margin."""


class RatioForecast(Base):
    """What was forecast for one unit and scope on one day; it holds until the next row of the same."""

    __tablename__ = "ratio_forecast"
    __table_args__ = (
        UniqueConstraint("plan_id", "unit_id", "scope", "kept_on"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    scope: Mapped[Scope] = mapped_column(word(Scope))
    kept_on: Mapped[date] = mapped_column(Date)
    students: Mapped[int]
    members: Mapped[int]
    admissions: Mapped[int]
    limit: Mapped[int]
    margin: Mapped[int]

    @property
    def ratio(self) -> Ratio:
        """The ratio as it was forecast."""
        return Ratio(self.students, self.members, self.limit, self.margin, self.admissions)

    @property
    def figures(self) -> Figures:
        """What tells whether anything has changed."""
        return self.students, self.members, self.admissions, self.limit, self.margin


def keep(session: Session, plan: Plan) -> int:
    """Keep today's forecast of every unit that has graduating students and differs from its last; how many.

    On the same day again only what changed since is kept, in place of the earlier.
    """
    today, made = clock.today(), 0
    latest = {(row.unit_id, row.scope): row for row in _latest(session, plan)}
    for forecast in _every(session, plan):
        for scope, ratio in forecast.scopes.items():
            last = latest.get((forecast.unit.id, scope))
            figures = (ratio.students, ratio.members, ratio.admissions, ratio.limit, ratio.margin)
            if last is not None and last.figures == figures:
                continue
            if last is None or last.kept_on != today:
                last = RatioForecast(plan_id=plan.id, unit_id=forecast.unit.id, scope=scope, kept_on=today)
                session.add(last)
            last.students, last.members, last.admissions, last.limit, last.margin = figures
            made += 1
    session.flush()
    return made


def of_unit(session: Session, plan: Plan, unit_id: int, limit: int = 12) -> list[RatioForecast]:
    """What was kept for a unit, newest first."""
    query = select(RatioForecast).where(RatioForecast.plan_id == plan.id, RatioForecast.unit_id == unit_id)
    return list(session.scalars(query.order_by(RatioForecast.kept_on.desc(), RatioForecast.scope).limit(limit)))


def _latest(session: Session, plan: Plan) -> list[RatioForecast]:
    newest = (
        select(func.max(RatioForecast.id))
        .where(RatioForecast.plan_id == plan.id)
        .group_by(RatioForecast.unit_id, RatioForecast.scope)
    )
    return list(session.scalars(select(RatioForecast).where(RatioForecast.id.in_(newest))))


def _every(session: Session, plan: Plan) -> Iterator[Forecast]:
    """The forecasts of all units, the region first; the counts are read once, the limits once for each parent."""
    everybody = session.scalars(select(Unit).order_by(Unit.path)).all()
    below: dict[int | None, list[Unit]] = {}
    for unit in everybody:
        below.setdefault(unit.parent_id, []).append(unit)
    for top in (unit for unit in everybody if unit.kind == UnitKind.REGION):
        standing = Standing(session, top, head_counts.day_for(plan.year))
        planned = ratio_forecasts.planned_by_class(session, plan, top, standing)
        yield ratio_forecasts.reckon(top, standing, ratios.limits_for(session, top.id), planned)
        for unit in everybody:
            children = [each for each in below.get(unit.id, []) if standing.of(each).lines]
            if not children:
                continue
            limits = ratios.limits_below(session, unit, children)
            for each in children:
                yield ratio_forecasts.reckon(each, standing, limits[each.id], planned)
