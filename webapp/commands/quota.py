"""`tuancheng quota`: places and numbers."""

import click

from webapp.embedded import connection
from workflows.domain import quota_audit, stock_audit


@click.group()
def command() -> None:
    """名额与编号。"""


@command.command()
def audit() -> None:
    """由流水重算每个名额账户和库存台账，并与名额、编号、申请人、团员互相核对；有差错则逐条指出并以 1 退出。"""
    with connection.reading() as session:
        found, stock = quota_audit.audit(session), stock_audit.faults(session)
    click.echo("核对了 " + "、".join(f"{name} {count}" for name, count in found.checked.items()) + "。")
    faults = [*found.faults, *stock]
    for fault in faults:
        click.echo(f"✗ {fault}", err=True)
    if faults:
        raise SystemExit(1)
    click.echo("全部相符。")
