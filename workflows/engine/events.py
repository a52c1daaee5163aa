"""What drawings wait for and what they throw: SpiffWorkflow's events with our clock, our expressions and our post.

A token that arrives makes a new task, so an event definition never has to be reset; a catching task that is finished
never wakes again.
"""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent as SpiffBoundaryEvent
from SpiffWorkflow.bpmn.specs.defaults import EndEvent, IntermediateCatchEvent, IntermediateThrowEvent, StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins import ReceiveTaskMixin, SendTaskMixin
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows import clock


class DueTime(TimerEventDefinition):  # type: ignore[misc]
    """A date, duration or cycle that is worked out once, when the token arrives, and then waits for our clock.

    `properties` are those the drawing gives the event: `since`, `calendar`, `after`, `grace`, `available_when`. With
    the last one it waits only while that holds, and follows the case's data: it is worked out anew at every act. Beside
    the way it then lies in wait again, but not for a moment that has come before.
    """

    def __init__(
        self, name: str, expression: str, properties: Mapping[str, str], *, is_deadline: bool, repeats: bool = False
    ) -> None:
        super().__init__(name, expression)
        self.since = properties.get("since") or None
        self.calendar = properties.get("calendar") or None
        self.after = properties.get("after") or None
        self.grace = properties.get("grace") or None
        self.available_when = properties.get("available_when") or None
        self.is_deadline = is_deadline
        self.repeats = repeats

    def has_fired(self, my_task: Task) -> bool:
        """Whether the moment has come; the first call works the moment out."""
        kept, scripts = my_task.internal_data, my_task.workflow.script_engine
        if self.available_when is not None and not scripts.holds(my_task, self.available_when):
            kept.pop("due", None)
            return False
        if kept.get("due") is None or self.available_when is not None:
            kept.update(scripts.first_time(my_task, self))
        if kept["due"] <= kept.get("fired", ""):
            del kept["due"]
            return False
        if kept["due"] <= clock.now().isoformat() and not kept.get("held"):
            kept["event_fired"] = True
        return bool(kept.get("event_fired", False))

    def next_time(self, fired: Task) -> dict[str, Any] | None:
        """What the next waiting begins with; None when the moment has come for the last time."""
        again: dict[str, Any] | None = None
        if self.available_when is not None and not self.repeats:
            return {"fired": fired.internal_data["due"]}
        if self.repeats:
            again = fired.workflow.script_engine.next_time(fired)
        return again


class Condition(EventDefinition):  # type: ignore[misc]
    """Becomes true by the case's data; looked at when the token arrives and at the end of every act."""

    def __init__(self, expression: str) -> None:
        super().__init__()
        self.expression = expression

    def has_fired(self, my_task: Task) -> bool:
        """Whether the condition holds, or has held before."""
        kept = my_task.internal_data
        if not kept.get("event_fired") and my_task.workflow.script_engine.holds(my_task, self.expression):
            kept["event_fired"] = True
        return bool(kept.get("event_fired", False))

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        """Nobody throws a condition."""
        return False


class _Thrown:
    """Something that is thrown and caught and says nothing but what it is called."""

    def catch(self, my_task: Task, event: BpmnEvent | None = None) -> None:
        my_task.internal_data["event_fired"] = True

    def update_task(self, my_task: Task) -> None:
        """Nothing to work out while it waits."""

    def update_task_data(self, my_task: Task) -> None:
        """Nothing comes with it; what a message says is kept by whoever delivers it."""


class Message(_Thrown, MessageEventDefinition):  # type: ignore[misc]
    """Something from a person or, with a correlation, from another case."""

    def __init__(
        self, name: str, correlation: tuple[tuple[str, str], ...] | None = None, payload: str | None = None
    ) -> None:
        super().__init__(name)
        self.correlation = correlation
        self.payload = payload

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        """Whether the event is a message of this name."""
        return isinstance(event.event_definition, MessageEventDefinition) and event.event_definition.name == self.name

    def throw(self, my_task: Task) -> None:
        """Send it to the case that waits for it."""
        my_task.workflow.script_engine.send_message(my_task, self)


class Signal(_Thrown, SignalEventDefinition):  # type: ignore[misc]
    """Heard by everybody who waits for it, in this case and in all others."""

    def throw(self, my_task: Task) -> None:
        """Let this case hear it at once, and the others after the commit."""
        my_task.workflow.script_engine.send_signal(my_task, self)


