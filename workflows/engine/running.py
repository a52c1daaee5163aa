"""One act on a running case: what SpiffWorkflow asks for while it runs until it must wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.engine import decisions, due_times, expressions
from workflows.engine.bundles import ParsedBundle
from workflows.engine.environment import Call, Environment
from workflows.engine.specs import CaseWorkflow, DueTime, OperationStep
from workflows.engine.tables import Case
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor, Event

ACTIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
"""States of a task that a person, a timer, a message or a sub-process can still move."""

MOST_ROUNDS = 200
"""Automatic steps one act may take before it is taken for an endless loop; admission needs fewer than twenty."""


class DrawingAtFault(Refusal):
    """The drawing cannot go on with this case's data."""

    code = "drawing.at_fault"
    sentence = "流程图在“{step}”处无法继续：{why}。本次操作没有生效，请联系流程管理员。"
    rule = "流程图不得含有走不通的路"


@dataclass
class Act:
    """One act: its transaction, its case, and who acts."""

    session: Session
    environment: Environment
    case: Case
    bundle: ParsedBundle
    actor: Actor
    last_end: str | None = None
    last_record: int | None = None
    kept: dict[str, dict[int, Any]] = field(default_factory=dict)
    """What the tables beside the case hold for it, by table: the mark of each waiting task."""

    def note(self, event: Event, *, actor: Actor | None = None, **facts: Any) -> None:
        """Write to the case's own chain, in the name of whoever acts unless `actor` says otherwise."""
        chain = journal.case_chain(self.case.id)
        journal.record(self.session, event, chain=chain, actor=actor or self.actor, **facts)

    def label(self, step: str) -> str:
        """What the drawing calls the step."""
        node = self.bundle.drawing.nodes.get(step)
        return node.name if node and node.name else step


class Scripts(PythonScriptEngine):  # type: ignore[misc]
    """What SpiffWorkflow calls its script engine: expressions, operations, decisions and due times of one act."""

    def __init__(self, act: Act) -> None:
        super().__init__()
        self.act = act

    def context(self, task: Task) -> dict[str, Any]:
        """The data an expression sees: the case's, then what belongs to this one task."""
        data: Mapping[str, Any] = task.workflow.top_workflow.case_data
        return {**data, **task.data, "today": clock.today().isoformat()}

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """The value of an expression of the drawing."""
        try:
            return expressions.evaluate(expression, self.context(task))
        except expressions.ExpressionFault as error:
            raise DrawingAtFault(step=self.act.label(task.task_spec.name), why=str(error)) from None

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        """Scripts do not exist here."""
        raise DrawingAtFault(step=self.act.label(task.task_spec.name), why="流程图中不得有脚本")

    def due_at(self, task: Task, timer: DueTime) -> datetime:
        """When a timer that has just been reached fires."""
        context = self.context(task)
        try:
            return due_times.due_at(timer.expression, timer.since, is_deadline=timer.is_deadline, context=context)
        except (due_times.TimerFault, expressions.ExpressionFault) as error:
            raise DrawingAtFault(step=self.act.label(task.task_spec.name), why=str(error)) from None

    def decide(self, task: Task) -> None:
        """Evaluate the decision a business-rule step names; the answer is kept under the decision's id."""
        node = self.act.bundle.drawing.nodes[task.task_spec.name]
        table = self.act.bundle.decisions[node.decision or ""]
        try:
            answer, trace = decisions.evaluate(table, self.context(task))
        except (decisions.DecisionFault, expressions.ExpressionFault) as error:
            raise DrawingAtFault(step=self.act.label(node.id), why=str(error)) from None
        task.workflow.top_workflow.case_data[table.id] = answer
        facts = {"facts": trace.facts, "rules": list(trace.matched), "answer": answer}
        self.act.note(Event.DECISION_EVALUATED, step=node.id, decision=table.id, **facts)

    def call_operation(self, task: Task) -> bool:
        """Call the operation of a service step.

        False when the step waits for the worker, or when its refusal was taken by an error event of the drawing.
        """
        order = task.internal_data.pop(OperationStep.ORDER, None)
        if order != OperationStep.PERFORM and task.task_spec.asynchronous:
            return bool(order == OperationStep.SKIP)
        act, node = self.act, self.act.bundle.drawing.nodes[task.task_spec.name]
        operation = act.environment.operations[node.operation or ""]
        data = task.workflow.top_workflow.case_data
        call = Call(
            session=act.session,
            case_id=act.case.id,
            unit_id=act.case.unit_id,
            actor=act.actor,
            data=data,
            parameters={name: self.evaluate(task, text) for name, text in node.parameters.items()},
            key=f"{act.case.id}:{task.workflow.top_workflow.number_of(task)}",
        )
        try:
            result = operation.function(call)
        except Refusal as refusal:
            if _offer_error(task, codes_of(refusal)):
                act.note(
                    Event.STEP_REFUSED, step=node.id, code=refusal.code, rule=refusal.rule, article=refusal.article
                )
                return False
            raise
        for column, value in call.named.items():
            setattr(act.case, column, value)
        variable = _result_variable(task)
        if variable:
            data[variable] = result
        act.note(Event.OPERATION_CALLED, step=node.id, operation=operation.name)
        return True


