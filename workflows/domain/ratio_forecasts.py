"""Forecasts of the ratios: where each unit's graduating classes will stand once the planned admissions have happened.

ratio_next = (members + planned admissions - leavers) / students. Planned are the places of the plan that candidates of
a graduating class hold, reserved or used, and what such a class still has free in an account of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import head_counts, quota_control, ratios, units
from workflows.domain.head_counts import Counts, Standing
from workflows.domain.quota_ledger import Plan, QuotaAccount
from workflows.domain.ratios import Limits, Mark, Ratio, Scope
from workflows.domain.units import Unit, UnitKind


@dataclass(frozen=True)
class Forecast:
    """One unit's ratios, now and next, in every scope in which it has graduating students; `youth` is 团青比."""

    unit: Unit
    counts: Counts
    scopes: dict[Scope, Ratio]
    youth: Fraction | None

    @property
    def mark(self) -> Mark:
        """The worst of the marks to come."""
        return ratios.worst([ratio.mark_next for ratio in self.scopes.values()])


def of_unit(session: Session, plan: Plan, unit: Unit, *, admissions: int = 0, leavers: int = 0) -> Forecast:
    """The unit's forecast; `admissions` and `leavers` more than what is planned, to see what would be.

    With several scopes they are added to each: the answer is for either.
    """
    standing = Standing(session, unit, head_counts.day_for(plan.year))
    planned = planned_by_class(session, plan, unit, standing)
    limits = ratios.limits_for(session, unit.id)
    return reckon(unit, standing, limits, planned, admissions=admissions, leavers=leavers)


def below(session: Session, plan: Plan, unit: Unit) -> list[Forecast]:
    """The forecasts of the units that report to `unit` directly, by code."""
    children = units.children(session, unit.id)
    standing = Standing(session, unit, head_counts.day_for(plan.year))
    planned = planned_by_class(session, plan, unit, standing)
    limits = ratios.limits_below(session, unit, children)
    return [reckon(each, standing, limits[each.id], planned) for each in children]


def planned_by_class(session: Session, plan: Plan, top: Unit, standing: Standing) -> Sequence[tuple[Unit, Scope, int]]:
    """The counted graduating classes within `top` that have admissions planned, with their scope and how many."""
    held = quota_control.held_by_class(session, plan, top)
    free = _free_at_classes(session, plan, top)
    query = select(Unit).where(Unit.id.in_(held.keys() | free.keys()))
    found = []
    for unit in session.scalars(query):
        lines = standing.of(unit).lines
        scope = ratios.scope_of(lines[0].stage) if len(lines) == 1 and lines[0].is_graduating else None
        if scope is not None:
            found.append((unit, scope, held.get(unit.id, 0) + free.get(unit.id, 0)))
    return found


def _free_at_classes(session: Session, plan: Plan, top: Unit) -> dict[int, int]:
    query = (
        select(QuotaAccount.unit_id, QuotaAccount.free)
        .join(Unit, Unit.id == QuotaAccount.unit_id)
        .where(QuotaAccount.plan_id == plan.id, QuotaAccount.free > 0, Unit.kind == UnitKind.BRANCH)
        .where(Unit.path.startswith(top.path, autoescape=True))
    )
    return dict(session.execute(query).all())


def reckon(
    unit: Unit,
    standing: Standing,
    limits: Limits,
    planned: Sequence[tuple[Unit, Scope, int]],
    *,
    admissions: int = 0,
    leavers: int = 0,
) -> Forecast:
    """The forecast of a unit from what stands and what is planned, as `planned_by_class` tells it."""
    counts, found = standing.of(unit), {}
    for scope in Scope:
        more = sum(number for each, of, number in planned if of is scope and each.path.startswith(unit.path))
        ratio = ratios.of_scope(counts, scope, limits, admissions=more + admissions, leavers=leavers)
        if ratio.students:
            found[scope] = ratio
    return Forecast(unit, counts, found, ratios.of_youth(counts))
