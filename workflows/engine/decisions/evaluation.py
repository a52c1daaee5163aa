"""Decisions evaluated: what they require first, then their rules, then the hit policy (DMN 1.3 clause 8.2)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from workflows.engine import expressions
from workflows.engine.decisions import cells, values
from workflows.engine.decisions.model import (
    ONE_ANSWER,
    Cell,
    Decision,
    DecisionTable,
    Input,
    LiteralDecision,
    Rule,
)
from workflows.engine.decisions.trace import Trace, context_of, fact_of, facts_at, results
from workflows.engine.decisions.wording import said
from workflows.engine.expressions import ExpressionFault

Result = dict[str, Any]

EXACT_DIGITS = 100
"""Sums are exact up to this many digits; Python's default, 28, would round larger whole numbers."""


class DecisionFault(Exception):
    """A decision gave no lawful answer on these facts; the text says which, why, and on which facts."""


def evaluate(decision: Decision, context: Mapping[str, Any]) -> tuple[Any, Trace]:
    """The decision's answer over `context`, and its trace.

    A table answers with an object of its outputs; with a list of them for RULE ORDER, OUTPUT ORDER and COLLECT; with
    an object of one number for COLLECT with an aggregation. Raises DecisionFault when the facts or the matching rules
    break what the table promises, ExpressionFault when an expression cannot be evaluated.
    """
    trace = _evaluate(decision, context, {}, {})
    return trace.answer, trace


def retrace(
    decision: Decision, facts: Mapping[str, Any], answer: Any = None, context: Mapping[str, Any] | None = None
) -> Trace:
    """The trace of a decision that was taken, from the facts the journal kept.

    `answer` is the one that was kept, which stands whatever comes out now. `context` is more data to read what the
    facts do not tell: entries of older versions kept the inputs only. Raises as `evaluate` does.
    """
    data = _merged(dict(context or {}), context_of(facts))
    trace = _evaluate(decision, data, facts, {})
    if answer is None or answer == trace.answer:
        return trace
    return Trace(decision, trace.facts, trace.matched, trace.chosen, answer, trace.required)


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in above.items():
        inner = below.get(name)
        if isinstance(inner, Mapping) and isinstance(value, Mapping):
            below[name] = _merged(dict(inner), value)
        else:
            below[name] = value
    return below


def _evaluate(decision: Decision, context: Mapping[str, Any], kept: Mapping[str, Any], done: dict[str, Trace]) -> Trace:
    for other in decision.requires:
        if other.id not in done:
            done[other.id] = _evaluate(other, context, kept, done)
        context = {**context, other.id: done[other.id].answer}
    required = tuple(done[other.id] for other in decision.requires)
    below = {name: value for trace in required for name, value in trace.facts.items()}
    if isinstance(decision, DecisionTable):
        return _table(decision, context, kept, below, required)
    if isinstance(decision, LiteralDecision):
        facts = {**below, **facts_at(expressions.names_in(decision.expression), context)}
        answer = expressions.evaluate(decision.expression, context)
        return Trace(decision, facts, (), (), answer, required)
    raise DecisionFault(f"决策“{decision.title}”没有可以执行的决策表或表达式")


def _table(
    table: DecisionTable,
    context: Mapping[str, Any],
    kept: Mapping[str, Any],
    below: dict[str, Any],
    required: tuple[Trace, ...],
) -> Trace:
    inputs = {each.expression: fact_of(each, kept, context) for each in table.inputs}
    for column in table.inputs:
        _allowed(table, column, inputs[column.expression], context)
    matched = _matching(table, [inputs[each.expression] for each in table.inputs], context)
    found = {rule.number: _result(table, rule, context) for rule in matched}
    chosen, answer = _answer(table, found, inputs, context)
    facts = {**below, **facts_at([*table.names, *_read_by_results(table, matched, inputs, context)], context), **inputs}
    return Trace(table, facts, tuple(found), chosen, answer, required)


def _read_by_results(
    table: DecisionTable, matched: list[Rule], inputs: Mapping[str, Any], context: Mapping[str, Any]
) -> list[str]:
    """The names the results of all rules read whose conditions hold, also of those that FIRST does not come to."""
    later = table.rules[matched[-1].number :] if matched and table.hit_policy == "FIRST" else ()
    holding = [*matched, *(rule for rule in later if _would_match(table, rule, inputs, context))]
    entries = [entry for rule in holding for entry in rule.entries]
    if not matched:
        entries = [output.default for output in table.outputs if output.default]
    return [name for entry in entries for name in expressions.names_in(entry.text)]


