"""What would change an answer: which facts keep a rule from answering as wanted, what they must be, and from when."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from workflows import clock
from workflows.engine import expressions
from workflows.engine.decisions import cells, values
from workflows.engine.decisions.evaluation import priority
from workflows.engine.decisions.model import DecisionTable, Rule
from workflows.engine.decisions.trace import CellTrace, RuleTrace, Trace, context_of
from workflows.engine.decisions.wording import Demand, demand, said
from workflows.engine.expressions import ExpressionFault

FROM = "from"
"""The output column that says from which day on a rule stands in nobody's way, where a table has one."""


@dataclass(frozen=True)
class Need:
    """One fact that stands in the way, and what it must be."""

    cell: CellTrace
    demand: Demand
    rule: RuleTrace
    """The rule whose condition this is: the wanted one, or one that matches now and must not."""
    earliest: date | None
    """The first day on which the demand can be met, where table or condition tell one."""

    @property
    def text(self) -> str:
        """In words: `团课学时：现为 5，须 >= 8`."""
        since = f"（最早 {self.earliest.isoformat()}）" if self.earliest else ""
        return f"{self.cell.input}：现为 {said(self.cell.fact)}，{self.demand.words}{since}"


@dataclass(frozen=True)
class Way:
    """One rule that gives the wanted answer, and all it takes for it to do so."""

    rule: RuleTrace
    needs: tuple[tuple[Need, ...], ...]
    """Every group must be met; within a group one of the alternatives is enough."""

    @property
    def earliest(self) -> date | None:
        """The day before which the answer cannot come: the latest of what the groups tell."""
        told = [min(each.earliest for each in group if each.earliest) for group in self.needs if _dated(group)]
        return max(told, default=None)


def _dated(group: tuple[Need, ...]) -> bool:
    return all(each.earliest for each in group)


def what_would_pass(trace: Trace, wanted: Mapping[str, Any]) -> tuple[Way, ...]:
    """The ways to an answer with these outputs, easiest first; none when it is already given, or no rule gives it.

    The needs are those of the facts as they are: meeting them may bring other rules into play.
    """
    table = trace.table
    if not isinstance(table, DecisionTable) or _gives(trace.answer, wanted):
        return ()
    context = context_of(trace.facts)
    giving = {rule.number for rule in table.rules if _rule_gives(table, rule, wanted, context)}
    ways = [
        Way(told, tuple(_groups(_Facts(trace, table, context), told, giving)))
        for told in trace.rules
        if told.number in giving
    ]
    ways.sort(key=lambda way: len(way.needs))
    easiest: list[Way] = []
    for way in ways:
        if not any(_demanded(known) <= _demanded(way) for known in easiest):
            easiest.append(way)
    return tuple(easiest)


def _gives(answer: Any, wanted: Mapping[str, Any]) -> bool:
    if isinstance(answer, list):
        return any(_gives(each, wanted) for each in answer)
    return isinstance(answer, Mapping) and all(answer.get(name) == value for name, value in wanted.items())


def _rule_gives(table: DecisionTable, rule: Rule, wanted: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    entries = {output.name: entry for output, entry in zip(table.outputs, rule.entries, strict=True)}
    try:
        return all(
            name in entries and entries[name].text and expressions.evaluate(entries[name].text, context) == value
            for name, value in wanted.items()
        )
    except ExpressionFault:
        return False


def _demanded(way: Way) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(need.text for need in group) for group in way.needs)


@dataclass(frozen=True)
class _Facts:
    """What the needs are worked out from."""

    trace: Trace
    table: DecisionTable
    context: Mapping[str, Any]


def _groups(facts: _Facts, wanted: RuleTrace, giving: set[int]) -> Iterator[tuple[Need, ...]]:
    known: set[tuple[str, ...]] = set()
    failing = [(wanted, [each], True) for each in wanted.cells if not each.matched]
    standing = [(rule, list(rule.cells), False) for rule in _in_the_way(facts, wanted) if rule.number not in giving]
    for rule, tried, holds in failing + standing:
        group = tuple(_need(facts, rule, each, holds=holds) for each in tried if _test(facts, rule, each))
        texts = tuple(need.text for need in group)
        if group and texts not in known:
            known.add(texts)
            yield group


