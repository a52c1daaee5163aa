"""A shipped drawing as a tree that may be changed, and where in it something may be changed."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from lxml import etree

from tests.support.drawings import YES_NO_FORM, user
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import BPMN, SPIFF

Element = etree._Element
Site = tuple[str, ...]


@dataclass
class Shipped:
    """One shipped bundle with its drawing as a tree that may be changed."""

    name: str
    files: BundleFiles
    lane: str
    """A post its steps may be given to."""
    root: Element = field(init=False)
    extra: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        text = self.files.files[self.files.drawing_path]
        self.root = etree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())

    def copy(self) -> "Shipped":
        """The same bundle, to be changed."""
        other = object.__new__(Shipped)
        other.name, other.files, other.lane = self.name, self.files, self.lane
        other.root, other.extra, other.gone = deepcopy(self.root), {}, set()
        return other

    def changed(self) -> BundleFiles:
        """The bundle as it is now."""
        kept = {path: text for path, text in self.files.files.items() if path not in self.gone}
        drawing = {self.files.drawing_path: etree.tostring(self.root, encoding="unicode")}
        return BundleFiles({**kept, **drawing, **self.extra})

    # ---- reading

    def each(self, *kinds: str) -> list[Element]:
        """The elements of these kinds."""
        return [element for kind in kinds for element in self.root.iter(f"{{{BPMN}}}{kind}")]

    @cached_property
    def index(self) -> dict[str, Element]:
        """The elements by id, until one is added or removed."""
        return {element.get("id", ""): element for element in self.root.iter()}

    def by_id(self, name: str) -> Element:
        """The element with this id."""
        return self.index[name]

    @property
    def flows(self) -> list[Element]:
        """All sequence flows."""
        return self.each("sequenceFlow")

    def out(self, node: str) -> list[Element]:
        """The flows out of a node."""
        return [flow for flow in self.flows if flow.get("sourceRef") == node]

    def into(self, node: str) -> list[Element]:
        """The flows into a node."""
        return [flow for flow in self.flows if flow.get("targetRef") == node]

    def kind(self, node: str) -> str:
        """What a node is."""
        return str(etree.QName(self.by_id(node)).localname)

    def level(self, node: str) -> str:
        """The process or sub-process a node stands in."""
        parent = self.by_id(node).getparent()
        assert parent is not None
        return parent.get("id", "")

    def reach(self, node: str) -> set[str]:
        """Every node that flows lead to from a node, itself included."""
        following: dict[str, list[str]] = {}
        for flow in self.flows:
            following.setdefault(flow.get("sourceRef", ""), []).append(flow.get("targetRef", ""))
        for event in self.each("boundaryEvent"):
            following.setdefault(event.get("attachedToRef", ""), []).append(event.get("id", ""))
        found, waiting = set[str](), [node]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += following.get(here, [])
        return found

    def steps(self) -> list[str]:
        """User steps that have a form of their own."""
        return [
            each.get("id", "") for each in self.each("userTask") if f"forms/{each.get('id')}.form" in self.files.files
        ]

    def operations(self, name: str) -> list[str]:
        """Service steps that call an operation."""
        found = self.root.iter(f"{{{SPIFF}}}serviceTaskOperator")
        return [each.getparent().getparent().get("id") for each in found if each.get("id") == name]

    # ---- changing

    def rename(self, element: Element, kind: str) -> None:
        """Make another kind of element of it."""
        element.tag = f"{{{BPMN}}}{kind}"

    def remove(self, *elements: Element) -> None:
        """Take elements away, and what refers to them from incoming and outgoing."""
        self.__dict__.pop("index", None)
        for element in elements:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    def bypass(self, node: str) -> None:
        """Take a node with one way out away and lead its ways in to what follows it."""
        [after] = self.out(node)
        for flow in self.into(node):
            flow.set("targetRef", after.get("targetRef", ""))
        self.remove(after, self.by_id(node))

    def add(self, level: str, xml: str) -> None:
        """Put elements into a level."""
        wrapped = f'<x xmlns:bpmn="{BPMN}" xmlns:spiffworkflow="{SPIFF}">{xml}</x>'
        self.by_id(level).extend(list(etree.fromstring(wrapped)))
        del self.index

    def insert(self, flow: str, first: str, last: str, xml: str) -> None:
        """Put elements into a flow, from `first` to `last`."""
        element = self.by_id(flow)
        target, level = element.get("targetRef", ""), element.getparent().get("id")
        element.set("targetRef", first)
        self.add(level, xml + flow_xml("added_on", last, target))

    def step(self, node: str) -> str:
        """A new user step with a post and a form."""
        self.extra[f"forms/{node}.form"] = YES_NO_FORM
        return user(node, lane=self.lane)


def flow_xml(name: str, source: str, target: str, when: str = "") -> str:
    """A sequence flow."""
    condition = f"<bpmn:conditionExpression>{when}</bpmn:conditionExpression>" if when else ""
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{condition}</bpmn:sequenceFlow>'


_CLOSED = re.compile(r'\w+\.(?:outcome|result) (?:== "\w+"|in \[.*\])')


def choices(shipped: Shipped) -> list[str]:
    """Exclusive gateways that ask for the outcome of a step or the result of a count, without a default."""
    found = []
    for gateway in (each.get("id", "") for each in shipped.each("exclusiveGateway") if not each.get("default")):
        conditions = ["".join(flow.itertext()).strip() for flow in shipped.out(gateway)]
        if len(conditions) > 1 and all(_CLOSED.fullmatch(each) for each in conditions):
            found.append(gateway)
    return found


def once_done(shipped: Shipped) -> list[Site]:
    """Steps that are done once each time and whose answer the case keeps."""
    inner = {
        each.getparent() for each in shipped.each("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")
    }
    around = {ancestor for each in inner for ancestor in (each, *each.iterdescendants())}
    return [site for site in steps_with_forms(shipped) if shipped.by_id(site[0]) not in around]


def steps_with_forms(shipped: Shipped) -> list[Site]:
    """User steps with a form and a way out."""
    return [(step,) for step in shipped.steps() if shipped.out(step)]


def some(sites: list[tuple[Shipped, Site]], dice: Random, count: int) -> Iterator[tuple[Shipped, Site]]:
    """`count` sites, if there are so many: a sixth of them in the large drawing, if the others have enough."""
    dice.shuffle(sites)
    large = [each for each in sites if each[0].name == "admission"]
    small = [each for each in sites if each[0].name != "admission"]
    yield from (large[: max(count // 6, count - len(small))] + small)[:count]
