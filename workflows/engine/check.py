"""What keeps a bundle from being published: every fault with its element, its label, its line and what to do."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from sqlalchemy.orm import Session

from workflows.engine import bundles, decisions, elements, expressions, forms, job_rows, scenarios
from workflows.engine import catalogue as catalogues
from workflows.engine.bundles import BundleFiles
from workflows.engine.decisions import Decision
from workflows.engine.drawing import Drawing, Fault, Flow, Node, Unreadable
from workflows.engine.environment import Environment
from workflows.engine.forms import Form
from workflows.engine.gate import duties, limits, soundness
from workflows.engine.gate.knowledge import Sources
from workflows.engine.scenarios import ScenarioFault
from workflows.engine.tables import Bundle
from workflows.journal import Actor

_BESIDE_THE_WAY = frozenset(
    {"form", "post", "duties", "operation", "calendar", "timer", "message", "decision", "scenario"}
)
"""Faults that leave the ways through the drawing as they are; with any other they cannot be explored."""


def publish(session: Session, environment: Environment, files: BundleFiles, actor: Actor, note: str = "") -> Bundle:
    """Check the files and keep them as the next version. Raises bundles.BundleUnsound with every fault."""
    return bundles.store(session, files, known_faults(files, environment), actor, note)


_MOST_KNOWN = 8
_keeping = Lock()
_known: dict[tuple[int, str], tuple[Environment, list[Fault]]] = {}


def known_faults(files: BundleFiles, environment: Environment) -> list[Fault]:
    """As `faults_in`; whoever has checked files and publishes the very same is not kept waiting twice."""
    letters = repr(sorted(files.files.items())).encode("utf-8", "surrogatepass")
    key = (id(environment), hashlib.sha256(letters).hexdigest())
    found = _known.get(key)
    if found is None:
        found = (environment, faults_in(files, environment))  # kept too, so that nothing else is given its id
        with _keeping:
            if len(_known) >= _MOST_KNOWN:
                del _known[next(iter(_known))]
            _known[key] = found
    return list(found[1])


def faults_in(files: BundleFiles, environment: Environment) -> list[Fault]:
    """Every fault of a bundle, in drawing order; an empty list means it may be published."""
    if too_much := list(limits.faults_of(files.files)):
        return too_much
    catalogue, found = catalogues.examine(files.drawings)
    if catalogue is None:
        return found or [Fault("bundle.drawing_count", "流程包里没有 .bpmn 文件")]
    path = catalogue.file
    of_tables, tables = _decisions(files)
    found += of_tables + _forms(files, environment) + _scenarios(files)
    sources = Sources(_forms_of_steps(catalogue, files), tables, environment.operations)
    found += [
        Fault(code, message, element, *_where(element, catalogue))
        for code, message, element in elements.faults_of_drawing(catalogue)
    ]
    found += [
        Fault(code, message, node.id, node.name, node.line, node.file)
        for node in catalogue.nodes.values()
        for code, message in _of_node(node, catalogue, files, environment, sources)
    ]
    found += [
        Fault(code, message, flow.id, flow.label, flow.line, flow.file)
        for flow in catalogue.flows.values()
        for code, message in _of_flow(flow, catalogue)
    ]
    if all(_leaves_the_ways(fault) for fault in found):
        found += soundness.faults_in(catalogue, sources) + duties.faults_in(catalogue, sources.forms, environment)
    return sorted(found, key=partial(_place, path)) or _as_spiffworkflow_sees_it(files, path)


def _leaves_the_ways(fault: Fault) -> bool:
    """Whether the ways through the drawing can be explored in spite of the fault."""
    return fault.code.split(".")[0] in _BESIDE_THE_WAY and fault.code != "operation.unknown"


def _place(path: str, fault: Fault) -> tuple[int, str, int]:
    """Where a fault stands: in the main drawing, in the others, in what goes with them."""
    rank = 0 if fault.file == path else 1 if fault.file.endswith(".bpmn") else 2
    return rank, fault.file, fault.line


def _where(element: str, catalogue: Drawing) -> tuple[str, int, str]:
    """An element's label, line and file."""
    found = catalogue.nodes.get(element) or catalogue.flows.get(element)
    if found is None:
        return (catalogue.name, catalogue.line, catalogue.file) if element else ("", 0, catalogue.file)
    return found.name if isinstance(found, Node) else found.label, found.line, found.file


