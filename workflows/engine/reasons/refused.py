"""Decision tables that did not let a case pass: the rule, the facts it saw, and what would let it pass."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from workflows.engine import decisions, expressions
from workflows.engine.decisions import CellTrace, DecisionFault, DecisionTable, Need, RuleTrace, Trace, Way, cells, said
from workflows.engine.decisions.cells import CellFault
from workflows.engine.expressions import ExpressionFault
from workflows.engine.reasons.on_record import OnRecord
from workflows.engine.reasons.reason import Condition, Fact, Kind, Reason, Remedy, Source, SourceKind
from workflows.journal import Event, JournalEntry

OUTCOME, PASS = "outcome", "pass"
"""A table with an output of this name that some rule gives this value is a test that a case passes or not."""

MOST_REMEDIES = 3
"""The easiest; nobody reads a list of all that might have been."""

_ANYTHING = ("", "-")


def decided_against(known: OnRecord) -> list[Reason]:
    """The last answer of each decision table of the case that was not the one to go on with, while it holds."""
    last: dict[str, JournalEntry] = {}
    for entry in known.entries:
        if entry.event == Event.DECISION_EVALUATED:
            last[str(entry.facts.get("decision"))] = entry
    found = [_reason(known, entry) for entry in last.values()]
    return [reason for reason in found if reason is not None]


def wanted_of(table: DecisionTable) -> dict[str, Any] | None:
    """The answer with which a case passes the table; None for a table that only tells ways apart."""
    columns = [output.name for output in table.outputs]
    if OUTCOME in columns:
        given = {rule.entries[columns.index(OUTCOME)].text for rule in table.rules}
        return {OUTCOME: PASS} if f'"{PASS}"' in given else None
    given = {rule.entries[0].text for rule in table.rules} if len(columns) == 1 else set()
    return {columns[0]: True} if "true" in given else None


def _reason(known: OnRecord, entry: JournalEntry) -> Reason | None:
    table = known.bundle_at(entry.position).decisions.get(str(entry.facts.get("decision")))
    answer = entry.facts.get("answer")
    wanted = wanted_of(table) if isinstance(table, DecisionTable) else None
    if table is None or wanted is None or not isinstance(answer, dict):
        return None
    if all(answer.get(name) == value for name, value in wanted.items()) or _is_over(known, entry):
        return None
    try:
        trace = decisions.retrace(table, entry.facts.get("facts") or {}, answer, known.data)
    except (DecisionFault, ExpressionFault):
        return None  # an old entry whose facts no longer suffice; the history still tells the answer
    rule = next((rule for rule in trace.rules if rule.chosen), None)
    facts = _facts(known, trace, rule, entry.position) if rule else ()
    if _is_stale(known, facts):
        return None
    step = known.called_now(str(entry.facts.get("step") or ""), entry.position)
    ways = decisions.what_would_pass(trace, wanted)
    remedies = tuple(_remedy(known, trace, way, entry.position) for way in ways[:MOST_REMEDIES])
    return Reason(
        kind=Kind.DECISION,
        step=step,
        label=known.label(step),
        since=entry.recorded_at,
        text=str(answer.get("reason") or ""),
        article=trace.article or str(answer.get("article") or ""),
        rule=rule.id if rule else "",
        rule_number=rule.number if rule else 0,
        decision=table.id,
        decision_label=table.title,
        facts=facts,
        remedies=remedies,
        earliest=remedies[0].earliest if remedies else None,
    )


def _is_over(known: OnRecord, entry: JournalEntry) -> bool:
    """Whether people went on after the answer, in a case that ended another way."""
    last = max((known.position(record) for record in known.records), default=0)
    return known.case.ended_at is not None and last > entry.position


def _is_stale(known: OnRecord, facts: tuple[Fact, ...]) -> bool:
    """Whether a form behind the answer has been filled in anew since."""
    seen = {known.step_of(record): record.id for fact in facts for record in fact.source.records}
    latest = {step: known.last_record(step) for step in seen}
    return any(record is not None and record.id != seen[step] for step, record in latest.items())


def _facts(known: OnRecord, trace: Trace, rule: RuleTrace, before: int) -> tuple[Fact, ...]:
    """What the rule looked at, each fact once."""
    looked_at = [cell for cell in rule.cells if cell.test not in _ANYTHING]
    found = [fact for cell in looked_at for fact in facts_of(known, trace, cell, before)]
    return tuple({fact.name: fact for fact in found}.values())


def facts_of(known: OnRecord, trace: Trace, cell: CellTrace, before: int) -> list[Fact]:
    """The fact of a cell with what it was worked out from, then the values it is compared with."""
    compared = [_seen(known.fact(name, before=before), trace) for name in _compared(cell.test)]
    unit = next((fact.unit for fact in compared if fact.unit), "") if _is_number(cell.fact) else ""
    if expressions.is_path(cell.expression):
        fact = known.fact(cell.expression, label=cell.input, before=before)
        return [replace(fact, value=None if fact.secret else cell.fact, unit=fact.unit or unit), *compared]
    names = known.decisive(cell.expression)
    behind = [_seen(known.fact(name, before=before), trace) for name in names]
    secret = any(known.is_secret(name) for name in expressions.names_in(cell.expression))
    source = Source(SourceKind.EXPRESSION)
    whole = Fact(cell.expression, cell.input, None if secret else cell.fact, source, unit=unit, secret=secret)
    return [whole, *behind, *compared]


def _remedy(known: OnRecord, trace: Trace, way: Way, before: int) -> Remedy:
    groups = [[_condition(known, trace, need, before) for need in group] for group in way.needs]
    return Remedy(way.rule.id, tuple(tuple(_in_reach(group)) for group in groups), way.earliest)


def _in_reach(group: list[Condition]) -> list[Condition]:
    """Those of several conditions that somebody can meet: nobody changes a rule set for one case."""
    return [each for each in group if each.facts[0].source.kind != SourceKind.RULE] or group


def _condition(known: OnRecord, trace: Trace, need: Need, before: int) -> Condition:
    facts = tuple(facts_of(known, trace, need.cell, before))
    return Condition(
        rule=need.rule.id,
        label=need.cell.input,
        expression=need.cell.expression,
        test=need.cell.test,
        facts=facts,
        kind=need.demand.kind,
        wanted=tuple(_json(value) for value in need.demand.values),
        ends=need.demand.ends,
        text=need.demand.words,
        article=need.rule.article or "",
        earliest=need.earliest,
    )


def _json(value: Any) -> Any:
    """A value of a condition as JSON has it; spans of time in words."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, bool | int | float | str) else said(value).strip("“”")


def _compared(test: str) -> tuple[str, ...]:
    try:
        return cells.names_in(cells.parse(test))
    except CellFault:
        return ()


def _seen(fact: Fact, trace: Trace) -> Fact:
    """The fact as the decision saw it."""
    return fact if fact.secret else replace(fact, value=trace.facts.get(fact.name, fact.value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