class _Upwards(_Thrown):
    """Thrown to the nearest scope that waits for its code; a catching event without a code takes every code."""

    code: str | None

    @property
    def codes(self) -> frozenset[str]:
        """The codes a thrown event answers to."""
        return frozenset() if self.code is None else frozenset({self.code})

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        thrown = event.event_definition
        return isinstance(thrown, type(self)) and (self.code is None or self.code in thrown.codes)


class Fault(_Upwards, ErrorEventDefinition):  # type: ignore[misc]
    """A BPMN error: the scope it leaves is interrupted."""

    def throw(self, my_task: Task) -> None:
        """Let the nearest scope take it; the act is refused when none does."""
        if not my_task.workflow.top_workflow.throw_up(my_task, self):
            my_task.workflow.script_engine.not_taken(my_task, self.code or self.name)


class RefusalFault(Fault):
    """A refused operation as a BPMN error, answering to the codes of all that the refusal is a kind of."""

    def __init__(self, codes: set[str]) -> None:
        super().__init__("refusal")
        self._codes = frozenset(codes)

    @property
    def codes(self) -> frozenset[str]:
        return self._codes


class Escalation(_Upwards, EscalationEventDefinition):  # type: ignore[misc]
    """Told upwards without harm: nothing happens when no scope waits for it."""

    def throw(self, my_task: Task) -> None:
        """Let the nearest scope take it, if any does."""
        my_task.workflow.top_workflow.throw_up(my_task, self)


def recurs(definition: EventDefinition, fired: Task) -> dict[str, Any] | None:
    """What the next waiting of a non-interrupting event begins with; None when it has come for the last time."""
    if isinstance(definition, DueTime):
        return definition.next_time(fired)
    return {} if isinstance(definition, Message | Signal | Escalation) else None


class Catching(CatchingEvent):  # type: ignore[misc]
    """An event, or a receive task, that waits."""

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        """Whether the task waits for this event."""
        return my_task.has_state(TaskState.WAITING) and bool(self.event_definition.catches(my_task, event))

    def catch(self, my_task: Task, event: BpmnEvent) -> None:
        """Take the event, unless another one has cancelled the task meanwhile."""
        if my_task.has_state(TaskState.WAITING):
            self.event_definition.catch(my_task, event)

    def _update_hook(self, my_task: Task) -> bool | None:
        if my_task.has_state(TaskState.FINISHED_MASK | TaskState.READY):
            return False
        fired: bool | None = super()._update_hook(my_task)
        return fired

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        if isinstance(my_task.parent.task_spec, EventGateway):
            cancel_others(my_task)

    def _run_hook(self, my_task: Task) -> bool:
        return True


def cancel_others(my_task: Task) -> None:
    """Cancel what stands beside a task and is not finished."""
    for sibling in my_task.parent.children:
        if sibling is not my_task and not sibling.has_state(TaskState.FINISHED_MASK):
            sibling.cancel()


class Start(Catching, StartEvent):  # type: ignore[misc]
    """The start of a process or a sub-process: a token is enough, whatever starts an event sub-process."""

    def __init__(self, wf_spec: Any, bpmn_id: str, event_definition: EventDefinition, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, NoneEventDefinition(), **kwargs)
        self.trigger = event_definition


class Catch(Catching, IntermediateCatchEvent):  # type: ignore[misc]
    """An intermediate catch event."""


class Receive(Catching, ReceiveTaskMixin, SpiffBpmnTask):  # type: ignore[misc]
    """A receive task."""


class Boundary(Catching, SpiffBoundaryEvent):  # type: ignore[misc]
    """An event on the border of a step: an interrupting one takes the step away at once, others may come again."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        if self.cancel_activity:
            cancel_others(my_task)
            return
        begins_with = recurs(self.event_definition, my_task)
        if begins_with is not None:
            again = my_task.parent._add_child(self, TaskState.WAITING)
            again.triggered = True
            again.internal_data.update(begins_with)
            my_task.workflow.top_workflow.event_manager.add_task(again)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)


class Throw(IntermediateThrowEvent):  # type: ignore[misc]
    """An intermediate throw event."""


class Send(SendTaskMixin, SpiffBpmnTask):  # type: ignore[misc]
    """A send task."""


class End(EndEvent):  # type: ignore[misc]
    """An end event."""


class EventGateway(SpiffBpmnTask):  # type: ignore[misc]
    """An event-based gateway: all events after it wait, and the first one cancels the others."""

    def _predict_hook(self, my_task: Task) -> None:
        my_task._sync_children(self.outputs, TaskState.MAYBE)

    def _run_hook(self, my_task: Task) -> bool:
        my_task._sync_children(self.outputs, TaskState.FUTURE)
        return True
