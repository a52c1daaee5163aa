"""One act on a running case: what SpiffWorkflow asks for while it runs until it must wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.engine import decisions, due_times, expressions, mailbox, repeats
from workflows.engine.bundles import ParsedBundle
from workflows.engine.drawing import Repeat
from workflows.engine.environment import Call, Environment
from workflows.engine.events import DueTime, Message, RefusalFault, Signal
from workflows.engine.levels import MOST_ROUNDS, CaseWorkflow, EventSubprocess, lies_in_wait
from workflows.engine.specs import OperationStep
from workflows.engine.tables import Case
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor, Event

ACTIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
"""States of a task that a person, a timer, a message or a sub-process can still move."""


class DrawingAtFault(Refusal):
    """The drawing cannot go on with this case's data."""

    code = "drawing.at_fault"
    sentence = "流程图在“{step}”处无法继续：{why}。本次操作没有生效。"
    remedy = "请联系流程管理员。"
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
    readdress: bool = False
    """Whether the open steps of people must be addressed anew."""
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
        """The data an expression sees: the case's, then what belongs to the instance of a repeated step."""
        data = repeats.data_for(task)
        data["today"] = clock.today().isoformat()
        return data

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """The value of an expression of the drawing."""
        try:
            return expressions.evaluate(expression, self.context(task))
        except expressions.ExpressionFault as error:
            raise DrawingAtFault(step=self.act.label(task.task_spec.name), why=str(error)) from None

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        """Scripts do not exist here."""
        raise DrawingAtFault(step=self.act.label(task.task_spec.name), why="流程图中不得有脚本")

    def holds(self, task: Task, expression: str, more: Mapping[str, Any] | None = None) -> bool:
        """Whether a condition of the drawing is true, over the data and `more`."""
        try:
            return expressions.holds(expression, {**self.context(task), **(more or {})})
        except expressions.ExpressionFault as error:
            raise DrawingAtFault(step=self.act.label(element_of(task)), why=str(error)) from None

    def first_time(self, task: Task, timer: DueTime) -> dict[str, Any]:
        """When a timer that has just been reached fires, and how often again."""
        context, count = self.context(task), self._count_by(timer.calendar)
        try:
            if timer.repeats:
                return due_times.first_of_cycle(timer.expression, timer.since, context, after=timer.after)
            due = due_times.due_at(
                timer.expression, timer.since, is_deadline=timer.is_deadline, context=context, count=count
            )
            if timer.grace is None:
                return {"due": due.isoformat()}
            late = due_times.after_grace(due, timer.grace, context=context, count=count)
        except (due_times.TimerFault, expressions.ExpressionFault) as error:
            raise DrawingAtFault(step=self.act.label(element_of(task)), why=str(error)) from None
        return {"due": late.isoformat(), "deadline": due.isoformat()}

    def _count_by(self, calendar: str | None) -> due_times.Count | None:
        if calendar is None:
            return None
        count, act = self.act.environment.calendars[calendar], self.act
        return lambda day, n: count(act.session, act.case.unit_id, day, n)

    def next_time(self, task: Task) -> dict[str, Any] | None:
        """When a repeating timer that has just fired fires again; None after the last time."""
        return due_times.next_of_cycle(task.internal_data)

    def entries(self, task: Task, repeat: Repeat) -> list[Any]:
        """What a step is to be done for, once each."""
        value = self.evaluate(task, repeat.collection or repeat.cardinality or "0")
        if repeat.collection is None and isinstance(value, int) and 0 <= value <= repeats.MOST_INSTANCES:
            return list(range(value))
        if repeat.collection is not None and isinstance(value, list) and len(value) <= repeats.MOST_INSTANCES:
            return value
        wanted = "一个列表" if repeat.collection else "一个不小于 0 的整数"
        why = f"“{repeat.collection or repeat.cardinality}”应得到{wanted}，且不超过 {repeats.MOST_INSTANCES}"
        raise DrawingAtFault(step=self.act.label(element_of(task)), why=why)

    def send_message(self, task: Task, definition: Message) -> None:
        """Send another case a message."""
        payload = self.evaluate(task, definition.payload) if definition.payload else {}
        mailbox.send(self.act, task, definition, payload)

    def send_signal(self, task: Task, definition: Signal) -> None:
        """Let this case hear a signal now and the others after the commit."""
        mailbox.broadcast(self.act, task, definition)
        task.workflow.top_workflow.catch(BpmnEvent(definition))

    def not_taken(self, task: Task, code: str) -> None:
        """A BPMN error has come to the top and nothing waits for it."""
        raise DrawingAtFault(step=self.act.label(element_of(task)), why=f"没有图元接住错误“{code}”")

    def began(self, task: Task) -> None:
        """An event sub-process has begun."""
        _note_timer(self.act, task)

    def decide(self, task: Task) -> None:
        """Evaluate the decision a business-rule step names; the answer is kept under the decision's id."""
        node = self.act.bundle.drawing.nodes[element_of(task)]
        table = self.act.bundle.decisions[node.decision or ""]
        try:
            answer, trace = decisions.evaluate(table, self.context(task))
        except (decisions.DecisionFault, expressions.ExpressionFault) as error:
            raise DrawingAtFault(step=self.act.label(node.id), why=str(error)) from None
        repeats.scope_of(task)[table.id] = answer
        facts = {"facts": trace.facts, "rules": list(trace.matched), "answer": answer}
        self.act.note(Event.DECISION_EVALUATED, step=node.id, decision=table.id, **facts)

    def call_operation(self, task: Task) -> bool:
        """Call the operation of a service step.

        False when the step waits for the worker, or when its refusal was taken by an error event of the drawing.
        """
        order = task.internal_data.pop(OperationStep.ORDER, None)
        if order != OperationStep.PERFORM and task.task_spec.asynchronous:
            return bool(order == OperationStep.SKIP)
        act, node = self.act, self.act.bundle.drawing.nodes[element_of(task)]
        operation = act.environment.operations[node.operation or ""]
        call = Call(
            session=act.session,
            case_id=act.case.id,
            unit_id=act.case.unit_id,
            actor=act.actor,
            data=repeats.data_for(task),
            parameters={name: self.evaluate(task, text) for name, text in node.parameters.items()},
            key=f"{act.case.id}:{task.workflow.top_workflow.number_of(task)}",
        )
        try:
            result = operation.function(call)
        except Refusal as refusal:
            if task.workflow.top_workflow.throw_up(task, RefusalFault(codes_of(refusal))):
                act.note(
                    Event.STEP_REFUSED, step=node.id, code=refusal.code, rule=refusal.rule, article=refusal.article
                )
                return False
            raise
        for column, value in call.named.items():
            setattr(act.case, column, value)
        variable = _result_variable(task)
        act.readdress = act.readdress or call.readdress
        if variable:
            repeats.scope_of(task)[variable] = result
        act.note(Event.OPERATION_CALLED, step=node.id, operation=operation.name)
        return True


