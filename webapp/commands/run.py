"""`tuancheng run`: the whole product on this machine, with nothing installed by hand."""

import errno
import fcntl
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from webapp.embedded import children, connection, environment, founding
from webapp.embedded.supervision import Child, ChildFailed
from workflows.domain.demo import DemoLogin
from workflows.operations import demonstration

READY_SECONDS = 60.0
LOOK_SECONDS = 0.5

MOST_SHOWN = 2
"""Logins of one kind of post that are printed; the others are in the list of people."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="网页的端口。")
@click.option("--host", default="127.0.0.1", show_default=True, help="网页的地址；只应在有 HTTPS 反向代理时改动。")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=connection.DATA,
    show_default=True,
    help="存放数据库、密钥和日志的目录。",
)
@click.option("--demo/--no-demo", default=True, show_default=True, help="是否安装演示单位和演示人员。")
@click.option(
    "--candidates",
    type=click.IntRange(0, demonstration.MOST_PER_BRANCH),
    default=demonstration.CANDIDATES_PER_BRANCH,
    show_default=True,
    help="第一次启动时，每个演示团支部安排几名办理中的演示申请人；少一些启动更快。",
)
def command(port: int, host: str, data: Path, *, demo: bool, candidates: int) -> None:
    """在本机启动整个系统：数据库、队列、后台任务和网页。按 Ctrl-C 停止。"""
    os.umask(0o077)
    data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as at_end:
        at_end.enter_context(_alone_in(data))
        _refuse_busy_port(host, port)
        signal.signal(signal.SIGTERM, _as_if_interrupted)
        try:
            _serve(data, host, port, candidates=candidates if demo else None, at_end=at_end)
        except ChildFailed as failed:
            raise click.ClickException(f"反复启动失败，已停止：{failed}") from failed
        except KeyboardInterrupt:
            click.echo("\n正在停止……")
    click.echo("已停止。")


def _serve(data: Path, host: str, port: int, *, candidates: int | None, at_end: ExitStack) -> NoReturn:
    """Start the children and watch over them, until interrupted; `at_end` stops them. No `candidates`: no demo."""
    settled = environment.settle(data)
    started: list[Child] = []

    def start(child: Child) -> None:
        started.append(child)
        at_end.callback(child.stop)
        child.start()

    if settled.broker_port:
        start(children.broker(data, settled.broker_port))
    if candidates is None:
        click.echo("正在准备数据库……")
        logins = founding.found(None)
    else:
        click.echo("正在准备数据库（第一次启动要安装演示数据，约需半分钟）……")
        logins = founding.found(settled.demo_password, candidates)
    serving = children.worker_and_pages(data, host, port)
    for child in serving:
        start(child)
    # All at once, before each is waited for: one that takes its time does not keep the others from beginning.
    for child in serving:
        at_end.callback(child.ask_to_end)
    _wait_until_it_answers(started, host, port)
    _welcome(logins, host, port, data)
    while True:
        time.sleep(LOOK_SECONDS)
        _watch(started)


@contextmanager
def _alone_in(data: Path) -> Iterator[None]:
    """Two servers over one folder would run every timer twice."""
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"{data} 已有一个 tuancheng run 在使用；请先停止它，或用 --data 另选目录。"
            ) from None
        yield


def _refuse_busy_port(host: str, port: int) -> None:
    try:
        _try(host, port)
    except PermissionError:
        raise click.ClickException(f"没有权限使用端口 {port}；请换一个大于 1023 的端口：--port 8000") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise click.ClickException(f"不能在 {host} 上监听：{error.strerror}") from None
        raise click.ClickException(
            f"端口 {port} 已被其他程序占用；请停止它，或换一个：make run PORT={port + 1}（或 --port {port + 1}）"
        ) from None


def _try(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _as_if_interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(started: list[Child]) -> None:
    for child in started:
        if child.watch():
            click.echo(f"{child.name} 意外停止，已重新启动；原因见 {child.log}", err=True)


def _wait_until_it_answers(started: list[Child], host: str, port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while not _answers(host, port):
        _watch(started)
        if time.monotonic() > until:
            raise ChildFailed(started[-1].last_words())
        time.sleep(0.1)


def _answers(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _welcome(logins: list[DemoLogin], host: str, port: int, data: Path) -> None:
    click.echo(f"\n团程已就绪：http://{host}:{port}/    数据与日志在 {data}/    按 Ctrl-C 停止\n")
    if not logins:
        return
    click.echo(f"演示人员（均为虚构）的口令都是：{logins[0].password}")
    shown: Counter[str] = Counter()
    for login in logins:
        shown[login.post] += 1
        if shown[login.post] <= MOST_SHOWN:
            click.echo(f"  {login.login:<26}{login.post}　{login.unit}　{login.name}")
