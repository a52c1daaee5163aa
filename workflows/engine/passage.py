"""What a case has passed, as marks on its drawing; tasks that are finished leave the tree.

SpiffWorkflow keeps every task for ever and walks over all of them at every step, so that the two-hundredth step of a
looping case would cost many times the fifth, and a branch that was joined in one round of a loop would count as joined
in the next. What was decided is kept in the step records and the journal; here a bit for each element and each flow is
enough.
"""

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.bundles import ParsedBundle
from workflows.engine.events import Boundary
from workflows.engine.levels import LevelEnd
from workflows.engine.specs import CaseWorkflow

_WAITS = TaskState.WAITING | TaskState.READY | TaskState.STARTED
_REACHED = TaskState.COMPLETED | TaskState.CANCELLED | _WAITS


def remember(workflow: CaseWorkflow) -> None:
    """What the case has reached before an act, so that `settle` counts each way once."""
    workflow.reached = {task.id for level in _levels(workflow) for task in level.tasks.values() if _is_reached(task)}


def settle(workflow: CaseWorkflow, bundle: ParsedBundle) -> None:
    """After an act: mark what was passed, then take away the tasks that cannot matter any more."""
    marks = bundle.marks
    for level in _levels(workflow):
        for task in level.tasks.values():
            if task.has_state(TaskState.COMPLETED):
                workflow.passed |= marks.get(task.task_spec.name, 0)
            if task.id not in workflow.reached and _is_reached(task):
                workflow.passed |= marks.get(_way_to(task, bundle), 0)
    for parent_id in [key for key in workflow.subprocesses if _is_finished(workflow.get_task_from_id(key))]:
        del workflow.subprocesses[parent_id]
    for level in _levels(workflow):
        _Tree(level).thin_out()
    remember(workflow)


def passed(workflow: CaseWorkflow, bundle: ParsedBundle) -> set[str]:
    """Ids of the elements that were done and of the flows along which a token went."""
    return {element for element, bit in bundle.marks.items() if workflow.passed & bit}


def _levels(workflow: CaseWorkflow) -> list[Any]:
    return [workflow, *workflow.subprocesses.values()]


def _is_reached(task: Task) -> bool:
    return bool(task.has_state(_REACHED))


def _is_finished(task: Task | None) -> bool:
    return task is None or bool(task.has_state(TaskState.FINISHED_MASK))


def _way_to(task: Task, bundle: ParsedBundle) -> str:
    """The id of the flow by which a token came to the task; empty when it came by none."""
    nodes, before = bundle.drawing.nodes, task.parent
    while before is not None and before.task_spec.name not in nodes:
        before = before.parent
    return bundle.flow_between.get((before.task_spec.name, task.task_spec.name), "") if before is not None else ""


class _Tree:
    """The tasks of a case or of one sub-process, seen by what may still look at them."""

    def __init__(self, level: Any) -> None:
        self.level = level
        self.tasks: dict[Any, Task] = level.tasks
        unfinished = [task for task in self.tasks.values() if not _is_finished(task)]
        joining = {task.task_spec.name for task in unfinished if task.has_state(_WAITS) and _counts_tokens(task)}
        # A gateway that waits counts the tokens that came before it, though their own tasks are finished.
        counted = [task for task in self.tasks.values() if task.task_spec.name in joining]
        self.open_splits = {split.id for task in unfinished if (split := _split_of(task)) is not None}
        self.needed = {level.task_tree.id}
        for task in [*unfinished, *counted]:
            self._keep_with_ancestors(task)

    def _keep_with_ancestors(self, task: Task | None) -> None:
        while task is not None and task.id not in self.needed:
            self.needed.add(task.id)
            task = task.parent

    def thin_out(self) -> None:
        """Take away finished branches, then the finished tasks in the middle of a way."""
        for task in list(self.tasks.values()):
            if task.id in self.tasks and task.id not in self.needed and self._may_go(task):
                self.level._remove_task(task.id)
        for task in list(self.tasks.values()):
            if self._is_passed_through(task):
                self._take_out(task)
        if self.level.last_task is not None and self.level.last_task.id not in self.tasks:
            self.level.last_task = None

    def _may_go(self, task: Task) -> bool:
        # A reminder that has come leaves nothing behind, though the step it hangs on is still open.
        spec = task.task_spec
        return self._may_lose_children(task.parent) or (isinstance(spec, Boundary) and not spec.cancel_activity)

    def _may_lose_children(self, task: Task) -> bool:
        return bool(task.has_state(TaskState.COMPLETED)) and task.id not in self.open_splits

    def _is_passed_through(self, task: Task) -> bool:
        if task.parent is None or len(task._children) != 1 or not self._may_lose_children(task):
            return False
        [child] = task.children
        if _is_join(child) and not child.has_state(TaskState.COMPLETED):
            return False
        return self._may_lose_children(task.parent) and bool(task.data == task.parent.data)

    def _take_out(self, task: Task) -> None:
        parent, [child] = task.parent, task.children
        parent._children[parent._children.index(task.id)] = child.id
        child._parent = parent.id
        del self.tasks[task.id]


def _is_join(task: Task) -> bool:
    return isinstance(task.task_spec, UnstructuredJoin)


def _counts_tokens(task: Task) -> bool:
    """Whether a join looks at the tokens that came before; the end of a level looks only at those still to come."""
    return _is_join(task) and not isinstance(task.task_spec, LevelEnd)


def _split_of(task: Task) -> Task | None:
    """The split that a join of boundary events looks back to."""
    name = getattr(task.task_spec, "split_task", None)
    return task.find_ancestor(name) if name else None
