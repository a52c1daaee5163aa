"""What differs between two versions of a process, element by element, as an administrator reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workflows.engine import bundles, forms
from workflows.engine.bundles import ParsedBundle
from workflows.engine.decisions import Decision
from workflows.engine.decisions.model import Cell, DecisionTable, LiteralDecision, Rule
from workflows.engine.drawing import Flow, Node

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Aspect:
    """One thing that differs about an element: `label`, `lane`, `form` …, before and after, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """One element, flow, decision table or field that differs."""

    kind: str
    """`added`, `removed` or `changed`."""
    what: str
    """The BPMN kind of the element, `sequenceFlow`, `decision` or `process`."""
    id: str
    label: str
    aspects: tuple[Aspect, ...] = ()


def between(old: ParsedBundle, new: ParsedBundle) -> list[Difference]:
    """Everything that differs in what the versions do; moved shapes, scenarios and notes are no such difference."""
    return [*_process(old, new), *_nodes(old, new), *_flows(old, new), *_decisions(old, new)]


def _process(old: ParsedBundle, new: ParsedBundle) -> Iterator[Difference]:
    if old.drawing.name != new.drawing.name:
        aspects = (Aspect("label", old.drawing.name, new.drawing.name),)
        yield Difference(CHANGED, "process", new.drawing.process, new.drawing.name, aspects)


def _nodes(old: ParsedBundle, new: ParsedBundle) -> Iterator[Difference]:
    yield from _compared(
        {node.id: (node.kind, node.name, _node(node, old)) for node in old.drawing.nodes.values()},
        {node.id: (node.kind, node.name, _node(node, new)) for node in new.drawing.nodes.values()},
    )


def _flows(old: ParsedBundle, new: ParsedBundle) -> Iterator[Difference]:
    yield from _compared(
        {flow.id: ("sequenceFlow", _name(flow, old), _flow(flow)) for flow in old.drawing.flows.values()},
        {flow.id: ("sequenceFlow", _name(flow, new), _flow(flow)) for flow in new.drawing.flows.values()},
    )


def _decisions(old: ParsedBundle, new: ParsedBundle) -> Iterator[Difference]:
    yield from _compared(
        {name: ("decision", table.name, _table(table)) for name, table in old.decisions.items()},
        {name: ("decision", table.name, _table(table)) for name, table in new.decisions.items()},
    )


_Described = Mapping[str, tuple[str, str, Mapping[str, str]]]


def _compared(old: _Described, new: _Described) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            yield Difference(REMOVED, old[key][0], key, old[key][1] or key)
        elif key not in old:
            yield Difference(ADDED, new[key][0], key, new[key][1] or key)
        elif old[key][2] != new[key][2]:
            was, now = old[key][2], new[key][2]
            aspects = [Aspect(name, was.get(name, ""), now.get(name, "")) for name in dict.fromkeys([*was, *now])]
            changed = tuple(each for each in aspects if each.before != each.after)
            yield Difference(CHANGED, new[key][0], key, new[key][1] or key, changed)


def _node(node: Node, bundle: ParsedBundle) -> dict[str, str]:
    form = bundle.forms.get(bundles.form_name(node))
    properties = {key: value for key, value in node.properties.items() if key not in _TOLD_APART}
    described: dict[str, Any] = {
        "kind": node.kind,
        "label": node.name,
        "lane": node.lane,
        "form": _form(form) if form is not None and _has_form(node) else None,
        "timer": node.detail if node.event == "timer" else None,
        "timer_kind": node.timer,
        "event": " ".join([node.event, node.detail or ""]) if node.event and node.event != "timer" else None,
        "since": node.properties.get("since"),
        "grace": node.properties.get("grace"),
        "calendar": node.properties.get("calendar"),
        "decision": node.decision,
        "operation": node.operation,
        "parameters": _pairs(node.parameters),
        "properties": _pairs(properties),
        "default": node.default_flow,
        "attached_to": node.attached_to,
        "interrupting": "" if node.interrupting else "no",
        "inside": node.inside,
        "calls": node.calls,
        "correlation": _pairs(dict(node.correlation)),
        "repeat": _pairs({key: value for key, value in vars(node.repeat).items() if value}) if node.repeat else None,
    }
    return {key: str(value or "") for key, value in described.items()}


_TOLD_APART = frozenset({"since", "grace", "calendar", "form", "lane"})


def _has_form(node: Node) -> bool:
    return node.kind in bundles.USER_STEPS or "form" in node.properties


def _form(form: forms.Form) -> str:
    """The form's fields in one line each: key, label, whether it is needed; and everything else about them."""
    lines = []
    for component in form.source.get("components", ()):
        rest = {key: value for key, value in component.items() if key not in ("key", "label", "id", "layout")}
        told = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()
        lines.append(f"{component.get('key', '')}：{component.get('label', '')} {told}")
    return "\n".join(lines)


def _flow(flow: Flow) -> dict[str, str]:
    return {
        "label": flow.label,
        "source": flow.source,
        "target": flow.target,
        "condition": flow.condition or "",
    }


def _name(flow: Flow, bundle: ParsedBundle) -> str:
    nodes = bundle.drawing.nodes
    ends = [nodes[end].name or end if end in nodes else end for end in (flow.source, flow.target)]
    return flow.label or " → ".join(ends)


def _table(decision: Decision) -> dict[str, str]:
    described = {"label": decision.name, "requires": "\n".join(each.id for each in decision.requires)}
    if isinstance(decision, LiteralDecision):
        described["expression"] = decision.expression
    if isinstance(decision, DecisionTable):
        described |= {
            "hit_policy": f"{decision.hit_policy} {decision.aggregation}".strip(),
            "inputs": "\n".join(f"{each.expression} {_cell(each.allowed)}".strip() for each in decision.inputs),
            "outputs": "\n".join(f"{each.name} {_cell(each.allowed)}".strip() for each in decision.outputs),
            "rules": "\n".join(map(_rule, decision.rules)),
        }
    return described


def _rule(rule: Rule) -> str:
    tests, answers = [each.text or "-" for each in rule.cells], [each.text for each in rule.entries]
    return " | ".join([*tests, "→", *answers, *([f"（{rule.annotation}）"] if rule.annotation else [])])


def _cell(cell: Cell | None) -> str:
    return f"[{cell.text}]" if cell else ""


def _pairs(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{key} = {values[key]}" for key in sorted(values))
