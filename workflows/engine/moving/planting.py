"""Gives the tasks of the new version what belonged to those they stand for: number, moment, answers."""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.task import Task

from workflows.engine.bundles import ParsedBundle
from workflows.engine.drawing import Node
from workflows.engine.events import DueTime, Message
from workflows.engine.levels import CaseWorkflow
from workflows.engine.mailbox import step_of
from workflows.engine.moving.positions import counterparts
from workflows.engine.moving.replay import HELD
from workflows.engine.moving.ways import Before
from workflows.engine.running import ACTIVE, every_task

_TERMS = ("since", "calendar", "after", "grace", "available_when")


def plant(before: Before, workflow: CaseWorkflow, new: ParsedBundle) -> list[tuple[Task, Task]]:
    """Make the replayed case go on from where the old one stands; answers which tasks stand for which, by path.

    The data is the case's own, the numbers of tasks that are the same are kept, new tasks get numbers never used.
    """
    pairs = paired(before, workflow)
    workflow.next_number = before.workflow.next_number
    for old, now in pairs:
        if not _is_redrawn(before, old, now, new):
            workflow.numbers[now.id] = before.workflow.number_of(old)
            now.internal_data = dict(old.internal_data)
        now.data = _renamed(old.data, before)
        now.last_state_change = old.last_state_change
    kept = {now.id for _, now in pairs if now.id in workflow.numbers}
    for task in every_task(workflow, ACTIVE):
        if task.id not in kept:
            task.internal_data.pop(HELD, None)
    workflow.case_data = {**workflow.case_data, **_renamed(before.workflow.case_data, before)}
    return pairs


def paired(before: Before, workflow: CaseWorkflow) -> list[tuple[Task, Task]]:
    """Which tasks of the two cases are the same; where their numbers at one place differ, none is known to be."""
    old, new = counterparts(before.workflow, before.name), counterparts(workflow, str)
    return [
        (was, now)
        for path in old
        if len(old[path]) == len(new.get(path, ()))
        for was, now in zip(old[path], new[path], strict=True)
        if was.state == now.state
    ]


def _renamed(data: Mapping[str, Any], before: Before) -> dict[str, Any]:
    return {before.name(key): value for key, value in data.items()}


def _is_redrawn(before: Before, old: Task, now: Task, new: ParsedBundle) -> bool:
    """Whether a timer waits for another moment now, or a message for another one."""
    definition = getattr(now.task_spec, "event_definition", None)
    was, drawn = before.bundle.drawing.nodes.get(step_of(old)), new.drawing.nodes.get(step_of(now))
    if was is None or drawn is None:
        return False
    if isinstance(definition, DueTime):
        return _timer(was) != _timer(drawn)
    if isinstance(definition, Message):
        return (was.detail, was.correlation) != (drawn.detail, drawn.correlation)
    return was.event != drawn.event


def _timer(node: Node) -> tuple[Any, ...]:
    return (node.event, node.timer, node.detail, node.kind, *(node.properties.get(name) for name in _TERMS))
