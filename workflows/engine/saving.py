"""The saved state of a case, format 1: what cannot be derived from the bundle, and nothing else.

Specifications are not saved (a case names its bundle), nor are tasks that SpiffWorkflow merely predicts. A task is a
short array; ids are small numbers. See docs/reference/saved-state.md.
"""

import zlib
from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.bundles import ParsedBundle
from workflows.engine.levels import CaseWorkflow, EventSubprocess, SubLevel
from workflows.errors import Refusal

FORMAT = 2
LARGEST_STATE = 4_000_000
"""Bytes before they are deflated; an admission has about 20,000 at its end."""
READABLE = frozenset({1, 2})
"""Format 1 knew nothing of event sub-processes before their event came."""

_PREDICTED = TaskState.PREDICTED_MASK | TaskState.FUTURE


class CaseTooLarge(Refusal):
    """A case would keep more than is read and written at every step without people noticing."""

    code = "case.too_large"
    sentence = "本案的数据将达到 {size} KB，最多 {most} KB，本次办理没有生效。"
    remedy = "请少填一些内容，或请管理员检查流程图中的列表。"
    rule = "一个案件只保留办理所需的内容"
    kind = "invalid"


def save(workflow: CaseWorkflow) -> bytes:
    """The case as bytes: JSON, deflated. Raises CaseTooLarge."""
    content = {
        "format": FORMAT,
        "next": 0,
        "data": workflow.case_data,
        "passed": f"{workflow.passed:x}",
        "main": _tree(workflow, workflow),
        "inner": [
            [workflow.number_of(workflow.get_task_from_id(parent)), _tree(workflow, inner)]
            for parent, inner in workflow.subprocesses.items()
        ],
    }
    content["next"] = workflow.next_number
    if workflow.shown is not None:
        content["shown"] = workflow.shown
    written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    if len(written) > LARGEST_STATE:
        raise CaseTooLarge(size=len(written) // 1_000, most=LARGEST_STATE // 1_000)
    return zlib.compress(written, level=6)


def data_in(state: bytes) -> dict[str, Any]:
    """Only the working data of a saved case."""
    data: dict[str, Any] = orjson.loads(zlib.decompress(state))["data"]
    return data


def shows_the_same(state: bytes, version: int, seen: int) -> bool:
    """Whether people who saw the case in the version `seen` saw what it shows in `version`, the one it has now."""
    since, of = orjson.loads(zlib.decompress(state)).get("shown") or (version, version)
    return bool(of == version and since <= seen <= version)


def restore(state: bytes, bundle: ParsedBundle) -> CaseWorkflow:
    """The running case again, over the bundle it was saved with."""
    content = orjson.loads(zlib.decompress(state))
    if content["format"] not in READABLE:
        raise ValueError(f"saved state has format {content['format']}, this version reads {sorted(READABLE)}")
    workflow = CaseWorkflow(bundle.spec, bundle.subprocess_specs, deserializing=True)
    workflow.case_data = content["data"]
    workflow.next_number = content["next"]
    workflow.passed = int(content.get("passed", "0"), 16)
    workflow.shown = tuple(content["shown"]) if "shown" in content else None
    _plant(workflow, workflow, content["main"])
    for parent_number, tree in content["inner"]:
        parent = workflow.get_task_from_id(parent_number)
        spec = bundle.subprocess_specs[parent.task_spec.spec]
        inner = SubLevel(spec, parent.id, workflow, deserializing=True)
        workflow.subprocesses[parent.id] = inner
        _plant(workflow, inner, tree)
        inner.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
    for each in [workflow, *workflow.subprocesses.values()]:
        if content["format"] == 1:
            _let_lie_in_wait(each)
        _predict(each)
    return workflow


def _tree(workflow: CaseWorkflow, level: Any) -> dict[str, Any]:
    tasks = [task for task in _parents_first(level.task_tree) if not task.has_state(_PREDICTED)]
    return {
        "tasks": [_row(workflow, task) for task in tasks],
        "last": workflow.number_of(level.last_task) if level.last_task is not None else None,
        "completed": level.completed,
    }


def _parents_first(root: Task) -> list[Task]:
    found, waiting = [], [root]
    while waiting:
        task = waiting.pop()
        found.append(task)
        waiting.extend(reversed(task.children))
    return found


def _row(workflow: CaseWorkflow, task: Task) -> list[Any]:
    row: list[Any] = [
        workflow.number_of(task),
        workflow.number_of(task.parent) if task.parent is not None else 0,
        task.task_spec.name,
        task.state,
        round(task.last_state_change, 3),
        int(task.triggered),
    ]
    if task.internal_data or task.data:
        row.append(task.internal_data)
    if task.data:
        row.append(task.data)
    return row


def _plant(workflow: CaseWorkflow, level: Any, tree: dict[str, Any]) -> None:
    level.tasks = {}
    for number, parent, spec, state, changed, triggered, *more in tree["tasks"]:
        task = Task(level, level.spec.task_specs[spec], level.tasks.get(parent), state=state, id=number)
        workflow.numbers[number] = number
        task.last_state_change = changed
        task.triggered = bool(triggered)
        task.internal_data = more[0] if more else {}
        task.data = more[1] if len(more) > 1 else {}
        if parent == 0:
            level.task_tree = task
        if task.state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent | EventSubprocess):
            workflow.event_manager.add_task(task)
    level.last_task = level.tasks.get(tree["last"])
    level.completed = tree["completed"]


def _let_lie_in_wait(level: Any) -> None:
    """What format 1 did not save: the event sub-processes of a level that runs and was not interrupted."""
    root = level.task_tree
    begun = {child.task_spec.name for child in root.children}
    for spec in level.spec.event_subprocesses:
        if root.has_state(TaskState.COMPLETED) and not level.completed and spec.name not in begun:
            spec.lie_in_wait(root._add_child(spec, TaskState.FUTURE))


def _predict(level: Any) -> None:
    for task in [task for task in level.tasks.values() if task.has_state(TaskState.NOT_FINISHED_MASK)]:
        task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
