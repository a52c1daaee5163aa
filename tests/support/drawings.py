"""Tiny drawings for tests: elements and flows in, BPMN XML out."""

from html import escape
from itertools import pairwise
from pathlib import Path

from workflows.engine.bundles import BundleFiles

DRAWINGS = Path(__file__).parents[1] / "engine" / "drawings"

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
    '<bpmn:message id="message_stop" name="stop"/>'
    '<bpmn:error id="error_none_left" name="none" errorCode="none.left"/>'
)

A_DATE = '{"components":[{"type":"datetime","subtype":"date","key":"on","label":"日期"}%s]}'
ANY_FORM = A_DATE % ""
YES_NO_FORM = A_DATE % (
    ',{"type":"radio","key":"outcome","label":"结果","values":[{"value":"yes","label":"是"},{"value":"no","label":"否"}]}'
)


def extension(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def properties(**values: str) -> str:
    if not values:
        return ""
    each = "".join(f'<spiffworkflow:property name="{k}" value="{escape(v)}"/>' for k, v in values.items())
    return extension(f"<spiffworkflow:properties>{each}</spiffworkflow:properties>")


def start(node: str = "begin") -> str:
    return f'<bpmn:startEvent id="{node}"/>'


def end(node: str = "done", **values: str) -> str:
    return f'<bpmn:endEvent id="{node}" name="{node}">{properties(**values)}</bpmn:endEvent>'


def user(node: str, **values: str) -> str:
    return f'<bpmn:userTask id="{node}" name="{node}">{properties(**values)}</bpmn:userTask>'


def service(node: str, operation: str, result: str = "", **parameters: str) -> str:
    each = "".join(f'<spiffworkflow:parameter id="{k}" type="any" value="{escape(v)}"/>' for k, v in parameters.items())
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{operation}" resultVariable="{result}">'
        f"<spiffworkflow:parameters>{each}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
    )
    return f'<bpmn:serviceTask id="{node}" name="{node}">{extension(operator)}</bpmn:serviceTask>'


def later(step: str, **values: str) -> str:
    """A service step made asynchronous, with more properties of its own."""
    inner = properties(asynchronous="true", **values).removeprefix("<bpmn:extensionElements>")
    return step.replace("<bpmn:extensionElements>", "<bpmn:extensionElements>" + inner.split("</bpmn:ext")[0], 1)


def decide(node: str, decision: str) -> str:
    called = extension(f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>")
    return f'<bpmn:businessRuleTask id="{node}" name="{node}">{called}</bpmn:businessRuleTask>'


def xor(node: str, default: str = "") -> str:
    return f'<bpmn:exclusiveGateway id="{node}" name="{node}"' + (f' default="{default}"/>' if default else "/>")


def both(node: str) -> str:
    return f'<bpmn:parallelGateway id="{node}"/>'


def timer(duration: str = "", day: str = "") -> str:
    inner = (
        f"<bpmn:timeDuration>{duration}</bpmn:timeDuration>" if duration else f"<bpmn:timeDate>{day}</bpmn:timeDate>"
    )
    return f"<bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition>"


def wait(node: str, event: str, **values: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{node}" name="{node}">{properties(**values)}{event}'
        "</bpmn:intermediateCatchEvent>"
    )


def boundary(node: str, on: str, event: str, *, interrupting: bool = False, **values: str) -> str:
    return (
        f'<bpmn:boundaryEvent id="{node}" name="{node}" attachedToRef="{on}"'
        f' cancelActivity="{str(interrupting).lower()}">{properties(**values)}{event}</bpmn:boundaryEvent>'
    )


NONE_LEFT = '<bpmn:errorEventDefinition errorRef="error_none_left"/>'
STOP = '<bpmn:messageEventDefinition messageRef="message_stop"/>'


def stop_subprocess(inner: str, available_when: str = "true") -> str:
    begin = (
        '<bpmn:startEvent id="stopping" isInterrupting="true">'
        + properties(form="any", lane="书记", available_when=available_when, label="停止")
        + STOP
        + "</bpmn:startEvent>"
    )
    return f'<bpmn:subProcess id="stop_all" triggeredByEvent="true">{begin}{inner}</bpmn:subProcess>'


def flow(source: str, target: str, when: str = "", name: str = "") -> str:
    condition = f"<bpmn:conditionExpression>{escape(when)}</bpmn:conditionExpression>" if when else ""
    flow_id = name or f"{source}_to_{target}"
    return (
        f'<bpmn:sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">{condition}</bpmn:sequenceFlow>'
    )


def way(*nodes: str) -> str:
    return "".join(flow(a, b) for a, b in pairwise(nodes))


def drawing(*elements: str, lanes: dict[str, list[str]] | None = None, process: str = "tiny") -> str:
    each = "".join(
        f'<bpmn:lane id="lane_{number}" name="{name}">'
        + "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in nodes)
        + "</bpmn:lane>"
        for number, (name, nodes) in enumerate((lanes or {}).items())
    )
    lane_set = f'<bpmn:laneSet id="lanes">{each}</bpmn:laneSet>' if each else ""
    body = "\n".join(elements)
    return (
        f'{HEAD}<bpmn:process id="{process}" name="小流程" isExecutable="true">{lane_set}\n{body}\n'
        "</bpmn:process></bpmn:definitions>"
    )


def bundle(text: str, **files: str) -> BundleFiles:
    """A bundle of the drawing; a keyword `a="…"` is the form of step `a`, unless its name ends in `_dmn`."""
    named = {
        f"{name.removesuffix('_dmn')}.dmn" if name.endswith("_dmn") else f"forms/{name}.form": content
        for name, content in files.items()
    }
    return BundleFiles({"tiny.bpmn": text, "forms/any.form": ANY_FORM, **named})


def drawn(name: str, **forms: str) -> BundleFiles:
    """A drawing of tests/engine/drawings, or a folder of several, with a yes-or-no form for every step."""
    path = DRAWINGS / name
    texts = {
        each.name: each.read_text() for each in (path.glob("*.bpmn") if path.is_dir() else [DRAWINGS / f"{name}.bpmn"])
    }
    named = BundleFiles(texts).catalogue().nodes.values()
    steps = {node.properties.get("form") or node.id for node in named}
    tables = {f"{table.stem}.dmn": table.read_text() for table in DRAWINGS.glob(f"{name}.dmn")}
    return BundleFiles(texts | tables | {f"forms/{step}.form": forms.get(step, YES_NO_FORM) for step in sorted(steps)})
