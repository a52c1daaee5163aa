"""Makes a second version of a drawing by one seeded change, as an administrator would."""

from collections.abc import Callable
from random import Random

from lxml import etree

from tests.support.drawings import YES_NO_FORM
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import BPMN, SPIFF

Q = f"{{{BPMN}}}"
USER = f"{Q}userTask"


class Sheet:
    """The drawing on the table."""

    def __init__(self, files: BundleFiles, random: Random) -> None:
        self.path = files.drawing_path
        self.files = dict(files.files)
        self.random = random
        self.root = etree.fromstring(self.files[self.path].encode())

    def done(self) -> BundleFiles:
        return BundleFiles({**self.files, self.path: etree.tostring(self.root, encoding="unicode")})

    def some(self, *kinds: str) -> etree._Element | None:
        found = [each for kind in kinds for each in self.root.iter(f"{Q}{kind}")]
        return self.random.choice(found) if found else None

    def new_step(self, scope: etree._Element, name: str = "inserted") -> etree._Element:
        step = etree.SubElement(scope, USER, id=name, name=name)
        extension = etree.SubElement(step, f"{Q}extensionElements")
        properties = etree.SubElement(extension, f"{{{SPIFF}}}properties")
        etree.SubElement(properties, f"{{{SPIFF}}}property", name="lane", value="书记")
        self.files[f"forms/{name}.form"] = YES_NO_FORM
        return step

    def flow(self, scope: etree._Element, source: str, target: str) -> None:
        etree.SubElement(scope, f"{Q}sequenceFlow", id=f"{source}_{target}", sourceRef=source, targetRef=target)

    def flows(self, end: str, element: etree._Element) -> list[etree._Element]:
        return [each for each in self.root.iter(f"{Q}sequenceFlow") if each.get(end) == element.get("id")]


def relabel(sheet: Sheet) -> bool:
    found = sheet.some("userTask", "startEvent", "exclusiveGateway", "intermediateCatchEvent")
    if found is not None:
        found.set("name", "另一个名称")
    return found is not None


def insert(sheet: Sheet) -> bool:
    flow = sheet.some("sequenceFlow")
    if flow is None:
        return False
    scope, target = flow.getparent(), flow.get("targetRef", "")
    sheet.new_step(scope)
    flow.set("targetRef", "inserted")
    sheet.flow(scope, "inserted", target)
    return True


def insert_beside(sheet: Sheet) -> bool:
    step = sheet.some("userTask", "serviceTask")
    into, out = (sheet.flows(end, step) if step is not None else [] for end in ("targetRef", "sourceRef"))
    if step is None or not into or len(out) != 1:
        return False
    scope = step.getparent()
    sheet.new_step(scope)
    for gateway in ("split_new", "join_new"):
        etree.SubElement(scope, f"{Q}parallelGateway", id=gateway)
    for flow in into:
        flow.set("targetRef", "split_new")
    out[0].set("sourceRef", "join_new")
    for name in ("inserted", step.get("id", "")):
        sheet.flow(scope, "split_new", name)
        sheet.flow(scope, name, "join_new")
    return True


def remove(sheet: Sheet) -> bool:
    step = sheet.some("userTask", "serviceTask", "intermediateCatchEvent", "businessRuleTask")
    into, out = (sheet.flows(end, step) if step is not None else [] for end in ("targetRef", "sourceRef"))
    if step is None or not into or len(out) != 1:
        return False
    for flow in into:
        flow.set("targetRef", out[0].get("targetRef", ""))
    scope = step.getparent()
    borders = [each for each in sheet.root.iter(f"{Q}boundaryEvent") if each.get("attachedToRef") == step.get("id")]
    for each in [step, out[0], *borders, *(flow for border in borders for flow in sheet.flows("sourceRef", border))]:
        scope.remove(each)
    return True


def swap_branches(sheet: Sheet) -> bool:
    gateway = sheet.some("exclusiveGateway", "inclusiveGateway")
    out = sheet.flows("sourceRef", gateway) if gateway is not None else []
    if len(out) < 2:
        return False
    first, second = sheet.random.sample(out, 2)
    targets = first.get("targetRef", ""), second.get("targetRef", "")
    first.set("targetRef", targets[1])
    second.set("targetRef", targets[0])
    return targets[0] != targets[1]


def change_form(sheet: Sheet) -> bool:
    forms = sorted(path for path in sheet.files if path.endswith(".form"))
    path = sheet.random.choice(forms)
    more = '{"components":[{"type":"textfield","key":"remark","label":"备注"},'
    sheet.files[path] = sheet.files[path].replace('{"components":[', more, 1)
    return True


def change_timer(sheet: Sheet) -> bool:
    times = [each for each in sheet.root.iter(f"{Q}timeDuration") if each.text]
    if not times:
        return False
    sheet.random.choice(times).text = sheet.random.choice(["P1D", "P40D"])
    return True


def remove_border(sheet: Sheet) -> bool:
    border = sheet.some("boundaryEvent")
    if border is None or len(border.getparent()) < 3:
        return False
    scope = border.getparent()
    for each in [border, *sheet.flows("sourceRef", border)]:
        scope.remove(each)
    return True


def add_border(sheet: Sheet) -> bool:
    step, end = sheet.some("userTask"), sheet.some("endEvent")
    if step is None or end is None or step.getparent() is not end.getparent():
        return False
    scope = step.getparent()
    interrupts = sheet.random.choice(["true", "false"])
    host = step.get("id", "")
    border = etree.SubElement(scope, f"{Q}boundaryEvent", id="late_new", attachedToRef=host, cancelActivity=interrupts)
    definition = etree.SubElement(border, f"{Q}timerEventDefinition")
    etree.SubElement(definition, f"{Q}timeDuration").text = "P5D"
    etree.SubElement(scope, f"{Q}endEvent", id="too_late", name="too_late")
    sheet.flow(scope, "late_new", "too_late")
    return True


def wrap(sheet: Sheet) -> bool:
    step = sheet.some("userTask")
    if step is None or any(
        each.get("attachedToRef") == step.get("id") for each in sheet.root.iter(f"{Q}boundaryEvent")
    ):
        return False
    scope = step.getparent()
    for end in ("targetRef", "sourceRef"):
        for flow in sheet.flows(end, step):
            flow.set(end, "wrapped")
    inner = etree.SubElement(scope, f"{Q}subProcess", id="wrapped", name="wrapped")
    etree.SubElement(inner, f"{Q}startEvent", id="begin_in")
    inner.append(step)
    etree.SubElement(inner, f"{Q}endEvent", id="end_in", name="end_in")
    sheet.flow(inner, "begin_in", step.get("id", ""))
    sheet.flow(inner, step.get("id", ""), "end_in")
    return True


CHANGES: list[Callable[[Sheet], bool]] = [
    relabel,
    insert,
    insert_beside,
    remove,
    swap_branches,
    change_form,
    change_timer,
    remove_border,
    add_border,
    wrap,
]


def another_version(files: BundleFiles, random: Random, change: Callable[[Sheet], bool]) -> BundleFiles | None:
    """The drawing with one change; None when this change cannot be made to it."""
    sheet = Sheet(files, random)
    return sheet.done() if change(sheet) else None
