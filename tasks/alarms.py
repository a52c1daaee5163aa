"""Tells the administrators what no person would otherwise notice."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.engine import incidents
from workflows.engine.environment import Addressee
from workflows.engine.job_tables import Incident
from workflows.operations import notices


def tell_administrators(session: Session, text: str) -> None:
    """A notice to the holders of the administrator's post, delivered after the caller's commit."""
    for unit_id in session.scalars(select(Unit.id).where(Unit.kind == UnitKind.REGION)):
        notices.post(session, Addressee(unit_id, PostKind.ADMINISTRATOR), text[:400])


def tell_of(session: Session, incident: Incident | None) -> None:
    """A notice that an incident stands open; nothing for None. It says where, not whom it is about."""
    if incident is None:
        return
    where = f"第{incident.case_id}号案卷的“{incident.label}”无法继续（异常{incident.id}号）："
    tell_administrators(session, where + incidents.message(incident))
