"""Decisions read from DMN XML as dmn-js and other editors write it; what we do not evaluate is named, not skipped."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from workflows.engine.decisions.model import (
    AGGREGATIONS,
    HIT_POLICIES,
    Cell,
    Decision,
    DecisionTable,
    Entry,
    Input,
    LiteralDecision,
    Output,
    Rule,
    cell,
)
from workflows.engine.drawing import Fault, Unreadable, line_of, parse_xml

NAMESPACES = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
"""The versions of DMN that are read, by the namespace of their files."""

BOXED = {
    "invocation": "调用（invocation）",
    "context": "上下文（context）",
    "relation": "关系表（relation）",
    "list": "列表（list）",
    "functionDefinition": "函数（functionDefinition）",
    "conditional": "条件式（conditional）",
    "filter": "筛选（filter）",
    "for": "循环（for）",
    "every": "全称判断（every）",
    "some": "存在判断（some）",
}
"""Boxed expressions of DMN that have no counterpart here."""

_ORIENTATIONS = ("", "Rule-as-Row", "Rule-as-Column", "CrossTable")
"""How an editor lays the table out; the rules in the file are the same for all three."""

_LANGUAGES = ("", "feel", "zen")


def read(text: str, file: str) -> list[Decision]:
    """Every decision of a .dmn file, each after those it requires is linked to them.

    Raises drawing.Unreadable when it is not a DMN file.
    """
    root = parse_xml(text, file)
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in NAMESPACES:
        message = (
            f"不是 DMN 1.1–1.5 文件（根元素 {name.localname}，命名空间 {name.namespace or '无'}），请用 DMN 编辑器另存"
        )
        raise Unreadable(Fault("decision.not_dmn", message, line=line_of(root), file=file))
    return _File(root, file).decisions()


@dataclass
class _Reader:
    """One decision being read, and what is wrong with it."""

    decision: etree._Element
    file: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, message: str, element: etree._Element) -> None:
        name = self.decision.get("name", "")
        owner = str(element.get("id") or self.decision.get("id", ""))
        self.faults.append(Fault(code, message, owner, str(name), line_of(element), self.file))


class _File:
    def __init__(self, root: etree._Element, file: str) -> None:
        self.root = root
        self.file = file
        self.elements: dict[str, etree._Element] = {}
        self.twice: set[str] = set()
        for each in root.iterfind("{*}decision"):
            name = each.get("id", "")
            self.twice |= {name} & self.elements.keys()
            self.elements.setdefault(name, each)
        self.read: dict[str, Decision] = {}

    def decisions(self) -> list[Decision]:
        """All decisions in the order of the file."""
        return [self._decision(name, ()) for name in self.elements]

    def _decision(self, name: str, above: tuple[str, ...]) -> Decision:
        if name not in self.read:
            element = self.elements[name]
            reader = _Reader(element, self.file)
            if not name:
                reader.fault("decision.no_id", "决策没有标识（id），流程图无法引用它", element)
            if name in self.twice:
                reader.fault("decision.twice", f"文件中有几个标识为 {name} 的决策，请改名", element)
            requires = tuple(self._required(reader, (*above, name)))
            self.read[name] = _logic(reader, {"id": name, "name": element.get("name", ""), "requires": requires})
        return self.read[name]

    def _required(self, reader: _Reader, way: tuple[str, ...]) -> Iterator[Decision]:
        for link in reader.decision.iterfind("{*}informationRequirement/{*}requiredDecision"):
            target = link.get("href", "").removeprefix("#")
            if target in way:
                circle = " → ".join((*way[way.index(target) :], target))
                reader.fault("decision.circle", f"决策互相依赖成环：{circle}，请去掉其中一条依赖", reader.decision)
            elif target not in self.elements:
                message = f"依赖的决策 {target or '（空）'} 不在本文件中，请放在同一个 .dmn 文件里"
                reader.fault("decision.requires_unknown", message, reader.decision)
            else:
                yield self._decision(target, way)
        for _ in reader.decision.iterfind("{*}knowledgeRequirement"):
            message = "不支持业务知识模型（knowledgeRequirement）：请把它的规则写进决策表"
            reader.fault("decision.unsupported", message, reader.decision)


def _logic(reader: _Reader, about: Mapping[str, Any]) -> Decision:
    element = reader.decision
    line = line_of(element)
    table = element.find("{*}decisionTable")
    if table is not None:
        found = _table(reader, table)
        return DecisionTable(**about, line=line, **found, faults=tuple(reader.faults))
    literal = element.find("{*}literalExpression")
    if literal is not None:
        _language(reader, literal)
        return LiteralDecision(**about, line=line, expression=_text(literal), faults=tuple(reader.faults))
    boxed = [child for child in element if isinstance(child.tag, str) and etree.QName(child).localname in BOXED]
    what = BOXED[etree.QName(boxed[0]).localname] if boxed else "没有内容的决策"
    message = f"不支持{what}：请改用决策表或一个表达式（literalExpression）"
    reader.fault("decision.unsupported", message, boxed[0] if boxed else element)
    return Decision(**about, line=line, faults=tuple(reader.faults))


def _table(reader: _Reader, table: etree._Element) -> dict[str, Any]:
    policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
    if policy not in HIT_POLICIES:
        message = f"不支持命中策略 {policy}，可用的有 {'、'.join(HIT_POLICIES)}"
        reader.fault("decision.hit_policy", message, table)
    if aggregation and (policy != "COLLECT" or aggregation not in AGGREGATIONS):
        message = f"汇总方式 {aggregation} 不能用：只有 COLLECT 可以汇总，方式有 {'、'.join(AGGREGATIONS)}"
        reader.fault("decision.aggregation", message, table)
    if table.get("preferredOrientation", "") not in _ORIENTATIONS:
        message = f"不认识的表格方向 {table.get('preferredOrientation')}，请改为 Rule-as-Row"
        reader.fault("decision.unsupported", message, table)
    inputs = tuple(_input(reader, each) for each in table.iterfind("{*}input"))
    outputs = tuple(_output(reader, each, table) for each in table.iterfind("{*}output"))
    rules = []
    for number, row in enumerate(table.iterfind("{*}rule"), 1):
        rule = _rule(reader, number, row)
        if (len(rule.cells), len(rule.entries)) != (len(inputs), len(outputs)):
            message = (
                f"{rule.title}有 {len(rule.cells)} 个条件、{len(rule.entries)} 个结果，"
                f"而表头有 {len(inputs)} 个输入、{len(outputs)} 个输出，请补齐或删除"
            )
            reader.fault("decision.columns", message, row)
            continue
        rules.append(rule)
    return {
        "hit_policy": policy,
        "aggregation": aggregation,
        "inputs": inputs,
        "outputs": outputs,
        "rules": tuple(rules),
    }


def _input(reader: _Reader, column: etree._Element) -> Input:
    expression = column.find("{*}inputExpression")
    if expression is not None:
        _language(reader, expression)
    return Input(
        id=column.get("id", ""),
        label=column.get("label", "") or column.get("{http://camunda.org/schema/1.0/dmn}inputVariable", ""),
        expression=_text(expression),
        type=_type(expression),
        line=line_of(column),
        allowed=_allowed(column.find("{*}inputValues")),
    )


def _output(reader: _Reader, column: etree._Element, table: etree._Element) -> Output:
    default = column.find("{*}defaultOutputEntry")
    name = column.get("name", "")
    if not name and len(table.findall("{*}output")) == 1:
        # DMN lets a single output go without a name; a drawing reads it under this one.
        name = "result"
    if default is not None:
        _language(reader, default)
    return Output(
        id=column.get("id", ""),
        name=name,
        label=column.get("label", ""),
        type=_type(column),
        line=line_of(column),
        allowed=_allowed(column.find("{*}outputValues")),
        default=_entry(default) if default is not None and _text(default) else None,
    )


def _rule(reader: _Reader, number: int, row: etree._Element) -> Rule:
    entries = row.findall("{*}outputEntry")
    conditions = row.findall("{*}inputEntry")
    for each in (*conditions, *entries):
        _language(reader, each)
    notes = [row.findtext("{*}description") or "", *(_text(each) for each in row.iterfind("{*}annotationEntry"))]
    return Rule(
        number=number,
        id=row.get("id", ""),
        cells=tuple(cell(each.get("id", ""), _text(each), line_of(each)) for each in conditions),
        entries=tuple(_entry(each) for each in entries),
        annotation="；".join(note.strip() for note in notes if note.strip()),
        line=line_of(row),
    )


def _language(reader: _Reader, element: etree._Element) -> None:
    language = element.get("expressionLanguage", "")
    if language.rstrip("/").rpartition("/")[2].lower() not in _LANGUAGES:
        message = f"表达式语言 {language} 不能用，请去掉 expressionLanguage 并改写成本系统的表达式"
        reader.fault("decision.language", message, element)


def _entry(element: etree._Element) -> Entry:
    return Entry(element.get("id", ""), _text(element), line_of(element))


def _allowed(element: etree._Element | None) -> Cell | None:
    if element is None or not _text(element):
        return None
    return cell(element.get("id", ""), _text(element), line_of(element))


def _type(element: etree._Element | None) -> str:
    """The type's name without the prefix DMN 1.1 wrote (`feel:number`)."""
    return "" if element is None else element.get("typeRef", "").rpartition(":")[2]


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.findtext("{*}text") or "").strip()