def _result_variable(task: Task) -> str | None:
    operator = (getattr(task.task_spec, "extensions", None) or {}).get("serviceTaskOperator") or {}
    return operator.get("resultVariable") or None


def codes_of(refusal: Refusal) -> set[str]:
    """The refusal's code and those of the refusals it is a kind of."""
    return {kind.code for kind in type(refusal).__mro__ if issubclass(kind, Refusal)}


def _offer_error(task: Task, codes: set[str]) -> bool:
    """Throw a BPMN error with one of these codes if an error event on the step waits for it."""
    split = task.parent
    if split is None or not isinstance(split.task_spec, BoundaryEventSplit):
        return False
    for sibling in split.children:
        definition = getattr(sibling.task_spec, "event_definition", None)
        if isinstance(definition, ErrorEventDefinition) and (definition.code is None or definition.code in codes):
            event = BpmnEvent(definition, payload={}, target=task.workflow)
            task.workflow.top_workflow.catch(event)
            return True
    return False


def advance(act: Act, workflow: CaseWorkflow, begin: Callable[[], object] | None = None) -> None:
    """Do `begin` (complete a task, deliver a message), then run until only people, timers and messages can go on."""

    def completed(task: Task) -> None:
        if isinstance(task.task_spec, EndEvent):
            act.last_end = task.task_spec.name
        if isinstance(getattr(task.task_spec, "event_definition", None), DueTime):
            act.note(Event.TIMER_FIRED, actor=SYSTEM, step=task.task_spec.name, due=task.internal_data.get("due"))

    workflow.script_engine = Scripts(act)
    try:
        if begin is not None:
            begin()
        for _ in range(MOST_ROUNDS):
            workflow.do_engine_steps(did_complete_task=completed)
            if not _automatic_steps_ready(workflow):
                return
    except SpiffWorkflowException as error:
        step = getattr(getattr(error, "task_spec", None), "name", "")
        raise DrawingAtFault(step=act.label(step), why=str(error.args[0] if error.args else error)) from error
    raise DrawingAtFault(step=act.bundle.drawing.name, why=f"自动步骤超过 {MOST_ROUNDS} 轮仍未停下")


def _automatic_steps_ready(workflow: CaseWorkflow) -> bool:
    return any(not task.task_spec.manual for task in every_task(workflow, TaskState.READY))


def every_task(workflow: CaseWorkflow, state: int) -> list[Task]:
    """The tasks in these states, of the case and of its running sub-processes."""
    levels = [workflow, *workflow.subprocesses.values()]
    return [task for level in levels for task in level.tasks.values() if task.has_state(state)]


def is_over(workflow: CaseWorkflow) -> bool:
    """Whether nothing is left that a person, a timer or a message could move."""
    return bool(workflow.completed) or not every_task(workflow, ACTIVE)


def cancel_all_but(workflow: CaseWorkflow, keep: str) -> None:
    """An interrupting event sub-process has begun: everything else of the case is cancelled."""
    kept = {task.id for task in workflow.tasks.values() if task.task_spec.name == keep}
    for task in [task for task in workflow.tasks.values() if task.has_state(ACTIVE)]:
        if task.id in workflow.tasks and task.id not in kept:
            task.cancel()


def elements_in(workflow: CaseWorkflow, bundle: ParsedBundle, state: int) -> set[str]:
    """Ids of the drawing's elements that have a task in one of these states."""
    return {task.task_spec.name for task in every_task(workflow, state)} & set(bundle.drawing.nodes)
