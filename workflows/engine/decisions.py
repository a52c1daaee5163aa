"""Decision tables (DMN 1.3 XML, as dmn-js writes them), evaluated rule by rule with a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from workflows.engine import expressions
from workflows.engine.drawing import Fault, line_of, parse_xml

HIT_POLICIES = frozenset({"UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT"})


class DecisionFault(Exception):
    """A table gave no lawful answer on these facts; the text says which table and why."""


@dataclass(frozen=True)
class Rule:
    """One row: a test for each input, an expression for each output."""

    id: str
    tests: tuple[str, ...]
    outputs: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class DecisionTable:
    """One decision, its inputs (expressions), outputs (names) and rules."""

    id: str
    name: str
    hit_policy: str
    inputs: tuple[str, ...]
    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[Rule, ...]
    line: int


@dataclass(frozen=True)
class Trace:
    """Why a decision answered as it did: the rules that matched (1-based) and the facts they saw."""

    decision: str
    facts: dict[str, Any]
    matched: tuple[int, ...]


def read(text: str, file: str) -> list[DecisionTable]:
    """Every decision table of a .dmn file. Raises Unreadable."""
    root = parse_xml(text, file)
    tables = []
    for decision in root.iter("{*}decision"):
        table = decision.find("{*}decisionTable")
        if table is not None:
            tables.append(_table(decision, table))
    return tables


def _table(decision: etree._Element, table: etree._Element) -> DecisionTable:
    inputs = table.findall("{*}input")
    return DecisionTable(
        id=decision.get("id", ""),
        name=decision.get("name", ""),
        hit_policy=table.get("hitPolicy", "UNIQUE"),
        inputs=tuple((item.findtext("{*}inputExpression/{*}text") or "").strip() for item in inputs),
        labels=tuple(item.get("label", "") for item in inputs),
        outputs=tuple(item.get("name", "") for item in table.findall("{*}output")),
        rules=tuple(
            Rule(
                id=rule.get("id", ""),
                tests=tuple((cell.findtext("{*}text") or "").strip() for cell in rule.findall("{*}inputEntry")),
                outputs=tuple((cell.findtext("{*}text") or "").strip() for cell in rule.findall("{*}outputEntry")),
                line=line_of(rule),
            )
            for rule in table.findall("{*}rule")
        ),
        line=line_of(decision),
    )


def faults_in(table: DecisionTable, file: str) -> list[Fault]:
    """Everything that keeps the table from being published."""

    def fault(message: str, line: int) -> Fault:
        return Fault("decision.broken", message, table.id, table.name, line, file)

    found = []
    if table.hit_policy not in HIT_POLICIES:
        found.append(fault(f"不支持命中策略 {table.hit_policy}", table.line))
    found += [
        fault(f"输入“{expression}”有误：{why}", table.line)
        for expression in table.inputs
        if (why := expressions.fault_in(expression))
    ]
    for number, rule in enumerate(table.rules, 1):
        found += [
            fault(f"第 {number} 条规则的条件“{cell}”有误：{why}", rule.line)
            for cell in rule.tests
            if (why := expressions.fault_in_cell(cell))
        ]
        found += [
            fault(f"第 {number} 条规则的结果“{cell}”有误：{why}", rule.line)
            for cell in rule.outputs
            if cell and (why := expressions.fault_in(cell))
        ]
    return found


def evaluate(table: DecisionTable, context: Mapping[str, Any]) -> tuple[Any, Trace]:
    """The table's answer over `context` (an object of its outputs; a list for RULE ORDER and COLLECT) and its trace.

    Raises DecisionFault when no rule matches, or when UNIQUE or ANY is broken by these facts.
    """
    values = [expressions.evaluate(expression, context) for expression in table.inputs]
    facts = dict(zip(table.inputs, values, strict=True))
    matched: list[int] = []
    for number, rule in enumerate(table.rules, 1):
        if all(expressions.matches(test, value, context) for test, value in zip(rule.tests, values, strict=True)):
            matched.append(number)
            if table.hit_policy == "FIRST":
                break
    answers = [_answer(table, table.rules[number - 1], context) for number in matched]
    trace = Trace(table.id, facts, tuple(matched))
    if table.hit_policy in ("RULE ORDER", "COLLECT"):
        return answers, trace
    if not answers:
        raise DecisionFault(f"决策表“{table.name}”没有一条规则适用于 {facts}")
    if len(answers) > 1 and (table.hit_policy == "UNIQUE" or any(answer != answers[0] for answer in answers)):
        raise DecisionFault(f"决策表“{table.name}”的第 {matched} 条规则同时适用于 {facts}")
    return answers[0], trace


def _answer(table: DecisionTable, rule: Rule, context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: expressions.evaluate(cell, context) if cell else None
        for name, cell in zip(table.outputs, rule.outputs, strict=True)
    }
