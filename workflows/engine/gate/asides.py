"""What begins beside the way and never comes back to it, such as reminders: it is explored on its own.

Otherwise every reminder would double the number of states. Whatever may touch the rest of the case stays with it: a
flow back, a scarce thing, data that the rest reads, an error, an end of everything.
"""

from collections.abc import Iterator

from workflows.engine.gate.knowledge import Knowledge
from workflows.engine.gate.net import Net, Spot, reached_from

_OUTWARDS = frozenset({"error", "escalation", "signal"})


def apart(net: Net, knowledge: Knowledge) -> list[Spot]:
    """Boundary events and starts of event sub-processes whose tokens touch nothing else."""
    return [spot for spot in net.spots if _begins_aside(spot) and _touches_nothing(spot, net, knowledge)]


def _begins_aside(spot: Spot) -> bool:
    if spot.node.interrupting:
        return False
    host = spot.level.host
    return spot.host is not None or (spot.node.kind == "startEvent" and bool(host and host.node.event_subprocess))


def _touches_nothing(begin: Spot, net: Net, knowledge: Knowledge) -> bool:
    region = reached_from([begin])
    inside = {spot.id for spot in region}
    if any(source not in region for spot in region - {begin} for _, source in spot.into):
        return False
    read_elsewhere = {place for key, paths in _conditions(net, knowledge) if key not in inside for place in paths}
    written = {place for spot in region for place, _ in knowledge.written.get(spot.id, ())}
    return not written & read_elsewhere and not any(_reaches_out(spot, begin, knowledge) for spot in region)


def _conditions(net: Net, knowledge: Knowledge) -> Iterator[tuple[str, frozenset[int]]]:
    """Who reads which paths: the spot with the condition."""
    for spot in net.spots:
        for key in (spot.id, *(flow.id for flow, _ in spot.out)):
            if (condition := knowledge.condition(key)) is not None:
                yield spot.id, condition.paths


def _reaches_out(spot: Spot, begin: Spot, knowledge: Knowledge) -> bool:
    node = spot.node
    if node.kind in ("endEvent", "intermediateThrowEvent") and node.event in _OUTWARDS:
        return True
    if node.kind == "endEvent" and node.event == "terminate" and spot.level is begin.level:
        return begin.host is not None
    if node.kind != "serviceTask":
        return False
    operation = knowledge.sources.operations.get(node.operation or "")
    around = list(spot.level.around())
    takers = [each for level in around for each in level.triggers]
    takers += [each for level in around if level.host for each in level.host.borders]
    return bool(operation and operation.scarce) or any(each.node.event == "error" for each in takers)
