"""Steps no case ever comes to, events that never happen, branches that are never taken: only the first of each row."""

from collections.abc import Iterator

from workflows.engine.drawing import Fault
from workflows.engine.gate import wording
from workflows.engine.gate.findings import Finding, Findings
from workflows.engine.gate.net import Net, Spot, reached_from


def faults(net: Net, findings: Findings, causes: list[Finding]) -> Iterator[Fault]:
    """The faults of what was never reached, unless another fault explains it."""
    told = {each.spot.id for each in causes}
    cut_off = [fault for spot in net.spots if spot.id in findings.passed for fault in _cut_off(spot, findings, net)]
    yield from cut_off
    broken = bool(causes or cut_off)
    for spot in net.spots:
        if spot.id in told:
            continue
        if spot.id not in findings.passed and _could_happen(spot, findings):
            if broken and _has_condition(spot):
                # What it asks for may come only after what is told already.
                continue
            told.add(spot.id)
            way = findings.entered.get(spot.host.id, ()) if spot.host else ()
            yield _of_spot(spot, wording.never_happens(spot), (*way, spot.id), net)
        elif spot.id in findings.passed or _is_never_left(spot, findings, told):
            yield from _branches(spot, findings, told, net)
        elif spot.arms and spot.id in findings.reached and not causes:
            told.add(spot.id)
            yield _of_spot(spot, wording.never_complete(spot), findings.entered[spot.id], net)


def _cut_off(spot: Spot, findings: Findings, net: Net) -> Iterator[Fault]:
    """The first way out of a parallel split that ends as it begins, for another way ends the whole level at once."""
    if spot.node.kind != "parallelGateway":
        return
    ending = [target for _, target in spot.out if _ends_all_at_once(target)]
    for flow, target in spot.out if ending else ():
        if target not in ending and any(each.waits for each in reached_from([target])):
            way = findings.entered.get(spot.id, ())
            where = flow.id, flow.label, flow.line, flow.file
            message = wording.cut_off(flow, spot, ending[0])
            yield Fault("gate.dead_branch", message, *where, way, wording.way(way, net.drawing))
            return


def _ends_all_at_once(spot: Spot) -> bool:
    """Whether a token here comes to an end of everything without waiting and without a choice."""
    seen = set[Spot]()
    while spot not in seen and not (spot.waits or spot.arms or spot.borders) and len(spot.out) == 1:
        seen.add(spot)
        spot = spot.out[0][1]
    return spot.node.kind == "endEvent" and spot.node.event == "terminate"


def _has_condition(spot: Spot) -> bool:
    return spot.node.event == "conditional" or "available_when" in spot.node.properties


def _branches(spot: Spot, findings: Findings, told: set[str], net: Net) -> Iterator[Fault]:
    """Ways out of a node that was passed, but never along them; a default that is never needed does no harm."""
    way = findings.entered.get(spot.id, ())
    for flow, target in spot.out:
        never = flow.id not in findings.passed and flow.id != spot.node.default_flow
        if not never or told & {flow.id, target.id}:
            continue
        if target.id in findings.reached or target.node.kind.endswith("Gateway"):
            told.add(flow.id)
            message = wording.never_taken(flow, spot)
            where = flow.id, flow.label, flow.line, flow.file
            yield Fault("gate.dead_branch", message, *where, way, wording.way(way, net.drawing))
        else:
            told.add(target.id)
            yield _of_spot(target, wording.never_done(target, flow, spot), (*way, target.id), net)


def _is_never_left(spot: Spot, findings: Findings, told: set[str]) -> bool:
    """Whether cases come into a sub-process and never out of it, though nothing in it is wrong."""
    return spot.inner is not None and spot.id in findings.reached and not any(each.id in told for each in spot.within())


def _could_happen(spot: Spot, findings: Findings) -> bool:
    """Whether it is an event beside the way and what it belongs to was reached."""
    if spot.host is not None:
        return spot.host.id in findings.reached
    host = spot.level.host
    if spot.node.kind != "startEvent" or host is None or not host.node.event_subprocess:
        return False
    outer = host.level.host
    return outer is None or outer.id in findings.reached


def _of_spot(spot: Spot, message: str, path: tuple[str, ...], net: Net) -> Fault:
    node = spot.node
    where = node.id, node.name, node.line, node.file
    return Fault("gate.dead_step", message, *where, path, wording.way(path, net.drawing))
