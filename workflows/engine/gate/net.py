"""A drawing made ready for exploring: one spot for every node, one bit for every place where a token can rest.

A token rests where a person, a timer or the worker must come, and where ways come together. Everything else is passed
at once, as the engine does. A called process has its spots anew for every call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from workflows.engine.drawing import Drawing, Flow, Node

WAITING = frozenset({"userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"})
LEVELS = frozenset({"subProcess", "callActivity"})
JOINS = frozenset({"parallelGateway", "inclusiveGateway"})


@dataclass(eq=False)
class Spot:
    """A node in the level it stands in."""

    node: Node
    level: "Level"
    bit: int = 0
    """Where a token rests here; 0 where it only passes."""
    arms: dict[str, int] = field(default_factory=dict)
    """Of a join: where a token rests that came along a flow, by the flow's id."""
    out: list[tuple[Flow, "Spot"]] = field(default_factory=list)
    into: list[tuple[Flow, "Spot"]] = field(default_factory=list)
    host: "Spot | None" = None
    """Of a boundary event: the step it is drawn on."""
    borders: list["Spot"] = field(default_factory=list)
    inner: "Level | None" = None

    @property
    def id(self) -> str:
        """The element's id."""
        return self.node.id

    @property
    def waits(self) -> bool:
        """Whether a token that comes here waits for somebody or something, and does not go on at once."""
        node = self.node
        later = node.kind == "serviceTask" and node.properties.get("asynchronous") == "true"
        return node.kind in WAITING | LEVELS or node.repeat is not None or later

    @property
    def is_plain_end(self) -> bool:
        """Whether tokens only vanish here, however many."""
        return self.node.kind == "endEvent" and self.node.event is None

    @property
    def while_here(self) -> int:
        """Every place that is emptied when the step is taken away."""
        return self.bit | (self.inner.places if self.inner else 0)

    def within(self) -> Iterator["Spot"]:
        """The spots of the level inside, and of the levels inside those."""
        for spot in self.inner.spots if self.inner else ():
            yield spot
            yield from spot.within()


@dataclass(eq=False)
class Level:
    """The process, or a sub-process, called process or event sub-process in it."""

    host: Spot | None
    spots: list[Spot] = field(default_factory=list)
    places: int = 0
    """Every place in the level and in the levels inside."""

    @cached_property
    def start(self) -> Spot:
        """The start event."""
        return next(spot for spot in self.spots if spot.node.kind == "startEvent")

    @cached_property
    def triggers(self) -> list[Spot]:
        """The start events of the event sub-processes that lie in wait in the level."""
        return [spot.inner.start for spot in self.spots if spot.node.event_subprocess and spot.inner]

    @cached_property
    def overtaken(self) -> int:
        """The places of event sub-processes that have taken the level away: nothing lies in wait any more."""
        hosts = [each.level.host for each in self.triggers if each.node.interrupting]
        return sum(host.bit for host in hosts if host)

    def around(self) -> Iterator["Level"]:
        """This level and those it stands in, the nearest first."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.host.level if level.host else None


class Net:
    """All spots of a drawing."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.spots: list[Spot] = []
        self.levels: list[Level] = []
        self._bits = 0
        self.root = self._level(None, None)
        self.by_bit = {spot.bit: spot for spot in self.spots if spot.bit}
        self.by_arm = {bit: (spot, flow) for spot in self.spots for flow, bit in spot.arms.items()}
        self.joins = [(spot, sum(spot.arms.values())) for spot in self.spots if spot.arms]
        self.arms = sum(self.by_arm)
        self.hosts = sum(level.host.bit for level in self.levels if level.host)
        self.merges = sum(spot.bit for spot in self.spots if spot.bit and not spot.waits)
        self.conditional = [
            spot for spot in self.spots if spot.host and spot.node.event == "conditional" and spot.node.interrupting
        ]
        """Conditions on borders that take their step away at once."""
        self.with_condition = sum({spot.host.bit for spot in self.conditional if spot.host})
        self._reach: dict[tuple[int, str], int] = {}

    def _level(self, inside: str | None, host: Spot | None) -> Level:
        level = Level(host)
        self.levels.append(level)
        here = {node.id: Spot(node, level) for node in self.drawing.nodes.values() if node.inside == inside}
        level.spots = list(here.values())
        for flow in self.drawing.flows.values():
            if flow.source in here and flow.target in here:
                here[flow.source].out.append((flow, here[flow.target]))
                here[flow.target].into.append((flow, here[flow.source]))
        for spot in level.spots:
            self.spots.append(spot)
            if spot.node.attached_to in here:
                spot.host = here[spot.node.attached_to]
                spot.host.borders.append(spot)
            self._give_places(spot)
            if spot.node.kind in LEVELS:
                spot.inner = self._level(spot.node.calls or spot.id, spot)
        level.places = sum(spot.while_here + sum(spot.arms.values()) for spot in level.spots)
        return level

    def _give_places(self, spot: Spot) -> None:
        several = len(spot.into) > 1
        if spot.node.kind in JOINS and several:
            spot.arms = {flow.id: self._bit() for flow, _ in spot.into}
        elif spot.waits or (several and not spot.is_plain_end):
            spot.bit = self._bit()

    def _bit(self) -> int:
        self._bits += 1
        return 1 << (self._bits - 1)

    def resting(self, marking: int) -> Iterator[tuple[Spot, str]]:
        """Where tokens rest: the spot and, of a join, the flow they came along."""
        while marking:
            bit = marking & -marking
            marking ^= bit
            if bit in self.by_bit:
                yield self.by_bit[bit], ""
            else:
                yield self.by_arm[bit]

    def may_reach(self, join: Spot, flow: str) -> int:
        """The places from which a token may come to a join along one of its flows without passing the join."""
        key = (id(join), flow)
        if key not in self._reach:
            source = next(source for each, source in join.into if each.id == flow)
            found, waiting = set[int](), [source]
            places = 0
            while waiting:
                spot = waiting.pop()
                if id(spot) in found or spot is join:
                    continue
                found.add(id(spot))
                places |= spot.while_here | sum(spot.arms.values())
                waiting += [before for _, before in spot.into]
                waiting += [spot.host] if spot.host else []
            self._reach[key] = places
        return self._reach[key]


def onwards(spot: Spot, into_starts: bool = False) -> Iterator[Spot]:
    """The spots that a token here, or what it sets going, may come to next: of a level inside all, or its start."""
    yield from (target for _, target in spot.out)
    yield from spot.borders
    if spot.inner is not None:
        yield from [spot.inner.start] if into_starts else spot.inner.spots


def reached_from(begin: Iterable[Spot], but: Spot | None = None, into_starts: bool = False) -> set[Spot]:
    """Every spot a token may come to from these, themselves included, without passing `but`."""
    found: set[Spot] = set()
    waiting = list(begin)
    while waiting:
        spot = waiting.pop()
        if spot not in found and spot is not but:
            found.add(spot)
            waiting += onwards(spot, into_starts)
    return found
