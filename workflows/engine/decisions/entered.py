"""Gaps for what a form lets people enter: facts that surely reach a decision, because nothing stands between."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from workflows.engine.decisions import coverage
from workflows.engine.decisions.checking import told
from workflows.engine.decisions.model import Decision, DecisionTable, Input, cell
from workflows.engine.drawing import Drawing, Node
from workflows.engine.forms import Field, Form

_STEPS = frozenset({"userTask", "manualTask"})
_MERGES = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway"})


def gaps_after_forms(
    node: Node, decision: Decision, drawing: Drawing, forms: Mapping[str, Form]
) -> Iterator[tuple[str, str]]:
    """What a form right before a business rule step takes and none of the decision's rules covers: code and message.

    A step counts as right before when its way leads to the decision whatever is entered, and no operation between
    could refuse it.
    """
    if not isinstance(decision, DecisionTable) or not coverage.is_provable(decision):
        return
    if coverage.gap(decision) is not None:
        # The table is at fault wherever it is used, and is told so already.
        return
    for step in _right_before(node, drawing, frozenset()):
        form = forms.get(step.id)
        if form is None or step.repeat is not None:
            continue
        columns = tuple(_narrowed(column, step.id, form) for column in decision.inputs)
        facts = coverage.gap(replace(decision, inputs=columns)) if columns != decision.inputs else None
        if facts is not None:
            where = f"在“{step.name or step.id}”可以填写{told(facts)}"
            message = f"{where}，决策“{decision.title}”却没有一条规则适用：请补一条规则，或写明默认结果"
            yield "decision.gap", message


def _right_before(node: Node, drawing: Drawing, seen: frozenset[str]) -> Iterator[Node]:
    for flow in drawing.flows.values():
        before = drawing.nodes.get(flow.source)
        if flow.target != node.id or before is None or before.id in seen or len(drawing.outgoing(before.id)) > 1:
            continue
        if before.kind in _STEPS:
            yield before
        elif before.kind in _MERGES:
            yield from _right_before(before, drawing, seen | {node.id, before.id})


def _narrowed(column: Input, step: str, form: Form) -> Input:
    """The column with the values that its field takes, where it reads one field and names no values itself."""
    if column.allowed is not None:
        return column
    if column.expression == f"{step}.outcome":
        return _with(column, "string", _listed(choice.value for choice in form.outcomes))
    field = next((each for each in form.fields if column.expression == f"{step}.{each.key}"), None)
    if field is None or field.check:
        return column
    if field.kind in ("select", "radio") and field.choices and not field.choice_source:
        return _with(column, "string", _listed(choice.value for choice in field.choices))
    if field.kind == "number" and (allowed := _interval(field)):
        return _with(column, "number" if field.decimals else "integer", allowed)
    return column


def _with(column: Input, kind: str, allowed: str) -> Input:
    return replace(column, type=kind, allowed=cell(column.id, allowed, column.line))


def _listed(values: Iterator[str]) -> str:
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return ", ".join(f'"{value}"' for value in escaped)


def _interval(field: Field) -> str:
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return f"[{low}..{high}]" if low < high else str(low)
    if low is not None:
        return f">= {low}"
    return f"<= {high}" if high is not None else ""
