"""What the gate says to an administrator: which element, what would happen to a case there, what to draw instead."""

import json

from workflows.engine.drawing import Drawing, Flow
from workflows.engine.gate.conditions import NULL
from workflows.engine.gate.findings import Finding, without_repeats
from workflows.engine.gate.net import Net, Spot

_KINDS = {
    "exclusiveGateway": "排他网关",
    "parallelGateway": "并行网关",
    "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关",
    "endEvent": "结束事件",
    "startEvent": "开始事件",
    "boundaryEvent": "边界事件",
}


def label(spot: Spot) -> str:
    """What people call the element; one without a name by its kind and id."""
    return f"“{spot.node.name}”" if spot.node.name else f"{_KINDS.get(spot.node.kind, '图元')} {spot.id}"


def way(path: tuple[str, ...], drawing: Drawing) -> str:
    """A way in the names of the drawing; elements without a name are left out."""
    names = [drawing.nodes[element].name for element in path if element in drawing.nodes]
    return " → ".join(without_repeats(tuple(name for name in names if name)))


def sentence(finding: Finding, net: Net) -> str:
    """What was found, in a sentence or two."""
    here = label(finding.spot)
    match finding.code:
        case "gate.deadlock":
            return _deadlock(finding, net)
        case "gate.livelock":
            steps = "、".join(finding.told) or here
            return f"案件到了{here}以后只会在 {steps} 之间反复，永远办不完；请加一条通向结束事件的连线"
        case "gate.doubled":
            what = "两路" if len(finding.spot.into) > 1 else "前一次还没有办完，又"
            return (
                f"案件会{what}先后来到{here}，以后的步骤会办两次；"
                "几路同时进行的，请用并行网关汇合，只走其中一路的，请用排他网关分开"
            )
        case "gate.no_branch":
            values = "、".join(_value(each) for each in finding.told) or "其他值"
            return f"在{here}，当 {values} 时没有一条分支适用，本步骤无法提交；请补一条分支，或设一条默认分支"
    return _scarce(finding.code, here, finding.told[0])


def _deadlock(finding: Finding, net: Net) -> str:
    spot, here = finding.spot, label(finding.spot)
    if not spot.arms:
        return f"案件停在{here}，它等待的事情永远不会发生；请修改条件，或另画一条路"
    sources = {flow.id: source for flow, source in spot.into}
    missing = "、".join(label(sources[flow]) for flow in finding.told if flow in sources)
    chosen = _choice_before(finding, net)
    why = f"（在{chosen}只走其中一路）" if chosen else ""
    return f"{here}要等各路都到齐，但从{missing}来的一路不会到{why}，案件永远停在这里；只走一路的请改用排他网关汇合"


def _choice_before(finding: Finding, net: Net) -> str:
    """The gateway on the way at which only one of the ways was chosen."""
    by_id = {spot.id: spot for spot in net.spots}
    for element in reversed(finding.path[:-1]):
        spot = by_id.get(element)
        if spot is not None and len(spot.out) > 1 and spot.node.kind in ("exclusiveGateway", "eventBasedGateway"):
            return label(spot)
    return ""


def _value(told: str) -> str:
    path, _, value = told.partition("=")
    if value == NULL:
        return f"{path} 还没有值"
    return f"{path} 为 {json.loads(value)}"


def _scarce(code: str, here: str, thing: str) -> str:
    return {
        "scarce.kept": f"案件在{here}结束时仍占着{thing}，既没有使用，也没有退回；请在结束之前使用或退回",
        "scarce.taken_twice": f"案件到{here}时已经占有{thing}，不能再占一份；请先退回，或删除这一步",
        "scarce.not_taken": f"案件可能没有占有{thing}就来到{here}；请先占有，再使用",
        "scarce.used_twice": f"案件来到{here}时{thing}已经使用过了，不能使用两次；请删除其中一步，或让连线绕过它",
        "scarce.given_back_used": f"案件来到{here}时{thing}已经使用，不能再退回；请在使用之前退回，或删除这一步",
    }[code]


def never_happens(spot: Spot) -> str:
    """An event that cannot come."""
    return f"{label(spot)}永远不会发生：没有图元抛出它，或它的条件不会成立；请修改它，或删除它"


def never_complete(spot: Spot) -> str:
    """A join at which never all ways arrive before everything ends."""
    return f"{label(spot)}永远等不到各路都到齐，案件总是先从别处结束；请改用排他网关汇合，或删除它"


def never_taken(flow: Flow, gateway: Spot) -> str:
    """A branch that is never chosen."""
    named = f"“{flow.label}”" if flow.label else flow.id
    return f"从{label(gateway)}来的分支{named}永远不会走：{_condition(flow)}；请修改条件，或删除这条连线"


def cut_off(flow: Flow, gateway: Spot, end: Spot) -> str:
    """A way out of a parallel split that ends as it begins."""
    named = f"“{flow.label}”" if flow.label else flow.id
    return (
        f"从{label(gateway)}来的一路{named}一步也办不了：同时走的另一路直接来到{label(end)}，整个案件当场结束；"
        "只走其中一路的，请用排他网关分开"
    )


def never_done(spot: Spot, flow: Flow, before: Spot) -> str:
    """A step that no case comes to."""
    return f"{label(spot)}永远不会办到：从{label(before)}来的一路{_condition(flow)}；请修改条件，或删除这一步"


def _condition(flow: Flow) -> str:
    return f"条件“{flow.condition}”不会成立" if flow.condition else "走不到"
