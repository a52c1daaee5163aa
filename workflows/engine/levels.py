"""The levels of a running case: the process itself, its sub-processes and the event sub-processes that lie in wait."""

from collections.abc import Callable, Iterator
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit, BpmnStartTask, SimpleBpmnTask, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins import SubWorkflowTaskMixin
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskIterator, TaskState

from workflows.engine.events import Condition, DueTime, Escalation, Fault, recurs

MOST_ROUNDS = 200
"""Rounds of automatic steps one act may take; more is taken for an endless loop. Admission needs fewer than twenty."""


class LevelEnd(_EndJoin):  # type: ignore[misc]
    """The end of a process or sub-process: waits for every token, but not for event sub-processes that lie in wait."""

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        level = my_task.workflow
        for task in TaskIterator(level.task_tree, state=TaskState.NOT_FINISHED_MASK, end_at_spec=self.name):
            if task is not my_task and not lies_in_wait(task):
                return False
        for task in [each for each in level.tasks.values() if lies_in_wait(each)]:
            task.cancel()
        return True


class LevelSpec(BpmnProcessSpec):  # type: ignore[misc]
    """The specification of a process or sub-process."""

    def __init__(self, name: str, description: str | None, filename: str | None) -> None:
        # BpmnProcessSpec makes an end that waits for everybody; this is its constructor with another one.
        super(BpmnProcessSpec, self).__init__(name=name, filename=filename)
        self.start = BpmnStartTask(self, "Start")
        self.end = LevelEnd(self, f"{name}.EndJoin")
        self.end.connect(SimpleBpmnTask(self, "End"))
        self.svg = None
        self.description = description
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.event_subprocesses: list[EventSubprocess] = []

    def add_event_subprocess(self, spec: "EventSubprocess") -> None:
        """Let an event sub-process lie in wait for as long as the level runs."""
        self.start.connect(spec)
        spec.connect(self.end)
        self.event_subprocesses.append(spec)


class Subprocess(SubWorkflowTaskMixin, SpiffBpmnTask):  # type: ignore[misc]
    """An embedded sub-process or a call activity. The case's data is one, so nothing is copied in or out."""

    def __init__(self, wf_spec: Any, bpmn_id: str, subworkflow_spec: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, subworkflow_spec, False, **kwargs)

    def _update_hook(self, my_task: Task) -> bool | None:
        if my_task.has_state(TaskState.FINISHED_MASK):
            return False
        completed: bool | None = super()._update_hook(my_task)
        return completed

    def _on_subworkflow_completed(self, subworkflow: Any, my_task: Task) -> None:
        if not my_task.has_state(TaskState.FINISHED_MASK):
            my_task._set_state(TaskState.READY)

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Nothing to copy."""

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Nothing to copy."""


class EventSubprocess(Subprocess):
    """An event sub-process: a task that lies in wait from the moment its level starts."""

    def __init__(self, wf_spec: Any, bpmn_id: str, subworkflow_spec: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, subworkflow_spec, **kwargs)
        self.event_definition: Any = None
        self.trigger_id = ""
        """The start event inside."""
        self.interrupting = True

    def lie_in_wait(self, my_task: Task) -> None:
        """From now on the event may come."""
        my_task._set_state(TaskState.WAITING)
        my_task.workflow.top_workflow.event_manager.add_task(my_task)

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        """Whether the event is the one it waits for."""
        return my_task.has_state(TaskState.WAITING) and bool(self.event_definition.catches(my_task, event))

    def catch(self, my_task: Task, event: BpmnEvent) -> None:
        """Take the event."""
        if my_task.has_state(TaskState.WAITING):
            self.event_definition.catch(my_task, event)

    def _predict_hook(self, my_task: Task) -> None:
        if my_task.has_state(TaskState.STARTED | TaskState.READY):
            my_task._sync_children(self.outputs, TaskState.FUTURE)

    def _update_hook(self, my_task: Task) -> bool:
        if my_task.has_state(TaskState.FUTURE | TaskState.PREDICTED_MASK):
            self.lie_in_wait(my_task)
        if my_task.has_state(TaskState.WAITING) and self.event_definition.has_fired(my_task):
            self._begin(my_task)
        return False

    def _begin(self, my_task: Task) -> None:
        my_task.workflow.top_workflow.event_manager.remove_task(my_task)
        my_task._set_state(TaskState.STARTED)
        if self.interrupting:
            for task in list(my_task.workflow.tasks.values()):
                if task is not my_task and task.parent is not None and not task.has_state(TaskState.FINISHED_MASK):
                    task.cancel()
        else:
            self._wait_again(my_task)
        self._predict(my_task, mask=TaskState.NOT_FINISHED_MASK)
        my_task.workflow.script_engine.began(my_task)
        self.start_workflow(my_task)

    def _wait_again(self, my_task: Task) -> None:
        begins_with = recurs(self.event_definition, my_task)
        if begins_with is not None:
            again = my_task.parent._add_child(self, TaskState.FUTURE)
            again.triggered = True
            again.internal_data.update(begins_with)
            self.lie_in_wait(again)

    def _on_cancel(self, my_task: Task) -> None:
        my_task.workflow.top_workflow.event_manager.remove_task(my_task)
        super()._on_cancel(my_task)


def lies_in_wait(task: Task) -> bool:
    """Whether the task is an event sub-process whose event has not come: nobody waits for such a task."""
    return task.state == TaskState.WAITING and isinstance(task.task_spec, EventSubprocess)


