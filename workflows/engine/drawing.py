"""A BPMN drawing read as a catalogue of its elements, before SpiffWorkflow sees it. Untrusted XML is refused here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
LARGEST_DRAWING = 4_000_000
"""Bytes; the drawing of admission has about 150,000."""

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
"""The XML declaration names the encoding the file once had; the text has been decoded already."""

FLOW_NODES = frozenset(
    [
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "businessRuleTask",
        "scriptTask",
        "sendTask",
        "receiveTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "complexGateway",
    ]
)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a bundle, where, and what to do."""

    code: str
    message: str
    element: str = ""
    label: str = ""
    line: int = 0
    file: str = ""


class Unreadable(Exception):
    """The file is not a drawing that can be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True)
class Node:
    """One flow node."""

    id: str
    kind: str
    name: str
    line: int
    lane: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    inside: str | None = None
    """The sub-process the node stands in."""
    attached_to: str | None = None
    interrupting: bool = True
    event: str | None = None
    """`timer`, `message`, `error` … for events."""
    detail: str | None = None
    """What the event waits for: the timer's text, the message's name, the error's code."""
    operation: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    decision: str | None = None
    default_flow: str | None = None
    event_subprocess: bool = False


@dataclass(frozen=True)
class Flow:
    """One sequence flow."""

    id: str
    source: str
    target: str
    label: str
    condition: str | None
    line: int


@dataclass(frozen=True)
class Drawing:
    """All elements of one executable process, by id."""

    process: str
    name: str
    text: str
    nodes: dict[str, Node]
    flows: dict[str, Flow]
    lanes: tuple[str, ...]

    def outgoing(self, node_id: str) -> list[Flow]:
        """The flows that leave a node, in drawing order."""
        return [flow for flow in self.flows.values() if flow.source == node_id]


def parse_xml(text: str, file: str) -> etree._Element:
    """The root of an XML document from outside. Raises Unreadable for a DOCTYPE, an oversized or a broken file."""
    data = _DECLARATION.sub("", text).encode()
    if len(data) > LARGEST_DRAWING:
        raise Unreadable(Fault("xml.too_large", f"文件超过 {LARGEST_DRAWING // 1_000_000} MB，不予读取", file=file))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable(
            Fault("xml.doctype", "文件含有 DOCTYPE 或 ENTITY 声明，出于安全不予读取，请删除该声明", file=file)
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        message = f"不是完整的 XML 文件：{error.msg}"
        raise Unreadable(Fault("xml.broken", message, line=error.lineno or 0, file=file)) from None


def read(text: str, file: str) -> Drawing:
    """The catalogue of the one executable process in a .bpmn file. Raises Unreadable."""
    root = parse_xml(text, file)
    if root.tag != f"{{{BPMN}}}definitions":
        raise Unreadable(
            Fault("bpmn.missing", "不是 BPMN 2.0 文件：根元素应为 definitions", line=line_of(root), file=file)
        )
    executable = [node for node in root.iter(f"{{{BPMN}}}process") if node.get("isExecutable") == "true"]
    if len(executable) != 1:
        message = f"应有且只有一个可执行流程（isExecutable=true），现有 {len(executable)} 个"
        raise Unreadable(Fault("bpmn.process_count", message, line=line_of(root), file=file))
    process = executable[0]
    if not process.get("id"):
        raise Unreadable(Fault("bpmn.no_id", "流程没有标识（id）", line=line_of(process), file=file))
    lanes = {
        (reference.text or "").strip(): lane.get("name", "")
        for lane in process.iter(f"{{{BPMN}}}lane")
        for reference in lane.iterfind(f"{{{BPMN}}}flowNodeRef")
    }
    names = _names_of_references(root)
    nodes = {node.id: node for node in _nodes(process, lanes, names)}
    flows = {flow.id: flow for flow in _flows(process)}
    lane_names = tuple(lane.get("name", "") for lane in process.iter(f"{{{BPMN}}}lane"))
    process_id = process.get("id", "")
    return Drawing(process_id, process.get("name", process_id), text, nodes, flows, lane_names)


def _names_of_references(root: etree._Element) -> dict[str, str]:
    names = {node.get("id", ""): node.get("name", "") for node in root.iter(f"{{{BPMN}}}message", f"{{{BPMN}}}signal")}
    return names | {node.get("id", ""): node.get("errorCode", "") for node in root.iter(f"{{{BPMN}}}error")}


def _nodes(scope: etree._Element, lanes: dict[str, str], names: dict[str, str]) -> Iterator[Node]:
    for element in scope.iter():
        kind = etree.QName(element).localname
        if kind not in FLOW_NODES or etree.QName(element).namespace != BPMN:
            continue
        yield _node(element, kind, lanes, names)


def _node(element: etree._Element, kind: str, lanes: dict[str, str], names: dict[str, str]) -> Node:
    node_id = element.get("id", "")
    properties = {
        item.get("name", ""): item.get("value", "")
        for item in element.iterfind(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property")
    }
    operator = element.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}serviceTaskOperator")
    decision = element.findtext(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}calledDecisionId")
    event, detail = _event(element, names)
    parent = element.getparent()
    inside = parent.get("id") if parent is not None and etree.QName(parent).localname != "process" else None
    return Node(
        id=node_id,
        kind=kind,
        name=(element.get("name") or "").replace("\n", " "),
        line=line_of(element),
        lane=properties.get("lane") or lanes.get(node_id) or lanes.get(inside or ""),
        properties=properties,
        inside=inside,
        attached_to=element.get("attachedToRef"),
        interrupting=element.get("cancelActivity", "true") == "true"
        and element.get("isInterrupting", "true") == "true",
        event=event,
        detail=detail,
        operation=operator.get("id") if operator is not None else None,
        parameters={
            item.get("id", ""): item.get("value", "")
            for item in (operator.iter(f"{{{SPIFF}}}parameter") if operator is not None else ())
        },
        decision=decision.strip() if decision else None,
        default_flow=element.get("default"),
        event_subprocess=element.get("triggeredByEvent") == "true",
    )


def _event(element: etree._Element, names: dict[str, str]) -> tuple[str | None, str | None]:
    for child in element:
        name = etree.QName(child).localname
        if not name.endswith("EventDefinition"):
            continue
        kind = name.removesuffix("EventDefinition")
        reference = child.get("messageRef") or child.get("errorRef") or child.get("signalRef")
        if reference:
            return kind, names.get(reference)
        times = [part for part in child if etree.QName(part).localname.startswith("time")]
        return kind, (times[0].text or "").strip() if times else None
    return None, None


def _flows(process: etree._Element) -> Iterator[Flow]:
    for element in process.iter(f"{{{BPMN}}}sequenceFlow"):
        condition = element.findtext(f"{{{BPMN}}}conditionExpression")
        yield Flow(
            id=element.get("id", ""),
            source=element.get("sourceRef", ""),
            target=element.get("targetRef", ""),
            label=(element.get("name") or "").replace("\n", " "),
            condition=condition.strip() if condition and condition.strip() else None,
            line=line_of(element),
        )


def line_of(element: etree._Element) -> int:
    """The element's line in its file, 0 when unknown."""
    line: int | None = element.sourceline  # type: ignore[assignment]
    return line or 0