def _as_spiffworkflow_sees_it(files: BundleFiles, path: str) -> list[Fault]:
    try:
        bundles.parse(files)
    except ValidationException as error:
        line = int(getattr(error, "line_number", 0) or 0)
        element = str(getattr(error, "task_id", "") or "")
        return [Fault("bpmn.refused", f"引擎不接受：{error.args[0]}", element, "", line, path)]
    except Exception as error:  # noqa: BLE001
        # A file from outside may break the library in ways it does not name; a fault must come out, never a traceback.
        return [Fault("bpmn.refused", f"引擎不接受：{type(error).__name__} {error}", file=path)]
    return []


def _decisions(files: BundleFiles) -> tuple[list[Fault], dict[str, Decision]]:
    found: list[Fault] = []
    tables: dict[str, Decision] = {}
    for name, text in files.files.items():
        if not name.endswith(".dmn"):
            continue
        try:
            for table in decisions.read(text, name):
                if table.id in tables:
                    message = f"流程包里有几个名为 {table.id} 的决策，请改名"
                    found.append(Fault("decision.twice", message, table.id, table.title, table.line, name))
                tables[table.id] = table
                found += decisions.faults_in(table, name)
        except Unreadable as error:
            found.append(error.fault)
    return found, tables


def _forms(files: BundleFiles, environment: Environment) -> list[Fault]:
    return [
        fault
        for name, text in files.files.items()
        if name.endswith(".form")
        for fault in _of_form(Path(name).stem, text, name, frozenset(environment.choices))
    ]


# While somebody draws, the same forms and scenarios are checked again and again.


@lru_cache(maxsize=128)
def _of_form(form: str, text: str, file: str, choices: frozenset[str]) -> tuple[Fault, ...]:
    return tuple(forms.faults_in(form, text, file, choices))


@lru_cache(maxsize=128)
def _read(step: str, text: str) -> Form:
    return forms.read(step, text)


@lru_cache(maxsize=256)
def _of_scenario(text: str, file: str) -> Fault | None:
    try:
        scenarios.read(text, file)
    except ScenarioFault as fault:
        return Fault("scenario.broken", f"情景无法读取，请更正：{fault}", file=file)
    return None


def _scenarios(files: BundleFiles) -> list[Fault]:
    written = [(text, name) for name, text in files.files.items() if name.startswith("scenarios/")]
    found = [_of_scenario(text, name) for text, name in written if name.endswith(".yaml")]
    return [fault for fault in found if fault is not None]


def _of_node(
    node: Node, catalogue: Drawing, files: BundleFiles, environment: Environment, sources: Sources
) -> Iterator[tuple[str, str]]:
    if not node.id:
        yield "element.no_id", "图元没有标识（id），请填写"
        return
    if node.kind not in elements.RUNS:
        instead = elements.INSTEAD.get(node.kind) or "请改用用户任务、服务任务、业务规则任务或网关"
        yield "element.unsupported", f"不支持这种图元（{node.kind}）：{instead}"
        return
    yield from elements.faults_of_node(node, catalogue)
    yield from _ways(node, catalogue)
    if node.kind in bundles.USER_STEPS:
        yield from _user_step(node, catalogue, files, environment)
    elif node.kind == "serviceTask":
        yield from _service_step(node, environment)
        yield from job_rows.faults_in(node, sources.forms)
    elif node.kind == "businessRuleTask" and node.decision not in sources.decisions:
        yield "decision.missing", f"没有名为 {node.decision or '（空）'} 的决策表，请把它的 .dmn 文件放进流程包"
    elif node.kind == "businessRuleTask":
        yield from _secrets_decided_on(sources.decisions[node.decision or ""], sources.forms)
        yield from decisions.gaps_after_forms(node, sources.decisions[node.decision or ""], catalogue, sources.forms)
    if node.kind in elements.THROWS and node.event == "message":
        yield from _secrets_sent(node, sources.forms)
    calendar = node.properties.get("calendar") if node.event == "timer" else None
    if calendar and calendar not in environment.calendars:
        known = "、".join(sorted(environment.calendars)) or "（无）"
        yield "calendar.unknown", f"没有名为 {calendar} 的日历，可用的有 {known}"
    if node.event == "message" and node.properties.get("form"):
        yield from _form_and_post(node, files, environment)
        available = node.properties.get("available_when")
        if available and (why := expressions.fault_in(available)):
            yield "expression.broken", f"可用条件“{available}”有误：{why}"


