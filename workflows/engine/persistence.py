"""A case between its row and the running workflow: lock, load, write back with the rows kept for what it waits for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Delete, Insert, Select, String, bindparam, cast, delete, insert, inspect, literal, select, update
from sqlalchemy.orm import Session, contains_eager, undefer
from sqlalchemy.orm.attributes import set_committed_value

from workflows import clock, journal
from workflows.database import Base, table_of
from workflows.engine import job_rows, mailbox, passage, repeats, saving
from workflows.engine.due_times import last_day
from workflows.engine.environment import Environment
from workflows.engine.events import DueTime
from workflows.engine.job_tables import Job
from workflows.engine.levels import CaseWorkflow
from workflows.engine.mailbox import AwaitedEvent
from workflows.engine.running import ACTIVE, Act, element_of, every_task, is_over
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotFound
from workflows.journal import Event, JournalChain

_CHAIN = table_of(JournalChain)
# An act always ends in the case's chain: its end is read, and locked, with the case.
_LOCKED = (
    select(Case, _CHAIN.c.length, _CHAIN.c.head)
    .join(Case.bundle)
    .join(_CHAIN, _CHAIN.c.chain == literal(journal.CASE_CHAIN) + cast(Case.id, String))
    .options(undefer(Case.state), contains_eager(Case.bundle))
    .with_for_update(of=(Case, _CHAIN))
    .execution_options(populate_existing=True)
)
_CASE = _LOCKED.where(Case.id == bindparam("case_id"))
_CASE_OF_ITEM = _LOCKED.add_columns(WorkItem).join(WorkItem).where(WorkItem.id == bindparam("work_item_id"))


def lock(session: Session, case_id: int) -> Case:
    """The case, locked for this transaction. Raises NotFound."""
    found = _found(session, _CASE, {"case_id": case_id})
    if found is None:
        raise NotFound(what="案件")
    return _locked(session, *found)


def lock_for(session: Session, work_item_id: int) -> tuple[Case, WorkItem] | None:
    """The case of a work item, locked, and the item; None when there is no such item (any more).

    Whoever waited for the lock may be shown an item that was done meanwhile: only the saved state tells.
    """
    found = _found(session, _CASE_OF_ITEM, {"work_item_id": work_item_id})
    return None if found is None else (_locked(session, *found[:3]), found[3])


def _found(session: Session, query: Select[Any], values: Mapping[str, int]) -> Any:
    """The row; a case that this transaction has begun itself has a chain only once the journal is written."""
    found = session.execute(query, values).first()
    if found is None:
        journal.write(session)
        found = session.execute(query, values).first()
    return found


def _locked(session: Session, case: Case, length: int, head: str) -> Case:
    journal.known_head(session, journal.case_chain(case.id), length, head)
    return case


def load(act: Act) -> CaseWorkflow:
    """The running case: restored from its saved state, or the live one where scenarios keep cases in memory."""
    live = act.environment.live or {}
    workflow: CaseWorkflow = live.get(act.case.id) or saving.restore(act.case.state, act.bundle)
    passage.remember(workflow)
    active = every_task(workflow, ACTIVE)
    act.kept = {each.name: each.marks(workflow, active) for each in KEPT}
    return workflow


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
    """Write the state, and as differences the rows kept beside it; end the case when nothing is left to do."""
    case = act.case
    over = is_over(workflow)
    workflow.completed = workflow.completed or over
    if over and case.ended_at is None:
        _end(act)
    # Statements without objects from here on: a step's rows are written once and not looked at again.
    connection = act.session.connection()
    active = [] if over else every_task(workflow, ACTIVE)
    unseen = not over and _goes_unseen(act, workflow)
    for each in KEPT:
        was, now = act.kept.get(each.name, {}), each.marks(workflow, active)
        act.kept[each.name] = now
        unseen = unseen and (was == now or each.model in _UNSEEN)
        if gone := [number for number, mark in was.items() if now.get(number) != mark]:
            connection.execute(each.delete, {"of": case.id, "gone": gone})
        if new := {number for number, mark in now.items() if was.get(number) != mark}:
            connection.execute(each.insert, each.rows(act, workflow, active, new))
    if act.readdress:
        _address_anew(act, workflow, active)
    passage.settle(workflow, act.bundle)
    since = workflow.shown[0] if unseen and workflow.shown else case.version + 1
    workflow.shown = (since, case.version + 1)
    changed = {
        "state": saving.save(workflow),
        "version": case.version + 1,
        "last_step_id": act.last_record or case.last_step_id,
        **_changed_otherwise(case),
    }
    connection.execute(_CHANGE, {"of": case.id, **changed})
    for column, value in changed.items():
        set_committed_value(case, column, value)
    if act.environment.live is not None:
        act.environment.live[case.id] = workflow
    act.session.flush()


def _changed_otherwise(case: Case) -> dict[str, Any]:
    """What the act has changed of the case's own columns, such as its title or its end: one statement writes it all."""
    changed = inspect(case).attrs
    return {name: getattr(case, name) for name in _COLUMNS if changed[name].history.has_changes()}


_UNSEEN = (DueTimer, Job)
"""Tables whose rows change when a case only reminds somebody."""


def _goes_unseen(act: Act, workflow: CaseWorkflow) -> bool:
    """Whether what the case holds is as it was: a reminder was sent, and whoever has a form open need not know.

    The reminder may be sent in the name of a person, whose step was late when it was reached.
    """
    if act.last_record is not None or not act.case.state:
        return False
    return saving.data_in(act.case.state) == workflow.case_data


