"""Reads a .bpmn file into the catalogue of its elements (see drawing.py): what runs, and what else is drawn on it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from workflows.engine.drawing import (
    BPMN,
    FLOW_NODES,
    SPIFF,
    Drawing,
    Fault,
    Flow,
    Node,
    Repeat,
    Unreadable,
    line_of,
    parse_xml,
)

BESIDE_THE_FLOW = frozenset(
    [
        "artifact",
        "association",
        "auditing",
        "category",
        "completionCondition",
        "correlationSubscription",
        "dataInputAssociation",
        "dataObject",
        "dataObjectReference",
        "dataOutputAssociation",
        "dataStoreReference",
        "documentation",
        "extensionElements",
        "group",
        "humanPerformer",
        "incoming",
        "ioSpecification",
        "laneSet",
        "monitoring",
        "multiInstanceLoopCharacteristics",
        "outgoing",
        "performer",
        "potentialOwner",
        "property",
        "resourceRole",
        "sequenceFlow",
        "standardLoopCharacteristics",
        "supportedInterfaceRef",
        "supports",
        "textAnnotation",
    ]
)
"""What may stand in a process or sub-process without being reached by a token. Anything else is taken for a node."""

_SCOPES = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})


def main_of(texts: Mapping[str, str]) -> str:
    """Which of several .bpmn files has the process that none of them calls; empty when it is not exactly one."""
    try:
        roots = {file: _definitions(text, file) for file, text in texts.items()}
    except Unreadable:
        return ""
    found = [file for file, root in roots.items() for _ in _begun_by_people(root, roots.values())]
    return found[0] if len(found) == 1 else ""


def read(text: str, file: str, others: Mapping[str, str] | None = None) -> Drawing:
    """The catalogue of the one process that is not called, and of those it may call in its own and `others`' files.

    Raises Unreadable.
    """
    root = _definitions(text, file)
    roots = {file: root} | {name: _definitions(each, name) for name, each in (others or {}).items()}
    begun = [(name, each) for name, other in roots.items() for each in _begun_by_people(other, roots.values())]
    if len(begun) != 1:
        message = f"应有且只有一个不被其他流程调用的可执行流程（isExecutable=true），现有 {len(begun)} 个"
        raise Unreadable(Fault("bpmn.process_count", message, line=line_of(root), file=file))
    process = begun[0][1]
    if not process.get("id"):
        raise Unreadable(Fault("bpmn.no_id", "流程没有标识（id）", line=line_of(process), file=file))
    called = _called(roots.values())
    read_from = [(process, None, begun[0][0])] + [
        (each, each.get("id"), name)
        for name, other in roots.items()
        for each in other.iterfind(f"{{{BPMN}}}process")
        if each.get("id") in called
    ]
    nodes = [node for each, inside, name in read_from for node in _nodes(each, inside, name)]
    flows = [flow for each, inside, name in read_from for flow in _flows(each, inside, name)]
    counted = Counter([node.id for node in nodes] + [flow.id for flow in flows])
    process_id = process.get("id", "")
    return Drawing(
        process=process_id,
        name=process.get("name", process_id),
        text=text,
        nodes={node.id: node for node in nodes},
        flows={flow.id: flow for flow in flows},
        lanes=tuple(lane.get("name", "") for each, _, _ in read_from for lane in each.iter(f"{{{BPMN}}}lane")),
        called=frozenset(inside for _, inside, _ in read_from if inside),
        twice=tuple(name for name, count in counted.items() if name and count > 1),
    )


def _definitions(text: str, file: str) -> etree._Element:
    root = parse_xml(text, file)
    if root.tag != f"{{{BPMN}}}definitions":
        raise Unreadable(
            Fault("bpmn.missing", "不是 BPMN 2.0 文件：根元素应为 definitions", line=line_of(root), file=file)
        )
    return root


def _called(roots: Iterable[etree._Element]) -> set[str]:
    return {each.get("calledElement", "") for root in roots for each in root.iter(f"{{{BPMN}}}callActivity")}


def _begun_by_people(root: etree._Element, roots: Iterable[etree._Element]) -> list[etree._Element]:
    """The executable processes that no call activity calls."""
    called = _called(roots)
    return [
        process
        for process in root.iterfind(f"{{{BPMN}}}process")
        if process.get("isExecutable") == "true" and process.get("id", "") not in called
    ]


def _nodes(process: etree._Element, called: str | None, file: str) -> Iterator[Node]:
    names = _Names(process)
    for scope in process.iter():
        if not _is_bpmn(scope) or _kind(scope) not in _SCOPES:
            continue
        inside = called if scope is process else scope.get("id")
        for element in scope:
            if _is_bpmn(element) and (_kind(element) in FLOW_NODES or _kind(element) not in BESIDE_THE_FLOW):
                yield _node(element, inside, names, file)


def _flows(process: etree._Element, called: str | None, file: str) -> Iterator[Flow]:
    for element in process.iter(f"{{{BPMN}}}sequenceFlow"):
        condition = element.findtext(f"{{{BPMN}}}conditionExpression")
        parent = element.getparent()
        yield Flow(
            id=element.get("id", ""),
            source=element.get("sourceRef", ""),
            target=element.get("targetRef", ""),
            label=(element.get("name") or "").replace("\n", " "),
            condition=condition.strip() if condition and condition.strip() else None,
            line=line_of(element),
            inside=called if parent is process or parent is None else parent.get("id"),
            file=file,
        )


class _Names:
    """What a file calls things that its elements refer to by id."""

    def __init__(self, process: etree._Element) -> None:
        root = process.getroottree().getroot()
        self.of: dict[str, str] = {}
        for kind, name in (("message", "name"), ("signal", "name"), ("error", "errorCode")):
            self.of |= {each.get("id", ""): each.get(name, "") for each in root.iter(f"{{{BPMN}}}{kind}")}
        for each in root.iter(f"{{{BPMN}}}escalation"):
            self.of[each.get("id", "")] = each.get("escalationCode", "")
        self.lanes = {
            (reference.text or "").strip(): lane.get("name", "")
            for lane in process.iter(f"{{{BPMN}}}lane")
            for reference in lane.iterfind(f"{{{BPMN}}}flowNodeRef")
        }
        self.properties = list(root.iter(f"{{{BPMN}}}correlationProperty"))
        self.bindings = {
            each.get("correlationPropertyRef", ""): (each.findtext(f"{{{BPMN}}}dataPath") or "").strip()
            for each in process.iter(f"{{{BPMN}}}correlationPropertyBinding")
        }

    def correlation(self, message: str, *, sends: bool) -> tuple[tuple[str, str], ...]:
        """By which properties a message (by its id) finds its case.

        A receiver's value comes from the process's own binding where there is one, otherwise, like the sender's, from
        the property's expression for the message.
        """
        found: list[tuple[str, str]] = []
        for each in self.properties:
            for retrieval in each.iterfind(f"{{{BPMN}}}correlationPropertyRetrievalExpression"):
                if retrieval.get("messageRef") == message:
                    path = (retrieval.findtext(f"{{{BPMN}}}messagePath") or "").strip()
                    bound = None if sends else self.bindings.get(each.get("id", ""))
                    found.append((each.get("name") or each.get("id") or "", bound or path))
        return tuple(sorted(found))

    def lane_around(self, element: etree._Element) -> str | None:
        """The lane of an element, or of the sub-process it stands in."""
        scope: etree._Element | None = element
        while scope is not None:
            if lane := self.lanes.get(scope.get("id", "")):
                return lane
            scope = scope.getparent()
        return None


def _node(element: etree._Element, inside: str | None, names: _Names, file: str) -> Node:
    kind = _kind(element)
    properties = {
        item.get("name", ""): item.get("value", "")
        for item in element.iterfind(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property")
    }
    operator = element.find(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}serviceTaskOperator")
    decision = element.findtext(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}calledDecisionId")
    event, detail, timer = _event(element, names)
    message = _message_reference(element)
    sends = kind in ("sendTask", "intermediateThrowEvent", "endEvent")
    return Node(
        id=element.get("id", ""),
        kind=kind,
        name=(element.get("name") or "").replace("\n", " "),
        line=line_of(element),
        lane=properties.get("lane") or names.lane_around(element),
        properties=properties,
        inside=inside,
        attached_to=element.get("attachedToRef"),
        interrupting=element.get("cancelActivity", "true") == "true"
        and element.get("isInterrupting", "true") == "true",
        event=event,
        detail=detail,
        operation=operator.get("id") if operator is not None else None,
        result=(operator.get("resultVariable") or None) if operator is not None else None,
        parameters={
            item.get("id", ""): item.get("value", "")
            for item in (operator.iter(f"{{{SPIFF}}}parameter") if operator is not None else ())
        },
        decision=decision.strip() if decision else None,
        default_flow=element.get("default"),
        event_subprocess=element.get("triggeredByEvent") == "true",
        definitions=tuple(_kind(each).removesuffix("EventDefinition") for each in _definitions_of(element)),
        timer=timer,
        repeat=_repeat(element),
        calls=element.get("calledElement"),
        correlation=names.correlation(message, sends=sends) if message else (),
        extensions=tuple(_extensions(element)),
        oddities=frozenset(_oddities(element)),
        file=file,
    )


def _definitions_of(element: etree._Element) -> list[etree._Element]:
    return [each for each in element if _is_bpmn(each) and _kind(each).endswith("EventDefinition")]


def _message_reference(element: etree._Element) -> str | None:
    if _kind(element) in ("sendTask", "receiveTask"):
        return element.get("messageRef")
    return next((each.get("messageRef") for each in _definitions_of(element) if each.get("messageRef")), None)


def _event(element: etree._Element, names: _Names) -> tuple[str | None, str | None, str | None]:
    """What an event is, what it waits for or throws, and how a timer's text is meant."""
    if _kind(element) in ("sendTask", "receiveTask"):
        return "message", names.of.get(element.get("messageRef", "")), None
    for child in _definitions_of(element):
        kind = _kind(child).removesuffix("EventDefinition")
        for reference in ("messageRef", "errorRef", "signalRef", "escalationRef"):
            if child.get(reference):
                return kind, names.of.get(child.get(reference, "")), None
        if kind == "timer":
            times = [part for part in child if _is_bpmn(part) and _kind(part).startswith("time")]
            return kind, (times[0].text or "").strip() if times else None, _kind(times[0]) if times else None
        return kind, _text(child, "condition"), None
    return None, None, None