def _would_match(table: DecisionTable, rule: Rule, inputs: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    try:
        facts = [inputs[each.expression] for each in table.inputs]
        return all(_holds(cell, fact, context) for cell, fact in zip(rule.cells, facts, strict=True))
    except ExpressionFault:
        return False


def _matching(table: DecisionTable, facts: Sequence[Any], context: Mapping[str, Any]) -> list[Rule]:
    matched: list[Rule] = []
    for rule in table.rules:
        if all(_holds(cell, fact, context) for cell, fact in zip(rule.cells, facts, strict=True)):
            matched.append(rule)
            if table.hit_policy == "FIRST":
                break
    return matched


def _holds(cell: Cell, fact: Any, context: Mapping[str, Any]) -> bool:
    if cell.broken:
        raise ExpressionFault(cell.broken)
    return cells.accepts(cell.test, fact, context) is True


def _allowed(table: DecisionTable, column: Input, fact: Any, context: Mapping[str, Any]) -> None:
    """A fact outside the column's `inputValues` is a mistake in the data; one nobody entered is only unknown."""
    if column.allowed is None or fact is None or cells.accepts(column.allowed.test, fact, context) is True:
        return
    told = f"“{column.title}”现为 {said(fact)}，不在允许的值（{column.allowed.text}）之内"
    raise DecisionFault(f"决策表“{table.title}”无法使用：{told}")


def _result(table: DecisionTable, rule: Rule, context: Mapping[str, Any]) -> Result:
    result = results(table, rule, context)
    for output in table.outputs:
        value = result[output.name]
        if output.allowed and value is not None and cells.accepts(output.allowed.test, value, context) is not True:
            told = f"得到“{output.name}”为 {said(value)}，不在允许的值（{output.allowed.text}）之内"
            raise DecisionFault(f"决策表“{table.title}”的{rule.title}{told}")
    return result


def _answer(
    table: DecisionTable, found: Mapping[int, Result], inputs: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[tuple[int, ...], Any]:
    """The numbers of the rules that give the answer, and the answer."""
    numbers = tuple(found)
    if table.hit_policy == "COLLECT" and table.aggregation:
        return numbers, _aggregated(table, [result[table.outputs[0].name] for result in found.values()])
    if table.hit_policy not in ONE_ANSWER:
        if table.hit_policy == "OUTPUT ORDER":
            numbers = tuple(sorted(numbers, key=lambda number: priority(table, found[number])))
        return numbers, [found[number] for number in numbers]
    if not numbers:
        return (), _default(table, inputs, context)
    if table.hit_policy == "PRIORITY":
        numbers = (min(numbers, key=lambda number: priority(table, found[number])),)
    elif len(numbers) > 1:
        _refuse_several(table, found, inputs)
    return numbers[:1], found[numbers[0]]


def _default(table: DecisionTable, inputs: Mapping[str, Any], context: Mapping[str, Any]) -> Result:
    if not any(output.default for output in table.outputs):
        raise DecisionFault(f"决策表“{table.title}”没有一条规则适用于 {_facts(table, inputs)}")
    return {
        output.name: expressions.evaluate(output.default.text, context) if output.default else None
        for output in table.outputs
    }


def _refuse_several(table: DecisionTable, found: Mapping[int, Result], inputs: Mapping[str, Any]) -> None:
    answers = list(found.values())
    if table.hit_policy == "UNIQUE" or any(answer != answers[0] for answer in answers):
        which = "、".join(str(number) for number in found)
        differ = "" if table.hit_policy == "UNIQUE" else "，而结果不同"
        facts = _facts(table, inputs)
        raise DecisionFault(f"决策表“{table.title}”的第 {which} 条规则同时适用于 {facts}{differ}")


def priority(table: DecisionTable, result: Result) -> tuple[int, ...]:
    """The place of a result in the order of the outputs' allowed values; the smaller, the more it counts."""
    places = []
    for output in table.outputs:
        listed = cells.literals(output.allowed.test) if output.allowed else []
        value = values.known(result[output.name])
        same = [place for place, each in enumerate(listed) if values.equal(value, each)]
        places.append(same[0] if same else len(listed))
    return tuple(places)


def _aggregated(table: DecisionTable, found: list[Any]) -> Result:
    """One number; of nothing there is a count, 0, but no sum, least or greatest (DMN answers null)."""
    name = table.outputs[0].name
    if table.aggregation == "COUNT":
        return {name: len(found)}
    if not found:
        return {name: None}
    numbers = [values.known(each) for each in found]
    for number in numbers:
        if not isinstance(number, Decimal):
            raise DecisionFault(f"决策表“{table.title}”要对“{name}”汇总，但 {said(number)} 不是数字")
    if table.aggregation == "SUM":
        with localcontext(prec=EXACT_DIGITS):
            answer = sum(numbers, Decimal(0))
    else:
        answer = min(numbers) if table.aggregation == "MIN" else max(numbers)
    return {name: int(answer) if answer == answer.to_integral_value() else float(answer)}


def _facts(table: DecisionTable, inputs: Mapping[str, Any]) -> str:
    return "、".join(f"{column.title} {said(inputs[column.expression])}" for column in table.inputs) or "这些事实"
