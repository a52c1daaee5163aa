"""Proofs about a table's rules: which overlap, which facts none covers, which are never reached. Never a guess."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workflows.engine import expressions
from workflows.engine.decisions import cells, points
from workflows.engine.decisions.model import ONE_ANSWER, DecisionTable, Rule
from workflows.engine.decisions.points import AnyFact, Column
from workflows.engine.expressions import ExpressionFault

MOST_RULES = 1_000
MOST_TRIES = 500_000
MOST_STATES = 20_000
"""Rules, conditions tried on facts, and combinations looked at in one search: a second or two of work, far beyond what
people keep in one table. What would need more is left unproved."""


@dataclass(frozen=True)
class Overlap:
    """Two rules that match the same facts where only one may, and such facts by column."""

    first: Rule
    second: Rule
    example: tuple[tuple[str, Any], ...]


def is_provable(table: DecisionTable) -> bool:
    """Whether the table is small enough for proofs."""
    tries = sum(points.tries(_tests(table, place)) for place in range(len(table.inputs)))
    return len(table.rules) <= MOST_RULES and tries <= MOST_TRIES


def overlaps(table: DecisionTable) -> Iterator[Overlap]:
    """Rules of a UNIQUE table that some facts match together; of an ANY table those whose results also differ."""
    if table.hit_policy not in ("UNIQUE", "ANY") or _asks_twice(table):
        return
    columns = _everything(table)
    for place, first in enumerate(table.rules):
        for other in range(place + 1, len(table.rules)):
            shared = [column.accepted[place] & column.accepted[other] for column in columns]
            second = table.rules[other]
            if all(shared) and (table.hit_policy == "UNIQUE" or _differ(first, second)):
                yield Overlap(first, second, _example(table, columns, shared))


def _asks_twice(table: DecisionTable) -> bool:
    """Whether two columns test the same fact: then not every combination of facts can occur."""
    expressions_of = [about.expression for about in table.inputs]
    return len(set(expressions_of)) < len(expressions_of)


def _differ(first: Rule, second: Rule) -> bool:
    """Whether two rules answer differently on all facts: their results read no facts, and are not the same."""
    pairs = [(one.text, other.text) for one, other in zip(first.entries, second.entries, strict=True)]
    if any(expressions.names_in(text) for pair in pairs for text in pair):
        return False
    try:
        return any(_constant(one) != _constant(other) for one, other in pairs)
    except ExpressionFault:
        return False


def _constant(text: str) -> Any:
    return expressions.evaluate(text, {}) if text else None


def _example(table: DecisionTable, columns: list[Column], shared: list[int]) -> tuple[tuple[str, Any], ...]:
    """The first fact of each column that both accept; a column in which neither asks anything is left out."""
    found = []
    for column, about, mask in zip(columns, table.inputs, shared, strict=True):
        fact = column.facts[(mask & -mask).bit_length() - 1]
        if mask != (1 << len(column.facts)) - 1:
            found.append((about.title, fact))
    return tuple(found)


def gap(table: DecisionTable) -> tuple[tuple[str, Any], ...] | None:
    """Facts that surely may occur and that no rule covers, where the table owes an answer; None when none is proved."""
    if table.hit_policy not in ONE_ANSWER or any(output.default for output in table.outputs) or _asks_twice(table):
        return None
    columns = [points.certainly_possible(about, _tests(table, place)) for place, about in enumerate(table.inputs)]
    by_fact = [_rules_by_fact(column, unsure=True) for column in columns]
    found = _Search(by_fact).run((1 << len(table.rules)) - 1)
    if found is None:
        return None
    facts = [
        (about.title, column.facts[place])
        for about, column, place in zip(table.inputs, columns, found, strict=True)
        if not isinstance(column.facts[place], AnyFact)
    ]
    return tuple(facts)


def unreachable(table: DecisionTable) -> Iterator[tuple[Rule, tuple[Rule, ...]]]:
    """Rules of a FIRST table that earlier rules leave nothing to, with those earlier rules."""
    if table.hit_policy != "FIRST":
        return
    columns = [(column, _rules_by_fact(column, unsure=False)) for column in _everything(table)]
    states = 0
    for place, rule in enumerate(table.rules):
        earlier = (1 << place) - 1
        by_fact = [_rules_where(column, known, place) for column, known in columns]
        search = _Search(by_fact)
        if earlier and all(by_fact) and search.run(earlier) is None and not search.given_up:
            covering = [
                table.rules[other]
                for other in range(place)
                if all(any(mask >> other & 1 for mask in masks) for masks in by_fact)
            ]
            yield rule, tuple(covering)
        states += len(search.seen)
        if states > 10 * MOST_STATES:
            return


def outside(table: DecisionTable, place: int) -> Iterator[tuple[Rule, list[Any]]]:
    """Rules whose condition in a column asks for what its allowed values leave out, with the values named so.

    None are named where the condition names values in an order (`> 200`) and all of them are left out.
    """
    about = table.inputs[place]
    column = points.everything(about, _tests(table, place))
    for rule, accepted, sure in zip(table.rules, column.accepted, column.sure, strict=True):
        asked = _asked(rule.cells[place].test)
        allowed = about.allowed.test if about.allowed else cells.ANYTHING
        left_out = [value for value in asked if cells.accepts(allowed, value, {}) is not True]
        if left_out or (sure and not accepted):
            yield rule, left_out


def _asked(test: cells.Test) -> list[Any]:
    """The values a condition asks for one by one, each of which must be possible."""
    tests = test.tests if isinstance(test, cells.AnyOf) else (test,)
    asked = [each.operand for each in tests if isinstance(each, cells.Equals)]
    return [each.value for each in asked if isinstance(each, cells.Literal) and each.value is not None]


def _everything(table: DecisionTable) -> list[Column]:
    return [
        points.everything(about, _tests(table, place), [rule.cells[place].text for rule in table.rules])
        for place, about in enumerate(table.inputs)
    ]


def _tests(table: DecisionTable, place: int) -> list[cells.Test]:
    return [rule.cells[place].test for rule in table.rules]


def _rules_by_fact(column: Column, *, unsure: bool) -> list[int]:
    """For each fact of a column the rules whose conditions accept it, one bit each; unsure ones on request."""
    always = sum(1 << rule for rule, sure in enumerate(column.sure) if unsure and not sure)
    return [
        always | sum(1 << rule for rule, mask in enumerate(column.accepted) if mask >> place & 1)
        for place in range(len(column.facts))
    ]


def _rules_where(column: Column, by_fact: list[int], rule: int) -> list[int]:
    """As above, for the facts that a rule accepts or may accept.

    Where the rule's condition is unsure, only conditions that accept everything or say the same words cover it.
    """
    if column.sure[rule]:
        return [mask for place, mask in enumerate(by_fact) if column.accepted[rule] >> place & 1]
    same = sum(1 << other for other, text in enumerate(column.texts) if text == column.texts[rule])
    return [mask | same for mask in by_fact]


class _Search:
    """Looks for one fact of each column such that no rule accepts them all.

    Depth first over the columns; what is left of the rules is all that the way so far says about what follows.
    """

    def __init__(self, by_fact: list[list[int]]) -> None:
        self.by_fact = by_fact
        self.seen: set[tuple[int, int]] = set()

    @property
    def given_up(self) -> bool:
        """Whether the search ended before it had seen everything."""
        return len(self.seen) >= MOST_STATES

    def run(self, rules: int, column: int = 0) -> list[int] | None:
        """The place of such a fact in each column; None when there is none, or the search was given up."""
        if rules == 0:
            return [0] * (len(self.by_fact) - column)
        if column == len(self.by_fact) or (column, rules) in self.seen or self.given_up:
            return None
        self.seen.add((column, rules))
        for place, mask in enumerate(self.by_fact[column]):
            if (rest := self.run(rules & mask, column + 1)) is not None:
                return [place, *rest]
        return None
