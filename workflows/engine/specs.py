"""SpiffWorkflow's parser with the steps and events that run here in place of its own.

Nothing here runs Python, reads the machine's clock or changes a specification while a case runs.
"""

from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser, SpiffProcessParser
from SpiffWorkflow.spiff.parser.task_spec import (
    BusinessRuleTaskParser,
    CallActivityParser,
    SpiffTaskParser,
    SubWorkflowParser,
)
from SpiffWorkflow.spiff.specs.defaults import ManualTask, UserTask
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.drawing import BPMN, Drawing, Node, Repeat, parse_xml
from workflows.engine.events import (
    Boundary,
    Catch,
    Condition,
    DueTime,
    End,
    Escalation,
    EventGateway,
    Fault,
    Message,
    Receive,
    Send,
    Signal,
    Start,
    Throw,
)
from workflows.engine.levels import CaseWorkflow, EventSubprocess, LevelSpec, Subprocess
from workflows.engine.repeats import Loop, MultiInstance

__all__ = ["CaseWorkflow", "DueTime", "OperationStep", "parse"]

_NOT_RUN = (
    *("dataObject", "dataObjectReference", "dataStore", "dataStoreReference"),
    *("dataInputAssociation", "dataOutputAssociation", "ioSpecification", "property"),
)
"""Drawn for the reader: a case has one set of data, which every step sees."""


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
        done = my_task.workflow.script_engine.call_operation(my_task)
        if my_task.has_state(TaskState.CANCELLED):
            # An error event has taken the refusal and the step with it; it must not look as if it went on.
            return False
        return bool(done) or None


class DecisionStep(SpiffBpmnTask):  # type: ignore[misc]
    """A business-rule step: evaluates a decision table of the bundle."""

    def _run_hook(self, my_task: Task) -> bool:
        my_task.workflow.script_engine.decide(my_task)
        return True


class _Parser:
    """What every node's parser does differently: it knows the catalogue, and repeated steps are ours."""

    node: Any
    spec: Any
    task: Any
    process_parser: Any

    @property
    def drawn(self) -> Node:
        """The node in the catalogue."""
        catalogue: Drawing = self.process_parser.parser.catalogue
        return catalogue.nodes[self.node.get("id")]

    def _add_boundary_event(self, children: list[etree._Element]) -> Any:
        split = super()._add_boundary_event(children)  # type: ignore[misc]
        join = self.spec.task_specs[f"{self.node.get('id')}.BoundaryEventJoin"]
        for event in split.outputs:
            # The join looks at the events themselves; waiting after one that interrupts nothing is of no use.
            if isinstance(event, Boundary) and not event.cancel_activity:
                event.outputs = [each for each in event.outputs if each is not join]
                join.inputs = [each for each in join.inputs if each is not event]
        return split

    def _add_loop_task(self, _loop_characteristics: etree._Element) -> None:
        self._repeat(Loop)

    def _add_multiinstance_task(self, _loop_characteristics: etree._Element) -> None:
        self._repeat(MultiInstance)

    def _repeat(self, kind: type[Loop | MultiInstance]) -> None:
        once = self.spec.task_specs.pop(self.task.name)
        repeat = self.drawn.repeat or Repeat("loop")
        self.task = kind(self.spec, once.name, repeat, lane=once.lane, bpmn_name=once.bpmn_name)
        self.task.adopt(once)


class _EventParser(_Parser, SpiffTaskParser):  # type: ignore[misc]
    """Reads the one event definition of an event; SpiffWorkflow overlooks some in some places."""

    def get_event_definition(self, _paths: Any = None) -> EventDefinition:
        """The definition the event has here."""
        node = self.drawn
        name = node.name or node.id
        match node.event:
            case None:
                return NoneEventDefinition()
            case "timer":
                repeats = node.timer == "timeCycle"
                is_deadline = node.kind == "boundaryEvent" and not repeats
                return DueTime(name, node.detail or "", node.properties, is_deadline=is_deadline, repeats=repeats)
            case "message":
                return Message(node.detail or name, node.correlation or None, node.properties.get("payload"))
            case "signal":
                return Signal(node.detail or name)
            case "error":
                return Fault(node.detail or name, code=node.detail or None)
            case "escalation":
                return Escalation(node.detail or name, code=node.detail or None)
            case "conditional":
                return Condition(node.detail or "false")
            case "terminate":
                return TerminateEventDefinition()
        raise ValidationException(f"不支持这种事件（{node.event}）", node=self.node, file_name=self.filename)


