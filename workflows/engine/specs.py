"""SpiffWorkflow's parser and task specs, with the few that run differently here.

Service steps call operations, business-rule steps evaluate our decision tables, timers read our clock, script tasks do
not exist, and an event sub-process never changes the shared specification while a case runs.
"""

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, IntermediateCatchEvent, StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.event_parsers import (
    SpiffBoundaryEventParser,
    SpiffIntermediateCatchEventParser,
    SpiffStartEventParser,
)
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import BusinessRuleTaskParser, SpiffTaskParser
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task

from workflows import clock
from workflows.engine.drawing import parse_xml


class OperationStep(SpiffBpmnTask):  # type: ignore[misc]
    """A service step: calls the operation it names and keeps the result in the case's data.

    An asynchronous one stays started when a token reaches it, until the worker brings an order in `internal_data`.
    """

    ORDER = "order"
    PERFORM, SKIP = "perform", "skip"

    @property
    def asynchronous(self) -> bool:
        """Whether the drawing wants the step done by the worker, apart from the act that leads to it."""
        properties = (getattr(self, "extensions", None) or {}).get("properties") or {}
        return bool(properties.get("asynchronous") == "true")

    def _run_hook(self, my_task: Task) -> bool | None:
        return bool(my_task.workflow.script_engine.call_operation(my_task)) or None


class DecisionStep(SpiffBpmnTask):  # type: ignore[misc]
    """A business-rule step: evaluates a decision table of the bundle."""

    def _run_hook(self, my_task: Task) -> bool:
        my_task.workflow.script_engine.decide(my_task)
        return True


class DueTime(TimerEventDefinition):  # type: ignore[misc]
    """A date or duration that is worked out once, when the token arrives, and then waits for our clock."""

    def __init__(self, name: str, expression: str, since: str | None, is_deadline: bool, **kwargs: Any) -> None:
        super().__init__(name, expression, **kwargs)
        self.since = since
        self.is_deadline = is_deadline

    def has_fired(self, my_task: Task) -> bool:
        """Whether the moment has come; the first call works the moment out."""
        due = my_task.internal_data.get("due")
        if due is None:
            due = my_task.workflow.script_engine.due_at(my_task, self).isoformat()
            my_task.internal_data["due"] = due
        if due <= clock.now().isoformat():
            my_task.internal_data["event_fired"] = True
        return bool(my_task.internal_data.get("event_fired", False))

    def reset(self, my_task: Task) -> None:
        """Nothing to reset: a new token makes a new task."""


class _TimerParser:
    node: Any
    filename: Any

    def parse_timer_event(self, event: etree._Element) -> DueTime:
        times = {etree.QName(part).localname: (part.text or "").strip() for part in event}
        text = times.get("timeDate") or times.get("timeDuration")
        if not text:
            raise ValidationException(
                "定时事件应写明 timeDate 或 timeDuration", node=self.node, file_name=self.filename
            )
        properties = self.parse_extensions().get("properties") or {}  # type: ignore[attr-defined]
        name = self.node.get("name") or self.node.get("id")
        is_deadline = self.node.tag == full_tag("boundaryEvent")
        return DueTime(name, text, properties.get("since") or None, is_deadline)


class _StartEventParser(_TimerParser, SpiffStartEventParser):  # type: ignore[misc]
    pass


class _CatchEventParser(_TimerParser, SpiffIntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _BoundaryEventParser(_TimerParser, SpiffBoundaryEventParser):  # type: ignore[misc]
    pass


class _OperationParser(SpiffTaskParser):  # type: ignore[misc]
    def create_task(self) -> OperationStep:
        return OperationStep(self.spec, self.bpmn_id, **self.bpmn_attributes)


class _DecisionParser(BusinessRuleTaskParser):  # type: ignore[misc]
    def create_task(self) -> DecisionStep:
        return DecisionStep(self.spec, self.bpmn_id, **self.bpmn_attributes)


class _RefusedParser(SpiffTaskParser):  # type: ignore[misc]
    def create_task(self) -> None:
        raise ValidationException("不支持这种图元", node=self.node, file_name=self.filename)


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser with our specs in place of those that run Python or read the machine's clock."""

    OVERRIDE_PARSER_CLASSES = SpiffBpmnParser.OVERRIDE_PARSER_CLASSES | {
        full_tag("startEvent"): (_StartEventParser, StartEvent),
        full_tag("intermediateCatchEvent"): (_CatchEventParser, IntermediateCatchEvent),
        full_tag("boundaryEvent"): (_BoundaryEventParser, BoundaryEvent),
        full_tag("serviceTask"): (_OperationParser, OperationStep),
        full_tag("businessRuleTask"): (_DecisionParser, DecisionStep),
        full_tag("scriptTask"): (_RefusedParser, OperationStep),
    }


def parse(text: str, file: str, process: str) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """SpiffWorkflow's specification of the process and of its sub-processes.

    Raises SpiffWorkflow's ValidationException for what it does not accept.
    """
    parser = Parser()
    parser.add_bpmn_xml(parse_xml(text, file), filename=file)
    spec = parser.get_spec(process)
    subprocesses = parser.get_subprocess_specs(process)
    for each in [spec, *subprocesses.values()]:
        _connect_event_subprocesses(each)
    return spec, subprocesses


def _connect_event_subprocesses(spec: BpmnProcessSpec) -> None:
    """Make the connections that SpiffWorkflow would make on the shared specification when the event arrives."""
    for name in getattr(spec.start, "trigger_specs", []):
        triggered = spec.task_specs[name]
        triggered._inputs.append(spec.start.name)
        triggered.connect(spec.end)


class CaseWorkflow(BpmnWorkflow):  # type: ignore[misc]
    """A running case. Its working data lives once, on the workflow, not copied from task to task."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.case_data: dict[str, Any] = {}
        self.numbers: dict[Any, int] = {}
        self.next_number = 1
        self.passed = 0
        """The marks of `workflows.engine.passage`."""
        self.reached: set[Any] = set()
        super().__init__(*args, **kwargs)

    def number_of(self, task: Task) -> int:
        """The task's place in the saved state: a small number that stays the same for as long as the case lives."""
        if task.id not in self.numbers:
            self.numbers[task.id] = self.next_number
            self.next_number += 1
        return self.numbers[task.id]
