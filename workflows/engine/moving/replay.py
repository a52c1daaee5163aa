"""Tells a case's past to another version: the real engine runs, but nothing is called, sent or asked of anybody.

Whatever shows outside (a step done, an operation called, a message sent, a timer fired) happens in the replay only
because it happened in the case, and in that order; gateways, joins and sub-processes follow by themselves. The state
that comes out is therefore one the new version can reach, by a way on which nothing was skipped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import ThrowingEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows import clock
from workflows.engine import passage, repeats
from workflows.engine.bundles import ParsedBundle
from workflows.engine.drawing import Repeat
from workflows.engine.events import DueTime, Message, RefusalFault, Signal
from workflows.engine.levels import MOST_ROUNDS, CaseWorkflow, deliver
from workflows.engine.moving.history import Happened
from workflows.engine.moving.positions import instances_of, path_of, resting
from workflows.engine.moving.refusals import WayUnclear
from workflows.engine.moving.ways import Before, Ways
from workflows.engine.running import ACTIVE, Act, DrawingAtFault, Scripts, element_of, every_task
from workflows.engine.specs import DecisionStep, OperationStep
from workflows.errors import Refusal, every_refusal
from workflows.journal import Event

HELD = "held"

MOST_TRIES = 64
"""Ways through gateways that are tried for one case; one that failed its meeting twice needs four."""


@dataclass
class Replayed:
    """How far the new version could be followed."""

    workflow: CaseWorkflow
    told: list[Happened] = field(default_factory=list)
    """What happened here too, in the names of the new version."""
    lost: list[Happened] = field(default_factory=list)
    """What happened at elements that are not drawn any more."""
    rest: list[Happened] = field(default_factory=list)
    """What could not happen here, from the first such thing on."""

    @property
    def past(self) -> list[Happened]:
        """What counts as the case's past from now on."""
        return sorted([*self.told, *self.lost], key=lambda each: each.position)


class Retold(Scripts):
    """What the engine asks for while a past is told: answers are remembered, nothing is done."""

    def __init__(self, act: Act, before: Before, ways: Ways) -> None:
        super().__init__(act)
        self.before = before
        self.ways = ways
        self.now: Happened | None = None

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """A gateway that is drawn as before is left by a way by which it was left."""
        conditions = [flow.condition for flow in self.act.bundle.drawing.outgoing(element_of(task))]
        if element_of(task) not in self.ways.drawn_alike or conditions.count(expression) > 1:
            return super().evaluate(task, expression, external_context)
        taken = self.ways.taken(task, lambda condition: super(Retold, self).evaluate(task, condition))
        return taken.condition == expression

    def first_time(self, task: Task, timer: DueTime) -> dict[str, Any]:
        """Due as it would have been; held, because it fires only if it has fired."""
        return {**super().first_time(task, timer), HELD: True}

    def next_time(self, task: Task) -> dict[str, Any] | None:
        """Due again, and held again."""
        again = super().next_time(task)
        return None if again is None else {**again, HELD: True}

    def entries(self, task: Task, repeat: Repeat) -> list[Any]:
        """What a step half-way done was begun for; the list may have been changed since."""
        for each in instances_of(self.before.workflow):
            if path_of(each, self.before.name) == path_of(task, str) and "entries" in each.internal_data:
                return list(each.internal_data["entries"])
        return super().entries(task, repeat)

    def send_message(self, task: Task, definition: Message) -> None:
        """Sent long ago."""

    def send_signal(self, task: Task, definition: Signal) -> None:
        """Sent long ago; this case hears it as it did."""
        task.workflow.top_workflow.catch(BpmnEvent(definition))

    def began(self, task: Task) -> None:
        """Noted long ago."""

    def decide(self, task: Task) -> None:
        """The answer it gave."""
        node = self.act.bundle.drawing.nodes[element_of(task)]
        repeats.scope_of(task)[node.decision or ""] = self.now.facts.get("answer") if self.now else None

    def call_operation(self, task: Task) -> bool:
        """The result it had, or the refusal the drawing took; a step whose turn has not come waits."""
        if self.now is None:
            return False
        if self.now.event == Event.STEP_REFUSED:
            codes = _codes(str(self.now.facts.get("code")))
            if not task.workflow.top_workflow.throw_up(task, RefusalFault(codes)):
                self.not_taken(task, min(codes))
            return False
        known, node = self.before.workflow.case_data, self.before.bundle.drawing.nodes.get(self.now.present)
        variable = self.act.bundle.drawing.nodes[element_of(task)].result
        if variable and node is not None and node.result in known:
            repeats.scope_of(task)[variable] = self._answered(task, known[node.result])
        return True

    def _answered(self, task: Task, last: Any) -> Any:
        """What an operation answered, from the last answer there is under that name, which may be another's.

        Entries of which the operation declares every value, and which it cannot have given, are the first of these.
        """
        node = self.act.bundle.drawing.nodes[element_of(task)]
        operation = self.act.environment.operations.get(node.operation or "")
        declared = operation.results if operation is not None else {}
        if not declared or not isinstance(last, Mapping | None):
            return last
        answer = dict(last or {})
        mended = {name: values[0] for name, values in declared.items() if answer.get(name) not in values}
        return {**answer, **mended} if mended else last


