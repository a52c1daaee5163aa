"""From what was explored to faults: one for each cause, in an administrator's words, with the way that leads there."""

from collections.abc import Iterator

from workflows.engine.drawing import Drawing, Fault
from workflows.engine.gate import unreached, wording
from workflows.engine.gate.exploring import Explored
from workflows.engine.gate.findings import Finding, Findings, without_repeats
from workflows.engine.gate.moves import ANY_TIME
from workflows.engine.gate.net import Net, Spot, reached_from


def of(net: Net, explored: list[Explored], findings: Findings) -> list[Fault]:
    """Every fault of a drawing that was explored to the end."""
    for each in explored:
        for finding in (*_stuck(net, each), *_circling(net, each)):
            findings.found.setdefault((finding.code, finding.spot.id), finding)
    causes = _causes(net, findings)
    faults = [_fault(each, net) for each in causes]
    return faults + list(unreached.faults(net, findings, causes))


def of_findings(net: Net, findings: Findings) -> list[Fault]:
    """What came to light before the exploration was given up."""
    return [_fault(each, net) for each in _causes(net, findings)]


def too_large(drawing: Drawing) -> Fault:
    """The drawing has too many states."""
    message = "并行的路，或后面还要再问的答复太多，案件的情况多得无法逐一核对；请减少并行的分支，或拆成几个流程"
    return Fault("gate.too_large", message, drawing.process, drawing.name, drawing.line, drawing.file)


def nobody_begins(drawing: Drawing) -> Fault:
    """No step of a person comes first, and people begin cases."""
    message = "从开始事件走不到任何由人办理的步骤，案件无从发起；请画一个用户任务作为第一步"
    return Fault("gate.nobody_begins", message, drawing.process, drawing.name, drawing.line, drawing.file)


def _fault(finding: Finding, net: Net) -> Fault:
    node, path = finding.spot.node, finding.path
    where = node.id, node.name, node.line, node.file
    return Fault(finding.code, wording.sentence(finding, net), *where, path, wording.way(path, net.drawing))


def _causes(net: Net, findings: Findings) -> list[Finding]:
    """The findings without what only follows from a token that comes twice."""
    doubled = [each for each in findings.found.values() if each.code == "gate.doubled"]
    kept: list[Finding] = []
    spoilt: set[str] = set()
    for each in doubled:
        if each.spot.id not in spoilt:
            kept.append(each)
            spoilt |= {spot.id for spot in reached_from([each.spot, *_behind(each.spot)])}
    others = [each for each in findings.found.values() if each.code != "gate.doubled" and each.spot.id not in spoilt]
    return kept + others


def _behind(spot: Spot) -> Iterator[Spot]:
    """What follows the levels a spot stands in."""
    for level in spot.level.around():
        if level.host is not None:
            yield level.host


def _stuck(net: Net, explored: Explored) -> Iterator[Finding]:
    """States in which tokens are left and none can go on, named by what they wait for."""
    for number, state in enumerate(explored.states):
        if not explored.is_stuck(number) or number in explored.unanswered:
            continue
        waiting = [(spot, flow) for spot, flow in net.resting(state.marking) if spot.inner is None]
        spots = list(dict.fromkeys(spot for spot, _ in waiting))
        spot = _first_cause(spots)
        arrived = {flow for each, flow in waiting if each is spot}
        missing = [flow.id for flow, _ in spot.into if flow.id not in arrived] if spot.arms else []
        yield Finding("gate.deadlock", spot, without_repeats((*explored.way_to(number), spot.id)), tuple(missing))


def _first_cause(spots: list[Spot]) -> Spot:
    """Of several that wait for ever, one that does not wait for another of them."""
    for spot in spots:
        before = reached_backwards(spot)
        if not any(other in before for other in spots if other is not spot):
            return spot
    return spots[0]


def reached_backwards(spot: Spot) -> set[Spot]:
    """The spots from which a token may come to a spot along the flows of its level."""
    found: set[Spot] = set()
    waiting = [source for _, source in spot.into]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [source for _, source in each.into]
            waiting += [each.host] if each.host else []
    return found


def _circling(net: Net, explored: Explored) -> Iterator[Finding]:
    """States that go on for ever: no way leads out of them, to an end or to a place where the case is stuck."""
    ends = {number for number in range(len(explored.states)) if explored.is_over(number)}
    stuck = {number for number in range(len(explored.states)) if explored.is_stuck(number)}
    finishing = explored.finishing(ends | stuck | explored.unanswered)
    lost = [number for number in range(len(explored.states)) if number not in finishing]
    told: set[int] = set()
    for number in lost:
        if number in told:
            continue
        circle = _innermost(explored, number)
        told |= explored.finishing(circle)
        spots = {spot for each in circle for spot, _ in net.resting(explored.states[each].marking)}
        steps = [spot for spot in net.spots if spot in spots and spot.inner is None]
        named = next((spot for spot in steps if spot.waits), steps[0])
        labels = tuple(wording.label(spot) for spot in steps if spot.waits)
        there = next(each for each in sorted(circle) if named in dict(net.resting(explored.states[each].marking)))
        yield Finding("gate.livelock", named, without_repeats((*explored.way_to(there), named.id)), labels)


def _innermost(explored: Explored, begin: int) -> set[int]:
    """The states a case that came to `begin` goes round in at last: from each of them all the others can be reached."""
    circle = _reachable(explored, begin)
    while further := circle - explored.finishing({begin}):
        begin = min(further)
        circle = _reachable(explored, begin)
    return circle


def _reachable(explored: Explored, begin: int) -> set[int]:
    found, waiting = {begin}, [begin]
    while waiting:
        new = [target for kind, target in explored.moves[waiting.pop()] if kind != ANY_TIME and target not in found]
        found.update(new)
        waiting += new
    return found
