"""By which version a case went when something was recorded: forms filled in long ago are read by their own version."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.engine import bundles
from workflows.engine.bundles import ParsedBundle
from workflows.engine.moving.move_tables import CaseMove
from workflows.engine.tables import Case


def bundle_then(session: Session, case: Case) -> Callable[[int], ParsedBundle]:
    """A function that answers, for a version of the case, the bundle by which the case went then."""
    query = select(CaseMove.case_version, CaseMove.from_bundle_id).where(CaseMove.case_id == case.id)
    moves = session.execute(query.where(CaseMove.undone_at.is_(None)).order_by(CaseMove.id)).all()

    def then(case_version: int) -> ParsedBundle:
        later = (from_bundle for moved_at, from_bundle in moves if case_version < moved_at)
        return bundles.parsed(session, next(later, case.bundle_id))

    return then
