"""`tuancheng decision`: decision tables checked and tried without a case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from workflows.engine import decisions
from workflows.engine.decisions import Decision, DecisionFault, DecisionTable, RuleTrace, Trace, Way, said
from workflows.engine.drawing import LARGEST_DRAWING, Fault, Unreadable
from workflows.engine.expressions import ExpressionFault
from workflows.engine.gate import intake

FILE = click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果。")


@click.group()
def command() -> None:
    """决策表（.dmn 文件）。"""


@command.command()
@FILE
@JSON
def check(path: Path, *, as_json: bool) -> None:
    """检查 .dmn 文件：表达式、命中策略、规则重叠、遗漏和永远轮不到的规则；有问题则逐条指出并以 1 退出。"""
    found, faults = _read(path)
    if as_json:
        told = [{**vars(fault), "path": list(fault.path)} for fault in faults]
        click.echo(json.dumps({"ok": not faults, "faults": told}, ensure_ascii=False))
    elif faults:
        _tell(faults)
    else:
        for decision in found:
            click.echo(f"✓ {decision.title}（{decision.id}）{_size(decision)}")
        click.echo("没有问题。")
    if faults:
        raise SystemExit(1)


@command.command()
@FILE
@click.argument("name", metavar="DECISION")
@click.option("--data", required=True, help="案件数据：一个 JSON 对象，或 @文件名。")
@click.option("--wanted", help='想要的结果，如 {"outcome": "pass"}：另说明还差什么才会得到它。')
@JSON
def evaluate(path: Path, name: str, data: str, wanted: str | None, *, as_json: bool) -> None:
    """用给定的数据试算一个决策，逐条规则、逐个条件说明结果从何而来。

    \b
    JSON 的各项：
      decision, name, hit_policy, article   决策的标识、名称、命中策略，结果的依据
      facts      读到的事实，按输入表达式或名称
      result     结果
      matched    适用的规则的序号；chosen 给出结果的规则的序号
      rules      每条规则：number, id, annotation, matched, chosen, article, result,
                 cells（每个条件：input, expression, test, fact, matched, unknown）
      required   所依赖的决策，各项同上
      why_not    写了 --wanted 时：每条可行的规则 rule, id, earliest 和 needs（各组都须满足，
                 组内满足一项即可：rule, id, article, input, expression, fact, must, text, earliest）
    """
    decision = _named(path, name)
    asked = _object(wanted, "--wanted") if wanted else None
    try:
        _, trace = decisions.evaluate(decision, _object(data, "--data"))
    except DecisionFault as fault:
        _stop(str(fault))
    except ExpressionFault as fault:
        _stop(f"决策“{decision.title}”在这些数据上无法计算：{fault}")
    ways = None if asked is None else decisions.what_would_pass(trace, asked)
    if as_json:
        told = _as_json(trace) | ({} if ways is None else {"why_not": [_way(each) for each in ways]})
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in _lines(trace):
        click.echo(line)
    for line in _why_not(ways):
        click.echo(line)


def _stop(message: str) -> NoReturn:
    raise click.ClickException(message)


def _read(path: Path) -> tuple[list[Decision], list[Fault]]:
    try:
        if path.stat().st_size > LARGEST_DRAWING:
            return [], [Fault("xml.too_large", "文件过大，不予读取", file=str(path))]
        found = decisions.read(intake.text_of(path.read_bytes(), str(path)), str(path))
    except Unreadable as error:
        return [], [error.fault]
    except OSError as error:
        return [], [Fault("decision.unreadable", f"无法读取：{error.strerror}", file=str(path))]
    faults = [fault for decision in found for fault in decisions.faults_in(decision, str(path))]
    return found, faults or ([] if found else [Fault("decision.missing", "文件中没有决策", file=str(path))])


def _named(path: Path, name: str) -> Decision:
    """The decision to try. What is only proved of its rules does not keep it from being tried on facts."""
    found, faults = _read(path)
    decision = next((each for each in found if name in (each.id, each.name)), None)
    if decision is None and found:
        _stop(f"文件中没有名为 {name} 的决策，可用的有 {'、'.join(each.id for each in found)}")
    if decision is not None:
        faults = [fault for each in _with_required(decision) for fault in decisions.faults_in(each, str(path))]
    grave = [fault for fault in faults if fault.code not in decisions.PROVED]
    if decision is None or grave:
        _tell(grave)
        raise SystemExit(1)
    return decision


def _with_required(decision: Decision) -> Iterator[Decision]:
    yield decision
    for other in decision.requires:
        yield from _with_required(other)


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        read = json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except OSError as error:
        _stop(f"{option}：无法读取 {text[1:]}：{error.strerror}")
    except (ValueError, RecursionError) as error:
        _stop(f"{option} 不是 JSON：{error}")
    if not isinstance(read, dict):
        _stop(f'{option} 应是一个 JSON 对象，如 {{"candidate": {{"age": 13}}}}')
    return read


def _tell(faults: list[Fault]) -> None:
    for fault in faults:
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        element = f"{fault.label} [{fault.element}]" if fault.element else fault.label
        click.echo(
            "✗ " + "  ".join(part for part in (place, element, fault.message, f"({fault.code})") if part), err=True
        )
    click.echo(f"共 {len(faults)} 处问题。", err=True)


def _size(decision: Decision) -> str:
    if not isinstance(decision, DecisionTable):
        return "：一个表达式"
    columns = f"{len(decision.inputs)} 个输入，{len(decision.outputs)} 个输出，{len(decision.rules)} 条规则"
    return f"：{columns}，命中策略 {decision.hit_policy} {decision.aggregation}".rstrip()


def _as_json(trace: Trace) -> dict[str, Any]:
    return {
        "decision": trace.decision,
        "name": trace.name,
        "hit_policy": trace.hit_policy,
        "article": trace.article,
        "facts": trace.facts,
        "result": trace.answer,
        "matched": list(trace.matched),
        "chosen": list(trace.chosen),
        "rules": [_rule(rule) for rule in trace.rules],
        "required": [_as_json(each) for each in trace.required],
    }


def _rule(rule: RuleTrace) -> dict[str, Any]:
    cells = [{key: value for key, value in vars(cell).items() if key != "id"} for cell in rule.cells]
    return {
        "number": rule.number,
        "id": rule.id,
        "annotation": rule.annotation,
        "matched": rule.matched,
        "chosen": rule.chosen,
        "article": rule.article,
        "result": rule.result,
        "cells": cells,
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "rule": way.rule.number,
        "id": way.rule.id,
        "earliest": way.earliest.isoformat() if way.earliest else None,
        "needs": [
            [
                {
                    "rule": need.rule.number,
                    "id": need.rule.id,
                    "article": need.rule.article,
                    "input": need.cell.input,
                    "expression": need.cell.expression,
                    "fact": need.cell.fact,
                    "must": need.demand.words,
                    "text": need.text,
                    "earliest": need.earliest.isoformat() if need.earliest else None,
                }
                for need in group
            ]
            for group in way.needs
        ],
    }


def _lines(trace: Trace) -> Iterator[str]:
    for each in trace.required:
        yield from _lines(each)
        yield ""
    yield f"{trace.name}（{trace.decision}）" + (f"，命中策略 {trace.hit_policy}" if trace.hit_policy else "")
    yield "事实"
    yield from (f"  {name} = {said(fact)}" for name, fact in trace.facts.items())
    if trace.rules:
        yield "规则（▶ 给出结果，✓ 成立，✗ 不成立，? 无法比较）"
    for rule in trace.rules:
        mark = "▶" if rule.chosen else "✓" if rule.matched else "✗"
        yield f"{mark} {rule.number} {rule.id} {rule.annotation}".rstrip()
        for cell in rule.cells:
            if cell.test not in ("", "-"):
                held = "✓" if cell.matched else "?" if cell.unknown else "✗"
                yield f"    {held} {cell.input}：{said(cell.fact)}，条件 {cell.test}"
    yield f"结果 {json.dumps(trace.answer, ensure_ascii=False)}"
    if trace.article:
        yield f"依据 {trace.article}"


def _why_not(ways: tuple[Way, ...] | None) -> Iterator[str]:
    if ways is None:
        return
    if not ways:
        yield "已是想要的结果，或没有规则能给出它。"
    for way in ways:
        since = f"，最早 {way.earliest.isoformat()}" if way.earliest else ""
        yield f"第 {way.rule.number} 条规则（{way.rule.id}）要给出想要的结果{since}，还须："
        yield from ("  · " + "，或 ".join(need.text for need in group) for group in way.needs)
