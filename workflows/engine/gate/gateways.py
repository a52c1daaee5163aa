"""Which ways a gateway with conditions may take, as far as the facts tell."""

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING

from workflows.engine.drawing import Flow
from workflows.engine.gate.conditions import NULL, OTHER, Bound, Facts
from workflows.engine.gate.findings import TooLarge
from workflows.engine.gate.net import Spot

if TYPE_CHECKING:
    from workflows.engine.gate.moves import Going, Moves

Arm = tuple[Flow, Spot]

MOST_AT_ONCE = 5_000
"""Ways one move may take before it is taken for too large to be explored: those of an inclusive gateway double."""

MOST_TRIED = 2_000
"""Combinations of values that are tried for one that fits no branch."""


def exclusive(moves: "Moves", going: "Going", spot: Spot) -> Iterator[tuple[Facts, Arm]]:
    """The first branch whose condition holds, otherwise the default; each with the facts that lead there."""
    facts: Facts | None = going.facts
    for arm, condition in _with_conditions(moves, spot):
        if facts is None:
            return
        if condition is None:
            yield facts, arm
            return
        if (holding := condition.narrowed(facts, True)) is not None:
            yield holding, arm
        facts = condition.narrowed(facts, False)
    if facts is not None:
        yield from ((facts, arm) for arm in _otherwise(moves, going, spot, facts))


def inclusive(moves: "Moves", going: "Going", spot: Spot) -> Iterator[tuple[Facts, list[Arm]]]:
    """Every set of branches whose conditions may hold together, otherwise the default. Raises TooLarge."""
    if len(spot.out) == 1:
        yield going.facts, spot.out
        return
    ways: list[tuple[Facts, list[Arm]]] = [(going.facts, [])]
    for arm, condition in _with_conditions(moves, spot):
        further: list[tuple[Facts, list[Arm]]] = []
        for facts, chosen in ways:
            holding = facts if condition is None else condition.narrowed(facts, True)
            failing = None if condition is None else condition.narrowed(facts, False)
            further += [(holding, [*chosen, arm])] if holding is not None else []
            further += [(failing, chosen)] if failing is not None else []
        ways = further
        if len(ways) > MOST_AT_ONCE:
            raise TooLarge()
    for facts, chosen in ways:
        if chosen:
            yield facts, chosen
        else:
            yield from ((facts, [arm]) for arm in _otherwise(moves, going, spot, facts))


def _with_conditions(moves: "Moves", spot: Spot) -> list[tuple[Arm, Bound | None]]:
    default = spot.node.default_flow
    return [((flow, to), moves.knowledge.condition(flow.id)) for flow, to in spot.out if flow.id != default]


def _otherwise(moves: "Moves", going: "Going", spot: Spot, facts: Facts) -> Iterator[Arm]:
    """The default branch; where there is none, what is then left without a way is noted."""
    default = [arm for arm in spot.out if arm[0].id == spot.node.default_flow]
    if default:
        yield default[0]
    elif (left := _left_over(moves, going, spot, facts)) is not None:
        moves.findings.unanswered += 1
        moves.findings.note("gate.no_branch", spot, going.trail, *left)


def _left_over(moves: "Moves", going: "Going", spot: Spot, facts: Facts) -> tuple[str, ...] | None:
    """Values under which no branch fits, as `path=value`; None where it cannot be known."""
    knowledge = moves.knowledge
    conditions = [condition for _, condition in _with_conditions(moves, spot) if condition is not None]
    paths = sorted({place for condition in conditions for place in condition.paths})
    names = [knowledge.paths[place] for place in paths]
    values = [_values(knowledge.bits[name], facts[place]) for name, place in zip(names, paths, strict=True)]
    open_ended = any(going.facts[place] & knowledge.bits[name][OTHER] for name, place in zip(names, paths, strict=True))
    if open_ended or not all(condition.understood for condition in conditions):
        return None
    for chosen in islice(product(*values), MOST_TRIED):
        one = list(facts)
        for name, place, value in zip(names, paths, chosen, strict=True):
            one[place] = knowledge.bits[name][value]
        if all(condition.narrowed(tuple(one), True) is None for condition in conditions):
            return tuple(f"{name}={value}" for name, value in zip(names, chosen, strict=True))
    return None


def _values(bits: dict[str, int], fact: int) -> list[str]:
    """The values a fact allows, those that somebody may choose before none at all."""
    return sorted((value for value, bit in bits.items() if fact & bit), key=lambda value: value == NULL)