def _repeat(element: etree._Element) -> Repeat | None:
    loop = element.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if loop is not None:
        maximum = loop.get("loopMaximum", "")
        return Repeat(
            kind="loop",
            condition=_text(loop, "loopCondition"),
            maximum=int(maximum[:9]) if maximum.isascii() and maximum.isdigit() else None,
            test_before=loop.get("testBefore") == "true",
        )
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is None:
        return None
    return Repeat(
        kind="sequential" if several.get("isSequential") == "true" else "parallel",
        collection=_text(several, "loopDataInputRef"),
        cardinality=_text(several, "loopCardinality"),
        item=_name(several.find(f"{{{BPMN}}}inputDataItem")) or "item",
        output=_text(several, "loopDataOutputRef"),
        output_item=_name(several.find(f"{{{BPMN}}}outputDataItem")),
        condition=_text(several, "completionCondition"),
    )


def _extensions(element: etree._Element) -> Iterator[str]:
    for each in element.iterfind(f"{{{BPMN}}}extensionElements/*"):
        name = etree.QName(each)
        yield name.localname if name.namespace == SPIFF else f"{each.prefix or name.namespace}:{name.localname}"


def _oddities(element: etree._Element) -> Iterator[str]:
    """Attributes and parts that change how an element should run and that nothing else here looks at."""
    for attribute in ("isForCompensation", "instantiate", "parallelMultiple"):
        if element.get(attribute) == "true":
            yield attribute
    if element.get("startQuantity", "1") != "1" or element.get("completionQuantity", "1") != "1":
        yield "quantity"
    if element.find(f"{{{BPMN}}}eventDefinitionRef") is not None:
        yield "eventDefinitionRef"
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is not None and several.get("behavior", "All") != "All":
        yield "behavior"
    for kind in ("dataInputAssociation", "dataOutputAssociation"):
        for association in element.iterfind(f"{{{BPMN}}}{kind}"):
            if any(_kind(part) in ("assignment", "transformation") for part in association if _is_bpmn(part)):
                yield "assignment"


def _text(element: etree._Element, child: str) -> str | None:
    return (element.findtext(f"{{{BPMN}}}{child}") or "").strip() or None


def _name(element: etree._Element | None) -> str | None:
    return None if element is None else element.get("name") or element.get("id")


def _is_bpmn(element: etree._Element) -> bool:
    return etree.QName(element).namespace == BPMN


def _kind(element: etree._Element) -> str:
    return etree.QName(element).localname
