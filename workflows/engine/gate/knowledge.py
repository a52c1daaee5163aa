"""What can be known of a case's data from drawing, forms, tables and operations: which values a path may have.

The values are closed where the drawing itself says what they are (the outcomes of a form, a decision table whose
answers are literals, an operation that declares its results); otherwise anything else may come too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workflows.engine.decisions import Decision, DecisionTable
from workflows.engine.decisions.model import ONE_ANSWER
from workflows.engine.drawing import Drawing, Node
from workflows.engine.environment import Operation
from workflows.engine.forms import Field, Form
from workflows.engine.gate.conditions import NULL, OTHER, Bound, Facts, comparisons_in, literal_in, read, value_of

STEPS = frozenset({"userTask", "manualTask"})


@dataclass(frozen=True)
class Sources:
    """Where the values of a bundle's data come from."""

    forms: Mapping[str, Form]
    """By the step or event they belong to."""
    decisions: Mapping[str, Decision]
    operations: Mapping[str, Operation]


class Knowledge:
    """The paths that conditions read, the values each may have, and what each node writes."""

    def __init__(self, drawing: Drawing, sources: Sources) -> None:
        self.sources = sources
        self.conditions = {key: read(text) for key, text in _conditions_of(drawing)}
        named: dict[str, set[str]] = {}
        for condition in self.conditions.values():
            for test in comparisons_in(condition):
                named.setdefault(test.path, set()).update(test.values)
        writers = [(root, node) for node in drawing.nodes.values() for root in roots_written(node)]
        closed = {
            (path, node.id): self._values(node, root, path) for path in named for root, node in _of(path, writers)
        }
        for (path, _), values in closed.items():
            named[path] |= values or set()
        self.paths = sorted(named)
        self.index = {path: place for place, path in enumerate(self.paths)}
        self.bits = {path: _one_bit_each([NULL, *sorted(named[path] - {NULL, OTHER}), OTHER]) for path in self.paths}
        self.anything: Facts = tuple(sum(bits.values()) for bits in self.bits.values())
        written = {root for root, _ in writers}
        self.at_start: Facts = tuple(
            1 if path.split(".")[0] in written else whole for path, whole in zip(self.paths, self.anything, strict=True)
        )
        self.written: dict[str, list[tuple[int, int]]] = {}
        for (path, node), values in closed.items():
            place = self.index[path]
            mask = self.anything[place] if values is None else sum(self.bits[path][value] for value in values)
            self.written.setdefault(node, []).append((place, mask))
        self._bound = {key: Bound(each, self.index, self.bits) for key, each in self.conditions.items()}

    def condition(self, key: str) -> Bound | None:
        """The condition on a flow or an event (by its id); None where none is drawn."""
        return self._bound.get(key)

    def after(self, node: str, facts: Facts) -> Facts:
        """The facts when a node has written what it writes."""
        written = self.written.get(node)
        if not written:
            return facts
        kept = list(facts)
        for place, mask in written:
            kept[place] = mask
        return tuple(kept)

    def forgotten(self, nodes: Iterable[str], facts: Facts) -> Facts:
        """The facts when nothing is known any more of what these nodes write."""
        kept = list(facts)
        for node in nodes:
            for place, _ in self.written.get(node, ()):
                kept[place] = self.anything[place]
        return tuple(kept)

    def _values(self, node: Node, root: str, path: str) -> set[str] | None:
        """The values a node may give a path; None for any."""
        rest = path[len(root) + 1 :]
        if node.repeat is not None and node.repeat.kind != "loop":
            return None
        if node.kind == "serviceTask":
            operation = self.sources.operations.get(node.operation or "")
            results = operation.results.get(rest) if operation else None
            return None if results is None else {value_of(value) for value in results}
        if node.kind == "businessRuleTask":
            return _answers(self.sources.decisions.get(node.decision or ""), rest)
        form = self.sources.forms.get(node.id)
        if form is None:
            return None
        return _answers_on(form, rest)


def _one_bit_each(values: list[str]) -> dict[str, int]:
    return {value: 1 << place for place, value in enumerate(values)}


def _of(path: str, writers: Iterable[tuple[str, Node]]) -> list[tuple[str, Node]]:
    return [(root, node) for root, node in writers if path == root or path.startswith(f"{root}.")]


def roots_written(node: Node) -> list[str]:
    """What in the case's data a node writes."""
    if node.repeat is not None and node.repeat.kind != "loop":
        return [node.repeat.output or node.id]
    if node.kind in STEPS or (node.event == "message" and node.kind not in ("sendTask", "endEvent")):
        return [node.id] if node.kind != "intermediateThrowEvent" else []
    if node.kind == "serviceTask":
        return [node.result] if node.result else []
    return [node.decision] if node.kind == "businessRuleTask" and node.decision else []


def _conditions_of(drawing: Drawing) -> Iterable[tuple[str, str]]:
    for flow in drawing.flows.values():
        if flow.condition:
            yield flow.id, flow.condition
    for node in drawing.nodes.values():
        if node.event == "conditional":
            yield node.id, node.detail or "false"
        elif node.event in ("message", "timer") and node.properties.get("available_when"):
            yield node.id, node.properties["available_when"]


def _answers(decision: Decision | None, name: str) -> set[str] | None:
    if not isinstance(decision, DecisionTable) or decision.hit_policy not in ONE_ANSWER:
        return None
    names = [output.name for output in decision.outputs]
    if name not in names:
        return None
    place = names.index(name)
    texts = [rule.entries[place].text for rule in decision.rules]
    if any(output.default for output in decision.outputs):
        default = decision.outputs[place].default
        texts.append(default.text if default else "")
    values = [literal_in(text) if text.strip() else NULL for text in texts]
    return None if None in values else {value for value in values if value is not None}


def _answers_on(form: Form, key: str) -> set[str] | None:
    if key == "outcome":
        return {value_of(choice.value) for choice in form.outcomes}
    if not key:
        return {OTHER}
    field = next((each for each in form.fields if each.key == key), None)
    return {NULL} if field is None else _answers_in(field)


def _answers_in(field: Field) -> set[str] | None:
    if field.kind == "checkbox":
        return {"true", "false", NULL}
    if field.kind not in ("select", "radio") or field.choice_source:
        return None
    values = {value_of(choice.value) for choice in field.choices}
    return values if field.required else values | {NULL}
