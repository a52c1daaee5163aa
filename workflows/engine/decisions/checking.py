"""What keeps a decision from being published: every fault with its element, its line and what to do."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from workflows.engine import expressions
from workflows.engine.decisions import cells, coverage, points
from workflows.engine.decisions.model import (
    HIT_POLICIES,
    ONE_ANSWER,
    Cell,
    Decision,
    DecisionTable,
    Entry,
    LiteralDecision,
    Output,
    Rule,
)
from workflows.engine.decisions.wording import said
from workflows.engine.drawing import Fault

PROVED = frozenset({"decision.overlap", "decision.gap", "decision.unreachable", "decision.never", "decision.output"})
"""Faults of what the rules say together: such a table is not published, but can be tried on facts."""

MOST_OVERLAPS = 20
"""Named at once; the others show when these are mended."""

_FULL_WIDTH = re.compile(r"[！-～≥≤≠“”‘’、。]")
"""What a Chinese keyboard writes instead of the marks of a condition."""


def faults_in(decision: Decision, file: str) -> list[Fault]:
    """Everything that keeps the decision from being published."""
    return [*decision.faults, *_Check(decision, file).faults()]


def texts_of(decision: Decision) -> Iterator[str]:
    """Everything a decision and those it requires may read, as written."""
    for other in decision.requires:
        yield from texts_of(other)
    if isinstance(decision, LiteralDecision):
        yield decision.expression
    elif isinstance(decision, DecisionTable):
        yield from (column.expression for column in decision.inputs)
        for rule in decision.rules:
            yield from (cell.text for cell in rule.cells)
            yield from (entry.text for entry in rule.entries)


class _Check:
    def __init__(self, decision: Decision, file: str) -> None:
        self.decision = decision
        self.file = file

    def faults(self) -> Iterator[Fault]:
        """In the order of the file."""
        if isinstance(self.decision, LiteralDecision):
            if not self.decision.expression:
                yield self._fault("decision.broken", "决策没有写表达式，请写明或改用决策表")
            elif why := expressions.fault_in(self.decision.expression):
                yield self._fault("decision.broken", f"表达式“{self.decision.expression}”有误：{why}")
        elif isinstance(self.decision, DecisionTable):
            found = [*self._columns(self.decision)]
            for rule in self.decision.rules:
                found += self._rule(self.decision, rule)
            yield from found
            if not found and not self.decision.faults:
                yield from self._proved(self.decision)

    def _fault(self, code: str, message: str, element: str = "", line: int = 0) -> Fault:
        place = element or self.decision.id, self.decision.title, line or self.decision.line
        return Fault(code, message, *place, self.file)

    def _columns(self, table: DecisionTable) -> Iterator[Fault]:
        if not table.outputs:
            yield self._fault("decision.columns", "决策表没有输出列，请至少加一列结果")
        for column in table.inputs:
            if not column.expression:
                message = f"输入“{column.title}”没有写表达式，不知道拿什么比较，请写明（如 candidate.age）"
                yield self._fault("decision.broken", message, column.id, column.line)
            elif not expressions.is_path(column.expression) and (why := expressions.fault_in(column.expression)):
                message = f"输入“{column.title}”的表达式“{column.expression}”有误：{why}"
                yield self._fault("decision.broken", message, column.id, column.line)
            yield from self._allowed(f"输入“{column.title}”允许的值", column.allowed, column.id)
        for output in table.outputs:
            if not output.name:
                message = "输出列没有名称（name），流程图无法读取它"
                yield self._fault("decision.columns", message, output.id, output.line)
            elif [each.name for each in table.outputs].count(output.name) > 1:
                message = f"有几个名为 {output.name} 的输出列，请改名"
                yield self._fault("decision.columns", message, output.id, output.line)
            yield from self._allowed(f"输出“{output.name}”允许的值", output.allowed, output.id)
            if output.default and (why := expressions.fault_in(output.default.text)):
                message = f"输出“{output.name}”的默认结果“{output.default.text}”有误：{why}"
                yield self._fault("decision.broken", message, output.default.id or output.id, output.default.line)
        yield from self._policy(table)

    def _allowed(self, what: str, allowed: Cell | None, column: str) -> Iterator[Fault]:
        if allowed and (why := _fault_of(allowed)):
            place = allowed.id or column, allowed.line
            yield self._fault("decision.broken", f"{what}“{allowed.text}”有误：{why}", *place)

    def _policy(self, table: DecisionTable) -> Iterator[Fault]:
        policy = table.hit_policy
        if policy in ("PRIORITY", "OUTPUT ORDER") and not any(_listed(output.allowed) for output in table.outputs):
            message = f"命中策略 {policy} 按输出列允许的值（outputValues）的先后取舍，请在输出列写明"
            yield self._fault("decision.priority", message)
        if table.aggregation and len(table.outputs) != 1:
            yield self._fault("decision.aggregation", f"汇总（{table.aggregation}）只能有一个输出列")
        if policy in HIT_POLICIES and policy not in ONE_ANSWER and any(output.default for output in table.outputs):
            message = f"命中策略 {policy} 没有规则适用时结果为空，不用默认结果，请删去 defaultOutputEntry"
            yield self._fault("decision.default", message)

    def _rule(self, table: DecisionTable, rule: Rule) -> Iterator[Fault]:
        for column, cell in zip(table.inputs, rule.cells, strict=True):
            if why := _fault_of(cell):
                message = f"{rule.title}中“{column.title}”的条件“{cell.text}”有误：{why}"
                yield self._fault("decision.broken", message, cell.id or rule.id, cell.line)
        for output, entry in zip(table.outputs, rule.entries, strict=True):
            if entry.text and (why := expressions.fault_in(entry.text)):
                message = f"{rule.title}中“{output.label or output.name}”的结果“{entry.text}”有误：{why}"
                yield self._fault("decision.broken", message, entry.id or rule.id, entry.line)

    def _proved(self, table: DecisionTable) -> Iterator[Fault]:
        """What is wrong between conditions and between rules, where it can be proved."""
        yield from self._results(table)
        if not coverage.is_provable(table):
            return
        yield from self._never(table)
        for overlap in islice(coverage.overlaps(table), MOST_OVERLAPS):
            first, second = overlap.first, overlap.second
            which = f"{first.title}和{second.title}同时适用于{told(overlap.example)}"
            instead = "只许一条规则适用" if table.hit_policy == "UNIQUE" else "同时适用的规则结果必须相同"
            message = f"{which}；命中策略 {table.hit_policy} {instead}，请收窄其中一条的条件，或改用 FIRST"
            yield self._fault("decision.overlap", message, second.id, second.line)
        if (facts := coverage.gap(table)) is not None:
            advice = "请补一条规则或写明默认结果；如果这种情况不会出现，请在输入列写明允许的值（inputValues）"
            yield self._fault("decision.gap", f"没有一条规则适用于{told(facts)}：{advice}")
        for rule, earlier in coverage.unreachable(table):
            which = "、".join(each.title for each in earlier)
            message = f"{rule.title}永远轮不到：它适用的情况都已被{which}包住，请删除它，或移到前面"
            yield self._fault("decision.unreachable", message, rule.id, rule.line)

    def _never(self, table: DecisionTable) -> Iterator[Fault]:
        for place, column in enumerate(table.inputs):
            if column.allowed is None or not points.is_sure(column.allowed.test):
                continue
            for rule, outside in coverage.outside(table, place):
                cell = rule.cells[place]
                which = f"{said(outside[0])} 不在" if outside else "没有一个值在"
                never = f"{which}该列允许的值（{column.allowed.text}）之内，永远不会成立"
                message = f"{rule.title}中“{column.title}”的条件“{cell.text}”：{never}，请改正"
                yield self._fault("decision.never", message, cell.id or rule.id, cell.line)

    def _results(self, table: DecisionTable) -> Iterator[Fault]:
        for rule in table.rules:
            for output, entry in zip(table.outputs, rule.entries, strict=True):
                if output.allowed and points.is_sure(output.allowed.test):
                    yield from self._outside(rule, output, entry, output.allowed)

    def _outside(self, rule: Rule, output: Output, entry: Entry, allowed: Cell) -> Iterator[Fault]:
        """A result written out that the output column does not allow."""
        if not entry.text or expressions.names_in(entry.text):
            return
        with suppress(expressions.ExpressionFault):
            value = expressions.evaluate(entry.text, {})
            if value is not None and cells.accepts(allowed.test, value, {}) is not True:
                outside = f"{said(value)} 不在该列允许的值（{allowed.text}）之内"
                message = f"{rule.title}中“{output.label or output.name}”的结果{outside}，请改正"
                yield self._fault("decision.output", message, entry.id or rule.id, entry.line)


def told(example: tuple[tuple[str, Any], ...]) -> str:
    """Facts by column, as a message names them."""
    return "“" + "，".join(f"{title} 为 {said(fact)}" for title, fact in example) + "”" if example else "任何情况"


def _fault_of(cell: Cell) -> str | None:
    if cell.broken:
        return cell.broken
    found = [part.text for part in cells.parts(cell.test) if isinstance(part, cells.Expression)]
    why = next((why for text in found if (why := expressions.fault_in_test(text))), None)
    if why and (marks := _FULL_WIDTH.findall(expressions.without_texts(cell.text))):
        return f"含有全角符号 {' '.join(dict.fromkeys(marks))}，请改用半角符号"
    return why


def _listed(allowed: Cell | None) -> bool:
    """Whether the allowed values are a plain list, which has an order."""
    if allowed is None:
        return False
    tests = allowed.test.tests if isinstance(allowed.test, cells.AnyOf) else (allowed.test,)
    return all(isinstance(each, cells.Equals) and isinstance(each.operand, cells.Literal) for each in tests)
