"""Which process of one or several drawings is meant to run, and what to change when they do not say so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from workflows.engine.drawing import BPMN, FLOW_NODES, Fault, line_of


@dataclass(frozen=True)
class Candidate:
    """A process that might be the one to run."""

    file: str
    process: etree._Element
    name: str
    size: int
    """How many flow nodes it has."""

    @property
    def is_executable(self) -> bool:
        """Whether the drawing marks it as executable."""
        return self.process.get("isExecutable") == "true"

    def __str__(self) -> str:
        return f"“{self.name}”（{self.size} 个图元）"


@dataclass(frozen=True)
class Chosen:
    """The process that is meant, or most likely meant; None when there is nothing to run. Faults say what to change."""

    candidate: Candidate | None
    faults: tuple[Fault, ...] = ()


def called_in(roots: Iterable[etree._Element]) -> set[str]:
    """Ids of the processes that some call activity calls."""
    return {each.get("calledElement", "") for root in roots for each in root.iter(f"{{{BPMN}}}callActivity")}


def choose(roots: Mapping[str, etree._Element]) -> Chosen:
    """The one executable process that no other calls; otherwise the largest that could be it, with a fault."""
    candidates = [
        Candidate(file, process, _name_of(process, root), _size(process))
        for file, root in roots.items()
        for process in root.iterfind(f"{{{BPMN}}}process")
    ]
    if not candidates:
        return Chosen(None, tuple(_nothing_in(file, root) for file, root in roots.items()))
    called = called_in(roots.values())
    free = [each for each in candidates if each.process.get("id", "") not in called]
    begun = [each for each in free if each.is_executable]
    if len(begun) == 1:
        return Chosen(begun[0])
    likeliest = max(begun or free or candidates, key=lambda each: each.size)
    if not likeliest.size:
        message = "流程里没有任何图元（可能只有空的泳池），请在一个泳池里画出步骤，并勾选“可执行”（isExecutable）"
    elif begun:
        message = _several(begun, likeliest, roots)
    elif free:
        message = _none_marked(free, likeliest)
    else:
        message = f"每个流程都被别的流程调用，不知道从哪里开始：请删去调用活动中的一个，例如调用{likeliest}的那一个"
    code = "bpmn.process_count" if len(roots) == 1 else "bundle.drawing_count"
    process = likeliest.process
    fault = Fault(code, message, process.get("id", ""), likeliest.name, line_of(process), likeliest.file)
    return Chosen(likeliest, (fault,))


def _none_marked(free: list[Candidate], likeliest: Candidate) -> str:
    message = f"没有标明可执行的流程。最像的是{likeliest}：请选中它，在属性中勾选“可执行”（isExecutable=true）"
    others = [each for each in free if each is not likeliest]
    return message + (f"；其余{_listed(others)}是往来单位的泳池，不要勾选" if others else "")


def _several(begun: list[Candidate], likeliest: Candidate, roots: Mapping[str, etree._Element]) -> str:
    others = _listed([each for each in begun if each is not likeliest])
    message = (
        f"有 {len(begun)} 个可执行的流程，一个流程包只能从一个开始。最像的是{likeliest}：请取消{others}的“可执行”"
        "（isExecutable），或用调用活动从主流程调用，或各自另存为一个流程包"
    )
    if any(next(root.iter(f"{{{BPMN}}}messageFlow"), None) is not None for root in roots.values()):
        message += "。几个泳池若是同一件事的几个承办人，请画在一个泳池里，用泳道区分职务，消息流改为连线"
    return message


def _listed(candidates: list[Candidate]) -> str:
    shown = "、".join(str(each) for each in candidates[:5])
    return shown if len(candidates) <= 5 else f"{shown}等 {len(candidates)} 个"


def _nothing_in(file: str, root: etree._Element) -> Fault:
    """Why a drawing without any process cannot run."""
    for kind, message in (
        ("choreography", "这是编排图（choreography），只说各方怎样往来，没有谁来办哪一步，不能运行：请另画一个流程"),
        ("conversation", "这是会话图（conversation），只说各方谈什么，不能运行：请另画一个流程"),
        ("participant", "只有空的泳池，里面没有步骤：请在一个泳池里画出步骤，并勾选“可执行”（isExecutable）"),
    ):
        found = next(root.iter(f"{{{BPMN}}}{kind}"), None)
        if found is not None:
            where = found.get("id", ""), found.get("name", ""), line_of(found), file
            return Fault("bpmn.process_count", message, *where)
    message = "文件里没有流程（process），可能只导出了图形或数据定义：请在原来的工具中连同流程一起导出"
    return Fault("bpmn.process_count", message, line=line_of(root), file=file)


def _name_of(process: etree._Element, root: etree._Element) -> str:
    """What people call the process: by its own name, or its pool's."""
    if name := process.get("name"):
        return " ".join(name.split())
    for pool in root.iter(f"{{{BPMN}}}participant"):
        if (pool.get("processRef") or "").split(":")[-1] == process.get("id") and pool.get("name"):
            return " ".join(pool.get("name", "").split())
    return process.get("id", "")


def _size(process: etree._Element) -> int:
    kinds = {f"{{{BPMN}}}{kind}" for kind in FLOW_NODES}
    return sum(element.tag in kinds for element in process.iter())
