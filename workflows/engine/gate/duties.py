"""Who brings a matter never decides on it: proved of the drawing, and kept by `apart_from` while cases run.

A step *decides* when its form has several outcomes and its lane's post stands above the post of the step by which the
case begins. It must be kept apart from that step, for one person may hold both posts. What an authority alone may do
(`Operation.approved`) must have such a step right before it, whichever way leads there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflows.engine.drawing import Drawing, Fault, Node
from workflows.engine.environment import Environment
from workflows.engine.forms import Form

_PEOPLE = frozenset({"userTask", "manualTask"})
_SCOPES = frozenset({"subProcess", "callActivity"})


def first_steps(catalogue: Drawing) -> tuple[str, ...]:
    """The steps of people by which a case may begin, in the order they are reached."""
    return tuple(_until_people(catalogue, catalogue.starts_of(None)))


def faults_in(catalogue: Drawing, forms: Mapping[str, Form], environment: Environment) -> list[Fault]:
    """Every step that may decide on what the same person has brought, and every way past the authority."""
    if not environment.levels:
        return []
    office = _Office(catalogue, forms, environment)
    return [*_not_apart(office), *_not_approved(office)]


@dataclass(frozen=True)
class _Office:
    catalogue: Drawing
    forms: Mapping[str, Form]
    environment: Environment

    @property
    def first(self) -> list[Node]:
        """The steps by which a case may begin."""
        return [self.catalogue.nodes[step] for step in first_steps(self.catalogue)]

    def decides(self, node: Node) -> bool:
        """Whether a step is the decision of somebody who stands above whoever begins the case."""
        form = self.forms.get(node.id)
        levels = self.environment.levels
        below = [levels[lane] for each in self.first if (lane := each.lane or "") in levels]
        above = levels.get(node.lane or "")
        is_of_people = node.kind in _PEOPLE and form is not None and len(form.outcomes) > 1
        return is_of_people and above is not None and bool(below) and above > max(below)


def _not_apart(office: _Office) -> Iterator[Fault]:
    for node in office.catalogue.nodes.values():
        if not office.decides(node):
            continue
        kept = node.properties.get("apart_from", "").split()
        for first in office.first:
            if first.id not in kept:
                path = _way(office.catalogue, first.id, node.id)
                message = (
                    f"“{_name(node)}”由{node.lane}对“{_name(first)}”提出的事项作出决定，但没有规定两步由不同的人办理："
                    f"一人可能身兼两职，成为自己审批自己。请在“{_name(node)}”的属性 apart_from 中加上 {first.id}"
                )
                yield _fault(message, node, path)


def _not_approved(office: _Office) -> Iterator[Fault]:
    told: set[str] = set()
    for node in office.catalogue.nodes.values():
        operation = office.environment.operations.get(node.operation or "")
        if operation is None or not operation.approved:
            continue
        for last in _last_before(office.catalogue, node):
            if office.decides(last) or last.id in told:
                continue
            told.add(last.id)
            begun = [_way(office.catalogue, first.id, last.id) for first in office.first]
            path = max(begun, key=len, default=(last.id,))[:-1] + _way(office.catalogue, last.id, node.id)
            who = f"“{_name(last)}”（{last.lane or last.kind}）" if last.kind in _PEOPLE else f"“{_name(last)}”"
            message = (
                f"“{_name(node)}”须由上级决定以后才能办，但从{who}就能走到这里，不经过上级的审批："
                "请在这条路上画一个由上级职务办理、表单有几种结果的步骤"
            )
            yield _fault(message, node, path)


def _fault(message: str, node: Node, path: tuple[str, ...]) -> Fault:
    return Fault("duties.self_approval", message, node.id, _name(node), node.line, node.file, path)


def _name(node: Node) -> str:
    return node.name or node.id


def _following(catalogue: Drawing, node: Node) -> list[str]:
    """Where a token goes from a node: along the flows, into a scope and out of it, over a border."""
    found = [flow.target for flow in catalogue.outgoing(node.id)]
    if node.kind in _SCOPES:
        found = catalogue.starts_of(node.calls if node.kind == "callActivity" else node.id) + found
    if node.kind == "endEvent":
        found += [each.id for each in _around(catalogue, node)]
    return found + [each.id for each in catalogue.nodes.values() if each.attached_to == node.id]


def _around(catalogue: Drawing, node: Node) -> list[Node]:
    """The sub-process a node stands in, or the activities that call its process."""
    if node.inside is None:
        return []
    if node.inside in catalogue.nodes:
        return [catalogue.nodes[node.inside]]
    return [each for each in catalogue.nodes.values() if each.calls == node.inside]


def _until_people(catalogue: Drawing, begin: list[str]) -> Iterator[str]:
    """The first steps of people on every way from some nodes on."""
    waiting, seen = list(begin), set()
    while waiting:
        node_id = waiting.pop(0)
        node = catalogue.nodes.get(node_id)
        if node is None or node_id in seen:
            continue
        seen.add(node_id)
        if node.kind in _PEOPLE:
            yield node_id
        elif node.kind in _SCOPES:
            inner = catalogue.starts_of(node.calls if node.kind == "callActivity" else node.id)
            waiting += inner or [flow.target for flow in catalogue.outgoing(node_id)]
        elif node.kind == "endEvent":
            waiting += [flow.target for each in _around(catalogue, node) for flow in catalogue.outgoing(each.id)]
        else:
            waiting += [flow.target for flow in catalogue.outgoing(node_id)]


def _last_before(catalogue: Drawing, node: Node) -> list[Node]:
    """The last steps of people before a node on every way to it; a way without any gives what it begins with."""
    found, waiting, seen = [], [node], {node.id}
    while waiting:
        for each in _preceding(catalogue, waiting.pop()):
            if each.id in seen:
                continue
            seen.add(each.id)
            if each.kind in _PEOPLE or _begins(catalogue, each):
                found.append(each)
            else:
                waiting.append(each)
    return found


def _begins(catalogue: Drawing, node: Node) -> bool:
    """Whether nobody has decided anything when a way begins here: a start, a border of a person's step, an event."""
    if node.kind == "startEvent":
        host = catalogue.nodes.get(node.inside or "")
        return host.event_subprocess if host else not _around(catalogue, node)
    host = catalogue.nodes.get(node.attached_to or "")
    return host is not None and host.kind in _PEOPLE


