"""Tells the administrators what no person would otherwise notice."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.engine.environment import Addressee
from workflows.operations import notices


def tell_administrators(session: Session, text: str) -> None:
    """A notice to the holders of the administrator's post, delivered after the caller's commit."""
    for unit_id in session.scalars(select(Unit.id).where(Unit.kind == UnitKind.REGION)):
        notices.post(session, Addressee(unit_id, PostKind.ADMINISTRATOR), text[:400])
