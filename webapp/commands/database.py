"""`tuancheng database`: the tables."""

import click

from webapp.embedded import connection
from workflows import migrations


@click.group()
def command() -> None:
    """数据库。"""


@command.command()
def upgrade() -> None:
    """把 TUANCHENG_DATABASE_URL 所指的数据库升级到本版本。"""
    with connection.engine() as engine:
        before = migrations.current(engine)
        migrations.upgrade(engine)
        after = migrations.current(engine)
    if before == after:
        click.echo(f"数据库已是最新版本（{after}）。")
    else:
        click.echo(f"数据库已升级：{before or '空库'} → {after}。")
