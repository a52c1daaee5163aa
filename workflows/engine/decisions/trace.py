"""Why a decision answered as it did: which rules matched, and for each of their conditions the fact it was tried on."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workflows.engine import expressions
from workflows.engine.decisions import cells
from workflows.engine.decisions.model import Cell, Decision, DecisionTable, Input, Rule

ARTICLE = "article"
"""The output column that names the article behind a rule, where a table has one."""


@dataclass(frozen=True)
class CellTrace:
    """One condition of one rule, tried on one fact."""

    id: str
    input: str
    """What people call the column."""
    expression: str
    """Where the fact comes from."""
    test: str
    """The condition as written."""
    fact: Any
    """None when nobody has entered it."""
    matched: bool
    unknown: bool
    """Whether fact and condition could not be compared: no fact, or one of another kind. Counts as no match."""


@dataclass(frozen=True)
class RuleTrace:
    """One rule: whether all its conditions hold, and whether its result is (in) the answer."""

    number: int
    id: str
    annotation: str
    matched: bool
    chosen: bool
    cells: tuple[CellTrace, ...]
    result: dict[str, Any] | None
    """What the rule answers; None when it does not match, or its result was not looked for and cannot be had."""

    @property
    def article(self) -> str | None:
        """The article the rule names, where it matches and the table has such a column."""
        article = (self.result or {}).get(ARTICLE)
        return article if isinstance(article, str) else None


@dataclass(frozen=True)
class Trace:
    """An answer and what it rests on. `facts` is all that was read, so that the trace can be made again from it."""

    table: Decision
    facts: dict[str, Any]
    """By input expression, and by name for what conditions, inputs and results read besides."""
    matched: tuple[int, ...]
    """Numbers of the rules that match (with FIRST, of the one that was looked for), counted from 1."""
    chosen: tuple[int, ...]
    """Numbers of the rules whose results are in the answer; empty when a default answers."""
    answer: Any
    required: tuple["Trace", ...] = ()
    """Traces of the decisions this one reads."""

    @property
    def decision(self) -> str:
        """The decision's id."""
        return self.table.id

    @property
    def name(self) -> str:
        """What people call the decision."""
        return self.table.title

    @property
    def hit_policy(self) -> str:
        """The table's hit policy; empty for a decision that is one expression."""
        return self.table.hit_policy if isinstance(self.table, DecisionTable) else ""

    @property
    def article(self) -> str | None:
        """The article behind the answer, where the rule that gave it names one."""
        return next((rule.article for rule in self.rules if rule.chosen and rule.article), None)

    @cached_property
    def rules(self) -> tuple[RuleTrace, ...]:
        """Every rule with every condition; worked out when somebody asks."""
        if not isinstance(self.table, DecisionTable):
            return ()
        context = context_of(self.facts)
        values = [fact_of(each, self.facts, context) for each in self.table.inputs]
        return tuple(self._rule(self.table, rule, values, context) for rule in self.table.rules)

    def _rule(self, table: DecisionTable, rule: Rule, values: list[Any], context: dict[str, Any]) -> RuleTrace:
        tried = tuple(
            _tried(column, cell, fact, context)
            for column, cell, fact in zip(table.inputs, rule.cells, values, strict=True)
        )
        matched, chosen = all(cell.matched for cell in tried), rule.number in self.chosen
        result = None
        if chosen:
            result = self._kept(rule.number)
        elif matched:
            with suppress(expressions.ExpressionFault):
                result = results(table, rule, context)
        return RuleTrace(rule.number, rule.id, rule.annotation, matched, chosen, tried, result)

    def _kept(self, number: int) -> dict[str, Any] | None:
        """The chosen rule's result, out of the answer; an aggregated answer has none for a single rule."""
        if isinstance(self.answer, list) and len(self.answer) == len(self.chosen):
            kept = self.answer[self.chosen.index(number)]
            return kept if isinstance(kept, dict) else None
        aggregated = isinstance(self.table, DecisionTable) and self.table.aggregation
        return self.answer if isinstance(self.answer, dict) and not aggregated else None


def _tried(column: Input, cell: Cell, fact: Any, context: Mapping[str, Any]) -> CellTrace:
    try:
        held = cells.accepts(cell.test, fact, context)
    except expressions.ExpressionFault:
        # It held or failed quietly when the case was decided, or it was never reached; nothing more can be said.
        held = None
    return CellTrace(cell.id, column.title, column.expression, cell.text, fact, held is True, held is None)


def results(table: DecisionTable, rule: Rule, context: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule answers. Raises expressions.ExpressionFault."""
    return {
        output.name: expressions.evaluate(entry.text, context) if entry.text else None
        for output, entry in zip(table.outputs, rule.entries, strict=True)
    }


def fact_of(column: Input, facts: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
    """The value an input column tests: as kept, else worked out from the data."""
    if column.expression in facts:
        return facts[column.expression]
    if expressions.is_path(column.expression):
        return expressions.at(column.expression, context)
    return expressions.evaluate(column.expression, context)


def facts_at(names: Iterable[str], context: Mapping[str, Any]) -> dict[str, Any]:
    """What stands at these names; those without a value are left out."""
    found = {name: expressions.at(name, context) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def context_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The data as far as facts tell it: `{"candidate.age": 13}` becomes `{"candidate": {"age": 13}}`."""
    context: dict[str, Any] = {}
    # A whole object comes before its parts, which may then stand in it already.
    for path in sorted(filter(expressions.is_path, facts), key=lambda path: path.count(".")):
        *above, last = path.split(".")
        place = context
        for name in above:
            inner = place.get(name)
            place[name] = place = dict(inner) if isinstance(inner, Mapping) else {}
        place[last] = facts[path]
    return context
