"""A case between its row and the running workflow: lock, load, write back with its work items and due times."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from workflows import clock
from workflows.engine import saving
from workflows.engine.due_times import last_day
from workflows.engine.environment import Environment
from workflows.engine.running import Act, every_task, is_over
from workflows.engine.specs import CaseWorkflow, DueTime
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotFound
from workflows.journal import Event


def lock(session: Session, case_id: int) -> Case:
    """The case, locked for this transaction. Raises NotFound."""
    query = select(Case).where(Case.id == case_id).options(undefer(Case.state)).with_for_update()
    case = session.scalars(query.execution_options(populate_existing=True)).first()
    if case is None:
        raise NotFound(what="案件")
    return case


def load(act: Act) -> CaseWorkflow:
    """The running case: restored from its saved state, or the live one where scenarios keep cases in memory."""
    if act.environment.live is not None and act.case.id in act.environment.live:
        workflow: CaseWorkflow = act.environment.live[act.case.id]
        return workflow
    return saving.restore(act.case.state, act.bundle)


@contextmanager
def discarded_on_refusal(environment: Environment, case_id: int) -> Iterator[None]:
    """A live case that was refused half-way is thrown away; the next act restores it from its saved state."""
    try:
        yield
    except Exception:
        if environment.live is not None:
            environment.live.pop(case_id, None)
        raise


def write(act: Act, workflow: CaseWorkflow) -> None:
    """Write state, work items and due times back, as differences; end the case when nothing is left to do."""
    case = act.case
    over = is_over(workflow)
    workflow.completed = workflow.completed or over
    if over and case.ended_at is None:
        _end(act)
    _write_work_items(act, workflow, [] if over else _people_wait_for(workflow))
    _write_timers(act, workflow, [] if over else _timers(workflow))
    case.state = saving.save(workflow)
    case.version += 1
    if act.environment.live is not None:
        act.environment.live[case.id] = workflow
    act.session.flush()


def _end(act: Act) -> None:
    case, node = act.case, act.bundle.drawing.nodes.get(act.last_end or "")
    case.ended_at = clock.now()
    case.ended_step = act.last_end
    case.ended_label = node.name if node else None
    case.result = node.properties.get("result") if node else None
    act.note(Event.CASE_ENDED, step=case.ended_step, result=case.result)
    act.environment.ended(act.session, case.id, case.result)


def _people_wait_for(workflow: CaseWorkflow) -> list[Task]:
    return [task for task in every_task(workflow, TaskState.READY) if task.task_spec.manual]


def _timers(workflow: CaseWorkflow) -> list[Task]:
    return [task for task in every_task(workflow, TaskState.WAITING) if _is_timer(task)]


def _write_work_items(act: Act, workflow: CaseWorkflow, tasks: list[Task]) -> None:
    known = {item.task: item for item in act.session.scalars(select(WorkItem).where(WorkItem.case_id == act.case.id))}
    wanted = {workflow.number_of(task): task for task in tasks}
    _delete(act.session, WorkItem, [item.id for number, item in known.items() if number not in wanted])
    for number, task in wanted.items():
        if number not in known:
            act.session.add(_work_item(act, number, task, workflow))


def _work_item(act: Act, number: int, task: Task, workflow: CaseWorkflow) -> WorkItem:
    due = _deadline(task)
    step = act.bundle.steps[task.task_spec.name]
    addressee = act.environment.directory.addressee(act.session, step.lane, act.case.unit_id, workflow.case_data)
    return WorkItem(
        case_id=act.case.id,
        task=number,
        step=step.id,
        label=step.label,
        lane=step.lane,
        unit_id=addressee.unit_id,
        post_kind=addressee.post_kind,
        person_id=addressee.person_id,
        created_at=clock.now(),
        due_on=last_day(due) if due else None,
    )


def _deadline(task: Task) -> datetime | None:
    """The latest boundary timer of a waiting user step, passed or not: earlier ones are reminders."""
    beside = [sibling for sibling in task.parent.children if _is_timer(sibling)]
    dues = [sibling.internal_data["due"] for sibling in beside if "due" in sibling.internal_data]
    return max(map(datetime.fromisoformat, dues), default=None)


def _is_timer(task: Task) -> bool:
    return isinstance(getattr(task.task_spec, "event_definition", None), DueTime)


def _write_timers(act: Act, workflow: CaseWorkflow, tasks: list[Task]) -> None:
    known = {
        timer.task: timer for timer in act.session.scalars(select(DueTimer).where(DueTimer.case_id == act.case.id))
    }
    wanted = {workflow.number_of(task): task for task in tasks}
    _delete(act.session, DueTimer, [timer.id for number, timer in known.items() if number not in wanted])
    for number, task in wanted.items():
        if number not in known:
            node = act.bundle.drawing.nodes[task.task_spec.name]
            act.session.add(
                DueTimer(
                    case_id=act.case.id,
                    task=number,
                    step=node.id,
                    label=node.name or node.id,
                    attached_to=node.attached_to,
                    due_at=datetime.fromisoformat(task.internal_data["due"]),
                )
            )


def _delete(session: Session, table: type[WorkItem] | type[DueTimer], ids: list[int]) -> None:
    if ids:
        session.execute(delete(table).where(table.id.in_(ids)))