def retell(act: Act, before: Before, happened: Sequence[Happened]) -> Replayed:
    """Tell a case's past to the version of `act`, as far as it can be told there. Raises WayUnclear.

    What an operation answered is kept for its last call only; a gateway that was left by several ways may therefore
    have to be tried by each, until all that happened can be told.
    """
    ways = Ways(before, act.bundle, happened)
    best: Replayed | None = None
    unclear = WayUnclear(why="没有一条路走得通")
    for _ in range(MOST_TRIES):
        try:
            replayed = Replay(act, before, happened, ways).run()
        except WayUnclear as fault:
            unclear = fault
        else:
            if not replayed.rest and {path_of(task, str) for task in resting(replayed.workflow)} <= before.resting:
                return replayed
            if best is None or len(replayed.rest) < len(best.rest):
                best = replayed
        if not ways.try_next():
            break
    if best is None:
        raise unclear
    return best


class Replay:
    """One telling of one case's past."""

    def __init__(self, act: Act, before: Before, happened: Sequence[Happened], ways: Ways) -> None:
        self.act = act
        self.before = before
        self.happened = happened
        self.resting = before.resting
        self.scripts = Retold(act, before, ways)
        workflow = CaseWorkflow(act.bundle.spec, act.bundle.subprocess_specs)
        workflow.script_engine = self.scripts
        self.replayed = Replayed(workflow)

    def run(self) -> Replayed:
        """Tell everything, up to the first thing that cannot happen. Raises WayUnclear."""
        workflow, replayed = self.replayed.workflow, self.replayed
        workflow.case_data = self._data_at_beginning()
        try:
            with clock.standing_at(self.act.case.started_at):
                self._settle()
            for number, each in enumerate(self.happened):
                known = replace(each, step=self.before.name(each.step), was=each.step)
                with clock.standing_at(each.at):
                    if known.event in (Event.INCIDENT_CORRECTED, Event.CASE_AMENDED):
                        workflow.case_data[known.step] = dict(known.answer or {})
                        replayed.told.append(known)
                    elif known.step not in self.act.bundle.drawing.nodes:
                        self._lose(known)
                    elif self._tell(known):
                        replayed.told.append(known)
                    else:
                        replayed.rest = list(self.happened[number:])
                        break
        except DrawingAtFault as fault:
            raise WayUnclear(why=fault.message()) from None
        except SpiffWorkflowException as error:
            raise WayUnclear(why=str(error.args[0] if error.args else error)) from None
        return replayed

    def _data_at_beginning(self) -> dict[str, Any]:
        """What the case began with: what no element of its drawing has yielded."""
        yielded = {name for each in yields(self.before.bundle).values() for name in each}
        return {key: value for key, value in self.before.workflow.case_data.items() if key not in yielded}

    def _lose(self, known: Happened) -> None:
        if known.answer is not None:
            self.replayed.workflow.case_data[known.step] = dict(known.answer)
        self.replayed.lost.append(known)

    def _tell(self, known: Happened) -> bool:
        """Let one thing happen; False when nothing waits for it."""
        task = self._task_for(known)
        if task is None:
            return False
        self.scripts.now = known
        try:
            self._happen(task, known)
        finally:
            self.scripts.now = None
        self._settle()
        return True

    def _happen(self, task: Task, known: Happened) -> None:
        match known.event:
            case Event.STEP_COMPLETED:
                repeats.keep_answer(task, known.answer or {})
                task.run()
            case Event.MESSAGE_RECEIVED | Event.MESSAGE_DELIVERED:
                answer = known.answer or self.before.workflow.case_data.get(known.present, {})
                repeats.keep_answer(task, answer, known.step)
                deliver(task, BpmnEvent(Message(task.task_spec.event_definition.name)))
            case Event.SIGNAL_HEARD:
                task.workflow.top_workflow.catch(BpmnEvent(Signal(task.task_spec.event_definition.name)))
            case Event.TIMER_FIRED:
                task.internal_data["event_fired"] = True
                task.task_spec._update(task)
            case _:
                task.run()

    def _task_for(self, known: Happened) -> Task | None:
        kinds: dict[Event, Callable[[Task], bool]] = {
            Event.STEP_COMPLETED: lambda task: bool(task.has_state(TaskState.READY) and task.task_spec.manual),
            Event.MESSAGE_RECEIVED: lambda task: _waits_for(task, Message),
            Event.MESSAGE_DELIVERED: lambda task: _waits_for(task, Message),
            Event.SIGNAL_HEARD: lambda task: _waits_for(task, Signal),
            Event.TIMER_FIRED: lambda task: _waits_for(task, DueTime),
            Event.DECISION_EVALUATED: lambda task: isinstance(task.task_spec, DecisionStep),
            Event.MESSAGE_SENT: lambda task: _throws(task, Message),
            Event.SIGNAL_SENT: lambda task: _throws(task, Signal),
        }
        fits = kinds.get(known.event, lambda task: isinstance(task.task_spec, OperationStep))
        tasks = every_task(self.replayed.workflow, ACTIVE)
        found = [task for task in tasks if _stands_at(task, known.step) and fits(task)]
        # Of several instances of a step, those that still wait in the case are not the ones that were done.
        found.sort(key=lambda task: (path_of(task, str) in self.resting, not _is_called(task, known.label)))
        return found[0] if found else None

    def _settle(self) -> None:
        """Let everything go on that does not show outside."""
        workflow = self.replayed.workflow
        for _ in range(MOST_ROUNDS):
            ready = [task for task in workflow._ready_without_people() if not shows(task)]
            ready = ready or [task for task in workflow._woken() if not shows(task)]
            if not ready:
                passage.settle(workflow, self.act.bundle)
                return
            for task in ready:
                if task.state == TaskState.READY:
                    task.run()
        raise WayUnclear(why=f"自动步骤超过 {MOST_ROUNDS} 轮仍未停下")