def _preceding(catalogue: Drawing, node: Node) -> Iterator[Node]:
    nodes = catalogue.nodes
    for flow in catalogue.flows.values():
        if flow.target == node.id and flow.source in nodes:
            source = nodes[flow.source]
            inner = source.calls if source.kind == "callActivity" else source.id
            ends = [each for each in nodes.values() if each.inside == inner and _closes(catalogue, each)]
            yield from (ends if source.kind in _SCOPES and ends else [source])
    if node.kind == "startEvent":
        for around in _around(catalogue, node):
            yield from _preceding(catalogue, around)
    if node.attached_to in nodes:
        yield nodes[node.attached_to]


def _closes(catalogue: Drawing, node: Node) -> bool:
    """Whether a way of its scope ends here; what begins beside a step, such as a reminder, ends beside it too."""
    if node.kind != "endEvent":
        return False
    waiting, seen, begins = [node.id], {node.id}, list[Node]()
    while waiting:
        before = [flow.source for flow in catalogue.flows.values() if flow.target == waiting[0]]
        at = catalogue.nodes[waiting.pop(0)]
        begins += [] if before else [at]
        waiting += [each for each in before if each in catalogue.nodes and each not in seen]
        seen |= set(before)
    return any(each.kind != "boundaryEvent" or each.interrupting for each in begins)


def _way(catalogue: Drawing, begin: str, end: str) -> tuple[str, ...]:
    """The shortest way between two nodes, as ids; only the second when none leads there."""
    came: dict[str, str | None] = {begin: None}
    waiting = [begin]
    while waiting and end not in came:
        here = waiting.pop(0)
        for following in _following(catalogue, catalogue.nodes[here]):
            if following in catalogue.nodes and following not in came:
                came[following] = here
                waiting.append(following)
    if end not in came:
        return (end,)
    path: list[str] = []
    step: str | None = end
    while step is not None:
        path.append(step)
        step = came[step]
    return tuple(reversed(path))
