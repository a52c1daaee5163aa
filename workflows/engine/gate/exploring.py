"""Every state a case may come to, breadth first, so that the way to each is a shortest one."""

from collections import deque
from dataclasses import dataclass, field

from workflows.engine.gate.findings import Findings, TooLarge
from workflows.engine.gate.moves import ANY_TIME, GO, Moves, State
from workflows.engine.gate.net import Spot

MOST_STATES = 20_000
"""States of one drawing: admission has six hundred, ten steps side by side have a thousand."""

MOST_WORK = 10_000_000
"""Moves times nodes: a move looks at every join and every level."""

MOST_DOUBLED = 300
"""States that are looked at where two tokens run in one way: there may be as many as pairs of places."""


@dataclass
class Explored:
    """The states, numbered in the order they were found, and the moves between them."""

    states: list[State] = field(default_factory=list)
    came_from: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    """For each state the one before on a shortest way, -1 for none, and the elements passed since."""
    moves: list[list[tuple[str, int]]] = field(default_factory=list)
    """For each state the kinds of its moves and the states they lead to."""
    unanswered: set[int] = field(default_factory=set)
    """States that some answer leaves without a branch, which is told as such."""
    before: tuple[str, ...] = ()

    def way_to(self, number: int) -> tuple[str, ...]:
        """The elements a case passes on a shortest way to a state."""
        found: list[tuple[str, ...]] = []
        while number >= 0:
            number, trail = self.came_from[number]
            found.append(trail)
        return tuple(element for trail in (self.before, *reversed(found)) for element in trail)

    def is_over(self, number: int) -> bool:
        """Whether nothing is left to do."""
        return not self.states[number].marking

    def is_stuck(self, number: int) -> bool:
        """Whether tokens are left and none of them can go on."""
        return not self.is_over(number) and not any(kind == GO for kind, _ in self.moves[number])

    def finishing(self, beginning: set[int]) -> set[int]:
        """The states from which one of `beginning` can be reached without an event sub-process coming to help."""
        leading: list[list[int]] = [[] for _ in self.states]
        for number, moves in enumerate(self.moves):
            for kind, target in moves:
                if kind != ANY_TIME:
                    leading[target].append(number)
        found, waiting = set(beginning), list(beginning)
        while waiting:
            new = [each for each in leading[waiting.pop()] if each not in found]
            found.update(new)
            waiting += new
        return found


def explore(moves: Moves, begin: Spot, findings: Findings, before: tuple[str, ...] = ()) -> Explored:
    """All states from a token at `begin`, a start or a boundary event; `before` is the way that led there.

    Raises TooLarge, also when a token that comes twice has been found and only its consequences would follow.
    """
    explored = Explored(before=before)
    numbers: dict[State, int] = {}
    waiting: deque[int] = deque()
    work = 0

    def number_of(state: State, parent: int, trail: tuple[str, ...]) -> int:
        if state not in numbers:
            if len(numbers) >= (MOST_DOUBLED if findings.has_doubled else MOST_STATES):
                raise TooLarge()
            numbers[state] = len(explored.states)
            explored.states.append(state)
            explored.came_from.append((parent, trail))
            explored.moves.append([])
            waiting.append(numbers[state])
        return numbers[state]

    findings.behind = before
    facts = moves.knowledge.anything if moves.alone else moves.knowledge.at_start
    for trail, state in moves.begun(begin, facts):
        number_of(state, -1, trail)
    while waiting:
        number = waiting.popleft()
        findings.behind, unanswered = explored.way_to(number), findings.unanswered
        for kind, trail, state in moves.of(explored.states[number]):
            explored.moves[number].append((kind, number_of(state, number, trail)))
        work += len(explored.moves[number]) * len(moves.net.spots)
        if work > MOST_WORK:
            raise TooLarge()
        if findings.unanswered > unanswered:
            explored.unanswered.add(number)
    return explored