def _ways(node: Node, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    outgoing = catalogue.outgoing(node.id)
    arriving = any(flow.target == node.id for flow in catalogue.flows.values())
    starts = node.kind in ("startEvent", "boundaryEvent") or node.event_subprocess
    if not arriving and not starts:
        yield "flow.unreached", "没有连线到达这里，请从前一步画一条连线，或删除它"
    if not outgoing and node.kind != "endEvent" and not node.event_subprocess:
        yield "flow.dead_end", "从这里出不去，请画一条连线到下一步或结束事件"
    if node.kind in ("exclusiveGateway", "inclusiveGateway") and len(outgoing) > 1:
        bare = [flow for flow in outgoing if flow.condition is None and flow.id != node.default_flow]
        if bare:
            yield (
                "gateway.condition",
                f"分支 {bare[0].label or bare[0].id} 既没有条件，也不是默认分支，请写上条件，或设为默认",
            )
    elif len(outgoing) > 1 and not node.kind.endswith("Gateway"):
        yield "flow.fork", "一步只能有一条出线，请用网关分支"


def _user_step(
    node: Node, catalogue: Drawing, files: BundleFiles, environment: Environment
) -> Iterator[tuple[str, str]]:
    yield from _form_and_post(node, files, environment)
    for other in node.properties.get("apart_from", "").split():
        if other not in catalogue.nodes:
            yield "duties.unknown_step", f"apart_from 所指的步骤 {other} 不存在"


def _form_and_post(node: Node, files: BundleFiles, environment: Environment) -> Iterator[tuple[str, str]]:
    if not node.lane:
        yield "post.missing", "没有放在任何有名称的泳道里，不知道由谁办理，请放进写有职务的泳道"
    elif node.lane not in environment.directory.lanes():
        yield (
            "post.unknown",
            f"泳道“{node.lane}”不是已知的职务，请改为：{'、'.join(sorted(environment.directory.lanes()))}",
        )
    for lane in node.properties.get("also_lanes", "").split():
        if lane not in environment.directory.lanes():
            yield "post.unknown", f"also_lanes 所写的“{lane}”不是已知的职务"
    form = f"forms/{bundles.form_name(node)}.form"
    if form not in files.files:
        yield "form.missing", f"缺少表单 {form}，请添加"


def _service_step(node: Node, environment: Environment) -> Iterator[tuple[str, str]]:
    operation = environment.operations.get(node.operation or "")
    if operation is None:
        yield "operation.unknown", f"没有名为 {node.operation or '（空）'} 的操作，请从操作清单中选择一个"
        return
    if missing := set(operation.parameters) - set(node.parameters):
        yield "operation.parameter_missing", f"操作 {operation.name} 缺少参数 {'、'.join(sorted(missing))}"
    if unknown := set(node.parameters) - set(operation.parameters):
        yield "operation.parameter_unknown", f"操作 {operation.name} 没有参数 {'、'.join(sorted(unknown))}"
    for name, expression in node.parameters.items():
        if why := expressions.fault_in(expression):
            yield "expression.broken", f"参数 {name} 的表达式“{expression}”有误：{why}"


def _secrets_decided_on(decision: Decision, forms_of_steps: Mapping[str, Form]) -> Iterator[tuple[str, str]]:
    """The journal keeps the facts of a decision as they are; secret fields are kept only masked."""
    for text in decisions.texts_of(decision):
        for step in job_rows.steps_whose_secrets(text, forms_of_steps):
            yield "decision.secret", f"决策“{decision.title}”的“{text}”读取“{step}”的保密内容，不得作为决策的事实"


def _secrets_sent(node: Node, forms_of_steps: Mapping[str, Form]) -> Iterator[tuple[str, str]]:
    """A secret field is kept only masked; what another case is told, and by what it is found, is kept as it is."""
    for text in (node.properties.get("payload", ""), *(expression for _, expression in node.correlation)):
        for step in job_rows.steps_whose_secrets(text, forms_of_steps):
            yield "message.secret", f"“{text}”读取“{step}”的保密内容，保密内容不得发给其他案件"


def _forms_of_steps(catalogue: Drawing, files: BundleFiles) -> dict[str, Form]:
    """The forms that can be read, by the step they belong to; the others are faults of their own."""
    texts = {step: files.files.get(f"forms/{bundles.form_name(node)}.form") for step, node in catalogue.nodes.items()}
    found: dict[str, Form] = {}
    for step, text in texts.items():
        with suppress(ValueError, KeyError, TypeError):
            found |= {step: _read(step, text)} if text else {}
    return found


def _of_flow(flow: Flow, catalogue: Drawing) -> Iterator[tuple[str, str]]:
    yield from elements.faults_of_flow(flow, catalogue)
    if flow.condition and (why := expressions.fault_in(flow.condition)):
        yield "expression.broken", f"条件“{flow.condition}”有误：{why}"
