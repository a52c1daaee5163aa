"""`tuancheng process`: a process bundle, looked at from outside."""

import json
from pathlib import Path

import click

from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles, BundleUnsound
from workflows.engine.drawing import Drawing, Fault, Unreadable
from workflows.engine.scenarios import ScenarioFault
from workflows.operations import rehearsal
from workflows.operations.rehearsal import Rehearsal
from workflows.operations.wiring import ENVIRONMENT

BUNDLE = click.argument("path", type=click.Path(path_type=Path))


@click.group()
def command() -> None:
    """流程包（bpmn/ 下的目录）。"""


@command.command(name="check")
@BUNDLE
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果。")
def check_bundle(path: Path, *, as_json: bool) -> None:
    """检查流程包或单个 .bpmn 文件：列出步骤、职务、表单与操作；有问题则逐条指出并以 1 退出。"""
    files, faults = _checked(path)
    if as_json:
        click.echo(json.dumps({"ok": not faults, "faults": [each.as_data() for each in faults]}, ensure_ascii=False))
    elif files and not faults:
        _show(bundles.parse(files).drawing)
    else:
        _tell(faults)
    if faults:
        raise SystemExit(1)


@command.command(name="test")
@BUNDLE
def rehearse(path: Path) -> None:
    """排演流程包的全部场景（在内存中一遍、逐步保存再恢复一遍），并报告图元与连线的覆盖率。"""
    files, faults = _checked(path)
    if files is None or faults:
        _tell(faults)
        raise SystemExit(1)
    try:
        played = rehearsal.rehearse(files)
    except BundleUnsound as unsound:
        _tell(unsound.faults)
        raise SystemExit(1) from unsound
    except ScenarioFault as fault:
        raise click.ClickException(str(fault)) from fault
    _report(played)
    if not played.played:
        raise click.ClickException("流程包里没有场景（scenarios/*.yaml）。")
    if played.faults or played.nodes_missed or played.flows_missed:
        raise SystemExit(1)


def _checked(path: Path) -> tuple[BundleFiles | None, list[Fault]]:
    if not path.exists():
        return None, [Fault("bundle.not_found", f"找不到 {path}", file=str(path))]
    try:
        files = bundles.read_folder(path)
        return files, check.faults_in(files, ENVIRONMENT)
    except Unreadable as error:
        return None, [error.fault]
    except OSError as error:
        return None, [Fault("bundle.unreadable", f"无法读取：{error.strerror}", file=str(path))]


def _tell(faults: list[Fault]) -> None:
    for fault in faults:
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        element = " ".join(part for part in (fault.label, f"[{fault.element}]" if fault.element else "") if part)
        parts = [part for part in (place, element, fault.message, f"({fault.code})") if part]
        click.echo("✗ " + "  ".join(parts), err=True)
        if fault.way:
            click.echo(f"    经过：{fault.way}", err=True)
    click.echo(f"共 {len(faults)} 处问题。", err=True)


def _show(drawing: Drawing) -> None:
    steps = bundles.steps_of(drawing)
    click.echo(f"{drawing.name}（{drawing.process}）：{len(drawing.nodes)} 个图元，{len(drawing.flows)} 条连线")
    click.echo(f"\n人工步骤 {len(steps)}")
    for step in steps.values():
        click.echo(f"  {step.number:>2}  {step.label}  {step.id}  由 {step.lane} 办理  表单 {step.form}")
    lanes = sorted({node.lane for node in drawing.nodes.values() if node.lane})
    click.echo(f"\n泳道 {len(lanes)}\n  " + "、".join(lanes))
    operations = sorted({node.operation for node in drawing.nodes.values() if node.operation})
    click.echo(f"\n操作 {len(operations)}\n  " + "、".join(operations))
    click.echo("\n没有问题。")


def _report(played: Rehearsal) -> None:
    for mode, each in played.played:
        mark = "✗" if each.fault else "✓"
        click.echo(
            f"{mark} {each.scenario.name}（{rehearsal.how_played(mode, each)}）"
            + (f"：{each.fault}" if each.fault else "")
        )
    for what, all_of_them, missed in (
        ("图元", played.nodes, played.nodes_missed),
        ("连线", played.flows, played.flows_missed),
    ):
        share = 100 * (all_of_them - len(missed)) / all_of_them if all_of_them else 0
        click.echo(f"{what}覆盖 {all_of_them - len(missed)}/{all_of_them}（{share:.1f} %）")
        for element in missed:
            click.echo(f"  未经过：{element}")