def _looks_around(task: Task) -> bool:
    """Whether the task waits for a moment or for the case's data to be so."""
    return isinstance(getattr(task.task_spec, "event_definition", None), DueTime | Condition)


class _Level:
    """What the process and its sub-processes share."""

    tasks: dict[Any, Task]
    top_workflow: "CaseWorkflow"

    def update_waiting_tasks(self) -> None:
        """Let joins and sub-processes look again; who looks at the clock or the data does so when all is at rest."""
        _wake([task for task in self.tasks.values() if task.state == TaskState.WAITING and not _looks_around(task)])

    def _task_removed_notify(self, task: Task) -> None:
        self.top_workflow.forget(task)


class SubLevel(_Level, BpmnSubWorkflow):  # type: ignore[misc]
    """A running sub-process."""


class CaseWorkflow(_Level, BpmnWorkflow):  # type: ignore[misc]
    """A running case. Its working data lives once, on the workflow, not copied from task to task."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.case_data: dict[str, Any] = {}
        self.numbers: dict[Any, int] = {}
        self.next_number = 1
        self.passed = 0
        """The marks of `workflows.engine.passage`."""
        self.reached: set[Any] = set()
        self.shown: tuple[int, int] | None = None
        """The case's version since which people have seen the same, and the version this was true of."""
        super().__init__(*args, **kwargs)

    def number_of(self, task: Task) -> int:
        """The task's place in the saved state: a small number that stays the same for as long as the case lives."""
        if task.id not in self.numbers:
            self.numbers[task.id] = self.next_number
            self.next_number += 1
        return self.numbers[task.id]

    def levels(self) -> list[Any]:
        """The process and its sub-processes, running or finished, outer ones first."""
        return [self, *self.subprocesses.values()]

    def create_subprocess(self, my_task: Task, spec_name: str) -> SubLevel:
        """A sub-process for a task that has begun."""
        level = SubLevel(self.subprocess_specs[spec_name], my_task.id, self)
        self.subprocesses[my_task.id] = level
        return level

    def forget(self, task: Task) -> None:
        """A task has left the tree: what it waited for, and the sub-process it ran, leave with it."""
        self.event_manager.remove_task(task)
        level = self.subprocesses.pop(task.id, None)
        if level is not None:
            level.cancel()
            for inner in list(level.tasks.values()):
                self.forget(inner)

    def run_automatic_steps(self, completed: Callable[[Task], None]) -> bool:
        """Run until only people, timers, messages and jobs can go on; False when it does not come to rest."""
        for _ in range(MOST_ROUNDS):
            ready = self._ready_without_people() or self._woken()
            if not ready:
                return True
            for task in ready:
                if task.state == TaskState.READY:
                    task.run()
                    completed(task)
        return False

    def _ready_without_people(self) -> list[Task]:
        return [
            task
            for level in reversed(self.levels())
            for task in level.tasks.values()
            if task.state == TaskState.READY and not task.task_spec.manual
        ]

    def _woken(self) -> list[Task]:
        """What is ready after timers have looked at the clock and conditions at the data."""
        _wake([task for task in self.event_manager.tasks.values() if _looks_around(task)])
        return self._ready_without_people()

    def catch(self, event: BpmnEvent) -> int:
        """Let everybody in this case hear the event who waits for it; answers how many did."""
        waiting = [task for task in self.event_manager.tasks.values() if task.task_spec.catches(task, event)]
        for task in waiting:
            deliver(task, event)
        return len(waiting)

    def throw_up(self, thrower: Task, definition: Fault | Escalation) -> bool:
        """Give an error or escalation to the nearest scope that waits for it; False when none does."""
        event = BpmnEvent(definition)
        for scope in _scopes_around(thrower):
            waiting = [task for task in scope if task.id in self.event_manager.tasks]
            # An event that names the code goes before one that takes them all.
            for task in sorted(
                waiting, key=lambda each: getattr(each.task_spec.event_definition, "code", None) is None
            ):
                if task.task_spec.catches(task, event):
                    deliver(task, event)
                    return True
        return False


def _scopes_around(thrower: Task) -> Iterator[list[Task]]:
    """The tasks that may take what is thrown: on the step's own border, lying in wait in its level, then outwards."""
    task: Task | None = thrower
    while task is not None:
        # An instance of a repeated step hangs below the step itself, and that one has the border.
        is_instance = getattr(task.parent.task_spec, "task_spec", None) == task.task_spec.name
        split = task.parent.parent if is_instance else task.parent
        if split is not None and isinstance(split.task_spec, BoundaryEventSplit):
            yield split.children
        level = task.workflow
        yield [each for each in level.tasks.values() if lies_in_wait(each)]
        parent = level.parent_task_id
        task = level.top_workflow.get_task_from_id(parent) if parent is not None else None


def _wake(waiting: list[Task]) -> None:
    """Let waiting tasks look again, timers in the order of their moments: the first may take the others away."""
    for task in sorted(waiting, key=lambda each: each.internal_data.get("due", "")):
        if task.state == TaskState.WAITING:
            task.task_spec._update(task)


def deliver(task: Task, event: BpmnEvent) -> None:
    """Give an event to one task that waits for it."""
    task.task_spec.catch(task, event)
    task.task_spec._update(task)
