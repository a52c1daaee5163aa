"""Whose head count nobody has reported: classes and schools that control by ratio cannot measure, and their places."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import head_counts, quota_control, ratios, units
from workflows.domain.head_counts import HeadCountReport
from workflows.domain.quota_ledger import Plan, QuotaAccount
from workflows.domain.units import Field, Unit, UnitKind


@dataclass(frozen=True)
class Uncounted:
    """A unit directly below another with what is not counted in it: `classes` of `all_classes`, and their places.

    `held` are places of candidates of those classes, reserved or used; `free` are those still at the unit and below it.
    """

    unit: Unit
    classes: int
    all_classes: int
    held: int
    free: int


def below(session: Session, plan: Plan, top: Unit) -> list[Uncounted]:
    """The units directly below `top` in which classes, or the whole of which, nobody counted; by code.

    Only stages with a limit are controlled: universities and workplaces need not report. A class itself answers for
    itself alone.
    """
    tree = session.execute(
        select(Unit.id, Unit.path, Unit.kind, Unit.field).where(Unit.path.startswith(top.path, autoescape=True))
    ).all()
    fields = {unit.id: unit.field for unit in units.line_of(session, top.id)} | {row.id: row.field for row in tree}
    reported = _reported(session, plan, top)
    held, free = quota_control.held_by_class(session, plan, top), _free(session, plan, top)
    found = []
    for unit in units.children(session, top.id):
        inside = [row for row in tree if row.path.startswith(unit.path)]
        controlled = [row for row in inside if _has_limit(row.path, fields)]
        classes = [row.id for row in controlled if row.kind == UnitKind.BRANCH]
        missing = [each for each in classes if each not in reported]
        nothing = controlled and not classes and not any(row.id in reported for row in inside)
        if missing or nothing:
            places = sum(held.get(each, 0) for each in missing), sum(free.get(row.id, 0) for row in inside)
            found.append(Uncounted(unit, len(missing), len(classes), *places))
    return found


def _has_limit(path: str, fields: Mapping[int, Field | None]) -> bool:
    """Whether a unit is of a stage with a limit: its own stage, or that of the nearest unit above that has one."""
    line = [int(step) for step in path.split("/") if step]
    stage = next((fields[each] for each in reversed(line) if fields.get(each) is not None), None)
    return stage is not None and ratios.scope_of(stage) is not None


def _reported(session: Session, plan: Plan, top: Unit) -> set[int]:
    query = (
        select(HeadCountReport.unit_id)
        .join(Unit, Unit.id == HeadCountReport.unit_id)
        .where(HeadCountReport.as_of == head_counts.day_for(plan.year), Unit.path.startswith(top.path, autoescape=True))
    )
    return set(session.scalars(query))


def _free(session: Session, plan: Plan, top: Unit) -> dict[int, int]:
    query = (
        select(QuotaAccount.unit_id, QuotaAccount.free)
        .join(Unit, Unit.id == QuotaAccount.unit_id)
        .where(QuotaAccount.plan_id == plan.id, Unit.path.startswith(top.path, autoescape=True))
    )
    return dict(session.execute(query).all())
