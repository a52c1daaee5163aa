"""`tuancheng run`: says plainly why it cannot start; when it starts, its processes live and die with it."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from tasks.embedded_broker import free_port

Tuancheng = Callable[..., Result]

READY_SECONDS = 300


def test_a_busy_port_is_named_with_the_way_out(tuancheng: Tuancheng, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = tuancheng("run", "--port", str(port), "--data", str(tmp_path / "var"))
    assert answer.exit_code == 1
    assert f"端口 {port} 已被其他程序占用" in answer.stderr
    assert f"PORT={port + 1}" in answer.stderr


def test_it_starts_serves_mends_itself_and_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with _running(data, "--candidates", "1") as started:
        assert "口令都是：Demo-" in started.said
        assert 0 < _count(data, "process_case") <= _count(data, "unit WHERE is_demo AND kind = 'branch'")
        with urllib.request.urlopen(f"http://127.0.0.1:{started.port}/", timeout=10) as page:
            assert page.status == 200
        second = _start(data)
        assert second.process.wait(timeout=60) == 1
        assert "已有一个 tuancheng run" in second.said
        before = _children(started)
        for kind in ("worker", "beat"):
            os.kill(before[kind], signal.SIGKILL)
        for kind in ("worker", "beat"):
            _until(lambda kind=kind: _children(started).get(kind) not in (None, before[kind]), f"the {kind} came back")
        children = list(_children(started).values())
        assert len(children) == 4
    assert "已停止" in started.said
    assert not [pid for pid in children if _lives(pid)]
    assert {path.stat().st_mode & 0o077 for path in (data, data / "secrets.env", data / "tuancheng.sqlite")} == {0}


def test_its_children_die_with_it_when_it_is_killed(tmp_path: Path) -> None:
    with _running(tmp_path / "var", "--no-demo") as started:
        assert "Demo-" not in started.said
        children = list(_children(started).values())
        started.process.kill()
        started.process.wait()
        _until(lambda: not any(_lives(pid) for pid in children), "the children ended")


@dataclass
class Started:
    """One `tuancheng run` and everything it has said so far."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text("utf-8")


@contextmanager
def _running(data: Path, *words: str) -> Iterator[Started]:
    started = _start(data, *words)
    try:
        _until(lambda: "按 Ctrl-C 停止" in started.said or started.process.poll() is not None, "it was ready")
        assert started.process.poll() is None, started.said
        yield started
    finally:
        started.process.send_signal(signal.SIGINT)
        try:
            started.process.wait(timeout=60)
        finally:
            started.process.kill()


def _start(data: Path, *words: str) -> Started:
    port = free_port()
    output = data.parent / f"said-{port}.txt"
    command = [sys.executable, "-c", "from webapp.commands import main; main()", "run"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUANCHENG_")}
    with output.open("wb") as writable:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data", str(data), *words],
            stdout=writable,
            stderr=subprocess.STDOUT,
            env=environment,
            # A shell that runs the tests in the background lets them, and all they start, be deaf to Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread here
        )
    return Started(process, port, output)


def _count(data: Path, of: str) -> int:
    with closing(sqlite3.connect(data / "tuancheng.sqlite")) as database:
        return int(database.execute(f"SELECT count(*) FROM {of}").fetchone()[0])


def _children(started: Started) -> dict[str, int]:
    """The direct children by what they are."""
    found = {}
    parent = started.process.pid
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        command = Path(f"/proc/{pid}/cmdline").read_text()
        kind = re.search(r"valkey|worker|beat|gunicorn", command)
        if kind:
            found[kind.group()] = int(pid)
    return found


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > until:
            pytest.fail(f"not within {READY_SECONDS} s: {what}")
        time.sleep(0.1)
