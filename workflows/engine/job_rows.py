"""Jobs derive from the workflow, as work items and due times do: one row for each asynchronous step under way."""

from datetime import timedelta
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows import clock
from workflows.engine.drawing import Node
from workflows.engine.job_tables import JobStatus
from workflows.engine.running import Act
from workflows.engine.specs import CaseWorkflow, OperationStep

RETRIES = 5
"""Times a step is tried again before a person is asked, when its drawing does not say otherwise."""

MOST_RETRIES = 20

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)


def retries_of(node: Node) -> int:
    """What the drawing says about retries; the check has seen that it is a number."""
    return int(node.properties.get("retries") or RETRIES)


def wait_after(attempts: int) -> timedelta:
    """How long a job rests after the n-th attempt: doubling, from seconds to an hour."""
    return timedelta(seconds=min(FIRST_WAIT.total_seconds() * 2 ** min(attempts - 1, 20), LONGEST_WAIT.total_seconds()))


def is_under_way(task: Task) -> bool:
    """Whether this is an asynchronous service step that a token has reached and whose operation was not called yet."""
    spec = task.task_spec
    return bool(isinstance(spec, OperationStep) and spec.asynchronous and task.has_state(TaskState.STARTED))


def row(act: Act, _workflow: CaseWorkflow, task: Task) -> dict[str, Any]:
    """The row of such a step, apart from case and task; whose act led to it is who the operation acts for."""
    node, actor, now = act.bundle.drawing.nodes[task.task_spec.name], act.actor, clock.now()
    return {
        "step": node.id,
        "label": node.name or node.id,
        "operation": node.operation or "",
        "status": JobStatus.WAITING,
        "attempts": 0,
        "allowed": retries_of(node) + 1,
        "created_at": now,
        "run_at": now,
        "person_id": actor.person_id,
        "post_id": actor.post_id,
        "for_person_id": actor.for_person_id,
        "unit_id": actor.unit_id,
    }
