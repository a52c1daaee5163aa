"""Changes to the shipped drawings: some that break them, each with what must be said of it, and some that do no harm.

Every change works on the XML and is told where to: a site, one of those where it has the effect it promises.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from lxml import etree

from tests.support.drawings import YES_NO_FORM, boundary, timer, user
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import BPMN, SPIFF, Fault

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


Expected = tuple[frozenset[str], frozenset[str]]
"""The codes one of which must be told, and the elements one of which must be named."""


@dataclass(frozen=True)
class Harm:
    """A way of breaking a drawing."""

    name: str
    sites: Callable[[Shipped], list[Site]]
    do: Callable[[Shipped, Site], Expected]


def named(faults: list[Fault], expected: Expected) -> bool:
    """Whether one of the faults says what must be said."""
    codes, elements = expected
    return any(fault.code in codes and fault.element in elements for fault in faults)


def expect(codes: str, *elements: str) -> Expected:
    """One of the codes (separated by blanks) at one of the elements."""
    return frozenset(codes.split()), frozenset(elements)


def _only_way(shipped: Shipped) -> list[Site]:
    """Flows that are the only way out of a step."""
    kinds = ("userTask", "serviceTask", "businessRuleTask", "intermediateCatchEvent", "boundaryEvent", "startEvent")
    nodes = [each.get("id", "") for each in shipped.each(*kinds)]
    return [(flow.get("id", ""),) for node in nodes for flow in shipped.out(node)]


def remove_flow(shipped: Shipped, site: Site) -> Expected:
    flow = shipped.by_id(site[0])
    shipped.remove(flow)
    return expect("flow.dead_end", flow.get("sourceRef", ""))


def redirect_away(shipped: Shipped, site: Site) -> Expected:
    flow = shipped.by_id(site[0])
    old = flow.get("targetRef", "")
    flow.set("targetRef", flow.get("sourceRef", ""))
    return expect("flow.unreached", old)


def redirect_into_start(shipped: Shipped, site: Site) -> Expected:
    flow = shipped.by_id(site[0])
    flow.set("targetRef", shipped.each("startEvent")[0].get("id", ""))
    return expect("flow.misplaced flow.crosses", site[0])


def _only_way_in(shipped: Shipped) -> list[Site]:
    return [site for site in _only_way(shipped) if len(shipped.into(shipped.by_id(site[0]).get("targetRef", ""))) == 1]


_CLOSED = re.compile(r'\w+\.(?:outcome|result) (?:== "\w+"|in \[.*\])')


def _choices(shipped: Shipped) -> list[str]:
    """Exclusive gateways that ask for the outcome of a step or the result of a count, without a default."""
    found = []
    for gateway in (each.get("id", "") for each in shipped.each("exclusiveGateway") if not each.get("default")):
        conditions = ["".join(flow.itertext()).strip() for flow in shipped.out(gateway)]
        if len(conditions) > 1 and all(_CLOSED.fullmatch(each) for each in conditions):
            found.append(gateway)
    return found


def _branches(shipped: Shipped) -> list[Site]:
    return [(gateway, flow.get("id", "")) for gateway in _choices(shipped) for flow in shipped.out(gateway)]


def remove_branch(shipped: Shipped, site: Site) -> Expected:
    flow = shipped.by_id(site[1])
    shipped.remove(flow)
    return expect("gate.no_branch flow.unreached", site[0], flow.get("targetRef", ""))


def misspell(shipped: Shipped, site: Site) -> Expected:
    [condition] = list(shipped.by_id(site[1]))
    condition.text = re.sub(r'"(\w+)"', r'"\1x"', condition.text or "", count=1)
    return expect("gate.no_branch", site[0])


def _defaults(shipped: Shipped) -> list[Site]:
    kinds = ("exclusiveGateway", "inclusiveGateway")
    return [(each.get("id", ""),) for each in shipped.each(*kinds) if each.get("default")]


def remove_default(shipped: Shipped, site: Site) -> Expected:
    del shipped.by_id(site[0]).attrib["default"]
    return expect("gateway.condition", site[0])


def _splits_that_meet(shipped: Shipped) -> list[Site]:
    """Exclusive splits of which two ways lead to a same step of a person, where they may wait for each other."""
    found = []
    for gateway in (each.get("id", "") for each in shipped.each("exclusiveGateway")):
        ways = [shipped.reach(flow.get("targetRef", "")) for flow in shipped.out(gateway)]
        common = {node for place, way in enumerate(ways) for other in ways[place + 1 :] for node in way & other}
        if any(shipped.kind(node) == "userTask" for node in common):
            found.append((gateway,))
    return found


def split_all_ways(shipped: Shipped, site: Site) -> Expected:
    gateway = shipped.by_id(site[0])
    gateway.attrib.pop("default", None)
    shipped.rename(gateway, "parallelGateway")
    for flow in shipped.out(site[0]):
        for condition in list(flow):
            flow.remove(condition)
    # Where a later gateway asks for the same answer, it is that gateway which has no branch for it.
    return expect("gate.doubled gate.no_branch", *shipped.reach(site[0]))


def _meetings(shipped: Shipped, kind: str) -> list[Site]:
    """Gateways at which several ways meet and one goes on."""
    nodes = [each.get("id", "") for each in shipped.each(kind)]
    return [(node,) for node in nodes if len(shipped.into(node)) > 1 and len(shipped.out(node)) == 1]


def join_exclusively(shipped: Shipped, site: Site) -> Expected:
    shipped.rename(shipped.by_id(site[0]), "exclusiveGateway")
    return expect("gate.doubled", site[0])


def join_in_parallel(shipped: Shipped, site: Site) -> Expected:
    shipped.rename(shipped.by_id(site[0]), "parallelGateway")
    return expect("gate.deadlock", site[0])


def _pairs(shipped: Shipped) -> list[Site]:
    """Parallel splits and the joins where their ways meet."""
    splits = [
        each.get("id", "") for each in shipped.each("parallelGateway") if len(shipped.out(each.get("id", ""))) > 1
    ]
    joins = [site[0] for site in _meetings(shipped, "parallelGateway")]
    return [(split, join) for split in splits for join in joins if join in shipped.reach(split)]


def choose_one_way(shipped: Shipped, site: Site) -> Expected:
    shipped.rename(shipped.by_id(site[0]), "exclusiveGateway")
    first, *others = shipped.out(site[0])
    shipped.by_id(site[0]).set("default", first.get("id", ""))
    for number, flow in enumerate(others):
        condition = etree.SubElement(flow, f"{{{BPMN}}}conditionExpression")
        condition.text = f'rules.kind == "{number}"'
    return expect("gate.deadlock", site[1])


def leave_early(shipped: Shipped, site: Site) -> Expected:
    """One of two ways side by side may end before the join."""
    between = shipped.reach(site[0])
    flow = shipped.out(site[0])[0]
    added = '<bpmn:exclusiveGateway id="added_choice" default="added_on"/><bpmn:endEvent id="added_end"/>'
    shipped.insert(flow.get("id", ""), "added_choice", "added_choice", added)
    shipped.add(shipped.level(site[0]), flow_xml("added_off", "added_choice", "added_end", 'rules.kind == "A"'))
    return expect("gate.deadlock", *between)


def _steps(shipped: Shipped) -> list[Site]:
    return [(step,) for step in shipped.steps() if shipped.out(step)]


def remove_form(shipped: Shipped, site: Site) -> Expected:
    shipped.gone.add(f"forms/{site[0]}.form")
    return expect("form.missing", site[0])


def remove_post(shipped: Shipped, site: Site) -> Expected:
    for reference in shipped.each("flowNodeRef"):
        if (reference.text or "").strip() == site[0]:
            shipped.remove(reference)
    for each in shipped.by_id(site[0]).iter(f"{{{SPIFF}}}property"):
        if each.get("name") == "lane":
            shipped.remove(each)
    return expect("post.missing", site[0])


def forbid_kind(shipped: Shipped, site: Site) -> Expected:
    shipped.rename(shipped.by_id(site[0]), "scriptTask")
    return expect("element.unsupported", site[0])


def add_dead_step(shipped: Shipped, site: Site) -> Expected:
    [flow] = shipped.out(site[0])
    gateway = '<bpmn:exclusiveGateway id="added_choice" default="added_on"/><bpmn:endEvent id="added_end"/>'
    shipped.insert(flow.get("id", ""), "added_choice", "added_choice", gateway + shipped.step("added_step"))
    level = shipped.level(site[0])
    shipped.add(level, flow_xml("added_never", "added_choice", "added_step", f'{site[0]}.outcome == "no such outcome"'))
    shipped.add(level, flow_xml("added_last", "added_step", "added_end"))
    return expect("gate.dead_step", "added_step")


def _once_done(shipped: Shipped) -> list[Site]:
    """Steps that are done once each time and whose answer the case keeps."""
    inner = {
        each.getparent() for each in shipped.each("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")
    }
    around = {ancestor for each in inner for ancestor in (each, *each.iterdescendants())}
    return [site for site in _steps(shipped) if shipped.by_id(site[0]) not in around]


def add_circle(shipped: Shipped, site: Site) -> Expected:
    """After a step some cases come into a circle of two steps that nothing leads out of."""
    [flow] = shipped.out(site[0])
    gateway = '<bpmn:exclusiveGateway id="added_choice" default="added_on"/><bpmn:exclusiveGateway id="added_again"/>'
    two = shipped.step("added_first") + shipped.step("added_second")
    shipped.insert(flow.get("id", ""), "added_choice", "added_choice", gateway + two)
    level = shipped.level(site[0])
    shipped.add(level, flow_xml("added_off", "added_choice", "added_again", 'rules.kind == "A"'))
    ways = [("added_again", "added_first"), ("added_first", "added_second"), ("added_second", "added_again")]
    for source, target in ways:
        shipped.add(level, flow_xml(f"{source}_{target}", source, target))
    return expect("gate.livelock", "added_first")


def _operations(shipped: Shipped) -> list[Site]:
    return [(each.getparent().getparent().get("id"),) for each in shipped.root.iter(f"{{{SPIFF}}}serviceTaskOperator")]


def unknown_operation(shipped: Shipped, site: Site) -> Expected:
    next(shipped.by_id(site[0]).iter(f"{{{SPIFF}}}serviceTaskOperator")).set("id", "no.such_operation")
    return expect("operation.unknown", site[0])


def _error_events(shipped: Shipped) -> list[Site]:
    """Boundary error events with a code on a service step, and where alone they lead."""
    found = []
    for event in shipped.each("boundaryEvent"):
        error = event.find(f"{{{BPMN}}}errorEventDefinition")
        hosts = [each for each in shipped.each("serviceTask") if each.get("id") == event.get("attachedToRef")]
        if error is not None and error.get("errorRef") and hosts:
            found.append((event.get("id", ""), shipped.out(event.get("id", ""))[0].get("targetRef", "")))
    return found


def drop_error_event(shipped: Shipped, site: Site) -> Expected:
    shipped.remove(*shipped.out(site[0]), shipped.by_id(site[0]))
    return expect("flow.unreached", site[1])


def wrong_error_code(shipped: Shipped, site: Site) -> Expected:
    for error in shipped.each("error"):
        error.set("errorCode", "no.such_code")
    return expect("gate.dead_step", site[0])


def _reminders(shipped: Shipped) -> list[Site]:
    """Non-interrupting timers on steps whose way is one step and an end, and what follows the step they belong to."""
    found = []
    for event in shipped.each("boundaryEvent"):
        name, host = event.get("id", ""), event.get("attachedToRef", "")
        first = [flow.get("targetRef", "") for flow in shipped.out(name)]
        after = shipped.out(first[0]) if first else []
        ends = after and shipped.kind(after[0].get("targetRef", "")) == "endEvent"
        on = [flow.get("targetRef", "") for flow in shipped.out(host)]
        if event.get("cancelActivity") == "false" and ends and on and shipped.kind(on[0]) != "endEvent":
            found.append((name, after[0].get("id", ""), on[0]))
    return found


def lead_reminder_back(shipped: Shipped, site: Site) -> Expected:
    flow = shipped.by_id(site[1])
    shipped.remove(shipped.by_id(flow.get("targetRef", "")))
    flow.set("targetRef", site[2])
    return expect("gate.doubled", *shipped.reach(site[2]))


def _of(operation: str, *but: str) -> Callable[[Shipped], list[Site]]:
    return lambda shipped: [(step,) for step in shipped.operations(operation) if step not in but]


def drop_release(shipped: Shipped, site: Site) -> Expected:
    after = shipped.reach(site[0])
    shipped.bypass(site[0])
    return expect("scarce.kept scarce.taken_twice", *after)


def drop_use(shipped: Shipped, site: Site) -> Expected:
    after = shipped.reach(site[0])
    shipped.bypass(site[0])
    return expect("scarce.kept", *after)


def use_instead_of_take(shipped: Shipped, site: Site) -> Expected:
    next(shipped.by_id(site[0]).iter(f"{{{SPIFF}}}serviceTaskOperator")).set("id", "quota.use")
    return expect("scarce.not_taken", site[0])


def take_instead_of_use(shipped: Shipped, site: Site) -> Expected:
    next(shipped.by_id(site[0]).iter(f"{{{SPIFF}}}serviceTaskOperator")).set("id", "quota.reserve")
    return expect("scarce.taken_twice", site[0])


def use_twice(shipped: Shipped, site: Site) -> Expected:
    again = deepcopy(shipped.by_id(site[0]))
    again.set("id", "added_use")
    [flow] = shipped.out(site[0])
    xml = etree.tostring(again, encoding="unicode")
    shipped.insert(flow.get("id", ""), "added_use", "added_use", re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", xml))
    return expect("scarce.used_twice", "added_use")


def _withdrawals(shipped: Shipped) -> list[Site]:
    """What may be withdrawn only for a time, and the release that follows."""
    properties = [each for each in shipped.root.iter(f"{{{SPIFF}}}property") if each.get("name") == "available_when"]
    return [
        (each.get("value", ""), step)
        for each in properties
        for step in shipped.operations("quota.release")
        if "withdrawn" in step
    ]


def withdraw_at_any_time(shipped: Shipped, site: Site) -> Expected:
    for each in list(shipped.root.iter(f"{{{SPIFF}}}property")):
        if each.get("value") == site[0]:
            shipped.remove(each)
    return expect("scarce.given_back_used", site[1])


HARMS = [
    Harm("a flow is missing", _only_way, remove_flow),
    Harm("a flow leads elsewhere", _only_way_in, redirect_away),
    Harm("a flow leads to the start", _only_way, redirect_into_start),
    Harm("a branch is missing", _branches, remove_branch),
    Harm("a value is misspelt", _branches, misspell),
    Harm("a default is missing", _defaults, remove_default),
    Harm("a choice became a split", _splits_that_meet, split_all_ways),
    Harm("a join lets one by one through", lambda shipped: [(j,) for _, j in _pairs(shipped)], join_exclusively),
    Harm("a meeting waits for all", lambda shipped: _meetings(shipped, "exclusiveGateway"), join_in_parallel),
    Harm("a split became a choice", _pairs, choose_one_way),
    Harm("one of two ways ends early", _pairs, leave_early),
    Harm("a form is missing", _steps, remove_form),
    Harm("a post is missing", _steps, remove_post),
    Harm("a step is a script", _steps, forbid_kind),
    Harm("a step is never done", _once_done, add_dead_step),
    Harm("a circle has no way out", _once_done, add_circle),
    Harm("an operation is not known", _operations, unknown_operation),
    Harm("an error is not taken", _error_events, drop_error_event),
    Harm("an error has another code", _error_events, wrong_error_code),
    Harm("a reminder comes back to the way", _reminders, lead_reminder_back),
    # Where a case waits for a place it holds none: there the release does nothing.
    Harm("a place is not given back", _of("quota.release", "quota_release_given_up"), drop_release),
    Harm("a place is not used", _of("quota.use"), drop_use),
    Harm("a place is used that was not taken", _of("quota.reserve"), use_instead_of_take),
    Harm("a place is taken instead of used", _of("quota.use"), take_instead_of_use),
    Harm("a place is used twice", _of("quota.use"), use_twice),
    Harm("a place is given back after its use", _withdrawals, withdraw_at_any_time),
]


@dataclass(frozen=True)
class Change:
    """A change that leaves a drawing sound."""

    name: str
    sites: Callable[[Shipped], list[Site]]
    do: Callable[[Shipped, Site, Random], None]


def _anywhere(_shipped: Shipped) -> list[Site]:
    return [()]


def rename_all(shipped: Shipped, _site: Site, dice: Random) -> None:
    for element in shipped.each(
        "userTask", "serviceTask", "exclusiveGateway", "parallelGateway", "endEvent", "sequenceFlow"
    ):
        element.set("name", f"名称{dice.randrange(1000)}")


def shuffle(shipped: Shipped, _site: Site, dice: Random) -> None:
    for level in shipped.each("process", "subProcess"):
        kept = [each for each in level if etree.QName(each).localname in ("laneSet", "extensionElements")]
        others = [each for each in level if each not in kept]
        dice.shuffle(others)
        level[:] = [*kept, *others]


def _simple_flows(shipped: Shipped) -> list[Site]:
    """Flows out of steps that are done once, not at the end of an event gateway."""
    return [(flow.get("id", ""),) for site in _once_done(shipped) for flow in shipped.out(site[0])]


def _flows_to_steps(shipped: Shipped) -> list[Site]:
    """Those that do not lead to a gateway, which would ask for an answer that a deadline leaves out."""
    return [
        site
        for site in _simple_flows(shipped)
        if shipped.kind(shipped.by_id(site[0]).get("targetRef", "")) == "userTask"
    ]


def add_step(shipped: Shipped, site: Site, _dice: Random) -> None:
    shipped.insert(site[0], "added_step", "added_step", shipped.step("added_step"))


def add_reminder(shipped: Shipped, site: Site, _dice: Random) -> None:
    host = shipped.by_id(site[0]).get("sourceRef", "")
    event = boundary("added_late", host, timer("P10D"))
    rest = shipped.step("added_look") + '<bpmn:endEvent id="added_looked"/>'
    ways = flow_xml("added_f1", "added_late", "added_look") + flow_xml("added_f2", "added_look", "added_looked")
    shipped.add(shipped.level(host), event + rest + ways)


def add_deadline(shipped: Shipped, site: Site, _dice: Random) -> None:
    host = shipped.by_id(site[0]).get("sourceRef", "")
    event = boundary("added_late", host, timer("P10D"), interrupting=True)
    meet = '<bpmn:exclusiveGateway id="added_meet"/>'
    step = shipped.step("added_step")
    shipped.insert(site[0], "added_step", "added_meet", meet + step + flow_xml("added_f0", "added_step", "added_meet"))
    shipped.add(shipped.level(host), event + flow_xml("added_f1", "added_late", "added_meet"))


def add_pair(shipped: Shipped, site: Site, _dice: Random) -> None:
    gateways = '<bpmn:parallelGateway id="added_split"/><bpmn:parallelGateway id="added_join"/>'
    steps = shipped.step("added_left") + shipped.step("added_right")
    ways = [("added_split", "added_left"), ("added_split", "added_right")]
    ways += [("added_left", "added_join"), ("added_right", "added_join")]
    flows = "".join(flow_xml(f"{source}_{target}", source, target) for source, target in ways)
    shipped.insert(site[0], "added_split", "added_join", gateways + steps + flows)


def add_choice(shipped: Shipped, site: Site, _dice: Random) -> None:
    gateways = '<bpmn:exclusiveGateway id="added_split" default="added_over"/><bpmn:exclusiveGateway id="added_meet"/>'
    flows = flow_xml("added_over", "added_split", "added_meet") + flow_xml("added_back", "added_left", "added_meet")
    flows += flow_xml("added_off", "added_split", "added_left", 'rules.kind == "A"')
    shipped.insert(site[0], "added_split", "added_meet", gateways + shipped.step("added_left") + flows)


def make_last_default(shipped: Shipped, site: Site, _dice: Random) -> None:
    flow = shipped.out(site[0])[-1]
    shipped.by_id(site[0]).set("default", flow.get("id", ""))
    for condition in list(flow):
        flow.remove(condition)


def drop_idle_release(shipped: Shipped, site: Site, _dice: Random) -> None:
    shipped.bypass(site[0])


HARMLESS = [
    Change("all names are others", _anywhere, rename_all),
    Change("the elements stand in another order", _anywhere, shuffle),
    Change("a step more", _simple_flows, add_step),
    Change("a reminder more", _simple_flows, add_reminder),
    Change("a deadline more", _flows_to_steps, add_deadline),
    Change("two steps side by side more", _simple_flows, add_pair),
    Change("a choice more", _simple_flows, add_choice),
    Change("the last branch is the default", lambda s: [(gateway,) for gateway in _choices(s)], make_last_default),
    Change(
        "a release less that did nothing",
        lambda s: [(r,) for r in s.operations("quota.release") if "given_up" in r],
        drop_idle_release,
    ),
]


def some(sites: list[tuple[Shipped, Site]], dice: Random, count: int) -> Iterator[tuple[Shipped, Site]]:
    """`count` sites, if there are so many: a sixth of them in the large drawing, if the others have enough."""
    dice.shuffle(sites)
    large = [each for each in sites if each[0].name == "admission"]
    small = [each for each in sites if each[0].name != "admission"]
    yield from (large[: max(count // 6, count - len(small))] + small)[:count]
