"""What may happen next in a case, abstractly: the semantics of levels.py, events.py and repeats.py over markings.

A state is where tokens rest, what is known of the data, and which scarce things the case holds. A move is one thing
that happens from outside (a person acts, a timer fires, the worker performs) and all that the engine does at once
after it. A token may be slow only where ways come together, so that two that come one after the other are seen to meet.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from workflows.engine.drawing import Flow, Node
from workflows.engine.environment import Operation
from workflows.engine.gate import scarce
from workflows.engine.gate.conditions import Facts
from workflows.engine.gate.findings import Findings, TooLarge
from workflows.engine.gate.gateways import MOST_AT_ONCE, exclusive, inclusive
from workflows.engine.gate.knowledge import Knowledge
from workflows.engine.gate.net import Level, Net, Spot, reached_from
from workflows.engine.gate.scarce import Held

GO, AROUND, ASIDE, ANY_TIME = "go", "around", "aside", "any time"
"""Kinds of moves: a token goes on; an event takes a whole sub-process away; one begins something beside the way; an
event sub-process begins, which is no way on for those who wait."""


class State(NamedTuple):
    """Where a case stands."""

    marking: int
    facts: Facts
    held: Held


class Going(NamedTuple):
    """A case in the middle of a move."""

    marking: int
    facts: Facts
    held: Held
    arriving: tuple[tuple[Spot, str], ...] = ()
    """Tokens under way: where to, and along which flow."""
    trail: tuple[str, ...] = ()

    def toward(self, *arriving: tuple[Spot, str]) -> "Going":
        """With more tokens under way."""
        return self._replace(arriving=(*self.arriving, *arriving))

    def without(self, places: int, spots: Iterable[Spot] = ()) -> "Going":
        """With places emptied and tokens on their way to these spots gone."""
        gone = set(spots)
        arriving = tuple(each for each in self.arriving if each[0] not in gone) if gone else self.arriving
        return self._replace(marking=self.marking & ~places, arriving=arriving)


class Moves:
    """All moves over one net."""

    def __init__(self, net: Net, knowledge: Knowledge, findings: Findings, things: list[str]) -> None:
        self.net, self.knowledge, self.findings, self.things = net, knowledge, findings, things
        self.apart: set[Spot] = set()
        """Boundary events and starts of event sub-processes whose tokens are explored on their own."""
        self.alone = False
        """Whether it is such tokens that are explored: the process itself does not run."""
        self.normal: Callable[[int, Facts], Facts] = lambda _marking, facts: facts
        """Forgets what nothing reads any more."""
        self._own: dict[Spot, int] = {}

    # ---- begin and end of a move

    def begun(self, spot: Spot, facts: Facts) -> list[tuple[tuple[str, ...], State]]:
        """The states a case may be in when a token has passed a spot for a start."""
        return self._rest(self._pass(Going(0, facts, scarce.NOTHING * len(self.things)), spot))

    def _rest(self, goings: Iterable[Going]) -> list[tuple[tuple[str, ...], State]]:
        """Let everything run that runs by itself."""
        resting, waiting, done = [], deque(goings), 0
        while waiting:
            going = waiting.popleft()
            done += 1
            if done > MOST_AT_ONCE:
                raise TooLarge()
            if going.arriving:
                (spot, flow), *others = going.arriving
                waiting += self._arrive(going._replace(arriving=tuple(others)), spot, flow)
            elif (onwards := self._by_itself(going)) is not None:
                waiting += onwards
            else:
                if not going.marking and not self.alone:
                    self._ended(going)
                resting.append((going.trail, State(going.marking, self.normal(*going[:2]), going.held)))
        return resting

    def _ended(self, going: Going) -> None:
        for thing, held in zip(self.things, going.held, strict=True):
            if held == scarce.TAKEN:
                last = next(spot for spot in self.net.spots if spot.id == going.trail[-1])
                self.findings.note("scarce.kept", last, going.trail, thing)

    def _by_itself(self, going: Going) -> list[Going] | None:
        for level in reversed(self.net.levels) if going.marking & self.net.hosts else ():
            host = level.host
            if host and going.marking & host.bit and not going.marking & level.places and host.node.repeat is None:
                return self._leave(going.without(host.bit), host)
        for join, arms in self.net.joins if going.marking & self.net.arms else ():
            arrived = going.marking & arms
            if arrived == arms or (arrived and self._may_join(going.marking, join, arms)):
                return self._pass(going.without(arms), join)
        for border in self.net.conditional if going.marking & self.net.with_condition else ():
            if border.host and going.marking & border.host.bit and self._surely(going, border):
                return self.happen(going, border)
        return None

    def _surely(self, going: Going, event: Spot) -> bool:
        """Whether the condition of an event holds whatever is not known of the data: then nobody acts before it."""
        condition = self.knowledge.condition(event.id)
        return condition is not None and condition.understood and condition.narrowed(going.facts, False) is None

    def _may_join(self, marking: int, join: Spot, arms: int) -> bool:
        """Whether an inclusive gateway need not wait for the ways on which no token has arrived."""
        if join.node.kind == "parallelGateway":
            return False
        elsewhere = marking & ~arms
        for flow, bit in join.arms.items():
            if marking & bit:
                elsewhere &= ~self.net.may_reach(join, flow)
        missing = [flow for flow, bit in join.arms.items() if not marking & bit]
        return not any(elsewhere & self.net.may_reach(join, flow) for flow in missing)

    def _arrive(self, going: Going, spot: Spot, flow: str) -> list[Going]:
        bit = spot.arms.get(flow, spot.bit)
        if not bit:
            return self._pass(going, spot)
        self.findings.reach(spot, going.trail)
        if going.marking & bit:
            self.findings.note("gate.doubled", spot, going.trail)
            return [going]
        here = going._replace(marking=going.marking | bit)
        repeat = spot.node.repeat
        none_at_all = repeat is not None and (repeat.kind != "loop" or repeat.test_before)
        return [*self._enter(here, spot), *(self._leave(going, spot) if none_at_all else ())]

    def _enter(self, going: Going, spot: Spot) -> list[Going]:
        if spot.inner is None:
            return [going]
        return self._pass(going._replace(trail=(*going.trail, spot.id)), spot.inner.start)

    # ---- passing a node

    def _pass(self, going: Going, spot: Spot) -> list[Going]:
        """A token goes through a node that does not keep it."""
        self.findings.reach(spot, going.trail)
        node = spot.node
        if node.kind == "serviceTask":
            return self._perform(going, spot)
        going = self._trailing(going, spot)
        if node.kind == "endEvent" or (node.kind == "intermediateThrowEvent" and node.event):
            return self._throw(going, spot)
        if node.kind == "exclusiveGateway":
            return [self._taking(going._replace(facts=facts), arm) for facts, arm in exclusive(self, going, spot)]
        if node.kind == "inclusiveGateway":
            return [
                going._replace(facts=facts).toward(*(self._taken(arm) for arm in arms))
                for facts, arms in inclusive(self, going, spot)
            ]
        if node.kind == "businessRuleTask":
            going = going._replace(facts=self.knowledge.after(spot.id, going.facts))
        return self._onwards(going, spot)

    def _trailing(self, going: Going, spot: Spot) -> Going:
        self.findings.passed.add(spot.id)
        return going._replace(trail=(*going.trail, spot.id))

    def _taken(self, arm: tuple[Flow, Spot]) -> tuple[Spot, str]:
        self.findings.passed.add(arm[0].id)
        return arm[1], arm[0].id

    def _taking(self, going: Going, arm: tuple[Flow, Spot]) -> Going:
        return going.toward(self._taken(arm))

    def _onwards(self, going: Going, spot: Spot) -> list[Going]:
        return [going.toward(*(self._taken(arm) for arm in spot.out))]

    def _leave(self, going: Going, spot: Spot) -> list[Going]:
        """A step is done for good."""
        if spot.node.event_subprocess:
            return [going]
        if spot.node.repeat is not None and spot.node.repeat.kind != "loop":
            facts = self.knowledge.forgotten([each.id for each in spot.within()], going.facts)
            going = going._replace(facts=self.knowledge.after(spot.id, facts))
        self.findings.passed.add(spot.id)
        return self._onwards(going if spot.inner else self._trailing(going, spot), spot)

    def _perform(self, going: Going, spot: Spot) -> list[Going]:
        """A service step succeeds, or is refused and an error event takes it."""
        operation = self.knowledge.sources.operations.get(spot.node.operation or "")
        done = self._trailing(going, spot)
        if operation is not None and operation.scarce is not None:
            held = scarce.after(going.held, self.things, operation.scarce, spot, going.trail, self.findings)
            done = done._replace(held=held)
        done = done._replace(facts=self.knowledge.after(spot.id, done.facts))
        return [*self._onwards(done, spot), *self._refused(going, spot, operation)]

    def _refused(self, going: Going, spot: Spot, operation: Operation | None) -> Iterator[Going]:
        takers = [self._taker(going, spot, "error", code) for code in (*(operation.errors if operation else ()), None)]
        going = going._replace(trail=(*going.trail, spot.id))
        for taker in {taker for taker in takers if taker is not None}:
            yield from self.happen(going, taker)

    # ---- events

    def _throw(self, going: Going, spot: Spot) -> list[Going]:
        node = spot.node
        if node.event == "terminate":
            return [going.without(spot.level.places, _within(spot.level))]
        if node.event == "signal":
            return self._signal(going.toward(*(self._taken(arm) for arm in spot.out)), node)
        if node.event in ("error", "escalation"):
            taker = self._taker(going, spot, node.event, node.detail)
            if node.event == "error":
                return self.happen(going, taker) if taker is not None else []
            going = going.toward(*(self._taken(arm) for arm in spot.out))
            return self.happen(going, taker) if taker is not None else [going]
        return self._onwards(going, spot)

    def _taker(self, going: Going, thrower: Spot, kind: str, code: str | None) -> Spot | None:
        """Who takes an error or escalation: on the step's own border, in its level, then outwards."""
        scopes = [thrower.borders]
        for level in thrower.level.around():
            scopes.append([] if going.marking & level.overtaken else level.triggers)
            scopes.append(level.host.borders if level.host else [])
        for scope in scopes:
            fitting = [each for each in scope if each.node.event == kind and each.node.detail in (None, "", code)]
            if fitting:
                return min(fitting, key=lambda each: not each.node.detail)
        return None

    def _signal(self, going: Going, thrown: Node) -> list[Going]:
        """A signal is heard by everybody in the case who waits for it."""
        for spot, _ in list(self.net.resting(going.marking)):
            hearing = [spot] if spot.node.kind == "intermediateCatchEvent" else []
            hearing += [target for _, target in spot.out] if spot.node.kind == "eventBasedGateway" else []
            hearing += spot.borders
            for each in hearing:
                if each.node.event == "signal" and each.node.detail == thrown.detail and going.marking & spot.bit:
                    [going] = self.happen(going, each, waiting=spot)
        for trigger in self._lying_in_wait(going.marking):
            if trigger.node.event == "signal" and trigger.node.detail == thrown.detail:
                [going] = self.happen(going, trigger)
        return [going]

    def happen(self, going: Going, event: Spot, waiting: Spot | None = None) -> list[Going]:
        """An event comes: on a border, for an event sub-process, or to the token that waits at `waiting` for it."""
        if event in self.apart:
            self.findings.reach(event, going.trail)
            self.findings.passed.add(event.id)
            return [going]
        going = going._replace(facts=self.knowledge.after(event.id, going.facts))
        self.findings.reach(event, going.trail)
        if event.host is not None:
            if event.node.interrupting:
                going = going.without(event.host.while_here, event.host.within())
            return self._onwards(self._trailing(going, event), event)
        host = event.level.host
        if event.node.kind == "startEvent" and host is not None:
            if event.node.interrupting:
                going = going.without(host.level.places, _within(host.level))
            elif going.marking & host.bit:
                return [going]
            going = going._replace(marking=going.marking | host.bit)
            self.findings.reach(host, going.trail)
            self.findings.passed.add(host.id)
            return self._onwards(self._trailing(going, event), event)
        return self._onwards(self._trailing(going.without((waiting or event).bit), event), event)

    def _lying_in_wait(self, marking: int) -> list[Spot]:
        everything = 0 if self.alone else marking
        running = [level for level in self.net.levels if (marking & level.host.bit if level.host else everything)]
        return [each for level in running if not marking & level.overtaken for each in level.triggers]

    # ---- all moves

    def of(self, state: State) -> Iterator[tuple[str, tuple[str, ...], State]]:
        """Every move from a state: its kind, the elements it passes, and the state it leads to."""
        going = Going(*state)
        for spot, flow in self.net.resting(state.marking):
            if flow:
                continue
            for kind, goings in self._at(going, spot):
                yield from ((kind, trail, after) for trail, after in self._rest(goings))
        if not state.marking & self.net.merges:
            for trigger in self._lying_in_wait(state.marking):
                if trigger.node.event not in ("error", "escalation"):
                    goings = [each for now in self._possible(going, trigger) for each in self.happen(now, trigger)]
                    yield from ((ANY_TIME, trail, after) for trail, after in self._rest(goings))

    def _at(self, going: Going, spot: Spot) -> Iterator[tuple[str, list[Going]]]:
        node = spot.node
        if node.kind == "eventBasedGateway":
            for _, target in spot.out:
                self.findings.reach(target, (*going.trail, spot.id))
                now = going._replace(trail=(*going.trail, spot.id))
                yield GO, [got for each in self._possible(now, target) for got in self.happen(each, target, spot)]
            self.findings.passed.update({spot.id, *(flow.id for flow, _ in spot.out)})
        else:
            yield GO, self._done(going, spot)
        for border in spot.borders:
            if border.node.event in ("error", "escalation") or not (spot.waits or border.node.event is None):
                continue
            if not border.node.interrupting and going.marking & self._own_places(border):
                continue
            kind = ASIDE if not border.node.interrupting else AROUND if spot.inner else GO
            yield kind, [got for each in self._possible(going, border) for got in self.happen(each, border)]

    def _own_places(self, border: Spot) -> int:
        """Where tokens rest that only this event can have sent."""
        if border not in self._own:
            from_elsewhere = [spot for spot in self.net.spots if not spot.into and spot is not border]
            private = reached_from([border]) - reached_from(from_elsewhere, but=border, into_starts=True)
            self._own[border] = sum({spot.while_here for spot in private if spot.bit})
        return self._own[border]

    def _done(self, going: Going, spot: Spot) -> list[Going]:
        """What waits, or rests where ways come together, goes on."""
        node = spot.node
        if spot.inner is not None and (going.marking & spot.inner.places):
            return []
        if not spot.waits:
            return self._pass(going.without(spot.bit), spot)
        if node.repeat is not None:
            once = self._once(going, spot)
            again = self._enter(once, spot) if spot.inner else [once]
            return [*again, *self._leave(once.without(spot.bit), spot)]
        if node.kind == "serviceTask":
            skipped = going.without(spot.bit)
            may_skip = node.properties.get("may_skip") == "true"
            return [*self._perform(skipped, spot), *(self._leave(skipped, spot) if may_skip else ())]
        if node.kind in ("intermediateCatchEvent", "receiveTask"):
            return [got for each in self._possible(going, spot) for got in self.happen(each, spot)]
        done = going.without(spot.bit)._replace(facts=self.knowledge.after(spot.id, going.facts))
        return self._leave(done, spot)

    def _once(self, going: Going, spot: Spot) -> Going:
        """A repeated step done one more time, with its token still there."""
        if spot.inner is not None:
            return going
        going = going._replace(facts=self.knowledge.after(spot.id, going.facts))
        operation = self.knowledge.sources.operations.get(spot.node.operation or "")
        if operation is None or operation.scarce is None:
            return going
        return going._replace(
            held=scarce.after(going.held, self.things, operation.scarce, spot, going.trail, self.findings)
        )

    def _possible(self, going: Going, event: Spot) -> list[Going]:
        """The case in which an event from outside can happen now."""
        condition = self.knowledge.condition(event.id)
        facts = going.facts if condition is None else condition.narrowed(going.facts, True)
        return [] if facts is None else [going._replace(facts=facts)]


def _within(level: Level) -> set[Spot]:
    return {spot for each in level.spots for spot in (each, *each.within())}
