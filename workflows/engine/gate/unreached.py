"""Steps no case ever comes to, events that never happen, branches that are never taken: only the first of each row."""

from collections.abc import Iterator

from workflows.engine.drawing import Fault
from workflows.engine.gate import wording
from workflows.engine.gate.findings import Finding, Findings
from workflows.engine.gate.net import Net, Spot


def faults(net: Net, findings: Findings, causes: list[Finding]) -> Iterator[Fault]:
    """The faults of what was never reached, unless another fault explains it."""
    told = {each.spot.id for each in causes}
    for spot in net.spots:
        if spot.id in told:
            continue
        if spot.id not in findings.passed and _could_happen(spot, findings):
            told.add(spot.id)
            way = findings.entered.get(spot.host.id, ()) if spot.host else ()
            yield _of_spot(spot, wording.never_happens(spot), (*way, spot.id), net)
        elif spot.id in findings.passed or _is_never_left(spot, findings, told):
            yield from _branches(spot, findings, told, net)
        elif spot.arms and spot.id in findings.reached and not causes:
            told.add(spot.id)
            yield _of_spot(spot, wording.never_complete(spot), findings.entered[spot.id], net)


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
