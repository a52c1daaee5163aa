"""Which facts still matter where: what nothing reads before it is written again is forgotten, to keep states few."""

from collections.abc import Callable, Iterator

from workflows.engine.gate.conditions import Facts
from workflows.engine.gate.knowledge import Knowledge
from workflows.engine.gate.net import Net, Spot


def forgetting(net: Net, knowledge: Knowledge) -> Callable[[int, Facts], Facts]:
    """A function that replaces facts that no token of a marking leads to a reader of by 'anything'."""
    always = _read_any_time(net, knowledge)
    live = _live(net, knowledge)
    rests = [(bit, live[spot]) for spot in net.spots for bit in (spot.bit, *spot.arms.values()) if bit]
    readers = [
        0 if place in always else sum(bit for bit, paths in rests if place in paths)
        for place in range(len(knowledge.paths))
    ]
    anything = knowledge.anything

    def forget(marking: int, facts: Facts) -> Facts:
        return tuple(
            fact if place in always or marking & readers[place] else anything[place] for place, fact in enumerate(facts)
        )

    return forget


def _reads(spot: Spot, knowledge: Knowledge) -> frozenset[int]:
    conditions = [knowledge.condition(spot.id), *(knowledge.condition(flow.id) for flow, _ in spot.out)]
    return frozenset(place for each in conditions if each is not None for place in each.paths)


def _read_any_time(net: Net, knowledge: Knowledge) -> frozenset[int]:
    """What events read that may come at any time beside the tokens."""
    events = [spot for spot in net.spots if not spot.into and knowledge.condition(spot.id)]
    return frozenset(place for spot in events for place in _reads(spot, knowledge))


def _next(spot: Spot) -> Iterator[Spot]:
    """The spots to which data may be carried from a spot."""
    yield from (target for _, target in spot.out)
    if spot.inner is not None:
        yield spot.inner.start
    if spot.node.kind == "endEvent" and spot.level.host is not None:
        yield spot.level.host
        yield from (target for _, target in spot.level.host.out)
    for level in spot.level.around():
        yield from level.triggers
        yield from level.host.borders if level.host else ()
    yield from spot.borders


def _live(net: Net, knowledge: Knowledge) -> dict[Spot, frozenset[int]]:
    """For each spot the paths that are read from there on before they are written."""
    reads = {spot: _reads(spot, knowledge) for spot in net.spots}
    writes = {spot: frozenset(place for place, _ in knowledge.written.get(spot.id, ())) for spot in net.spots}
    successors = {spot: list(_next(spot)) for spot in net.spots}
    before: dict[Spot, list[Spot]] = {spot: [] for spot in net.spots}
    for spot, following in successors.items():
        for each in following:
            before[each].append(spot)
    live, waiting = dict(reads), set(net.spots)
    while waiting:
        spot = waiting.pop()
        after = frozenset[int]().union(*(live[each] for each in successors[spot]))
        # An interrupted step writes nothing: what its borders lead to is read as it was.
        kept = frozenset[int]().union(*(live[each] for each in spot.borders))
        now = reads[spot] | (after - writes[spot]) | kept
        if now != live[spot]:
            live[spot] = now
            waiting.update(before[spot])
    return live
