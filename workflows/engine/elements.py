"""Which elements of BPMN 2.0 run here, where, and what to draw instead of the others. See docs/reference/bpmn.md.

Whatever SpiffWorkflow would accept and then not do, or do otherwise than BPMN says, is refused here.
"""

import re
from collections import Counter
from collections.abc import Iterator

from workflows.engine import due_times, expressions
from workflows.engine.drawing import Drawing, Flow, Node, Repeat
from workflows.engine.gate import foreign

PEOPLE = frozenset({"userTask", "manualTask"})
TASKS = frozenset({"userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"})
SCOPES = frozenset({"subProcess", "callActivity"})
ACTIVITIES = TASKS | SCOPES
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})

RUNS = (
    ACTIVITIES
    | GATEWAYS
    | {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)

INSTEAD = {
    "task": "请改为用户任务、服务任务或业务规则任务，写明由谁或由什么办理",
    "scriptTask": "流程图中不得有脚本，请改为服务任务（操作）或业务规则任务（决策表）",
    "complexGateway": "请改用排他、并行或包容网关的组合",
    "adHocSubProcess": "请改为普通子流程，用网关画出办理的次序",
    "transaction": "请改为普通子流程，用错误边界事件处理失败；一次办理本来就一起成功或一起不生效",
}
"""What to draw instead of an element that does not run; anything else is no element of an executable process."""

EVENTS: dict[str, frozenset[str | None]] = {
    "startEvent": frozenset({None}),
    "startEvent of an event sub-process, interrupting": frozenset(
        {"timer", "message", "signal", "conditional", "error", "escalation"}
    ),
    "startEvent of an event sub-process, non-interrupting": frozenset(
        {"timer", "message", "signal", "conditional", "escalation"}
    ),
    "intermediateCatchEvent": frozenset({"timer", "message", "signal", "conditional"}),
    "intermediateThrowEvent": frozenset({None, "message", "signal", "escalation"}),
    "boundaryEvent, interrupting": frozenset({"timer", "message", "signal", "conditional", "error", "escalation"}),
    "boundaryEvent, non-interrupting": frozenset({"timer", "message", "signal", "conditional", "escalation"}),
    "endEvent": frozenset({None, "message", "signal", "error", "escalation", "terminate"}),
}
"""Which event runs in which place; None is an event without a definition."""

EVENT_INSTEAD = {
    "link": "请直接画一条连线",
    "compensate": "请用网关和服务任务画出撤销的步骤",
    "cancel": "请改用错误事件",
    "terminate": "终止只能是结束事件",
    "error": "错误只能由结束事件抛出，由中断的边界事件或事件子流程接住",
    "escalation": "升级由中间抛出事件或结束事件抛出，由边界事件或事件子流程接住",
    None: "请写明等待什么",
}

EXTENSIONS = frozenset({"properties", "serviceTaskOperator", "calledDecisionId"})

ATTRIBUTES = {
    "isForCompensation": "不支持补偿，请用网关和服务任务画出撤销的步骤",
    "instantiate": "案件由人发起，消息不能发起案件，请改为普通的开始事件",
    "parallelMultiple": "不支持同时等待几个事件，请用并行网关连接几个事件",
    "quantity": "不支持 startQuantity、completionQuantity，请删除",
    "eventDefinitionRef": "不支持引用事件定义，请把定义写在事件里",
    "behavior": "不支持多实例的 behavior，请在多实例之后画出需要的事件",
    "language": "表达式写明了别的语言（language），这里只有一种表达式语言，请删除 language，按这里的写法改写",
    "assignment": "不支持数据关联中的赋值，请改用服务任务的参数或业务规则任务",
}
"""Attributes and parts that change how an element should run, and what to do instead."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)

THROWS = frozenset({"sendTask", "intermediateThrowEvent", "endEvent"})
THROWS_ERRORS = SCOPES | {"serviceTask"}
WAITS_AFTER_GATEWAY = frozenset({"intermediateCatchEvent", "receiveTask"})


def place_of(node: Node, catalogue: Drawing) -> str:
    """Where an event stands, as in EVENTS."""
    host = catalogue.nodes.get(node.inside or "")
    how = "interrupting" if node.interrupting else "non-interrupting"
    if node.kind == "startEvent" and host is not None and host.event_subprocess:
        return f"startEvent of an event sub-process, {how}"
    return f"boundaryEvent, {how}" if node.kind == "boundaryEvent" else node.kind


def faults_of_node(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    """What is wrong with the element as such: code and sentence."""
    for name in sorted(node.oddities):
        yield "element.attribute", ATTRIBUTES[name]
    for name in node.extensions:
        if name in ("preScript", "postScript"):
            yield "script.forbidden", "流程图中不得有脚本，请改为服务任务（操作）或业务规则任务（决策表）"
        elif name not in EXTENSIONS:
            yield "extension.unknown", f"不认识扩展元素 {name}，请删除，或改用属性（properties）"
    yield from foreign.faults(node.marks, node.id)
    if (node.kind in PEOPLE or node.properties.get("form")) and not _NAME.fullmatch(node.id):
        yield "element.id", f"条件里读不到标识“{node.id}”，请改为以字母开头、只含英文字母、数字和下划线的标识"
    if node.kind.endswith("Event"):
        yield from _event(node, catalogue)
    elif node.event == "message":
        yield from _message(node)
    if node.kind == "eventBasedGateway":
        yield from _event_gateway(node, catalogue)
    if node.kind == "callActivity":
        yield from _call(node, catalogue)
    if node.kind == "subProcess":
        yield from _level(node.id, catalogue, event_subprocess=node.event_subprocess)
    if node.repeat is not None:
        yield from _repeat(node, node.repeat)


def faults_of_drawing(catalogue: Drawing) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the drawing as a whole: code, sentence and the element or process concerned."""
    for process, marks in catalogue.marks.items():
        for code, message in foreign.faults(marks, process):
            yield code, message, process
    for element in catalogue.twice:
        yield "element.twice", f"有两个图元用了同一个标识（id）{element}，请改其中一个", element
    for level in [None, *sorted(catalogue.called)]:
        for code, message in _level(level, catalogue, event_subprocess=False):
            yield code, f"{level or catalogue.process}：{message}", ""
    offered = Counter(node.detail for node in catalogue.nodes.values() if _is_offered(node))
    for node in catalogue.nodes.values():
        if _is_offered(node) and offered[node.detail] > 1:
            yield "message.offered_twice", f"消息“{node.detail}”在几处由人提出，请分别定义消息", node.id
    for element in _first_unreached(catalogue):
        yield "flow.unreached", "从开始事件走不到这里，请检查连线，或删除它", element


def _is_offered(node: Node) -> bool:
    """Whether a person may send the message the node waits for."""
    return node.event == "message" and node.kind not in THROWS and bool(node.detail and node.properties.get("form"))


def faults_of_flow(flow: Flow, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    """What is wrong with a sequence flow as such."""
    source, target = catalogue.nodes.get(flow.source), catalogue.nodes.get(flow.target)
    if source is None or target is None:
        yield (
            "flow.loose",
            f"连线的一端 {(flow.target if source else flow.source) or '（空）'} 不存在，请重画或删除这条连线",
        )
        return
    if flow.language:
        yield "element.attribute", f"{ATTRIBUTES['language']}（{flow.language}）"
    yield from foreign.faults(flow.marks, flow.id)
    if source.inside != target.inside or flow.inside != source.inside:
        yield "flow.crosses", "连线不能穿过子流程的边界，请连到子流程本身"
    if target.kind in ("startEvent", "boundaryEvent") or target.event_subprocess:
        yield "flow.misplaced", "连线不能进入开始事件、边界事件或事件子流程，请连到别的图元"
    if source.kind == "endEvent" or source.event_subprocess:
        yield "flow.misplaced", "连线不能从结束事件或事件子流程出发，请从别的图元画起"
    if flow.condition and source.kind not in ("exclusiveGateway", "inclusiveGateway"):
        yield "flow.condition", "只有排他网关和包容网关的出线可以有条件，请在前面加一个网关"
    elif flow.condition and flow.id == source.default_flow:
        yield "flow.condition", "默认分支不应有条件，请删除条件或取消默认"


def _event(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    if len(node.definitions) > 1:
        yield "event.multiple", "一个事件只能有一个定义，请用网关连接几个事件"
        return
    place = place_of(node, catalogue)
    if node.event not in EVENTS[place]:
        instead = EVENT_INSTEAD.get(node.event) or "这里不能用这种事件"
        if node.kind == "startEvent" and not place.startswith("startEvent of"):
            instead = "案件由人发起，子流程由前一步发起，请改为无定义的开始事件，或放进事件子流程"
        yield "event.unsupported", f"这里不支持这种事件（{node.event or '无定义'}）：{instead}"
        return
    if node.kind == "boundaryEvent":
        yield from _boundary(node, catalogue)
    if node.event == "message":
        yield from _message(node)
    elif node.event == "signal" and not node.detail:
        yield "event.reference", "没有写明是哪个信号，请选择一个有名称的信号"
    elif node.event in ("error", "escalation") and node.kind in THROWS:
        yield from _thrown_up(node, catalogue)
    elif node.event == "conditional":
        if why := expressions.fault_in(node.detail or ""):
            yield "expression.broken", f"条件“{node.detail or ''}”有误：{why}"
    elif node.event == "timer":
        yield from _timer(node, place)


def _thrown_up(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    if not node.detail:
        yield "event.reference", "没有写明代码，请选择一个有代码的错误或升级"
    elif node.event == "error" and not _is_caught(node, catalogue):
        yield "error.uncaught", f"没有图元接住错误“{node.detail}”，请在子流程上画错误边界事件，或改为终止结束事件"


def _boundary(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    host = catalogue.nodes.get(node.attached_to or "")
    if host is None or host.kind not in ACTIVITIES or host.inside != node.inside or host.event_subprocess:
        yield "boundary.unattached", "边界事件没有贴在任何步骤上，请拖到一个步骤的边上"
    elif node.event == "error" and host.kind not in THROWS_ERRORS:
        yield "boundary.never", "这一步不会抛出错误，请删除，或改贴到服务任务、子流程或调用活动上"
    elif node.event == "escalation" and host.kind not in SCOPES:
        yield "boundary.never", "这一步不会抛出升级，请删除，或改贴到子流程或调用活动上"


def _message(node: Node) -> Iterator[tuple[str, str]]:
    if not node.detail:
        yield "event.reference", "没有写明是哪个消息，请选择一个有名称的消息"
        return
    sends = node.kind in THROWS
    if not node.correlation and (sends or not node.properties.get("form")):
        hint = "" if sends else "；由人提出的，请写表单（form）"
        yield "message.uncorrelated", f"消息“{node.detail}”没有关联属性，不知道是哪个案件的，请定义关联属性{hint}"
    for name, text in node.correlation:
        if why := expressions.fault_in(text):
            yield "expression.broken", f"关联属性“{name}”的表达式“{text}”有误：{why}"
    payload = node.properties.get("payload")
    if payload and (why := expressions.fault_in(payload)):
        yield "expression.broken", f"消息内容“{payload}”有误：{why}"


def _timer(node: Node, place: str) -> Iterator[tuple[str, str]]:
    if node.timer == "timeCycle" and not place.endswith("non-interrupting"):
        yield (
            "timer.cycle",
            "重复的期限只能用在非中断的边界事件或事件子流程上，请改为日期（timeDate）或期限（timeDuration）",
        )
        return
    if not node.detail:
        yield "timer.missing", "没有写明期限"
    elif why := due_times.fault_in(node.detail, repeats=node.timer == "timeCycle"):
        yield "timer.broken", f"期限“{node.detail}”有误：{why}"
    since = node.properties.get("since")
    if since and (why := expressions.fault_in(since)):
        yield "timer.broken", f"起算日“{since}”有误：{why}"
    yield from _timer_terms(node)
    yield from _timer_condition(node, place)


def _timer_condition(node: Node, place: str) -> Iterator[tuple[str, str]]:
    available = node.properties.get("available_when")
    if not available:
        return
    if "event sub-process" not in place or not (node.timer == "timeDate" or node.properties.get("since")):
        yield (
            "timer.terms",
            "可用条件（available_when）只能用在事件子流程的开始事件上，并且期限要是日期，或者写明起算日（since）",
        )
    elif why := expressions.fault_in(available):
        yield "timer.broken", f"可用条件“{available}”有误：{why}"


def _timer_terms(node: Node) -> Iterator[tuple[str, str]]:
    """What the timer's properties say beside its text; which calendars there are is not known here."""
    calendar, after, grace = (node.properties.get(name) for name in ("calendar", "after", "grace"))
    if calendar and node.timer != "timeDuration":
        yield "timer.terms", "只有期限（timeDuration）能按日历（calendar）计算，请删除日历，或改为期限"
    elif calendar and node.detail and (why := due_times.fault_in_terms(node.detail, counted=True)):
        yield "timer.broken", f"期限“{node.detail}”有误：{why}"
    if after and (node.timer != "timeCycle" or re.match(r"R\d*/\d", node.detail or "")):
        yield "timer.terms", "先经过的期限（after）只能用在没有写明开始日期的重复期限（timeCycle）上"
    elif after and (why := due_times.fault_in_terms(after, counted=False)):
        yield "timer.broken", f"先经过的期限“{after}”有误：{why}"
    if grace and (node.timer != "timeDuration" or node.kind != "boundaryEvent"):
        yield "timer.terms", "宽限（grace）只能用在步骤边上的期限（timeDuration）上"
    elif grace and (why := due_times.fault_in_terms(grace, counted=bool(calendar))):
        yield "timer.broken", f"宽限“{grace}”有误：{why}"


def _event_gateway(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    targets = [catalogue.nodes.get(flow.target) for flow in catalogue.outgoing(node.id)]
    for target in targets:
        if target is not None and target.kind not in WAITS_AFTER_GATEWAY:
            yield "gateway.event_targets", f"事件网关之后只能是中间捕获事件或接收任务，“{target.name or target.id}”不是"
        elif target is not None and sum(flow.target == target.id for flow in catalogue.flows.values()) > 1:
            yield "gateway.event_targets", f"“{target.name or target.id}”只能有事件网关这一条进线"
        elif target is not None and _border_of(target, catalogue):
            yield "gateway.event_targets", f"事件网关之后的“{target.name or target.id}”不能有边界事件"
        elif target is not None and target.repeat:
            yield "gateway.event_targets", f"事件网关之后的“{target.name or target.id}”不能重复办理"


def _border_of(node: Node, catalogue: Drawing) -> list[Node]:
    return [each for each in catalogue.nodes.values() if each.attached_to == node.id]


def _call(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    if not node.calls or node.calls not in (*catalogue.called, catalogue.process):
        yield "call.unknown", f"流程包中没有被调用的流程 {node.calls or '（空）'}，请把它的 .bpmn 文件放进同一个流程包"
        return
    seen, waiting = set(), [node.calls]
    while waiting:
        process = waiting.pop()
        if process in seen:
            continue
        seen.add(process)
        waiting += [
            each.calls for each in catalogue.nodes.values() if each.calls and _process_of(each, catalogue) == process
        ]
    if _process_of(node, catalogue) in seen:
        yield "call.recursive", f"流程 {node.calls} 又调用自己，永远办不完，请改用循环"


def _process_of(node: Node, catalogue: Drawing) -> str | None:
    inside = node.inside
    while inside is not None and inside in catalogue.nodes:
        inside = catalogue.nodes[inside].inside
    return inside


def _level(inside: str | None, catalogue: Drawing, *, event_subprocess: bool) -> Iterator[tuple[str, str]]:
    within = [node for node in catalogue.nodes.values() if node.inside == inside]
    starts = sum(node.kind == "startEvent" for node in within)
    if starts != 1:
        where = "事件子流程" if event_subprocess else "流程和子流程"
        yield "start.count", f"{where}应有且只有一个开始事件，现有 {starts} 个"
    if not any(node.kind == "endEvent" for node in within):
        yield "end.missing", "没有结束事件"


def _repeat(node: Node, repeat: Repeat) -> Iterator[tuple[str, str]]:
    if node.kind not in ACTIVITIES or node.event_subprocess:
        yield "loop.misplaced", "这种图元不能重复办理"
    if repeat.kind == "loop":
        if not repeat.condition and not repeat.maximum:
            yield "loop.missing", "没有写明循环的条件（loopCondition）或次数（loopMaximum）"
    elif bool(repeat.collection) == bool(repeat.cardinality):
        yield "loop.missing", "应写明列表（loopDataInputRef）或次数（loopCardinality）之一"
    for text in (repeat.collection, repeat.cardinality, repeat.condition):
        if text and (why := expressions.fault_in(text)):
            yield "expression.broken", f"多实例或循环的表达式“{text}”有误：{why}"
    for name in (repeat.item, repeat.output or "item", repeat.output_item or "item"):
        if not name.isidentifier():
            yield "loop.name", f"“{name}”不能用作名称，请只用字母、数字和下划线"


def _is_caught(node: Node, catalogue: Drawing) -> bool:
    """Whether a scope around an error end event takes its code; who calls a called process is not looked at."""
    inside = node.inside
    while True:
        catching = [
            *(each for each in catalogue.nodes.values() if each.attached_to == inside and inside is not None),
            *(
                each
                for each in catalogue.nodes.values()
                if each.kind == "startEvent"
                and (host := catalogue.nodes.get(each.inside or "")) is not None
                and host.event_subprocess
                and host.inside == inside
                and host.id != node.inside
            ),
        ]
        if any(each.event == "error" and each.detail in (None, "", node.detail) for each in catching):
            return True
        if inside is None:
            return False
        if inside not in catalogue.nodes:
            return True
        inside = catalogue.nodes[inside].inside


def _first_unreached(catalogue: Drawing) -> Iterator[str]:
    """Of the nodes no token can reach, those from which all the others follow and that have a flow into them."""
    begin = [
        node.id
        for node in catalogue.nodes.values()
        if node.kind in ("startEvent", "boundaryEvent") or node.event_subprocess
    ]
    following: dict[str, list[str]] = {}
    for flow in catalogue.flows.values():
        following.setdefault(flow.source, []).append(flow.target)
    entered = {flow.target for flow in catalogue.flows.values()}
    reached = _reached(begin + [node for node in catalogue.nodes if node not in entered], following)
    left = {node: _reached([node], following) for node in catalogue.nodes if node not in reached}
    for node in sorted(left, key=lambda each: -len(left[each])):
        if node not in reached:
            reached |= left[node]
            yield node


def _reached(begin: list[str], following: dict[str, list[str]]) -> set[str]:
    """The nodes a token can reach along the flows."""
    waiting, reached = list(begin), set[str]()
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += following.get(here, [])
    return reached
