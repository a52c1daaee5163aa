"""Jobs derive from the workflow, as work items and due times do: one row for each asynchronous step under way."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows import clock
from workflows.engine.drawing import Node
from workflows.engine.forms import Form
from workflows.engine.job_tables import JobStatus
from workflows.engine.running import Act, element_of
from workflows.engine.specs import CaseWorkflow, OperationStep

ASYNCHRONOUS, RETRIES_OF_STEP, MAY_SKIP = "asynchronous", "retries", "may_skip"
"""Extension properties of a service step."""

NEWS = "jobs"
"""Noted in `Session.info` when a transaction leaves a job to be done, so that an edge may tell the worker."""

RETRIES = 5
"""Times a step is tried again before a person is asked, when its drawing does not say otherwise."""

MOST_RETRIES = 20

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)


def retries_of(node: Node) -> int:
    """What the drawing says about retries; the check has seen that it is a number."""
    return int(node.properties.get(RETRIES_OF_STEP) or RETRIES)


def faults_in(node: Node, forms: Mapping[str, Form]) -> Iterator[tuple[str, str]]:
    """What is wrong with a service step's properties; `forms` are those of the drawing's steps, by step."""
    for name in (ASYNCHRONOUS, MAY_SKIP):
        if node.properties.get(name, "false") not in ("true", "false"):
            yield "operation.property", f"{name} 应为 true 或 false"
    retries = node.properties.get(RETRIES_OF_STEP, "0")
    if not retries.isascii() or not retries.isdigit() or int(retries) > MOST_RETRIES:
        yield "operation.property", f"{RETRIES_OF_STEP} 应为 0 至 {MOST_RETRIES} 的整数"
    if node.properties.get(ASYNCHRONOUS) == "true":
        yield from _secrets_read(node, forms)
    elif node.properties.keys() & {RETRIES_OF_STEP, MAY_SKIP}:
        yield "operation.property", f"{RETRIES_OF_STEP}、{MAY_SKIP} 只用于异步（{ASYNCHRONOUS} 为 true）的服务步骤"


def _secrets_read(node: Node, forms: Mapping[str, Form]) -> Iterator[tuple[str, str]]:
    """An asynchronous step is performed when secret fields are kept only masked: it must not read them."""
    for name, expression in node.parameters.items():
        for step in steps_whose_secrets(expression, forms):
            yield "operation.secret", f"参数 {name} 读取“{step}”的保密内容，异步办理时只剩掩码，请改为同步办理"


def steps_whose_secrets(expression: str, forms: Mapping[str, Form]) -> Iterator[str]:
    """The steps of whose forms an expression reads a secret field, or everything."""
    for step, form in forms.items():
        secret = "|".join(re.escape(field.key) for field in form.fields if field.secret)
        if secret and re.search(rf"(?<![\w.\"']){re.escape(step)}(?!\w)(?!\.(?!(?:{secret})(?!\w)))", expression):
            yield step


def wait_after(attempts: int) -> timedelta:
    """How long a job rests after the n-th attempt: doubling, from seconds to an hour."""
    return timedelta(seconds=min(FIRST_WAIT.total_seconds() * 2 ** min(attempts - 1, 20), LONGEST_WAIT.total_seconds()))


def is_under_way(task: Task) -> bool:
    """Whether this is an asynchronous service step that a token has reached and whose operation was not called yet."""
    spec = task.task_spec
    return bool(isinstance(spec, OperationStep) and spec.asynchronous and task.has_state(TaskState.STARTED))


def row(act: Act, _workflow: CaseWorkflow, task: Task) -> dict[str, Any]:
    """The row of such a step, apart from case and task; whose act led to it is who the operation acts for."""
    node, actor, now = act.bundle.drawing.nodes[element_of(task)], act.actor, clock.now()
    act.session.info[NEWS] = True
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
