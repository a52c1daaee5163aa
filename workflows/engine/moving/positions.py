"""Where a case stands: the tasks that wait, named by the elements and instances they stand in."""

from collections.abc import Callable

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.events import Catch, Receive
from workflows.engine.levels import CaseWorkflow
from workflows.engine.repeats import COUNTER, Repeated
from workflows.engine.running import ACTIVE, element_of, every_task
from workflows.engine.specs import OperationStep

Path = tuple[tuple[str, int], ...]
"""The elements a task stands in, outermost first, each with the number of its instance (0 where there is but one)."""


def path_of(task: Task, name: Callable[[str], str]) -> Path:
    """The task's path; `name` says what the other version calls an element."""
    found: list[tuple[str, int]] = []
    host: Task | None = task
    while host is not None:
        found.append((name(element_of(host)), _number_of_instance(host)))
        parent = host.workflow.parent_task_id
        host = host.workflow.top_workflow.get_task_from_id(parent) if parent is not None else None
    return tuple(reversed(found))


def _number_of_instance(task: Task) -> int:
    return int(task.data.get(COUNTER, 0)) if is_instance(task) else 0


def is_instance(task: Task) -> bool:
    """Whether the task is one instance of a repeated step."""
    spec = task.parent.task_spec if task.parent is not None else None
    return isinstance(spec, Repeated) and spec.task_spec == task.task_spec.name


def rests(task: Task) -> bool:
    """Whether a token rests here: for a person, an event, or the worker; not what merely lies in wait beside it."""
    if task.state == TaskState.WAITING:
        return isinstance(task.task_spec, Catch | Receive)
    return bool(
        task.has_state(TaskState.READY)
        or (isinstance(task.task_spec, OperationStep) and task.has_state(TaskState.STARTED))
    )


def resting(workflow: CaseWorkflow) -> list[Task]:
    """The tasks at which the case stands."""
    return [task for task in every_task(workflow, ACTIVE) if rests(task)]


def instances_of(workflow: CaseWorkflow) -> list[Task]:
    """Repeated steps that are under way."""
    return [task for task in every_task(workflow, TaskState.STARTED) if isinstance(task.task_spec, Repeated)]


def counterparts(workflow: CaseWorkflow, name: Callable[[str], str]) -> dict[Path, list[Task]]:
    """Every task that a task of another version may stand for, by path: what waits, and done instances under way."""
    found: dict[Path, list[Task]] = {}
    for task in every_task(workflow, ACTIVE):
        found.setdefault(path_of(task, name), []).append(task)
    for repeated in instances_of(workflow):
        for task in repeated.task_spec.instances(repeated):
            if task.has_state(TaskState.COMPLETED):
                found.setdefault(path_of(task, name), []).append(task)
    return found
