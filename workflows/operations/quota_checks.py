"""Whose places a check is about: the candidates who wait for the pre-review or, after it, for a place."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.members import Candidate
from workflows.domain.units import Unit
from workflows.engine.tables import Case, WorkItem

WAITING_AT = ("pre_review", "wait_for_place")
"""The steps of the admission before a place is taken."""


@dataclass(frozen=True)
class InLine:
    """A candidate who waits, and at which step."""

    case_id: int
    name: str
    unit_id: int
    unit: str
    applied_on: date
    step: str


def in_line(session: Session, unit: Unit, limit: int | None = None) -> list[InLine]:
    """The candidates of the unit and of everything below it who wait, in the order of their applications."""
    query = (
        select(Case.id, Case.title, Unit.id, Unit.name, Candidate.applied_on, WorkItem.label)
        .join(WorkItem, WorkItem.case_id == Case.id)
        .join(Candidate, Candidate.case_id == Case.id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(WorkItem.step.in_(WAITING_AT), Case.process == "admission", Case.ended_at.is_(None))
        .where(Unit.path.startswith(unit.path, autoescape=True))
        .order_by(Candidate.applied_on, Case.id)
        .limit(limit)
    )
    return [InLine(*row) for row in session.execute(query)]
