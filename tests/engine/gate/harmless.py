"""Changes that leave a shipped drawing as sound as it is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from lxml import etree

from tests.engine.gate.shipped import Shipped, Site, choices, flow_xml, once_done
from tests.support.drawings import boundary, timer


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
    # Between the decision and the place only the authority itself may act: that is refused, and rightly.
    steps = [step for (step,) in once_done(shipped) if step != "approve_admission"]
    return [(flow.get("id", ""),) for step in steps for flow in shipped.out(step)]


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
    Change("the last branch is the default", lambda s: [(gateway,) for gateway in choices(s)], make_last_default),
    Change(
        "a release less that did nothing",
        lambda s: [(r,) for r in s.operations("quota.release") if "given_up" in r],
        drop_idle_release,
    ),
]