def _result_variable(task: Task) -> str | None:
    operator = (getattr(task.task_spec, "extensions", None) or {}).get("serviceTaskOperator") or {}
    return operator.get("resultVariable") or None


def codes_of(refusal: Refusal) -> set[str]:
    """The refusal's code and those of the refusals it is a kind of."""
    return {kind.code for kind in type(refusal).__mro__ if issubclass(kind, Refusal)}


def advance(act: Act, workflow: CaseWorkflow, begin: Callable[[], object] | None = None) -> None:
    """Do `begin` (complete a task, deliver a message), then run until only people, timers and messages can go on."""

    def completed(task: Task) -> None:
        if isinstance(task.task_spec, EndEvent):
            act.last_end = task.task_spec.name
        if not isinstance(task.task_spec, EventSubprocess):
            _note_timer(act, task)

    workflow.script_engine = Scripts(act)
    try:
        if begin is not None:
            begin()
        if workflow.run_automatic_steps(completed):
            mailbox.work_out_keys(list(workflow.event_manager.tasks.values()))
            return
    except SpiffWorkflowException as error:
        step = getattr(getattr(error, "task_spec", None), "name", "")
        raise DrawingAtFault(step=act.label(step), why=str(error.args[0] if error.args else error)) from error
    raise DrawingAtFault(step=act.bundle.drawing.name, why=f"自动步骤超过 {MOST_ROUNDS} 轮仍未停下")


def _note_timer(act: Act, task: Task) -> None:
    if isinstance(getattr(task.task_spec, "event_definition", None), DueTime):
        step = mailbox.step_of(task)
        act.note(Event.TIMER_FIRED, actor=SYSTEM, step=step, due=task.internal_data.get("due"))


def element_of(task: Task) -> str:
    """The drawing's element a task belongs to; an instance of a repeated step belongs to the step."""
    return str(task.task_spec.bpmn_id or task.task_spec.name)


def every_task(workflow: CaseWorkflow, state: int) -> list[Task]:
    """The tasks in these states, of the case and of its running sub-processes."""
    levels = [workflow, *workflow.subprocesses.values()]
    return [task for level in levels for task in level.tasks.values() if task.has_state(state)]


def is_over(workflow: CaseWorkflow) -> bool:
    """Whether nothing is left that a person, a timer or a message could move."""
    return bool(workflow.completed) or all(lies_in_wait(task) for task in every_task(workflow, ACTIVE))


def waiting_at(workflow: CaseWorkflow, step: str) -> Task | None:
    """The task that waits at an event of the drawing, the oldest if there are several; None when the case does not."""
    waiting = [task for task in workflow.event_manager.tasks.values() if mailbox.step_of(task) == step]
    return min(waiting, key=workflow.number_of, default=None)


def elements_in(workflow: CaseWorkflow, bundle: ParsedBundle, state: int) -> set[str]:
    """Ids of the drawing's elements that have a task in one of these states."""
    found = {element_of(task) for task in every_task(workflow, state) if not lies_in_wait(task)}
    return found & set(bundle.drawing.nodes)
