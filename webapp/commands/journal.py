"""`tuancheng journal`: the record of what was decided."""

import click

from webapp.embedded import connection
from workflows import journal


@click.group()
def command() -> None:
    """履历（决定的记录）。"""


@command.command()
def verify() -> None:
    """逐条核对履历：有一条被改动、删除或插入，就逐条指出并以 1 退出。"""
    with connection.reading() as session:
        checked = journal.verify(session)
    click.echo(f"核对了 {checked.entries} 条记录、{checked.chains} 条链、{checked.seals} 次封存。")
    for fault in checked.faults:
        click.echo(f"✗ {fault}", err=True)
    if checked.faults:
        raise SystemExit(1)
    click.echo("全部相符。")
