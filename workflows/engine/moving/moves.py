"""Moves one running case to another version of its process, and back as long as nothing else has happened."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from SpiffWorkflow.task import Task
from sqlalchemy import Column, Date, delete, insert, select, update
from sqlalchemy.orm import Session, undefer

from workflows import clock
from workflows.database import Base, UtcDateTime, table_of
from workflows.engine import bundles, incidents, mailbox, persistence, saving
from workflows.engine.environment import Environment
from workflows.engine.job_tables import Incident, IncidentKind, IncidentStatus, Job, Resolution
from workflows.engine.levels import CaseWorkflow
from workflows.engine.mailbox import AwaitedEvent, MessageAwaitedTwice, step_of
from workflows.engine.moving import changes, history, planning
from workflows.engine.moving.move_tables import CaseMove, MovedItem
from workflows.engine.moving.planning import Planned
from workflows.engine.moving.refusals import KeeperNeeded, UndoImpossible, UndoTooLate
from workflows.engine.repairs import LEAST_REASON, LONGEST_REASON, REASON_WANTED
from workflows.engine.running import ACTIVE, Act, Scripts, advance, every_task
from workflows.engine.tables import Bundle, Case, DueTimer, WorkItem
from workflows.errors import InvalidData, NotFound
from workflows.journal import Actor, Event

__all__ = ["LEAST_REASON", "LONGEST_REASON", "REASON_WANTED", "move", "target_of", "undo"]

_FOLLOWS: dict[type[Base], tuple[str, ...]] = {
    WorkItem: ("step", "label", "lane", "unit_id", "post_kind", "person_id", "due_on"),
    DueTimer: ("step", "label", "attached_to"),
    Job: ("step", "label", "operation"),
    AwaitedEvent: ("step",),
}
"""What the rows beside a case take from the drawing; the rest is their own and outlives a move."""

_TROUBLE: dict[type[Base], IncidentKind] = {Job: IncidentKind.JOB, DueTimer: IncidentKind.TIMER}
"""Rows for which an incident may stand open."""


def target_of(session: Session, process: str, version: int) -> Bundle:
    """A version of a process. Raises NotFound."""
    query = select(Bundle).where(Bundle.process == process, Bundle.version == version)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound(what="流程版本")
    return found


def move(
    session: Session,
    environment: Environment,
    *,
    case_id: int,
    target: Bundle,
    actor: Actor,
    reason: str,
    names: Mapping[str, str] | None = None,
    place: bool = False,
    seen_version: int | None = None,
) -> CaseMove:
    """Move a case to `target`; see `workflows.engine.moving.planning.plan` for `names` and `place`.

    Raises KeeperNeeded, NotFound, StaleVersion, InvalidData (no reason, wrong names), a MoveRefused, and whatever an
    automatic step refuses at which the case is set.
    """
    _check(session, environment, actor, reason)
    case = persistence.lock(session, case_id)
    if case.process != target.process:
        raise NotFound(what="流程版本")
    changes.check_version(session, environment, case, seen_version)
    planned = planning.plan(session, environment, case, target, names=names, place=place)
    if planned.plan.refusal is not None or planned.replayed is None:
        raise planned.plan.refusal or NotFound(what="案件")
    made = _kept(session, case, target, planned, actor, reason)
    with persistence.discarded_on_refusal(environment, case.id):
        _plant(session, environment, case, planned, made, actor)
    return made


def undo(session: Session, environment: Environment, *, move_id: int, actor: Actor, reason: str) -> CaseMove:
    """Put a case back exactly as it was before its last move.

    Raises KeeperNeeded, NotFound, InvalidData, UndoTooLate, UndoImpossible, MessageAwaitedTwice.
    """
    _check(session, environment, actor, reason)
    known = session.get(CaseMove, move_id)
    if known is None:
        raise NotFound(what="移动记录")
    case = persistence.lock(session, known.case_id)
    query = select(CaseMove).where(CaseMove.id == move_id).options(undefer(CaseMove.state_before))
    query = query.options(undefer(CaseMove.rows_before)).execution_options(populate_existing=True)
    made = session.scalars(query).one()
    if made.undone_at is not None or made.case_version != case.version:
        raise UndoTooLate()
    if not made.can_undo:
        raise UndoImpossible()
    after = _digest(case.state)
    case.bundle_id, case.state, case.version = made.from_bundle_id, made.state_before, case.version + 1
    session.flush()
    session.refresh(case, ["bundle"])
    _put_rows_back(session, made)
    made.undone_at, made.undone_by, made.undone_version = clock.now(), actor.person_id, case.version
    if environment.live is not None:
        environment.live.pop(case.id, None)
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), actor)
    facts: dict[str, Any] = {"move": made.id, "state_before": after, "state_after": _digest(case.state)}
    facts |= {"reason_digest": _said(reason)}
    act.note(Event.CASE_MOVE_UNDONE, version=act.bundle.version, **facts)
    session.flush()
    return made


def _check(session: Session, environment: Environment, actor: Actor, reason: str) -> None:
    if not environment.keeps(session, actor):
        raise KeeperNeeded()
    if not LEAST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise InvalidData(fields={"reason": REASON_WANTED})


def _kept(session: Session, case: Case, target: Bundle, planned: Planned, actor: Actor, reason: str) -> CaseMove:
    """The move's own row, with all that it replaces."""
    past = planned.replayed.past if planned.replayed else []
    made = CaseMove(
        case_id=case.id,
        from_bundle_id=case.bundle_id,
        to_bundle_id=target.id,
        case_version=case.version + 1,
        state_before=case.state,
        rows_before={table_of(model).name: _rows(session, model, case.id) for model in _FOLLOWS},
        history=history.kept(past),
        names=dict(planned.before.names),
        summary=planned.plan.summary(),
        reason=reason.strip(),
        moved_at=clock.now(),
        person_id=actor.person_id,
        can_undo=not planned.plan.at_once,
    )
    session.add(made)
    session.flush()
    return made


