"""Who changed a case since somebody looked at it: the last step, or a move, or the undoing of one."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import saving
from workflows.engine.environment import Environment
from workflows.engine.moving.move_tables import CaseMove, MovedItem
from workflows.engine.tables import Case, StepRecord
from workflows.errors import StaleVersion


def check_version(session: Session, environment: Environment, case: Case, seen: int | None) -> None:
    """Raises StaleVersion, naming who did what, when the case does not show what it showed in the version seen."""
    if seen is None or seen == case.version or saving.shows_the_same(case.state, case.version, seen):
        return
    if moved := _last_move(session, environment, case):
        raise moved
    record = session.get(StepRecord, case.last_step_id) if case.last_step_id else None
    if record is None:
        raise StaleVersion(who="系统", when=_moment(clock.now()), what="更新了本案")
    raise by_record(session, environment, record)


def by_record(session: Session, environment: Environment, record: StepRecord) -> StaleVersion:
    """Somebody did a step."""
    return StaleVersion(
        who=environment.directory.person_name(session, record.person_id),
        when=_moment(record.recorded_at),
        what=f"办理了“{record.label}”（{record.outcome_label}）",
    )


def taken_away(session: Session, environment: Environment, work_item_id: int) -> StaleVersion | None:
    """Why a work item is gone that a move has taken away; None when it was not a move."""
    query = select(CaseMove).join(MovedItem, MovedItem.move_id == CaseMove.id)
    query = query.where(MovedItem.work_item_id == work_item_id).order_by(CaseMove.id.desc()).limit(1)
    move = session.scalars(query).first()
    if move is None:
        return None
    what = "把本案移到了另一版流程，这一步不再等待"
    return StaleVersion(who=_name(session, environment, move.person_id), when=_moment(move.moved_at), what=what)


def _last_move(session: Session, environment: Environment, case: Case) -> StaleVersion | None:
    """The move, or its undoing, that gave the case its version; None when it was neither."""
    query = select(CaseMove).where(CaseMove.case_id == case.id).order_by(CaseMove.id.desc()).limit(1)
    move = session.scalars(query).first()
    if move is None:
        return None
    if move.undone_at is not None and move.undone_version == case.version:
        who, when, what = move.undone_by, move.undone_at, "撤销了本案的版本移动"
    elif move.undone_at is None and move.case_version == case.version:
        who, when, what = move.person_id, move.moved_at, "把本案移到了另一版流程"
    else:
        return None
    return StaleVersion(who=_name(session, environment, who), when=_moment(when), what=what)


def _name(session: Session, environment: Environment, person_id: int | None) -> str:
    return environment.directory.person_name(session, person_id) if person_id else "系统"


def _moment(moment: datetime) -> str:
    return moment.astimezone(clock.OFFICE_ZONE).strftime("%m-%d %H:%M")