def _in_the_way(facts: _Facts, wanted: RuleTrace) -> Iterable[RuleTrace]:
    """The rules that match now and would go before the wanted one even if it matched."""
    matching = [rule for rule in facts.trace.rules if rule.matched and rule.number != wanted.number]
    if facts.table.hit_policy == "FIRST":
        return [rule for rule in matching if rule.number < wanted.number]
    if facts.table.hit_policy in ("ANY", "UNIQUE"):
        return matching if not _excluded(facts, wanted, matching) else ()
    if facts.table.hit_policy == "PRIORITY":
        own = _priority(facts, wanted)
        return [rule for rule in matching if own is None or (_priority(facts, rule) or ()) <= own]
    return ()


def _excluded(facts: _Facts, wanted: RuleTrace, matching: list[RuleTrace]) -> bool:
    """Whether meeting the wanted rule's own conditions already takes every matching rule out of play.

    Where tables are sound it does: their rules exclude each other in a column in which the wanted rule fails now.
    """
    failing = {each.expression for each in wanted.cells if not each.matched}
    return all(
        any(each.expression in failing and each.test not in ("", "-") for each in rule.cells) for rule in matching
    )


def _priority(facts: _Facts, told: RuleTrace) -> tuple[int, ...] | None:
    rule = facts.table.rule(told.number)
    try:
        found = {
            output.name: expressions.evaluate(entry.text, facts.context) if entry.text else None
            for output, entry in zip(facts.table.outputs, rule.entries, strict=True)
        }
    except ExpressionFault:
        return None
    return priority(facts.table, found)


def _test(facts: _Facts, rule: RuleTrace, tried: CellTrace) -> cells.Test | None:
    """What the condition says; None for one that accepts everything."""
    test = facts.table.rule(rule.number).cells[rule.cells.index(tried)].test
    return None if isinstance(test, cells.Anything) else test


def _need(facts: _Facts, rule: RuleTrace, tried: CellTrace, *, holds: bool) -> Need:
    asked = demand(_test(facts, rule, tried) or cells.ANYTHING, facts.context, holds=holds)
    told = None if holds else _day((rule.result or {}).get(FROM))
    return Need(tried, asked, rule, told or _first_day(asked) or _first_day_of_condition(facts, tried, asked))


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(clock.OFFICE_ZONE).date()
    if isinstance(value, date):
        return value
    try:
        return values.day(value.removesuffix("T00:00:00Z")) if isinstance(value, str) else None
    except ValueError:
        return None


def _first_day(asked: Demand) -> date | None:
    """The first day that meets a demand made of dates."""
    if asked.kind not in ("at_least", "more_than", "within"):
        return None
    found = _day(asked.values[0])
    return found + timedelta(days=1) if found and asked.kind == "more_than" else found


_COMPARISON = re.compile(r">=|<=|==|!=|>|<|\band\b|\bor\b|\?")


def _first_day_of_condition(facts: _Facts, tried: CellTrace, asked: Demand) -> date | None:
    """For an input such as `d(a) >= d(b).add(3, "M")` that must be true: the first day `a` may be."""
    if asked.kind != "is" or asked.values != (True,):
        return None
    expression = tried.expression
    marks = list(_COMPARISON.finditer(_outermost(expression)))
    if len(marks) != 1 or marks[0][0] not in (">=", "<=", ">", "<"):
        return None
    operator = marks[0][0]
    other = expression[marks[0].end() :] if operator.startswith(">") else expression[: marks[0].start()]
    try:
        found = _day(expressions.evaluate(other, facts.context))
    except ExpressionFault:
        return None
    return found + timedelta(days=1) if found and len(operator) == 1 else found


def _outermost(expression: str) -> str:
    """The expression with blanks for what stands in brackets or quotation marks, at the same length."""
    shown, depth, quote = [], 0, ""
    for letter in expression:
        if quote:
            quote = "" if letter == quote else quote
            shown.append(" ")
            continue
        if letter in "\"'":
            quote = letter
        depth += (letter in "([{") - (letter in ")]}")
        shown.append(" " if depth or quote or letter in ")]}" else letter)
    return "".join(shown)