def _plant(
    session: Session, environment: Environment, case: Case, planned: Planned, made: CaseMove, actor: Actor
) -> None:
    old = planned.before.workflow
    new = bundles.parsed(session, made.to_bundle_id)
    act = Act(session, environment, case, new, actor)
    active = every_task(old, ACTIVE)
    act.kept = {each.name: each.marks(old, active) for each in persistence.KEPT}
    # Saved and restored once, so that what goes on is what every later act will find.
    workflow = saving.restore(saving.save(planned.replayed.workflow), new) if planned.replayed else old
    workflow.script_engine = Scripts(act)
    facts: dict[str, Any] = {"from_version": planned.plan.old_version, "to_version": planned.plan.new_version}
    facts |= {"state_before": _digest(made.state_before), "reason_digest": _said(made.reason)}
    facts |= {name: made.summary[name] for name in ("stands", "would", "placed", "dropped", "redone")}
    before = set(session.scalars(select(WorkItem.id).where(WorkItem.case_id == case.id)))
    case.bundle_id = made.to_bundle_id
    session.flush()
    session.refresh(case, ["bundle"])
    if planned.plan.at_once:
        # What is called at once is journalled behind the move; the state it leads to is not the move's alone.
        act.note(Event.CASE_MOVED, move=made.id, names=made.names, **facts)
        advance(act, workflow)
        persistence.write(act, workflow)
    else:
        mailbox.work_out_keys(list(workflow.event_manager.tasks.values()))
        persistence.write(act, workflow)
        facts["state_after"] = _digest(case.state)
        act.note(Event.CASE_MOVED, move=made.id, names=made.names, **facts)
    _bring_rows_up_to_date(act, workflow)
    after = set(session.scalars(select(WorkItem.id).where(WorkItem.case_id == case.id)))
    session.add_all(MovedItem(work_item_id=item_id, move_id=made.id) for item_id in before - after)
    session.flush()


