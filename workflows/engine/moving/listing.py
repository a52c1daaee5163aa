"""Running cases of a version, a page at a time, and what has been moved."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from workflows.engine.environment import Environment
from workflows.engine.moving import planning
from workflows.engine.moving.move_tables import CaseMove
from workflows.engine.moving.planning import Plan
from workflows.engine.tables import Bundle, Case


def running_by_version(session: Session) -> dict[int, int]:
    """How many cases run by each version, by bundle id."""
    query = select(Case.bundle_id, func.count()).where(Case.ended_at.is_(None)).group_by(Case.bundle_id)
    return dict(session.execute(query).all())


def running_cases(session: Session, bundle_id: int, *, after: int = 0, limit: int = 1_000) -> list[tuple[int, int]]:
    """The ids and versions of running cases of one version, oldest first, after the one given."""
    query = select(Case.id, Case.version).where(Case.bundle_id == bundle_id, Case.ended_at.is_(None))
    return list(session.execute(query.where(Case.id > after).order_by(Case.id).limit(limit)).all())


def plans(
    session: Session,
    environment: Environment,
    case_ids: Sequence[int],
    target: Bundle,
    *,
    names: Mapping[str, str] | None = None,
    place: bool = False,
) -> list[Plan]:
    """What moving these cases of the process would do; ids of other cases are left out. Raises InvalidData."""
    query = select(Case).where(Case.id.in_(case_ids), Case.process == target.process).options(undefer(Case.state))
    return [
        planning.plan(session, environment, case, target, names=names, place=place).plan
        for case in session.scalars(query.order_by(Case.id))
    ]


def moves_of(session: Session, case_ids: Sequence[int]) -> list[CaseMove]:
    """Every move of some cases, the newest first."""
    query = select(CaseMove).where(CaseMove.case_id.in_(case_ids)).order_by(CaseMove.id.desc())
    return list(session.scalars(query))


def can_be_undone(session: Session, moves: Sequence[CaseMove]) -> set[int]:
    """Ids of the moves after which nothing has happened yet."""
    query = select(Case.id, Case.version).where(Case.id.in_([move.case_id for move in moves]))
    versions = dict(session.execute(query).all())
    return {
        move.id
        for move in moves
        if move.can_undo and move.undone_at is None and versions.get(move.case_id) == move.case_version
    }
