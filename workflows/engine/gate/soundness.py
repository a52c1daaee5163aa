"""The publish gate: whether a case of a drawing, wherever it goes, comes to an end, and what keeps it from doing so."""

from workflows.engine.drawing import Drawing, Fault
from workflows.engine.gate import asides, duties, liveness, verdict
from workflows.engine.gate.exploring import Explored, explore
from workflows.engine.gate.findings import Findings, TooLarge
from workflows.engine.gate.knowledge import Knowledge, Sources
from workflows.engine.gate.moves import Moves
from workflows.engine.gate.net import Net


def faults_in(drawing: Drawing, sources: Sources) -> list[Fault]:
    """Every fault of a drawing whose elements and flows are all right one by one; a fault comes with the way to it."""
    if not duties.first_steps(drawing):
        return [verdict.nobody_begins(drawing)]
    net, knowledge, findings = Net(drawing), Knowledge(drawing, sources), Findings()
    operations = {node.operation: sources.operations.get(node.operation or "") for node in drawing.nodes.values()}
    things = {each.scarce.thing: None for each in operations.values() if each is not None and each.scarce is not None}
    moves = Moves(net, knowledge, findings, list(things))
    moves.normal = liveness.forgetting(net, knowledge)
    moves.apart = set(asides.apart(net, knowledge))
    explored: list[Explored] = []
    try:
        explored.append(explore(moves, net.root.start, findings))
        moves.alone = True
        waiting = set(moves.apart)
        # A reminder may be reminded of in its turn.
        while begun := [spot for spot in net.spots if spot in waiting and spot.id in findings.passed]:
            waiting.difference_update(begun)
            explored += [explore(moves, spot, findings, findings.entered[spot.id][:-1]) for spot in begun]
    except TooLarge:
        too_large = [] if findings.has_doubled else [verdict.too_large(drawing)]
        return verdict.of_findings(net, findings) + too_large
    return verdict.of(net, explored, findings)
