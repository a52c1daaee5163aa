"""Reads a .bpmn file into the catalogue of its elements (see drawing.py): what runs, and what else is drawn on it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from workflows.engine.drawing import (
    BPMN,
    FLOW_NODES,
    SPIFF,
    Drawing,
    Fault,
    Flow,
    Mark,
    Node,
    Repeat,
    Unreadable,
    line_of,
    parse_xml,
)
from workflows.engine.gate import choice, intake

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

_PERFORMERS = ("potentialOwner", "humanPerformer", "performer", "resourceRole")

MOST_ELEMENTS = 800
"""Flow nodes and flows of a bundle together; the drawing of admission has about 240. SpiffWorkflow follows a way by
functions that call each other, and gives up at about 480 nodes in a row."""


def main_of(texts: Mapping[str, str]) -> str:
    """Which of several .bpmn files has the process that none of them calls; empty when it is not exactly one."""
    try:
        chosen = choice.choose({file: _definitions(text, file) for file, text in texts.items()})
    except Unreadable:
        return ""
    return chosen.candidate.file if chosen.candidate and not chosen.faults else ""


def read(text: str, file: str, others: Mapping[str, str] | None = None) -> Drawing:
    """The catalogue of the one process that is not called, and of those it may call in its own and `others`' files.

    Raises Unreadable.
    """
    drawing, faults = examine({file: text} | dict(others or {}))
    if drawing is None or faults:
        raise Unreadable(faults[0])
    return drawing


def examine(texts: Mapping[str, str]) -> tuple[Drawing | None, list[Fault]]:
    """The catalogue as far as the files can be read, and every fault of the files as such.

    Where they do not say which process is meant, the likeliest is read and a fault says what to change; without any
    that could be meant there is no catalogue.
    """
    roots: dict[str, etree._Element] = {}
    faults: list[Fault] = []
    for file, text in texts.items():
        try:
            roots[file] = _definitions(text, file)
        except Unreadable as unreadable:
            faults.append(unreadable.fault)
    if not roots:
        return None, faults
    chosen = choice.choose(roots)
    faults += chosen.faults
    main = chosen.candidate
    if main is None or not main.size:
        return None, faults
    if not main.process.get("id"):
        faults.append(Fault("bpmn.no_id", "流程没有标识（id）", line=line_of(main.process), file=main.file))
    called = choice.called_in(roots.values()) - {main.process.get("id")}
    read_from = [(main.process, None, main.file)] + [
        (each, each.get("id"), name)
        for name, other in roots.items()
        for each in other.iterfind(f"{{{BPMN}}}process")
        if each.get("id") in called
    ]
    size = sum(_counts(element) for process, _, _ in read_from for element in process.iter())
    if size > MOST_ELEMENTS:
        message = f"流程图有 {size} 个图元和连线，最多 {MOST_ELEMENTS} 个，请拆成几个流程"
        where = main.process.get("id", ""), main.name, line_of(main.process), main.file
        return None, [*faults, Fault("bpmn.too_large", message, *where)]
    drawing = _drawing(main, read_from, texts[main.file])
    if (looped := _inside_itself(drawing)) is not None:
        message = f"两个子流程或流程用了同一个标识（id）{looped.id or '（空）'}，分不清谁在谁里面，请改其中一个"
        return None, [*faults, Fault("element.twice", message, looped.id, looped.name, looped.line, looped.file)]
    return drawing, faults


def _inside_itself(drawing: Drawing) -> Node | None:
    """A node that stands, by the ids, in a scope that stands in itself; whoever climbs from it would never arrive."""
    sound: set[str] = set()
    for node in drawing.nodes.values():
        climbed: list[str] = []
        inside = node.inside
        while inside is not None and inside in drawing.nodes and inside not in sound:
            if inside in climbed:
                return drawing.nodes[inside]
            climbed.append(inside)
            inside = drawing.nodes[inside].inside
        sound |= set(climbed)
    return None


def _drawing(main: choice.Candidate, read_from: list[tuple[etree._Element, str | None, str]], text: str) -> Drawing:
    nodes = [node for each, inside, name in read_from for node in _nodes(each, inside, name)]
    flows = [flow for each, inside, name in read_from for flow in _flows(each, inside, name)]
    counted = Counter([node.id for node in nodes] + [flow.id for flow in flows])
    process_id = main.process.get("id", "")
    return Drawing(
        process=process_id,
        name=main.process.get("name", process_id),
        text=text,
        nodes={node.id: node for node in nodes},
        flows={flow.id: flow for flow in flows},
        lanes=tuple(lane.get("name", "") for each, _, _ in read_from for lane in each.iter(f"{{{BPMN}}}lane")),
        called=frozenset(inside for _, inside, _ in read_from if inside),
        twice=tuple(name for name, count in counted.items() if name and count > 1),
        marks={each.get("id", ""): tuple(_marks(each)) for each, _, _ in read_from},
        file=main.file,
        line=line_of(main.process),
    )


def _definitions(text: str, file: str) -> etree._Element:
    try:
        root = parse_xml(text, file)
    except Unreadable as broken:
        if broken.fault.code == "xml.broken":
            raise Unreadable(intake.no_xml(text, broken.fault)) from None
        raise
    if root.tag != f"{{{BPMN}}}definitions":
        raise Unreadable(intake.no_drawing(root, file))
    return root


def _counts(element: etree._Element) -> bool:
    return _is_bpmn(element) and (_kind(element) in FLOW_NODES or _kind(element) == "sequenceFlow")


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
        written = element.find(f"{{{BPMN}}}conditionExpression")
        condition = None if written is None else written.text
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
            language="" if written is None else written.get("language", ""),
            marks=tuple(_marks(element)),
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
        self.marks = {each.get("id", ""): tuple(_marks(each)) for each in root.iter(f"{{{BPMN}}}message")}
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
                if _reference(retrieval, "messageRef") == message:
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
        marks=(*_marks(element), *names.marks.get(message or "", ())),
        oddities=frozenset(_oddities(element)),
        file=file,
    )


def _definitions_of(element: etree._Element) -> list[etree._Element]:
    return [each for each in element if _is_bpmn(each) and _kind(each).endswith("EventDefinition")]


def _message_reference(element: etree._Element) -> str | None:
    if _kind(element) in ("sendTask", "receiveTask"):
        return _reference(element, "messageRef")
    found = (_reference(each, "messageRef") for each in _definitions_of(element))
    return next((message for message in found if message), None)


def _event(element: etree._Element, names: _Names) -> tuple[str | None, str | None, str | None]:
    """What an event is, what it waits for or throws, and how a timer's text is meant."""
    if _kind(element) in ("sendTask", "receiveTask"):
        return "message", names.of.get(_reference(element, "messageRef") or ""), None
    for child in _definitions_of(element):
        kind = _kind(child).removesuffix("EventDefinition")
        for reference in ("messageRef", "errorRef", "signalRef", "escalationRef"):
            if referred := _reference(child, reference):
                return kind, names.of.get(referred), None
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
    for each in element.iterfind(f"{{{BPMN}}}extensionElements/{{{SPIFF}}}*"):
        yield _kind(each)