_CHANGE = update(table_of(Case)).where(table_of(Case).c.id == bindparam("of"))
_COLUMNS = frozenset(column.name for column in table_of(Case).columns) - {"id", "state", "version", "last_step_id"}


def _end(act: Act) -> None:
    case, node = act.case, act.bundle.drawing.nodes.get(act.last_end or "")
    result = node.properties.get("result") if node else None
    act.note(Event.CASE_ENDED, step=act.last_end, result=result)
    act.environment.ended(act.session, case.id, result)
    case.ended_at = clock.now()
    case.ended_step = act.last_end
    case.ended_label = node.name if node else None
    case.result = result


@dataclass(frozen=True)
class Kept:
    """A table with one row for each task of a certain kind that waits; the rows follow from the state."""

    model: type[Base]
    waits: Callable[[Task], bool]
    row: Callable[[Act, CaseWorkflow, Task], Mapping[str, Any]]
    mark: Callable[[Task], Any] = lambda _task: True
    """What makes a new row necessary when it changes, such as the next moment of a recurring timer; never None."""

    @property
    def name(self) -> str:
        """The table's name."""
        return table_of(self.model).name

    @cached_property
    def insert(self) -> Insert:
        """Adds rows."""
        return insert(table_of(self.model))

    @cached_property
    def delete(self) -> Delete:
        """Takes away the rows of the tasks `gone` of the case `of`."""
        columns = table_of(self.model).columns
        gone = columns.task.in_(bindparam("gone", expanding=True))
        return delete(table_of(self.model)).where(columns.case_id == bindparam("of"), gone)

    def marks(self, workflow: CaseWorkflow, active: Sequence[Task]) -> dict[int, Any]:
        """The mark of every task among the active ones that waits, by its number."""
        return {workflow.number_of(task): self.mark(task) for task in active if self.waits(task)}

    def rows(self, act: Act, workflow: CaseWorkflow, active: Sequence[Task], numbers: set[int]) -> list[dict[str, Any]]:
        """The rows of those that wait and have these numbers."""
        tasks = [(workflow.number_of(task), task) for task in active if self.waits(task)]
        return [
            {"case_id": act.case.id, "task": number, **self.row(act, workflow, task)}
            for number, task in tasks
            if number in numbers
        ]


def _is_for_a_person(task: Task) -> bool:
    return bool(task.has_state(TaskState.READY) and task.task_spec.manual)


def _work_item(act: Act, _workflow: CaseWorkflow, task: Task) -> dict[str, Any]:
    due = _deadline(task)
    step = act.bundle.steps[element_of(task)]
    data, entry = repeats.data_for(task), repeats.entry_of(task)
    addressee = act.environment.directory.addressee(act.session, step.lane, act.case.unit_id, data)
    return {
        "step": step.id,
        "label": f"{step.label}（{entry}）" if isinstance(entry, str | int) else step.label,
        "lane": step.lane,
        "unit_id": addressee.unit_id,
        "post_kind": addressee.post_kind,
        "person_id": addressee.person_id,
        "created_at": clock.now(),
        "due_on": last_day(due) if due else None,
    }


def _address_anew(act: Act, workflow: CaseWorkflow, active: Sequence[Task]) -> None:
    """Steps that wait stay the same items; what was entered in an open form meanwhile is refused by the version."""
    for task in [each for each in active if _is_for_a_person(each)]:
        row = _work_item(act, workflow, task)
        whom = {column: row[column] for column in ("unit_id", "post_kind", "person_id")}
        which = (WorkItem.case_id == act.case.id, WorkItem.task == workflow.number_of(task))
        act.session.execute(update(WorkItem).where(*which).values(**whom))


def _deadline(task: Task) -> datetime | None:
    """The latest boundary timer of a waiting user step, passed or not, without grace: earlier ones are reminders."""
    host = task if repeats.entry_of(task) is None else task.parent
    beside = [
        each for each in host.parent.children if _has_due_time(each) and not each.task_spec.event_definition.repeats
    ]
    kept = [sibling.internal_data for sibling in beside if "due" in sibling.internal_data]
    dues = [each.get("deadline", each["due"]) for each in kept]
    return max(map(datetime.fromisoformat, dues), default=None)


def _has_due_time(task: Task) -> bool:
    return isinstance(getattr(task.task_spec, "event_definition", None), DueTime)


def _is_waiting_timer(task: Task) -> bool:
    return bool(task.has_state(TaskState.WAITING) and _has_due_time(task) and "due" in task.internal_data)


def _due_timer(act: Act, _workflow: CaseWorkflow, task: Task) -> dict[str, Any]:
    node = act.bundle.drawing.nodes[element_of(task)]
    return {
        "step": node.id,
        "label": node.name or node.id,
        "attached_to": node.attached_to or (node.inside or act.case.process if node.event_subprocess else None),
        "due_at": datetime.fromisoformat(task.internal_data["due"]),
    }


KEPT = (
    Kept(WorkItem, _is_for_a_person, _work_item),
    Kept(DueTimer, _is_waiting_timer, _due_timer, mark=lambda task: task.internal_data["due"]),
    Kept(Job, job_rows.is_under_way, job_rows.row),
    Kept(AwaitedEvent, mailbox.waits, mailbox.row),
)
"""Every table whose rows follow from what a case waits for."""
