"""`tuancheng demo`: invented data to look at, in a database of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, OperationalError

from webapp.embedded import connection
from webapp.embedded.secrets import DEMO_PASSWORD, load
from webapp.settings import absolute
from workflows import clock, migrations
from workflows.database import new_engine
from workflows.domain import accounts, demo_applicants
from workflows.domain.demo_population import NotEmpty

if TYPE_CHECKING:
    from webapp.commands.demo.calendar import Played

SEED = 20200427
MOST_PEOPLE = 200_000
FIRST_YEAR, LAST_YEAR = 2017, 2099
DATA = Path("var-year")

DATA_KEY = "TUANCHENG_DATA_KEY"

NOT_EMPTY = (
    "该数据库里已有基层组织或年度计划，演示年度只能建在空库里。请用 --data 另指一个目录，或用 --database 另指空库。"
)


@click.group()
def command() -> None:
    """演示数据：编造的单位、人员和案件，装在单独的数据库里。"""


@command.command()
@click.option("--people", type=click.IntRange(1, MOST_PEOPLE), default=300, show_default=True, help="申请人数。")
@click.option("--seed", type=int, default=SEED, show_default=True, help="同一个数得到同样的一年。")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="哪一年度的计划；默认今年。")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="办到哪一天为止；默认今天，以往的年度办到底。")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default=True,
    help="新建数据库和密钥的目录，之后用 tuancheng run --no-demo --data 打开。",
)
@click.option("--database", metavar="URL", help=f"不用 --data，而用这个空数据库；密钥取自 {DATA_KEY}。")
def year(people: int, seed: int, year: int | None, until: datetime | None, data: Path, database: str | None) -> None:
    """造出全区一个年度：学校、班级、干部、团员、逐级下达的名额，并让申请人按日历逐日办理。"""
    from webapp.commands.demo import calendar, telling

    year = year or clock.today().year
    days = calendar.days_of(year, until.date() if until else clock.today())
    if not days:
        begins = demo_applicants.first_day(year)
        raise click.BadParameter(f"{year}年度的办理从{begins}开始，不能只办到此前", param_hint="--until")
    with _place(data, database) as (engine, address, password):
        click.echo(f"正在建立 {year} 年度的单位和人员……", err=True)
        try:
            hashed = accounts.hash_of(password)
            applicants = calendar.found(engine, people=people, year=year, seed=seed, hashed=hashed)
        except NotEmpty:
            raise click.ClickException(NOT_EMPTY) from None
        parts = calendar.parts_of(address, applicants, year, seed, 1)
        played = calendar.play(engine, parts, days, telling.progress())
        _tell(engine, played, password, days[-1], None if database else data)


@contextmanager
def _place(data: Path, database: str | None) -> Iterator[tuple[Engine, str, str]]:
    """A migrated database with the key for it in the environment: engine, address, and the password of its people."""
    try:
        address, password = _named(database) if database else _kept(data)
        engine = new_engine(address, hide_parameters=True)
    except ArgumentError:
        raise click.BadParameter("不是数据库地址", param_hint="--database") from None
    try:
        migrations.upgrade(engine)
        yield engine, address, password
    except OperationalError as error:
        raise click.ClickException(f"数据库连接失败：{error.orig}") from error
    finally:
        engine.dispose()


def _named(database: str) -> tuple[str, str]:
    if not os.environ.get(DATA_KEY):
        raise click.ClickException(f"请先设置 {DATA_KEY}（例如 openssl rand -hex 32 的输出），并与数据库一起保存。")
    return absolute(database), f"Demo-{secrets.token_hex(4)}"


def _kept(data: Path) -> tuple[str, str]:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = load(data)
    os.environ[DATA_KEY] = kept[DATA_KEY]
    return connection.address_in(data), kept[DEMO_PASSWORD]


def _tell(engine: Engine, played: "Played", password: str, last: date, data: Path | None) -> None:
    from webapp.commands.demo import telling

    click.echo(f"办到 {last}，共 {played.tally.acts['steps']} 步：{telling.in_words(telling.outcomes(engine))}")
    click.echo(f"在办的等待：{telling.in_words(telling.waiting(engine))}")
    click.echo(f"登录名：150000.1 自治区团委，150000.2 系统管理员，组织代码.1 各级经办人，口令 {password}")
    if data is not None:
        click.echo(f"打开：tuancheng run --no-demo --data {data}")
