"""Ways of breaking a shipped drawing, each with what must be said of it.

Every one works on the XML and is told where to: a site, one of those where it has the effect it promises.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from tests.engine.gate.shipped import Shipped, Site, choices, flow_xml, once_done, steps_with_forms
from workflows.engine.drawing import BPMN, SPIFF, Fault

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


def _branches(shipped: Shipped) -> list[Site]:
    return [(gateway, flow.get("id", "")) for gateway in choices(shipped) for flow in shipped.out(gateway)]


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
    ways = {flow.get("id", ""): flow.get("targetRef", "") for flow in shipped.out(site[0])}
    ending = {target for target in ways.values() if _ends_everything(shipped, target)}
    if ending:
        # One way ends the whole case at once: of the others nothing is left that could come twice.
        return expect("gate.dead_branch", *(flow for flow, target in ways.items() if target not in ending))
    # Where a later gateway asks for the same answer, it is that gateway which has no branch for it.
    return expect("gate.doubled gate.no_branch", *shipped.reach(site[0]))


def _ends_everything(shipped: Shipped, node: str) -> bool:
    return shipped.by_id(node).find(f"{{{BPMN}}}terminateEventDefinition") is not None


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


def remove_form(shipped: Shipped, site: Site) -> Expected:
    shipped.gone.add(f"forms/{site[0]}.form")
    return expect("form.missing", site[0])


def _with_a_post_of_their_own(shipped: Shipped) -> list[Site]:
    """Steps in no sub-process that stands in a lane: those have the post of that lane when their own is gone."""
    in_lanes = {(each.text or "").strip() for each in shipped.each("flowNodeRef")}
    return [
        site
        for site in steps_with_forms(shipped)
        if not in_lanes & {each.get("id") for each in shipped.by_id(site[0]).iterancestors()}
    ]


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


def _without_deadline(shipped: Shipped) -> list[Site]:
    """Steps in no sub-process that an event or its own end takes away: what goes round until then is no circle."""
    away = {shipped.by_id(each.get("attachedToRef", "")) for each in shipped.each("boundaryEvent")}
    away |= {level for each in shipped.each("terminateEventDefinition") for level in each.iterancestors()}
    return [site for site in once_done(shipped) if not away & set(shipped.by_id(site[0]).iterancestors())]


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
        target = shipped.out(event.get("id", ""))[0].get("targetRef", "")
        if error is not None and error.get("errorRef") and hosts and len(shipped.into(target)) == 1:
            found.append((event.get("id", ""), target))
    return found


def drop_error_event(shipped: Shipped, site: Site) -> Expected:
    shipped.remove(*shipped.out(site[0]), shipped.by_id(site[0]))
    return expect("flow.unreached", site[1])


def wrong_error_code(shipped: Shipped, site: Site) -> Expected:
    definition = shipped.by_id(site[0]).find(f"{{{BPMN}}}errorEventDefinition")
    assert definition is not None
    shipped.by_id(definition.get("errorRef", "")).set("errorCode", "no.such_code")
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
    # Whoever waits for the place to be gone waits in vain, and that is told first.
    waits = [
        each.get("id", "")
        for each in shipped.each("boundaryEvent")
        if each.find(f"{{{BPMN}}}conditionalEventDefinition") is not None
    ]
    shipped.bypass(site[0])
    return expect("scarce.kept scarce.taken_twice gate.dead_step", *after, *waits)


def drop_use(shipped: Shipped, site: Site) -> Expected:
    after = shipped.reach(site[0])
    # The border of a step that is gone hangs in the air, and that is told first.
    borders = [each.get("id", "") for each in shipped.each("boundaryEvent") if each.get("attachedToRef") == site[0]]
    shipped.bypass(site[0])
    return expect("scarce.kept boundary.unattached", *after, *borders)


def use_instead_of_take(shipped: Shipped, site: Site) -> Expected:
    next(shipped.by_id(site[0]).iter(f"{{{SPIFF}}}serviceTaskOperator")).set("id", "quota.use")
    return expect("scarce.not_taken", site[0])


def take_instead_of_use(shipped: Shipped, site: Site) -> Expected:
    next(shipped.by_id(site[0]).iter(f"{{{SPIFF}}}serviceTaskOperator")).set("id", "quota.reserve_of_year")
    return expect("scarce.taken_twice", site[0])


def use_twice(shipped: Shipped, site: Site) -> Expected:
    again = deepcopy(shipped.by_id(site[0]))
    again.set("id", "added_use")
    [flow] = shipped.out(site[0])
    xml = etree.tostring(again, encoding="unicode")
    shipped.insert(flow.get("id", ""), "added_use", "added_use", re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", xml))
    return expect("scarce.used_twice", "added_use")


def _withdrawals(shipped: Shipped) -> list[Site]:
    """What may begin beside the way only for a time, and the release that follows."""
    found = []
    for start in shipped.each("startEvent"):
        times = [each for each in start.iter(f"{{{SPIFF}}}property") if each.get("name") == "available_when"]
        releases = shipped.reach(start.get("id", "")) & set(shipped.operations("quota.release"))
        found += [(each.get("value", ""), step) for each in times for step in sorted(releases)]
    return found


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
    Harm("a form is missing", steps_with_forms, remove_form),
    Harm("a post is missing", _with_a_post_of_their_own, remove_post),
    Harm("a step is a script", steps_with_forms, forbid_kind),
    Harm("a step is never done", once_done, add_dead_step),
    Harm("a circle has no way out", _without_deadline, add_circle),
    Harm("an operation is not known", _operations, unknown_operation),
    Harm("an error is not taken", _error_events, drop_error_event),
    Harm("an error has another code", _error_events, wrong_error_code),
    Harm("a reminder comes back to the way", _reminders, lead_reminder_back),
    # Where a case waits for a place it holds none: there the release does nothing.
    Harm("a place is not given back", _of("quota.release", "quota_release_given_up"), drop_release),
    Harm("a place is not used", _of("quota.use_in_year"), drop_use),
    Harm("a place is used that was not taken", _of("quota.reserve"), use_instead_of_take),
    Harm("a place is taken instead of used", _of("quota.use_in_year"), take_instead_of_use),
    Harm("a place is used twice", _of("quota.use_in_year"), use_twice),
    Harm("a place is given back after its use", _withdrawals, withdraw_at_any_time),
]
