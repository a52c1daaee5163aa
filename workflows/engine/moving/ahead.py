"""What lies ahead of a position in a drawing, and whether what it reads will be there."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from workflows.engine import expressions
from workflows.engine.bundles import ParsedBundle
from workflows.engine.decisions import Decision
from workflows.engine.decisions.model import DecisionTable, LiteralDecision
from workflows.engine.drawing import Drawing, Node
from workflows.engine.due_times import is_cycle, is_literal
from workflows.engine.moving.refusals import DataMissing
from workflows.engine.moving.replay import yields


def reachable(drawing: Drawing, standing: Iterable[str], avoiding: Collection[str] = ()) -> set[str]:
    """The elements a case that stands there may still come to, those it stands at among them; none beyond `avoiding`.

    Every way counts that is drawn, whatever its condition says.
    """
    found: set[str] = set()
    waiting = list(standing)
    while waiting:
        element = waiting.pop()
        if element in found or element not in drawing.nodes:
            continue
        found.add(element)
        waiting += _beside(drawing, element)
        if element not in avoiding:
            waiting += [flow.target for flow in drawing.outgoing(element)]
            waiting += drawing.starts_of(drawing.nodes[element].calls or element)
    return found


def _beside(drawing: Drawing, element: str) -> Iterator[str]:
    """What may follow while the case stands at the element: its border, and whatever goes for its scope."""
    scope = drawing.nodes[element].inside
    for node in drawing.nodes.values():
        if node.attached_to == element or (node.event_subprocess and node.inside == scope):
            yield node.id
        if scope is not None and (node.id == scope or node.calls == scope):
            # The scope is left in the end; what stands on its border may come any time.
            yield from (flow.target for flow in drawing.outgoing(node.id))
            yield from _beside(drawing, node.id)


def missing_data(
    old: ParsedBundle, new: ParsedBundle, data: Mapping[str, Any], standing: Collection[str], passed: Collection[str]
) -> DataMissing | None:
    """The first thing ahead that would be read, that an element passed leaves in the new version and did not here.

    What an element on the way there leaves does not count, nor what no element has left yet in either version.
    """
    makers: dict[str, set[str]] = {}
    for element, names in yields(new).items():
        for name in names:
            makers.setdefault(name, set()).add(element)
    for node in (new.drawing.nodes[each] for each in sorted(reachable(new.drawing, standing))):
        for path in read_at(node, new):
            name, _, rest = path.partition(".")
            if makers.get(name, set()).isdisjoint(passed) or _is_there(name, rest, data, old, new):
                continue
            if node.id in reachable(new.drawing, standing, makers[name]) - (makers[name] - set(standing)):
                maker = new.drawing.nodes[min(makers[name])]
                return DataMissing(reader=node.name or node.id, name=path, step=maker.name or maker.id)
    return None


def _is_there(name: str, rest: str, data: Mapping[str, Any], old: ParsedBundle, new: ParsedBundle) -> bool:
    """Whether the case has it, or a case that went the new way might lack it as well."""
    if name not in data:
        return False
    field, answer = rest.partition(".")[0], data[name]
    if not field or not isinstance(answer, dict) or field in answer or name not in new.steps:
        return True
    asked_now = {each.key for each in new.form(name).fields}
    asked_then = {each.key for each in old.form(name).fields} if name in old.steps else asked_now
    return field not in asked_now or field in asked_then


def read_at(node: Node, bundle: ParsedBundle) -> Iterator[str]:
    """The paths of names that an element's expressions read, with those of the ways that leave it."""
    texts = [*node.parameters.values(), *(text for _, text in node.correlation)]
    texts += [node.properties.get(name, "") for name in ("since", "payload", "available_when")]
    texts += [flow.condition or "" for flow in bundle.drawing.outgoing(node.id)]
    if node.event == "conditional" or (node.event == "timer" and not _is_plain(node.detail or "")):
        texts.append(node.detail or "")
    if node.repeat is not None:
        texts += [node.repeat.collection or "", node.repeat.cardinality or ""]
    for text in texts:
        if text:
            yield from expressions.names_in(text)
    if node.decision and node.decision in bundle.decisions:
        yield from _read_by(bundle.decisions[node.decision])


def _read_by(decision: Decision) -> Iterator[str]:
    """What a decision and those it requires read; the answers of the required ones come from themselves."""
    answers = {each.id for each in decision.requires}
    own = decision.names if isinstance(decision, DecisionTable) else ()
    if isinstance(decision, LiteralDecision):
        own = expressions.names_in(decision.expression)
    yield from (path for path in own if path.partition(".")[0] not in answers)
    for each in decision.requires:
        yield from _read_by(each)


def _is_plain(text: str) -> bool:
    return is_literal(text) or is_cycle(text)