def _bring_rows_up_to_date(act: Act, workflow: CaseWorkflow) -> None:
    """Rows that stayed say what the new drawing says."""
    connection = act.session.connection()
    active = [] if act.case.ended_at is not None else every_task(workflow, ACTIVE)
    for each in persistence.KEPT:
        table = table_of(each.model)
        for task in filter(each.waits, active):
            said = _drawn_of(act, workflow, each, task)
            where = (table.c.case_id == act.case.id) & (table.c.task == workflow.number_of(task))
            connection.execute(update(table).where(where).values(said))
    _forget_rows(act.session)


def _forget_rows(session: Session) -> None:
    """What the session has read of these rows is not true any more."""
    for row in list(session.identity_map.values()):
        if isinstance(row, tuple(_FOLLOWS)):
            session.expire(row)


def _drawn_of(act: Act, workflow: CaseWorkflow, kept: persistence.Kept, task: Task) -> dict[str, Any]:
    if kept.model is AwaitedEvent:
        return {"step": step_of(task)}
    row = kept.row(act, workflow, task)
    return {name: row[name] for name in _FOLLOWS[kept.model]}


def _rows(session: Session, model: type[Base], case_id: int) -> list[dict[str, Any]]:
    table = table_of(model)
    query = select(table).where(table.c.case_id == case_id).order_by(table.c.id)
    return [{name: _plain(value) for name, value in row.items()} for row in session.execute(query).mappings()]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _read(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, UtcDateTime | Date):
        return value
    return datetime.fromisoformat(value) if isinstance(column.type, UtcDateTime) else date.fromisoformat(value)


def _put_rows_back(session: Session, made: CaseMove) -> None:
    connection = session.connection()
    for model, follows in _FOLLOWS.items():
        table = table_of(model)
        there = set(connection.scalars(select(table.c.id).where(table.c.case_id == made.case_id)))
        rows = [
            {name: _read(table.c[name], value) for name, value in row.items()} for row in made.rows_before[table.name]
        ]
        was = {row["id"] for row in rows}
        if gone := there - was:
            connection.execute(delete(table).where(table.c.id.in_(gone)))
        for row in rows:
            if row["id"] in there:
                said = {name: row[name] for name in follows}
                connection.execute(update(table).where(table.c.id == row["id"]).values(said))
            else:
                _check_free(session, table.name, row)
                connection.execute(insert(table).values(row))
        if model in _TROUBLE:
            _open_again(session, made, _TROUBLE[model], was - there)
    session.execute(delete(MovedItem).where(MovedItem.move_id == made.id))
    _forget_rows(session)


def _check_free(session: Session, table: str, row: Mapping[str, Any]) -> None:
    """Another case may have begun to wait for the same message meanwhile."""
    if table == table_of(AwaitedEvent).name and row["kind"] == mailbox.MESSAGE:
        query = select(AwaitedEvent.case_id).where(AwaitedEvent.kind == mailbox.MESSAGE)
        other = session.scalars(query.where(AwaitedEvent.name == row["name"], AwaitedEvent.key == row["key"])).first()
        if other is not None:
            raise MessageAwaitedTwice(case=other, message=row["name"])


def _open_again(session: Session, made: CaseMove, kind: IncidentKind, restored: set[int]) -> None:
    """Incidents that were taken for overtaken because the move took their job or timer away."""
    query = select(Incident).where(Incident.case_id == made.case_id, Incident.kind == kind)
    query = query.where(Incident.source_id.in_(restored))
    overtaken = query.where(Incident.resolution == Resolution.OVERTAKEN, Incident.resolved_at >= made.moved_at)
    for incident in session.scalars(overtaken):
        incident.status, incident.resolution, incident.resolved_at = IncidentStatus.OPEN, None, None
        incidents.touch(incident)


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()


def _said(reason: str) -> str:
    """The journal keeps a digest of what somebody wrote, not the words."""
    return hashlib.sha256(reason.strip().encode()).hexdigest()