def _marks(element: etree._Element) -> Iterator[Mark]:
    """What is written on an element in other words than BPMN's and the product's own."""
    yield from _marks_of_attributes(element)
    repeated = f"{{{BPMN}}}multiInstanceLoopCharacteristics"
    for part in (element, *element.iterfind(repeated)):
        for each in part.iterfind(f"{{{BPMN}}}extensionElements/*"):
            if (namespace := etree.QName(each).namespace or "") != SPIFF:
                yield Mark(namespace, _kind(each), _said_in(each))
    for each in element.iterfind(repeated):
        yield from _marks_of_attributes(each)
    for kind in _PERFORMERS:
        for each in element.iterfind(f"{{{BPMN}}}{kind}"):
            yield Mark(BPMN, kind, _said_in(each))


def _marks_of_attributes(element: etree._Element) -> Iterator[Mark]:
    for key, value in element.attrib.items():
        name = etree.QName(str(key))
        if name.namespace and name.namespace not in (BPMN, SPIFF):
            yield Mark(name.namespace, name.localname, str(value))


def _said_in(element: etree._Element) -> str:
    """The attributes and texts of an extension element and what is in it, as far as a sentence can hold."""
    said: list[str] = []
    for each in element.iter():
        said += [str(value) for value in each.attrib.values()]
        if each.text and each.text.strip():
            said.append(each.text.strip())
        if sum(map(len, said)) > 200:
            break
    return " ".join(said)


def _oddities(element: etree._Element) -> Iterator[str]:
    """Attributes and parts that change how an element should run and that nothing else here looks at."""
    for attribute in ("isForCompensation", "instantiate", "parallelMultiple"):
        if element.get(attribute) == "true":
            yield attribute
    if element.get("startQuantity", "1") != "1" or element.get("completionQuantity", "1") != "1":
        yield "quantity"
    if element.find(f"{{{BPMN}}}eventDefinitionRef") is not None:
        yield "eventDefinitionRef"
    for part in element:
        if _is_bpmn(part) and _kind(part).endswith(("EventDefinition", "LoopCharacteristics")):
            yield from ("language" for each in part if each.get("language"))
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is not None and several.get("behavior", "All") != "All":
        yield "behavior"
    for kind in ("dataInputAssociation", "dataOutputAssociation"):
        for association in element.iterfind(f"{{{BPMN}}}{kind}"):
            if any(_kind(part) in ("assignment", "transformation") for part in association if _is_bpmn(part)):
                yield "assignment"


def _reference(element: etree._Element, attribute: str) -> str | None:
    """The id another element is referred to by; some tools write a prefix of the target namespace before it."""
    referred = element.get(attribute)
    return referred.split(":")[-1] if referred else None


def _text(element: etree._Element, child: str) -> str | None:
    return (element.findtext(f"{{{BPMN}}}{child}") or "").strip() or None


def _name(element: etree._Element | None) -> str | None:
    return None if element is None else element.get("name") or element.get("id")


def _is_bpmn(element: etree._Element) -> bool:
    return etree.QName(element).namespace == BPMN


def _kind(element: etree._Element) -> str:
    return etree.QName(element).localname