class _StartParser(_EventParser, StartEventParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return StartEventParser.create_task(self)


class _CatchParser(_EventParser, IntermediateCatchEventParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return IntermediateCatchEventParser.create_task(self)


class _ThrowParser(_EventParser, IntermediateThrowEventParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return IntermediateThrowEventParser.create_task(self)


class _EndParser(_EventParser, EndEventParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return EndEventParser.create_task(self)


class _BoundaryParser(_EventParser, BoundaryEventParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return BoundaryEventParser.create_task(self)


class _MessageStepParser(_EventParser):
    def create_task(self) -> Any:
        definition = self.get_event_definition()
        return self.spec_class(self.spec, self.bpmn_id, event_definition=definition, **self.bpmn_attributes)


class _StepParser(_Parser, SpiffTaskParser):  # type: ignore[misc]
    def create_task(self) -> Any:
        return self.spec_class(self.spec, self.bpmn_id, **self.bpmn_attributes)


class _DecisionParser(_Parser, BusinessRuleTaskParser):  # type: ignore[misc]
    def create_task(self) -> DecisionStep:
        return DecisionStep(self.spec, self.bpmn_id, **self.bpmn_attributes)


class _EventGatewayParser(_StepParser):
    def handles_multiple_outgoing(self) -> bool:
        return True


class _SubprocessParser(_Parser, SubWorkflowParser):  # type: ignore[misc]
    EVENT_SUBPROCESS_CLASS = EventSubprocess

    def attribute(self, attribute: str, namespace: str | None = None, node: Any = None) -> Any:
        """SpiffWorkflow looks for the attribute in BPMN's namespace, where no modeller writes it."""
        return "true" if attribute == "triggeredByEvent" and self.drawn.event_subprocess else None


class _CallParser(_Parser, CallActivityParser):  # type: ignore[misc]
    pass


class _RefusedParser(SpiffTaskParser):  # type: ignore[misc]
    def create_task(self) -> None:
        raise ValidationException("不支持这种图元", node=self.node, file_name=self.filename)


class _LevelParser(SpiffProcessParser):  # type: ignore[misc]
    def create_spec(self) -> LevelSpec:
        return LevelSpec(self.bpmn_id, self.get_name(), self.filename)

    def add_tasks(self) -> None:
        """Connect everything that the start event leads to, and let the event sub-processes lie in wait."""
        for node in self.xpath("./bpmn:startEvent"):
            self.parse_node(node)
        for node in self.xpath("./bpmn:subProcess[@triggeredByEvent='true']"):
            spec = self.parse_node(node)
            inner = self.parser.process_parsers[spec.spec].get_spec()
            start = next(each for each in inner.task_specs.values() if isinstance(each, Start))
            spec.event_definition, spec.trigger_id = start.trigger, start.name
            spec.interrupting = self.parser.catalogue.nodes[start.name].interrupting
            self.spec.add_event_subprocess(spec)


class Parser(SpiffBpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser over a catalogue that has been read before."""

    PROCESS_PARSER_CLASS = _LevelParser

    OVERRIDE_PARSER_CLASSES = SpiffBpmnParser.OVERRIDE_PARSER_CLASSES | {
        full_tag("startEvent"): (_StartParser, Start),
        full_tag("intermediateCatchEvent"): (_CatchParser, Catch),
        full_tag("intermediateThrowEvent"): (_ThrowParser, Throw),
        full_tag("boundaryEvent"): (_BoundaryParser, Boundary),
        full_tag("endEvent"): (_EndParser, End),
        full_tag("userTask"): (_StepParser, UserTask),
        full_tag("manualTask"): (_StepParser, ManualTask),
        full_tag("serviceTask"): (_StepParser, OperationStep),
        full_tag("businessRuleTask"): (_DecisionParser, DecisionStep),
        full_tag("sendTask"): (_MessageStepParser, Send),
        full_tag("receiveTask"): (_MessageStepParser, Receive),
        full_tag("eventBasedGateway"): (_EventGatewayParser, EventGateway),
        full_tag("subProcess"): (_SubprocessParser, Subprocess),
        full_tag("callActivity"): (_CallParser, Subprocess),
        full_tag("task"): (_RefusedParser, SpiffBpmnTask),
        full_tag("scriptTask"): (_RefusedParser, SpiffBpmnTask),
        full_tag("transaction"): (_RefusedParser, SpiffBpmnTask),
        full_tag("adHocSubProcess"): (_RefusedParser, SpiffBpmnTask),
    }

    def __init__(self, catalogue: Drawing) -> None:
        super().__init__()
        self.catalogue = catalogue

    def add_bpmn_xml(self, bpmn: etree._Element, filename: str | None = None) -> None:
        """Only the processes: what messages, signals and codes are called stands in the catalogue."""
        self._add_diagram_indexes(bpmn)
        self._add_processes(bpmn, filename)


def parse(catalogue: Drawing, texts: Mapping[str, str]) -> tuple[LevelSpec, dict[str, LevelSpec]]:
    """SpiffWorkflow's specification of the process and of its sub-processes, from all drawings of the bundle.

    Raises SpiffWorkflow's ValidationException for what it does not accept.
    """
    parser = Parser(catalogue)
    for file, text in texts.items():
        root = parse_xml(text, file)
        for kind in _NOT_RUN:
            for element in list(root.iter(f"{{{BPMN}}}{kind}")):
                parent = element.getparent()
                if parent is not None:
                    parent.remove(element)
        parser.add_bpmn_xml(root, filename=file)
    return parser.get_spec(catalogue.process), parser.get_subprocess_specs(catalogue.process)
