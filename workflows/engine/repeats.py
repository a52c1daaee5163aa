"""Steps that are done several times: for every entry of a list, side by side or in turn, or while a condition holds.

What an instance works on and what it yields belongs to the instance alone and lies in its task's data; when all are
done the results stand in the case's data under the step's id, in the order of the list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.drawing import Repeat

MOST_INSTANCES = 1_000
"""Instances of one repeated step; a branch has fewer members."""

COUNTER = "loopCounter"
"""What an instance calls its number, from 1."""


class Repeated(SpiffBpmnTask):  # type: ignore[misc]
    """The step around its instances. It stands in the tree where the step stands, the instances hang below it."""

    def __init__(self, wf_spec: Any, bpmn_id: str, repeat: Repeat, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.repeat = repeat
        self.task_spec = ""
        """The specification of one instance, by name."""

    def adopt(self, instance: Any) -> None:
        """Take the place of a step that has been parsed; the step becomes the specification of an instance."""
        self.inputs, self.outputs = instance.inputs, instance.outputs
        instance.inputs, instance.outputs = [self], []
        instance.name = self.task_spec = f"{instance.name} [child]"
        self._wf_spec.task_specs[instance.name] = instance
        instance.completed_event.connect(self._instance_done)

    def instances(self, my_task: Task) -> list[Task]:
        """The instances begun so far."""
        return [child for child in my_task.children if child.task_spec.name == self.task_spec]

    def _update_hook(self, my_task: Task) -> bool:
        if not my_task.has_state(TaskState.FUTURE | TaskState.PREDICTED_MASK):
            return False
        my_task._set_state(TaskState.STARTED)
        my_task._sync_children(self.outputs, TaskState.FUTURE)
        return self._nothing_to_do(my_task)

    def _begin(self, my_task: Task, data: dict[str, Any], **kept: Any) -> None:
        instance = my_task._add_child(self._wf_spec.task_specs[self.task_spec], TaskState.WAITING)
        instance.triggered = True
        instance.data.update(data)
        instance.internal_data.update(kept)
        instance.task_spec._update(instance)

    def _instance_done(self, _level: Any, instance: Task) -> None:
        my_task = instance.parent
        if my_task.has_state(TaskState.STARTED) and self._no_more(my_task):
            my_task._set_state(TaskState.READY)

    def _nothing_to_do(self, my_task: Task) -> bool:
        """Begin the first instances; True when there is none to begin."""
        raise NotImplementedError

    def _no_more(self, my_task: Task) -> bool:
        """Begin the next instance if one is due; True when the step is done."""
        raise NotImplementedError


class MultiInstance(Repeated):
    """Once for every entry of a list, or a number of times."""

    def _nothing_to_do(self, my_task: Task) -> bool:
        entries = my_task.workflow.script_engine.entries(my_task, self.repeat)
        my_task.internal_data["entries"] = entries
        for index in range(len(entries[:1] if self.repeat.kind == "sequential" else entries)):
            self._begin_nth(my_task, index)
        return not entries

    def _begin_nth(self, my_task: Task, index: int) -> None:
        data = {COUNTER: index + 1}
        if self.repeat.collection:
            data[self.repeat.item] = my_task.internal_data["entries"][index]
        self._begin(my_task, data, index=index)

    def _no_more(self, my_task: Task) -> bool:
        begun = self.instances(my_task)
        done = sum(each.has_state(TaskState.COMPLETED) for each in begun)
        total = len(my_task.internal_data["entries"])
        if done == total or self._enough(my_task, done, total):
            for each in begun:
                if not each.has_state(TaskState.FINISHED_MASK):
                    each.cancel()
            return True
        if self.repeat.kind == "sequential":
            self._begin_nth(my_task, len(begun))
        return False

    def _enough(self, my_task: Task, done: int, total: int) -> bool:
        if not self.repeat.condition:
            return False
        so_far = {
            self.result_name: self.results(my_task),
            "nrOfInstances": total,
            "nrOfCompletedInstances": done,
            "nrOfActiveInstances": 0 if self.repeat.kind == "sequential" else total - done,
        }
        return bool(my_task.workflow.script_engine.holds(my_task, self.repeat.condition, so_far))

    def _run_hook(self, my_task: Task) -> bool:
        scope_of(my_task)[self.result_name] = self.results(my_task)
        return True

    @property
    def result_name(self) -> str:
        """Under which the results stand in the case's data."""
        return self.repeat.output or str(self.bpmn_id)

    def results(self, my_task: Task) -> list[Any]:
        """What the finished instances have yielded, in the order of the list."""
        finished = [each for each in self.instances(my_task) if each.has_state(TaskState.COMPLETED)]
        return [self._yield_of(each) for each in sorted(finished, key=lambda each: each.internal_data["index"])]

    def _yield_of(self, instance: Task) -> Any:
        wanted = self.repeat.output_item or str(self.bpmn_id)
        if self.repeat.output_item or wanted in instance.data:
            return instance.data.get(wanted)
        return {key: value for key, value in instance.data.items() if key not in (self.repeat.item, COUNTER)}


class Loop(Repeated):
    """Again while a condition holds. Every round works on the case's own data, as a flow drawn backwards would."""

    def _nothing_to_do(self, my_task: Task) -> bool:
        if self.repeat.test_before and not self._again(my_task, 0):
            return True
        self._begin(my_task, {COUNTER: 1})
        return False

    def _no_more(self, my_task: Task) -> bool:
        done = len(self.instances(my_task))
        if not self._again(my_task, done):
            return True
        self._begin(my_task, {COUNTER: done + 1})
        return False

    def _again(self, my_task: Task, done: int) -> bool:
        if done >= min(self.repeat.maximum or MOST_INSTANCES, MOST_INSTANCES):
            return False
        condition = self.repeat.condition
        return not condition or bool(my_task.workflow.script_engine.holds(my_task, condition, {COUNTER: done}))


def _hosts(task: Task) -> Iterator[Task]:
    """The task, then the tasks whose sub-processes it stands in, the nearest first."""
    host: Task | None = task
    while host is not None:
        yield host
        level = host.workflow
        host = level.top_workflow.get_task_from_id(level.parent_task_id) if level.parent_task_id is not None else None


def scope_of(task: Task) -> dict[str, Any]:
    """Where what the task yields is kept: the data of the instance it belongs to, otherwise the case's."""
    for host in _hosts(task):
        if "index" in host.internal_data:
            data: dict[str, Any] = host.data
            return data
    case_data: dict[str, Any] = task.workflow.top_workflow.case_data
    return case_data


def data_for(task: Task) -> dict[str, Any]:
    """What the task sees: the case's data, and over it what belongs to the instances it stands in."""
    data: dict[str, Any] = dict(task.workflow.top_workflow.case_data)
    for host in reversed(list(_hosts(task))):
        data.update(host.data)
    return data


def keep_answer(task: Task, answer: Mapping[str, Any], step: str | None = None) -> None:
    """Keep what was submitted at a step, or came with a message: under the step's id, in place of an earlier one."""
    scope, name = scope_of(task), step or str(task.task_spec.bpmn_id)
    kept = scope.get(name)
    if isinstance(kept, dict):
        # A list of results may hold this very answer already.
        kept.clear()
        kept.update(answer)
    else:
        scope[name] = dict(answer)


def entry_of(task: Task) -> Any:
    """The entry of the list this instance of a step is for; None for a step that is done once."""
    if "index" not in task.internal_data:
        return None
    repeat: Repeat = task.parent.task_spec.repeat
    return task.data.get(repeat.item if repeat.collection else COUNTER)
