"""A BPMN drawing read as a catalogue of its elements, before SpiffWorkflow sees it. Untrusted XML is refused here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
LARGEST_DRAWING = 4_000_000
"""Bytes; the drawing of admission has about 150,000."""
DEEPEST_XML = 100
"""Elements inside one another; a drawing with ten nested sub-processes has about 15."""
MOST_XML_ELEMENTS = 50_000
"""All elements of one file with its layout; the drawing of admission has about 4,000."""
MOST_ATTRIBUTES = 100
"""Of one element, declared namespaces included."""
LONGEST_ATTRIBUTE = 20_000
"""Characters; an expression has at most 2,000."""

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
    path: tuple[str, ...] = ()
    """Ids of the elements a case passes on its way to the fault, where there is such a way."""
    way: str = ""
    """The same in the names of the drawing; elements without a name are left out."""

    def as_data(self) -> dict[str, Any]:
        """The fault as JSON values, for whoever shows it."""
        return {**vars(self), "path": list(self.path)}


class Unreadable(Exception):
    """The file is not a drawing that can be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True)
class Mark:
    """What another tool wrote on an element: an attribute or an extension element of a namespace of its own."""

    namespace: str
    name: str
    text: str


@dataclass(frozen=True)
class Repeat:
    """How often a step is done: for every entry of a list, `parallel` or `sequential`, or as a `loop`."""

    kind: str
    collection: str | None = None
    """Expression for the list."""
    cardinality: str | None = None
    """Expression for the number, where there is no list."""
    item: str = "item"
    """What an instance calls its entry."""
    output: str | None = None
    """What the list of results is called; the step's id unless the drawing says otherwise."""
    output_item: str | None = None
    """What of an instance goes into the list of results."""
    condition: str | None = None
    """Ends a multi-instance early when it holds; keeps a loop going while it holds."""
    maximum: int | None = None
    test_before: bool = False


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
    """The sub-process, or the called process, the node stands in; None in the process itself."""
    attached_to: str | None = None
    interrupting: bool = True
    event: str | None = None
    """`timer`, `message`, `error` … for events."""
    detail: str | None = None
    """What the event waits for: the timer's text, the message's name, the error's code."""
    operation: str | None = None
    result: str | None = None
    """What the result of the operation is called in the case's data."""
    parameters: dict[str, str] = field(default_factory=dict)
    decision: str | None = None
    default_flow: str | None = None
    event_subprocess: bool = False
    definitions: tuple[str, ...] = ()
    """The kinds of all its event definitions; an event that runs has one or none."""
    timer: str | None = None
    """`timeDate`, `timeDuration` or `timeCycle`."""
    repeat: Repeat | None = None
    calls: str | None = None
    """The process a call activity calls."""
    correlation: tuple[tuple[str, str], ...] = ()
    """Property and expression pairs by which a message finds the case it is for."""
    extensions: tuple[str, ...] = ()
    """Names of its own extension elements."""
    marks: tuple[Mark, ...] = ()
    oddities: frozenset[str] = frozenset()
    """What else is drawn on it that changes how it should run."""
    file: str = ""


@dataclass(frozen=True)
class Flow:
    """One sequence flow."""

    id: str
    source: str
    target: str
    label: str
    condition: str | None
    line: int
    inside: str | None = None
    file: str = ""
    language: str = ""
    """In which language the condition is written, when the drawing names one."""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """All elements of one executable process and of the processes it calls, by id."""

    process: str
    name: str
    text: str
    nodes: dict[str, Node]
    flows: dict[str, Flow]
    lanes: tuple[str, ...]
    called: frozenset[str] = frozenset()
    """The called processes that are in the bundle."""
    twice: tuple[str, ...] = ()
    """Ids that more than one element has."""
    marks: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    """What other tools wrote on the processes, by their ids."""
    file: str = ""
    line: int = 0

    def outgoing(self, node_id: str) -> list[Flow]:
        """The flows that leave a node, in drawing order."""
        return [flow for flow in self.flows.values() if flow.source == node_id]

    def starts_of(self, scope: str | None) -> list[str]:
        """The start events of the process itself (None), of a sub-process or of a called process."""
        return [node.id for node in self.nodes.values() if node.kind == "startEvent" and node.inside == scope]


def parse_xml(text: str, file: str) -> etree._Element:
    """The root of an XML document from outside. Raises Unreadable for a DOCTYPE, an oversized or a broken file."""
    if not text.strip("\ufeff \t\r\n"):
        raise Unreadable(Fault("xml.broken", "文件是空的，请重新导出", file=file))
    data = _DECLARATION.sub("", text.removeprefix("\ufeff")).encode("utf-8", "surrogatepass")
    if len(data) > LARGEST_DRAWING:
        raise Unreadable(Fault("xml.too_large", f"文件超过 {LARGEST_DRAWING // 1_000_000} MB，不予读取", file=file))
    _Limits(file).apply(data)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(_broken(error.msg or "", error.lineno or 0, file)) from None


class _Limits:
    """Reads a file once without building anything of it, and stops at whatever would cost memory or time.

    An entity can be defined in a DOCTYPE only, so nothing is ever expanded; the word in a comment or in CDATA is text.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.depth = 0
        self.elements = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.ordered_attributes = True

    def apply(self, data: bytes) -> None:
        """Raises Unreadable."""
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise Unreadable(_broken(expat.ErrorString(error.code), error.lineno, self.file)) from None

    def _doctype(self, *_: object) -> None:
        self._refuse("xml.doctype", "文件含有 DOCTYPE 或 ENTITY 声明，出于安全不予读取，请删除该声明")

    def _begin(self, _: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST_XML:
            self._refuse("xml.too_deep", f"图元一层套一层，超过 {DEEPEST_XML} 层，不予读取，请减少嵌套的子流程")
        if self.elements > MOST_XML_ELEMENTS:
            self._refuse("xml.too_many", f"文件中的元素超过 {MOST_XML_ELEMENTS} 个，不予读取，请拆成几个流程")
        if len(attributes) > 2 * MOST_ATTRIBUTES or any(len(text) > LONGEST_ATTRIBUTE for text in attributes):
            message = f"一个元素最多 {MOST_ATTRIBUTES} 个属性，每个最长 {LONGEST_ATTRIBUTE} 个字符，请删去过长的内容"
            self._refuse("xml.too_long", message)

    def _end(self, _: str) -> None:
        self.depth -= 1

    def _refuse(self, code: str, message: str) -> None:
        raise Unreadable(Fault(code, message, line=self.parser.CurrentLineNumber, file=self.file))


def _broken(why: str, line: int, file: str) -> Fault:
    return Fault("xml.broken", f"不是完整的 XML 文件（{why}），请在原来的工具中重新导出", line=line, file=file)


def line_of(element: etree._Element) -> int:
    """The element's line in its file, 0 when unknown."""
    line: int | None = element.sourceline  # type: ignore[assignment]
    return line or 0