def shows(task: Task) -> bool:
    """Whether doing the task would show outside: it decides, calls or sends."""
    spec = task.task_spec
    if isinstance(spec, OperationStep):
        return not spec.asynchronous
    return isinstance(spec, DecisionStep) or _throws(task, Message) or _throws(task, Signal)


def yields(bundle: ParsedBundle) -> dict[str, set[str]]:
    """Under which names each element leaves something in the case's data, by element."""
    return {
        node.id: {
            node.id,
            *filter(None, [node.decision, node.result, node.repeat.output if node.repeat else None]),
        }
        for node in bundle.drawing.nodes.values()
    }


def _waits_for(task: Task, kind: type[Message | Signal | DueTime]) -> bool:
    waiting = task.task_spec.event_definition if task.id in task.workflow.top_workflow.event_manager.tasks else None
    return isinstance(waiting, kind)


def _throws(task: Task, kind: type[Message | Signal]) -> bool:
    return isinstance(task.task_spec, ThrowingEvent) and isinstance(task.task_spec.event_definition, kind)


def _stands_at(task: Task, step: str) -> bool:
    return step in (element_of(task), getattr(task.task_spec, "trigger_id", None))


def _is_called(task: Task, label: str) -> bool:
    return label.endswith(f"（{repeats.entry_of(task)}）")


def _codes(code: str) -> set[str]:
    """The code of a refusal and those of the refusals it is a kind of."""
    kinds = [kind for found in every_refusal() if found.code == code for kind in found.__mro__]
    return {code, *(kind.code for kind in kinds if issubclass(kind, Refusal))}
